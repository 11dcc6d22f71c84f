"""Six steps with hundreds at once: a list, an outage, a renewal in the middle of it, an undo, two managers."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from bot.sandbox.discord import Message
from bot.sandbox.example_files import (
    Example,
    as_option,
    customers,
    customers_with_mistakes,
    everybody,
)
from bot.sandbox.shop import Shop
from bot.sandbox.tour.steps import Goal, Json, Step, Story, answer, command, says

_OUTAGE = timedelta(days=3)
_MONTH = timedelta(days=27)  # at least
_CLOSE = timedelta(seconds=2)
_RENEWS = "carl.fx"
_GIVEN, _LOST, _BACK, _ENDED = 1, 2, 4, 5  # the steps that begin with a look at all ends


class Hundreds(Story):
    """A shop that runs, whose vendor has something to do for all customers at once."""

    title = "Hundreds at once"
    ending = (
        "Hundreds of customers, and each change could be seen before and put back after. Kill the bot while "
        "a batch runs: it goes on where it was. The dashboard does all of it too, with the same lists; under "
        "People you find them as files, and 500 people more."
    )
    takes_new_shop = True

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop)
        self._script = shop.publications[0].script
        self._before = self._ends()
        self._renewed: datetime | None = None
        self._since = shop.discord.world.now()

    def steps(self) -> list[Step]:
        """Return the six steps."""
        return [
            self._mistakes(),
            self._give(),
            self._compensate(),
            self._renewal(),
            self._undo(),
            self._two_managers(),
        ]

    def go_on(self) -> None:
        """Begin the next step; some are measured by the ends that stood when they began."""
        if self.current + 1 in (_GIVEN, _LOST, _ENDED):
            self._before = self._ends()
        if self.current + 1 == _BACK:
            self._renewed = self._ends().get(_RENEWS)
        self._since = self.shop.discord.world.now()
        super().go_on()

    def _mistakes(self) -> Step:
        return Step(
            "Look before you leap",
            "You are Olivia, the owner. Here is a list of all your customers; many hands worked on it. Give "
            "it to /bulk grant. Nothing happens yet: the bot says what would, and hands back the rows with a "
            "mistake as a file. Open it: beside each stands how to mend it.",
            [
                Goal("The bot shows what would happen", lambda: self.heard("preview")),
                Goal("The rows with a mistake are in a file", self._count_files),
            ],
            [self._with("Fill in the list with mistakes", "bulk grant", customers_with_mistakes)],
        )

    def _give(self) -> Step:
        return Step(
            "A month for everybody",
            "Now the list without mistakes. Press Start under the preview, and watch the bar. Discord lets "
            "the bot change an answer for 15 minutes; let them pass, and it goes on in a direct message. At "
            "the end you get a file with what became of each row.",
            [
                Goal("TradingView has new ends", self._count_given, self._datable()),
                Goal("The bot says that the batch is done", lambda: self._stands("is done")),
            ],
            [
                self._with("Fill in the list", "bulk grant", customers),
                {"kind": "later", "label": "Let 15 minutes pass"},
            ],
        )

    def _compensate(self) -> Step:
        return Step(
            "Three lost days",
            "For three days your script did not work. Everybody whose access has an end gets that much more; "
            "lifetime and lapsed stay as they are. Press Start, and then Pause while the bar moves.",
            [
                Goal("The bot shows who gets more", lambda: self.heard("preview", "compensate")),
                Goal("The batch is paused", lambda: self._stands(", paused:")),
            ],
            [
                self._as_owner(
                    "Fill in the three days",
                    "compensate",
                    item="trend",
                    duration="3D",
                    reason="The script did not work for three days",
                )
            ],
        )

    def _renewal(self) -> Step:
        mina = self.shop.person("moderator").user
        sale = {"item": "trend", "duration": "1M", "username": _RENEWS}
        return Step(
            "Somebody renews meanwhile",
            "Carl pays for another month just now. Be Mina, and give it to him: people go first, and do not "
            "wait for the batch. Then be Olivia again, and press Resume.",
            [
                Goal("Carl's month is done", self._count_renewals),
                Goal("The batch went on to its end", lambda: self._stands("is done")),
            ],
            [
                command("Fill in Carl's month", mina.id, "access grant", sale),
                self._reads("Go on as Olivia"),
            ],
        )

    def _undo(self) -> Step:
        return Step(
            "Put it back",
            "A mistake: it was another script that did not work. Press Undo under the result, or use /bulk undo, "
            "and look at the preview. What changed since is not taken back. Then press Start.",
            [
                Goal("The bot says that the undo is done", lambda: self._stands("is done:** undo")),
                Goal("Everybody is back where they were", self._count_back, self._datable() - 1),
                Goal("Carl keeps the month that he paid for", lambda: int(self._is_kept())),
            ],
            [self._as_owner("Fill in /bulk undo", "bulk undo")],
        )

    def _two_managers(self) -> Step:
        marco = self.shop.second_manager.user
        return Step(
            "It takes two",
            "Now end the access of everybody. For more than 25 people the bot asks a second manager: press "
            "Start as Olivia, and nothing happens. Then be Marco, read #access-log, and press Approve.",
            [
                Goal("It waits for a second manager", lambda: self._stands("second manager")),
                Goal("Somebody else approved", self._count_approvals),
                Goal("Their access has ended", self._count_ended, self._datable()),
            ],
            [
                self._with("Fill in the list", "bulk revoke", customers),
                {
                    "kind": "channel",
                    "label": "Read #access-log as Marco",
                    "as": str(marco.id),
                    "channel": str(self.shop.history.id),
                },
            ],
        )

    # What is offered

    def _as_owner(self, label: str, path: str, **options: object) -> Json:
        return command(label, self.shop.owner.id, path, options)

    def _with(self, label: str, path: str, of: Callable[[Shop, str], Example]) -> Json:
        return self._as_owner(label, path, file=as_option(of(self.shop, path)))

    def _reads(self, label: str) -> Json:
        place = str(self.shop.general.id)
        return {"kind": "channel", "label": label, "as": str(self.shop.owner.id), "channel": place}

    # What the goals look at

    def _ends(self) -> dict[str, datetime | None]:
        """Return everybody's end now; who has no row is left out, and None is without end."""
        found = ((user, self._script.grants.get(user.id)) for user in everybody(self.shop))
        return {user.username: row.end for user, row in found if row is not None}

    def _datable(self) -> int:
        """Return how many can be given a month: all but those without end."""
        endless = sum(1 for end in self._before.values() if end is None)
        return len(everybody(self.shop)) - endless

    def _messages(self) -> Iterator[Message]:
        """Yield what the bot wrote for the owner, or changed, since this step began."""
        world = self.shop.discord.world
        for channel in (self.shop.general, world.dm(self.shop.owner)):
            for message in channel.messages:
                is_new = bool(message.versions) and message.versions[-1].at >= self._since
                if message.author.bot and is_new and message.seen_by(self.shop.owner):
                    yield message

    def _stands(self, words: str) -> int:
        return sum(1 for each in self._messages() if words in each.text.casefold())

    def _count_files(self) -> int:
        return sum(1 for each in self._messages() if each.attachments)

    def _count_given(self) -> int:
        now = self.shop.discord.world.now()
        return sum(
            1
            for name, end in self._ends().items()
            if end is not None and end >= max(self._before.get(name) or now, now) + _MONTH
        )

    def _count_renewals(self) -> int:
        return sum(
            1 for each in self.facts.used if each.command == "access grant" and says(each, "done")
        )

    def _count_back(self) -> int:
        before = self._before
        return sum(
            1
            for name, end in self._ends().items()
            if name != _RENEWS and end and abs(end - (before.get(name) or self._since)) < _CLOSE
        )

    def _is_kept(self) -> bool:
        before, end = self._before.get(_RENEWS), self._ends().get(_RENEWS)
        if before is None or end is None or self._renewed is None:
            return False
        return before + _MONTH <= end <= self._renewed - _OUTAGE + _CLOSE

    def _count_approvals(self) -> int:
        return sum(
            1
            for each in self.facts.used
            if each.person is not self.shop.owner and "approved" in answer(each)
        )

    def _count_ended(self) -> int:
        world, pine_id = self.shop.tradingview.world, self._script.pine_id
        had = [name for name, end in self._before.items() if end is not None]
        return sum(1 for name in had if not world.has_access(pine_id, name))
