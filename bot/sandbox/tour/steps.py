"""What tours are made of: steps, their goals, and what happened since a step began."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from bot.sandbox.discord import Interaction
from bot.sandbox.shop import Shop
from bot.sandbox.tradingview import Call

Json = dict[str, Any]


@dataclass
class Facts:
    """What happened since the present step began; `tour_began` is when the whole tour did."""

    tour_began: datetime
    used: list[Interaction] = field(default_factory=list)
    writes: list[Call] = field(default_factory=list)
    reads: list[Call] = field(default_factory=list)
    logins_proved: int = 0
    turned: set[str] = field(default_factory=set)
    was_killed: bool = False
    came_back: bool = False
    cookies_made: bool = False


@dataclass
class Goal:
    """One thing to tick off; `reached` says how far it is, out of `of`."""

    text: str
    reached: Callable[[], int]
    of: int = 1
    best: int = 0

    def look(self) -> bool:
        """Return whether it got further; what was reached once stays reached."""
        now = min(self.reached(), self.of)
        if now <= self.best:
            return False
        self.best = now
        return True

    @property
    def done(self) -> bool:
        return self.best >= self.of


@dataclass
class Step:
    """One station of the tour; `actions` are offers to fill something in, carried out by the page."""

    title: str
    text: str
    goals: list[Goal]
    actions: list[Json]

    @property
    def done(self) -> bool:
        return all(goal.done for goal in self.goals)


class Story(ABC):
    """The steps of one tour through one shop; `current` is the number of the present one, from 0."""

    title: ClassVar[str]
    ending: ClassVar[str]

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.current = 0
        self.facts = Facts(shop.discord.world.now())

    @abstractmethod
    def steps(self) -> list[Step]:
        """Return the steps in their order."""

    def go_on(self) -> None:
        """Begin the next step: what happened before counts no more."""
        self.current += 1
        self.facts = Facts(self.facts.tour_began)

    def wrote(self, call: Call) -> None:
        """Note a change that TradingView made."""
        self.facts.writes.append(call)


def answer(interaction: Interaction) -> str:
    """Return what stands under the command now, in lower case; empty while nothing does."""
    return "\n".join(each.text for each in interaction.messages if not each.loading).casefold()


def says(interaction: Interaction, word: str) -> bool:
    """Return whether the answer now begins with that word and a colon, as in "Done: …"."""
    return f"{word}:" in answer(interaction).partition("\n")[0]


def command(label: str, person: int, path: str, options: Json) -> Json:
    """Return the offer to fill in a slash command as that person."""
    return {
        "kind": "command",
        "label": label,
        "as": str(person),
        "command": path,
        "options": options,
    }


def switch(label: str, name: str, value: object) -> Json:
    """Return the offer to turn a switch of TradingView's."""
    return {"kind": "switch", "label": label, "name": name, "value": value}
