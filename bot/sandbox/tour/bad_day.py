"""Six steps through a bad day: a lost answer, a dead login, a killed bot, and every sale arrives once."""

from collections import Counter
from collections.abc import Iterable

from bot.sandbox.discord import Interaction, User
from bot.sandbox.shop import Shop
from bot.sandbox.tour.steps import Goal, Json, Step, Story, answer, command, says, switch
from bot.sandbox.tradingview import Call

SALES = 3
_DEAD_LOGIN = 3  # the step whose writes count to the end


class BadDay(Story):
    """A shop that runs, on the day when everything goes wrong."""

    title = "Six steps through a bad day"
    ending = (
        "A dead login, a killed bot, three sales: each arrived, once. The same program runs on a "
        "real server with usher run."
    )

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop)
        self._writes: list[Call] = []
        self._sales: list[Interaction] = []

    def steps(self) -> list[Step]:
        """Return the six steps."""
        return [
            self._sell(),
            self._customer(),
            self._lost_answer(),
            self._dead_login(),
            self._killed(),
            self._cookies(),
        ]

    def go_on(self) -> None:
        """Begin the next step; the three sales are remembered to the end."""
        super().go_on()
        if self.current <= _DEAD_LOGIN:
            self._writes = []

    def wrote(self, call: Call) -> None:
        """Note a change that TradingView made."""
        super().wrote(call)
        self._writes.append(call)

    def _grant(self, label: str, **options: str) -> Json:
        seller = self.shop.person("moderator").user
        filled = {"item": "trend", "duration": "1M", **options}
        return command(label, seller.id, "access grant", filled)

    def _sell(self) -> Step:
        bea = self.shop.person("buyer").user
        return Step(
            "Sell a month",
            "Bea's access lapsed, and TradingView still lists her. Be Mina, a moderator, and give "
            "Bea a month. Watch her row on TradingView while the bot answers.",
            [
                Goal("TradingView's own row has a new end", lambda: len(self.facts.writes)),
                Goal("The bot says done, after it looked", lambda: len(self._granted("done"))),
            ],
            [self._grant("Fill in the sale", member=str(bea.id))],
        )

    def _customer(self) -> Step:
        bea = self.shop.person("buyer").user
        return Step(
            "Be the customer",
            "Now be Bea. The bot wrote to her; read it under Direct messages. Then type /me in the "
            "channel. Note which commands she sees, and which she does not.",
            [
                Goal("The bot wrote to the buyer", lambda: len(self.told(*self._buyers))),
                Goal("A buyer used /me", lambda: len(self._asked_me())),
            ],
            [command("Fill in /me", bea.id, "me", {})],
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
                switch("Lose the next answer", "lost_answers", 1),
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
            [switch("End the login", "logged_out", value=True), *sales],
        )

    def _killed(self) -> Step:
        return Step(
            "Pull the plug",
            "Kill the bot in the middle of it all: it gets no time to save anything. Then start it "
            "again.",
            [
                Goal("The bot was killed", lambda: int(self.facts.was_killed)),
                Goal("It is back", lambda: int(self.facts.came_back)),
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
                Goal("New cookies are at hand", lambda: int(self.facts.cookies_made)),
                Goal("The bot took them", lambda: len(self.facts.reads)),
                Goal("Sales that turned to done", self._count_done, SALES),
                Goal("TradingView was written once for each", lambda: int(self._once_each())),
            ],
            [
                command(
                    "Fill in /sync status",
                    self.shop.person("moderator").user.id,
                    "sync status",
                    {},
                ),
                {"kind": "cookies", "label": "Copy new cookies"},
                command("Fill in /session update", self.shop.owner.id, "session update", {}),
            ],
        )

    # What the goals look at

    def _is_on(self, switch: str) -> bool:
        return switch in self.facts.turned or bool(getattr(self.shop.tradingview.switches, switch))

    def _granted(self, word: str) -> list[Interaction]:
        return [interaction for interaction in _grants(self.facts.used) if says(interaction, word)]

    @property
    def _buyers(self) -> list[User]:
        return [each.user for each in self.shop.people if each.part == "buyer"]

    def _asked_me(self) -> list[Interaction]:
        return [
            interaction
            for interaction in self.facts.used
            if interaction.command == "me"
            and interaction.person in self._buyers
            and answer(interaction)
        ]

    def _lost(self) -> list[Call]:
        return [call for call in self.facts.writes if call.dropped]

    def _seen_once(self) -> list[Call]:
        """Lost writes that were read back and not written again."""
        count = Counter(map(_row, self.facts.writes))
        return [
            lost
            for lost in self._lost()
            if count[_row(lost)] == 1
            and any(_row(read) == _row(lost) and read.at >= lost.at for read in self.facts.reads)
        ]

    def _count_sales(self) -> int:
        if self._is_on("logged_out"):
            self._sales = self._granted("waiting")
        return len(self._sales)

    def _count_done(self) -> int:
        """Sales whose own answer turned to done, or whose seller was told so directly."""
        answered = [sale for sale in self._sales if says(sale, "done")]
        rest = [sale for sale in self._sales if sale not in answered]
        sellers = {sale.person: sale for sale in rest}
        late = [
            message
            for channel in self.shop.discord.world.dms.values()
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


def _row(call: Call) -> tuple[str, str]:
    return call.form.get("pine_id", ""), call.username.casefold()
