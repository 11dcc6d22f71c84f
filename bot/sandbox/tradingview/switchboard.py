"""The machinery under the switches: checking, counting down, waking whoever waits."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from bot.sandbox.tradingview.calls import Call
from bot.sandbox.tradingview.switch_types import SwitchType, Value, described, dial

ONLY = (
    "everything",
    "details",
    "hint",
    "list",
    "add",
    "modify",
    "remove",
    "signin",
    "totp",
    "home",
    "published",
    "scripts",
    "pubscripts",
)


@dataclass(eq=False)
class FaultRule:
    """One counted fault, limited to an endpoint name or part of a path, to a person, to a number of calls."""

    fault: str
    path: str | None = None
    times: int = 1
    username: str | None = None

    def matches(self, call: Call) -> bool:
        if self.path is not None and self.path != call.name and self.path not in call.path:
            return False
        return self.username is None or self.username.casefold() == call.username.casefold()


@dataclass(eq=False)
class Switchboard:
    """A set of switches; a subclass lists them as fields made by `dial` and `outage`."""

    DIALS: ClassVar[dict[str, SwitchType]] = {}

    hang: bool = dial(False, "Requests hang and are never answered", group="outage")
    only: str = dial("everything", "Counted faults hit only", group="outage", choices=ONLY)
    rules: list[FaultRule] = field(default_factory=list, kw_only=True)
    watchers: list[Callable[[str, Value], None]] = field(default_factory=list, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_changed", asyncio.Event())

    def __setattr__(self, name: str, value: object) -> None:
        if name in {"rules", "watchers"}:
            object.__setattr__(self, name, value)
        elif name in self.DIALS:
            checked = self.DIALS[name].check(name, value)
            object.__setattr__(self, name, checked)
            for watcher in self.__dict__.get("watchers", ()):
                watcher(name, checked)
        else:
            raise AttributeError(f"there is no switch called {name}")
        self.wake()

    def set(self, name: str, value: object) -> None:
        """Turn one switch; ValueError when there is no such switch or position."""
        if name not in self.DIALS:
            raise ValueError(f"there is no switch called {name}")
        setattr(self, name, value)

    def reset(self) -> None:
        """Everything back to its default."""
        self.rules = []
        for name, known in self.DIALS.items():
            setattr(self, name, known.default)

    def describe(self) -> list[dict[str, Any]]:
        """Each switch for the page, as JSON."""
        return [
            {
                "name": name,
                "label": known.label,
                "group": known.group,
                "kind": known.kind,
                "choices": list(known.choices),
                "minimum": known.minimum,
                "maximum": known.maximum,
                "counts": known.counts,
                "featured": known.featured,
                "value": getattr(self, name),
                "default": known.default,
            }
            for name, known in self.DIALS.items()
        ]

    @classmethod
    def positions(cls) -> Iterator[tuple[str, Value]]:
        """Every position of an open question in which a correct client still gets its result."""
        for name, known in cls.DIALS.items():
            for value in known.survive:
                yield name, value

    def fault(
        self, name: str, *, path: str | None = None, times: int = 1, username: str | None = None
    ) -> FaultRule:
        """Let one counted fault (or `hang`, until lifted) hit only some calls."""
        if name != "hang" and not (name in self.DIALS and self.DIALS[name].counts):
            raise ValueError(f"there is no counted fault called {name}")
        rule = FaultRule(name, path, times, username)
        self.rules = [*self.rules, rule]
        return rule

    def lift(self, name: str) -> None:
        """Switch one fault off, its rules included."""
        self.rules = [rule for rule in self.rules if rule.fault != name]
        self.set(name, self.DIALS[name].default)

    def take(self, name: str, call: Call) -> bool:
        """Whether this fault hits this call; uses up one of its times."""
        writes_only = self.DIALS[name].writes_only and not call.writes
        for rule in self.rules:
            if rule.fault != name or rule.times == 0 or not rule.matches(call):
                continue
            if writes_only and rule.path is None:
                continue
            rule.times -= rule.times > 0
            return True
        left = getattr(self, name)
        if left == 0 or writes_only or self.only not in {"everything", call.name}:
            return False
        if left > 0:
            setattr(self, name, left - 1)
        return True

    def holds(self, call: Call) -> bool:
        """Whether this call has to wait."""
        return self.hang or any(rule.fault == "hang" and rule.matches(call) for rule in self.rules)

    async def changed(self) -> None:
        """Wait until any switch is turned, or `wake` is called."""
        event: asyncio.Event = self.__dict__["_changed"]
        await event.wait()

    def wake(self) -> None:
        event: asyncio.Event | None = self.__dict__.get("_changed")
        if event is not None:
            object.__setattr__(self, "_changed", asyncio.Event())
            event.set()


B = TypeVar("B", bound=Switchboard)


def collect(board: type[B]) -> type[B]:
    """Gather the descriptions of a finished set of switches (class decorator)."""
    board.DIALS = {
        spec.name: known
        for spec in fields(board)
        if (known := described(spec.metadata)) is not None
    }
    return board
