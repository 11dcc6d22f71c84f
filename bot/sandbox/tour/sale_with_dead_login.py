"""Six steps of a sale that comes in while the login is dead, from the connection to the buyer's chart."""

from bot.sandbox.discord.interactions import Kind
from bot.sandbox.shop import Shop
from bot.sandbox.tour.steps import Goal, Json, Step, Story, command, connecting, switch

_FORM = "standard"
_PRODUCT = "trend-monthly"  # no short name of the bot's, so that it has to ask


class SaleWithDeadLogin(Story):
    """A shop whose payment provider tells the bot of each sale."""

    title = "A sale comes in while the login is dead"
    ending = (
        "The shop heard 200 at once, the buyer waited, and nobody typed the sale anywhere. Under Shop you "
        "can go on: renew it, refund it, dispute it, in any provider's form; twice, late and swapped."
    )
    takes_new_shop = True

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop)
        self._gita = shop.unlinked

    def steps(self) -> list[Step]:
        """Return the six steps."""
        return [
            self._connect(),
            self._dead_login(),
            self._sale(),
            self._what_it_was(),
            self._mend(),
            self._chart(),
        ]

    def _connect(self) -> Step:
        return Step(
            "Connect the shop",
            "You are Olivia, the owner. Your shop can sign its messages as Standard Webhooks do. Use "
            "/webhook add, and put the shop's secret into the form that opens; the link below its field does "
            "that. The bot answers with an address: paste it at the shop.",
            *connecting(self, _FORM),
        )

    def _dead_login(self) -> Step:
        return Step(
            "The login dies",
            "The cookies of your TradingView account stop working, as they do one day. Nobody notices yet.",
            [Goal("The login has ended", lambda: int(self._has_ended()))],
            [switch("End the login", "logged_out", value=True)],
        )

    def _sale(self) -> Step:
        return Step(
            "Somebody buys",
            "Gita pays for a month of Trend Finder Pro. The shop tells the bot, and waits for its answer: "
            "what hears no 200 is sent again, or lost.",
            [Goal("The bot said 200: the sale is kept", self._count_taken)],
            [{"kind": "sale", "label": "Gita buys", "body": self._order()}],
        )

    def _what_it_was(self) -> Step:
        return Step(
            "Say what was sold",
            f"The shop calls it {_PRODUCT}, and the bot does not guess. It asks once, in #access-log: pick "
            "Trend Finder Pro in the list there. From then on every sale of it goes by itself. This one "
            "waits: the login is dead.",
            [Goal("You picked what it is", self._count_picks)],
            [
                {
                    "kind": "channel",
                    "label": "Read #access-log as Olivia",
                    "as": str(self.shop.owner.id),
                    "channel": str(self.shop.history.id),
                }
            ],
        )

    def _mend(self) -> Step:
        return Step(
            "Mend the login",
            "Log in to TradingView anew, and give the bot the new cookies with /session update. Type "
            "nothing else.",
            [
                Goal("New cookies are at hand", lambda: int(self.facts.cookies_made)),
                Goal("TradingView lists Gita", lambda: len(self.shop.chart_of(self._name))),
            ],
            [
                {"kind": "cookies", "label": "Copy new cookies"},
                command("Fill in /session update", self.shop.owner.id, "session update", {}),
            ],
        )

    def _chart(self) -> Step:
        return Step(
            "Look at her chart",
            "Open Gita's list as TradingView shows it to her: Indicators, then Invite-only scripts.",
            [Goal("What she paid for is on it", self._count_on_chart)],
            [{"kind": "chart", "label": "Open Gita's list", "username": self._name}],
        )

    # What is offered, and what the goals look at

    @property
    def _name(self) -> str:
        return self._gita.name or ""

    def _order(self) -> Json:
        user = self._gita.user
        return {
            "do": "buy",
            "form": _FORM,
            "subscription": True,
            "product": _PRODUCT,
            "name": user.display_name,
            "email": f"{user.name}@example.org",
            "username": self._name,
            "discord_id": str(user.id),
        }

    def _count_taken(self) -> int:
        """Return how many messages of the shop the bot took since the tour began."""
        sent = self.shop.payments.sent
        return sum(1 for each in sent if each.status == 200 and each.at >= self.facts.tour_began)

    def _has_ended(self) -> bool:
        return "logged_out" in self.facts.turned or self.shop.tradingview.switches.logged_out

    def _count_picks(self) -> int:
        """Return how many lists were used in the channel where the bot asks."""
        return sum(
            1
            for each in self.facts.used
            if each.kind is Kind.COMPONENT
            and each.channel is self.shop.history
            and each.data.get("values")
        )

    def _count_on_chart(self) -> int:
        counts = [count for name, count in self.facts.charts if name == self._name]
        return counts[-1] if counts else 0
