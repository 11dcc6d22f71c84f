"""Six steps of a vendor who sold through another shop until now: its list is taken over in a terminal."""

from datetime import datetime, timedelta

from bot.sandbox.example_files import everybody
from bot.sandbox.old_shop import FORM, MEMBERS, RENEWS, order_of, unserved
from bot.sandbox.shop import Shop
from bot.sandbox.terminal import Terminal
from bot.sandbox.tour.steps import Goal, Json, Step, Story, answer, command, connecting

_REPORT, _EXPORT = "everybody.csv", "customers.csv"
_IMPORT = f"import {MEMBERS} --from {FORM}"
_MONTH = (timedelta(days=26), timedelta(days=36))  # between these, with the days of grace


class ChangeOfShop(Story):
    """A shop that runs, whose customers paid at Whop and were let in by hand."""

    title = "Change of shop"
    ending = (
        "The customers of another shop are yours, and nobody lost a day. It goes the same way for the lists of "
        "LaunchPass, Stripe, Patreon and Gumroad, and for the older panel's database. Without a terminal, the "
        "dashboard does the same: Payments, Move from another shop."
    )
    takes_new_shop = True

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop)
        self._script = shop.publications[0].script
        self._ends = self._running()
        self._unserved = unserved(shop)
        self._renewed = order_of(shop, RENEWS).id

    def steps(self) -> list[Step]:
        """Return the six steps."""
        return [
            self._dry_run(),
            self._connect(),
            self._apply(),
            self._missing(),
            self._renewal(),
            self._export(),
        ]

    def _dry_run(self) -> Step:
        return Step(
            "Read the old shop's list",
            "Until now your customers paid at Whop, and you let them in by hand. Whop exports its members as "
            "a file; here it lies ready. Open a second terminal, paste this line and press Enter: it reads "
            "the list and TradingView's, and says who pays, who has access, and who only one of both. "
            "Nothing is changed. Everybody is in the report beside it.",
            [Goal("The report is there", lambda: int(_REPORT in self.shop.files))],
            [
                self._typed(f"{_IMPORT} --report {_REPORT}"),
                {"kind": "file", "label": "Keep the list", "name": MEMBERS},
            ],
        )

    def _connect(self) -> Step:
        return Step(
            "Connect the old shop",
            "Your customers go on paying there, so the bot has to hear of it. You are Olivia, the owner: use "
            "/webhook add, and put Whop's secret into the form that opens; the link below its field does "
            "that. The bot answers with an address: paste it at the shop.",
            *connecting(self, FORM),
        )

    def _apply(self) -> Step:
        return Step(
            "Take them over",
            "The list once more, and now for good. Every end stays as TradingView has it, and nothing is "
            "written there: only the bot knows your customers from now on. Then ask it about Carl.",
            [
                Goal("The bot knows Carl and his end", self._count_answers),
                Goal("Ends that are as they were", self._count_same, len(self._ends)),
            ],
            [
                self._typed(f"{_IMPORT} --apply"),
                self._as_owner("Ask about Carl", "access check", username=RENEWS),
            ],
        )

    def _missing(self) -> Step:
        return Step(
            "Give what was paid for",
            "Some pay at Whop and have no access: the report names them. One more word, and they get it, "
            "until the day that they paid for.",
            [
                Goal(
                    "Who pays has access",
                    lambda: sum(map(self._has_access, self._unserved)),
                    len(self._unserved),
                ),
                Goal("All other ends are as they were", self._count_same, len(self._ends)),
            ],
            [self._typed(f"{_IMPORT} --apply --grant-missing")],
        )

    def _renewal(self) -> Step:
        return Step(
            "The next payment",
            "Carl's next month is due at Whop, which tells the bot in two messages. They belong to what was "
            "taken over: he gets one month more, and not a second access beside the first.",
            [
                Goal("The bot heard of it", self._count_taken),
                Goal("Carl has one month more", lambda: int(self._is_renewed())),
            ],
            [
                {
                    "kind": "sale",
                    "label": "Carl pays again",
                    "body": {"do": "renew", "order": self._renewed},
                }
            ],
        )

    def _export(self) -> Step:
        return Step(
            "Take your list along",
            "The way out is as open as the way in: this writes your customers into files, which /bulk reads "
            "back. In Discord, /export does it too.",
            [Goal("The files are there", lambda: int(_EXPORT in self.shop.files))],
            [self._typed("export"), self._as_owner("Fill in /export", "export")],
        )

    # What is offered, and what the goals look at

    def _typed(self, words: str) -> Json:
        folder = self.shop.folder
        line = "" if folder is None else Terminal(folder).line(words)
        return {"kind": "terminal", "label": "In a terminal", "line": line}

    def _as_owner(self, label: str, path: str, **options: object) -> Json:
        return command(label, self.shop.owner.id, path, options)

    def _running(self) -> dict[str, datetime]:
        """Return the end of everybody whose access runs out some day."""
        now = self.shop.discord.world.now()
        found = ((user, self._script.grants.get(user.id)) for user in everybody(self.shop))
        return {
            user.username: row.end
            for user, row in found
            if row is not None and row.end is not None and row.end > now
        }

    def _count_same(self) -> int:
        now = self._running()
        return sum(1 for name, end in self._ends.items() if now.get(name) == end)

    def _count_answers(self) -> int:
        return sum(
            1
            for each in self.facts.used
            if each.command == "access check" and "until" in answer(each)
        )

    def _count_taken(self) -> int:
        return sum(1 for each in self.shop.payments.sent if each.status == 200)

    def _is_renewed(self) -> bool:
        end = self._running().get(RENEWS)
        return end is not None and _MONTH[0] < end - self._ends[RENEWS] < _MONTH[1]

    def _has_access(self, name: str) -> bool:
        return self.shop.tradingview.world.has_access(self._script.pine_id, name)
