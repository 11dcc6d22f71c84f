"""What a switch is: its kind, its limits, and what it is called in front of a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

Value = bool | int | float | str
T = TypeVar("T", bool, int, float, str)

FOREVER = -1


@dataclass(frozen=True)
class SwitchType:
    """The description of one switch.

    `survive` lists the positions in which a correct client still gets its result; outages have none.
    `writes_only` marks a fault that, unless a rule says otherwise, hits only calls that change something.
    """

    default: Value
    label: str
    group: str
    choices: tuple[str, ...] = ()
    minimum: float = 0
    maximum: float = 0
    featured: bool = False
    survive: tuple[Value, ...] = ()
    counts: bool = False
    writes_only: bool = False

    @property
    def kind(self) -> str:
        if isinstance(self.default, bool):
            return "bool"
        if self.choices:
            return "choice"
        return "int" if isinstance(self.default, int) else "number"

    def check(self, name: str, value: object) -> Value:
        """The value as it is stored; ValueError says what would be right."""
        match self.kind:
            case "bool":
                if isinstance(value, bool):
                    return value
                raise ValueError(f"{name} is on or off, not {value!r}")
            case "choice":
                if isinstance(value, str) and value in self.choices:
                    return value
                raise ValueError(f"{name} is one of {', '.join(self.choices)}, not {value!r}")
            case "int":
                if isinstance(value, int) and not isinstance(value, bool):
                    return int(self._within(name, value))
                raise ValueError(f"{name} is a whole number, not {value!r}")
            case _:
                if isinstance(value, int | float) and not isinstance(value, bool):
                    return float(self._within(name, value))
                raise ValueError(f"{name} is a number, not {value!r}")

    def _within(self, name: str, value: float) -> float:
        # Written this way round so that NaN, which compares false, is refused too.
        if self.minimum <= value <= self.maximum:
            return value
        raise ValueError(f"{name} lies between {self.minimum:g} and {self.maximum:g}")


def dial(default: T, label: str, **more: object) -> T:
    """A dataclass field that carries its own description."""
    group = more.pop("group", "question")
    made = SwitchType(default, label, group, **more)  # type: ignore[arg-type]
    return field(default=default, metadata={"dial": made})


def outage(label: str, *, featured: bool = False, writes_only: bool = False) -> int:
    """A fault counted in calls: 0 none, n the next n, -1 until switched off."""
    return dial(
        0,
        label,
        group="outage",
        minimum=FOREVER,
        maximum=1_000_000,
        featured=featured,
        counts=True,
        writes_only=writes_only,
    )


def described(metadata: Mapping[str, object]) -> SwitchType | None:
    found = metadata.get("dial")
    return found if isinstance(found, SwitchType) else None
