"""Six steps through the sandbox, ticked off by what really happened in the two worlds."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.child import Child
from bot.sandbox.discord import Interaction
from bot.sandbox.shop import Shop
from bot.sandbox.tradingview import Call

Json = dict[str, Any]

SALES = 3


@dataclass
class Facts:
    """What happened since the present step began."""

    used: list[Interaction] = field(default_factory=list)
    writes: list[Call] = field(default_factory=list)
    reads: list[Call] = field(default_factory=list)
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
        """Whether it got further; what was reached once stays reached."""
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


class Tour:
    """Watches and ticks off; `on_change` hears of every tick."""

    def __init__(self, shop: Shop, child: Child) -> None:
        self._shop = shop
        self._child = child
        self.on_change: Callable[[], None] = lambda: None
        self._begin()

    def restart(self) -> None:
        """From the first step again."""
        self._begin()
        self.look()
        self.on_change()

    def skip(self) -> None:
        """Leave the present step as it is."""
        if self.current < len(self._steps):
            self._skipped.add(self.current)
            self._next()
            self.look()
            self.on_change()

    # What happens in the world

    def used(self, interaction: Interaction) -> None:
        """Somebody used a command, button or form."""
        self._facts.used.append(interaction)
        self.look()

    def called(self, call: Call) -> None:
        """The bot asked TradingView something, and that is over."""
        if call.applied:
            self._facts.writes.append(call)
            self._writes.append(call)
        elif call.name == "list" and call.status == 200 and not call.dropped:
            self._facts.reads.append(call)
        self.look()

    def turned(self, switch: str) -> None:
        """A switch was turned on."""
        self._facts.turned.add(switch)
        self.look()

    def bot_changed(self) -> None:
        """The bot was started, killed, or is connected."""
        if self._child.killed:
            self._facts.was_killed = True
        if self._facts.was_killed and self._child.state == "running":
            self._facts.came_back = True
        self.look()

    def cookies_made(self) -> None:
        """Somebody asked for a new login."""
        self._facts.cookies_made = True
        self.look()

    def look(self) -> None:
        """Tick off what is true by now."""
        changed = False
        while self.current < len(self._steps):
            step = self._steps[self.current]
            ticks = [goal.look() for goal in step.goals]
            changed = changed or any(ticks)
            if not step.done:
                break
            self._next()
            changed = True
        if changed:
            self.on_change()

    def describe(self) -> Json:
        """All steps for the page, as JSON."""
        return {
            "current": self.current,
            "done": self.current >= len(self._steps),
            "steps": [
                {
                    "title": step.title,
                    "text": step.text,
                    "skipped": number in self._skipped,
                    "goals": [
                        {"text": goal.text, "done": goal.done, "reached": goal.best, "of": goal.of}
                        for goal in step.goals
                    ],
                    "actions": step.actions,
                }
                for number, step in enumerate(self._steps)
            ],
        }

    # How it is put together

    def _begin(self) -> None:
        self._began = self._shop.discord.world.now()
        self._facts = Facts()
        self._writes: list[Call] = []
        self._sales: list[Interaction] = []
        self._skipped: set[int] = set()
        self.current = 0
        self._steps = [
            self._sell(),
            self._customer(),
            self._lost_answer(),
            self._dead_login(),
            self._killed(),
            self._cookies(),
        ]

    def _next(self) -> None:
        """On to the next step; the three sales are remembered to the end."""
        self.current += 1
        self._facts = Facts()
        if self.current < 4:
            self._writes = []

    def _grant(self, label: str, **options: str) -> Json:
        seller = self._shop.person("moderator").user
        filled = {"item": "trend", "duration": "1M", **options}
        return _command(label, seller.id, "access grant", filled)

    def _sell(self) -> Step:
        bea = self._shop.person("buyer").user
        return Step(
            "Sell a month",
            "Bea's access lapsed, and TradingView still lists her. Be Mina, a moderator, and give "
            "Bea a month. Watch her row on TradingView while the bot answers.",
            [
                Goal("TradingView's own row has a new end", lambda: len(self._facts.writes)),
                Goal("The bot says done, after it looked", lambda: len(self._granted("done"))),
            ],
            [self._grant("Fill in the sale", member=str(bea.id))],
        )

    def _customer(self) -> Step:
        bea = self._shop.person("buyer").user
        return Step(
            "Be the customer",
            "Now be Bea. The bot wrote to her; read it under Direct messages. Then type /me in the "
            "channel. Note which commands she sees, and which she does not.",
            [
                Goal("The bot wrote to the buyer", lambda: len(self._told())),
                Goal("A buyer used /me", lambda: len(self._asked_me())),
            ],
            [_command("Fill in /me", bea.id, "me", {})],
        )

    def _lost_answer(self) -> Step:
        return Step(
            "Lose an answer",
            "TradingView writes the new end, then the connection drops before it can say so. "
            "A careless bot would try again and give the month twice.",
            [
                Goal("The switch is on", lambda: int(self._is_on("lost_answers"))),
                Goal("A sale was written and its answer lost", lambda: len(self._lost())),
                Goal("The bot looked, and counted it once", lambda: len(self._seen_once())),
            ],
            [
                _switch("Lose the next answer", "lost_answers", 1),
                self._grant("Fill in a sale", username="carl.fx"),
            ],
        )

    def _dead_login(self) -> Step:
        names = ("finn_fx", "finnegan", "emil77")
        sales = [
            self._grant(f"Sale {number}: {name}", username=name)
            for number, name in enumerate(names, start=1)
        ]
        return Step(
            "Sell with a dead login",
            "The cookies of the vendor's account stop working, as they do one day. Make three sales "
            "all the same. Nothing reaches TradingView, and nothing is lost.",
            [
                Goal("The login has ended", lambda: int(self._is_on("logged_out"))),
                Goal("Three sales, all waiting", self._count_sales, SALES),
            ],
            [_switch("End the login", "logged_out", value=True), *sales],
        )

    def _killed(self) -> Step:
        return Step(
            "Pull the plug",
            "Kill the bot in the middle of it all: it gets no time to save anything. Then start it "
            "again.",
            [
                Goal("The bot was killed", lambda: int(self._facts.was_killed)),
                Goal("It is back", lambda: int(self._facts.came_back)),
            ],
            [
                {"kind": "kill", "label": "Kill the bot"},
                {"kind": "start", "label": "Start the bot"},
            ],
        )

    def _cookies(self) -> Step:
        return Step(
            "New cookies",
            "The three sales are still there: /sync status shows them. Log in to TradingView anew, "
            "and give the bot the new cookies as the owner with /session update. Type nothing else: "
            "all three sales turn to done, once each.",
            [
                Goal("New cookies are at hand", lambda: int(self._facts.cookies_made)),
                Goal("The bot took them", lambda: len(self._facts.reads)),
                Goal("Sales that turned to done", self._count_done, SALES),
                Goal("TradingView was written once for each", lambda: int(self._once_each())),
            ],
            [
                _command(
                    "Fill in /sync status",
                    self._shop.person("moderator").user.id,
                    "sync status",
                    {},
                ),
                {"kind": "cookies", "label": "Copy new cookies"},
                _command("Fill in /session update", self._shop.owner.id, "session update", {}),
            ],
        )

    # What the goals look at

    def _is_on(self, switch: str) -> bool:
        return switch in self._facts.turned or bool(
            getattr(self._shop.tradingview.switches, switch)
        )

    def _granted(self, word: str) -> list[Interaction]:
        return [
            interaction for interaction in _grants(self._facts.used) if _says(interaction, word)
        ]

    def _told(self) -> list[str]:
        """What the bot wrote to buyers directly since the tour began."""
        buyers = {each.user for each in self._shop.people if each.part == "buyer"}
        return [
            message.text
            for channel in self._shop.discord.world.dms.values()
            for message in channel.messages
            if message.author.bot
            and channel.recipient in buyers
            and message.created_at >= self._began
        ]

    def _asked_me(self) -> list[Interaction]:
        buyers = {each.user for each in self._shop.people if each.part == "buyer"}
        return [
            interaction
            for interaction in self._facts.used
            if interaction.command == "me" and interaction.person in buyers and _answer(interaction)
        ]

    def _lost(self) -> list[Call]:
        return [call for call in self._facts.writes if call.dropped]

    def _seen_once(self) -> list[Call]:
        """Lost writes that were read back and not written again."""
        count = Counter(map(_row, self._facts.writes))
        return [
            lost
            for lost in self._lost()
            if count[_row(lost)] == 1
            and any(_row(read) == _row(lost) and read.at >= lost.at for read in self._facts.reads)
        ]

    def _count_sales(self) -> int:
        if self._is_on("logged_out"):
            self._sales = self._granted("waiting")
        return len(self._sales)

    def _count_done(self) -> int:
        """Sales whose own answer turned to done, or whose seller was told so directly."""
        answered = [sale for sale in self._sales if _says(sale, "done")]
        rest = [sale for sale in self._sales if sale not in answered]
        sellers = {sale.person: sale for sale in rest}
        late = [
            message
            for channel in self._shop.discord.world.dms.values()
            if channel.recipient in sellers
            for message in channel.messages
            if message.author.bot
            and message.created_at > sellers[channel.recipient].created_at
            and "done:" in message.text.casefold()
        ]
        return len(answered) + min(len(late), len(rest))

    def _once_each(self) -> bool:
        if self._count_done() < SALES or not self._writes:
            return False
        return set(Counter(map(_row, self._writes)).values()) == {1}


def _grants(used: Iterable[Interaction]) -> list[Interaction]:
    return [interaction for interaction in used if interaction.command == "access grant"]


def _answer(interaction: Interaction) -> str:
    """What stands under the command now, in lower case; empty while nothing does."""
    return "\n".join(each.text for each in interaction.messages if not each.loading).casefold()


def _says(interaction: Interaction, word: str) -> bool:
    """Whether the answer now begins with that word and a colon, as in "Done: …"."""
    return f"{word}:" in _answer(interaction).partition("\n")[0]


def _row(call: Call) -> tuple[str, str]:
    return call.form.get("pine_id", ""), call.username.casefold()


def _command(label: str, person: int, path: str, options: dict[str, str]) -> Json:
    return {
        "kind": "command",
        "label": label,
        "as": str(person),
        "command": path,
        "options": options,
    }


def _switch(label: str, name: str, value: object) -> Json:
    return {"kind": "switch", "label": label, "name": name, "value": value}
