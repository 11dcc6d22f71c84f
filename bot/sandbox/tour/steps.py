"""What tours are made of: steps, their goals, and what happened since a step began."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from bot.sandbox.discord import Interaction, User
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
    charts: list[tuple[str, int]] = field(default_factory=list)  # whose was opened, and its scripts


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


@dataclass(frozen=True)
class Aside:
    """What is said and offered besides, while it `applies`."""

    applies: Callable[[], bool]
    text: str
    actions: list[Json]


@dataclass
class Step:
    """One station of the tour; `actions` are offers to fill something in, carried out by the page."""

    title: str
    text: str
    goals: list[Goal]
    actions: list[Json]
    aside: Aside | None = None

    def describe(self) -> Json:
        """Return the step for the page, as JSON."""
        aside = self.aside if self.aside and self.aside.applies() else None
        return {
            "title": self.title,
            "text": self.text,
            "aside": aside and aside.text,
            "goals": [
                {"text": goal.text, "done": goal.done, "reached": goal.best, "of": goal.of}
                for goal in self.goals
            ],
            "actions": [*self.actions, *(aside.actions if aside else ())],
        }

    @property
    def done(self) -> bool:
        return all(goal.done for goal in self.goals)


class Story(ABC):
    """The steps of one tour through one shop; `current` is the number of the present one, from 0."""

    title: ClassVar[str]
    ending: ClassVar[str]
    takes_new_shop: ClassVar[bool] = False  # to be taken again: what it sets up can be set up once

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

    def told(self, *people: User) -> list[str]:
        """Return what the bot wrote to these directly since the tour began."""
        return [
            message.text
            for channel in self.shop.discord.world.dms.values()
            for message in channel.messages
            if message.author.bot
            and channel.recipient in people
            and message.created_at >= self.facts.tour_began
        ]

    def heard(self, words: str, path: str | None = None) -> int:
        """Return how many answers of this step hold those words now, of that command or of any."""
        return sum(
            1 for each in self.facts.used if words in answer(each) and path in (None, each.command)
        )


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


def connecting(story: Story, form: str) -> tuple[list[Goal], list[Json]]:
    """Return the goals and the offers of a step that connects the pretend shop in that provider's form."""
    goals = [
        Goal("The bot says its address", lambda: story.heard("/webhooks/")),
        Goal("The shop knows it", lambda: int(story.shop.payments.is_connected(form))),
    ]
    offers = [
        command("Fill in /webhook add", story.shop.owner.id, "webhook add", {"provider": form}),
        {
            "kind": "sale",
            "label": "Paste the address at the shop",
            "body": {"do": "connect", "form": form},
        },
    ]
    return goals, offers
