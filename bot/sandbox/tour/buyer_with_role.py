"""Seven steps of a buyer who comes with a role, from the product to the chart, and of a role that is lost and found."""

from bot.sandbox.discord import Role
from bot.sandbox.shop import Shop
from bot.sandbox.tour.steps import Aside, Goal, Json, Step, Story, answer, command

_PRODUCT = "gold"
_SCRIPTS = ("trend", "volume")
_GRACE = 3  # days


class BuyerWithRole(Story):
    """A shop where a payment bot takes the money, and gives a role to whoever has paid."""

    title = "A buyer comes with a role"
    ending = (
        "From the payment to the chart, and your staff typed nothing. Once more, the hard way: open "
        "it anew, refuse the members intent under Server, then kill and start the bot. Discord then "
        "tells it of no role, and all of this still works, a little later."
    )
    takes_new_shop = True

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop)
        self._gita = shop.unlinked

    def steps(self) -> list[Step]:
        """Return the seven steps."""
        return [
            self._product(),
            self._rule(),
            self._paid(),
            self._link(),
            self._chart(),
            self._lost(),
            self._back(),
        ]

    def _product(self) -> Step:
        return Step(
            "Make a product",
            "You are Olivia, the owner. What you sell is called Gold, and two of your three scripts "
            "belong to it. Make it with one command: fill it in, then press Enter.",
            [
                Goal(
                    "Gold is there to be sold",
                    lambda: self.heard("gold is added", "product create"),
                )
            ],
            [
                self._as_owner(
                    "Fill in the product",
                    "product create",
                    slug=_PRODUCT,
                    title="Gold",
                    scripts=", ".join(_SCRIPTS),
                )
            ],
        )

    def _rule(self) -> Step:
        return Step(
            "Let a role open it",
            "A payment bot takes the money in your server, and gives the role @Gold to whoever has "
            f"paid. Say that this role opens Gold, and that it stays open for {_GRACE} more days "
            "when somebody loses the role.",
            [Goal("The role opens Gold", lambda: self.heard("from now on", "role add"))],
            [
                self._as_owner(
                    "Fill in the role",
                    "role add",
                    role=str(self._role.id),
                    item=_PRODUCT,
                    grace=str(_GRACE),
                )
            ],
        )

    def _paid(self) -> Step:
        return Step(
            "Somebody pays",
            "Gita buys Gold from the payment bot, which gives her the role. Nobody has told Usher her "
            "TradingView name yet: it keeps what she bought, and writes to her once.",
            [
                Goal("Gita has the role", lambda: int(self._has_role())),
                Goal("The bot asked her for her name", lambda: len(self.told(self._gita.user))),
            ],
            [self._happens("The payment bot gives Gita the role", "give")],
            self._aside(
                "Discord does not tell the bot of members now, and Gita is no customer yet. The bot sees "
                "her role as soon as she uses it for anything."
            ),
        )

    def _link(self) -> Step:
        return Step(
            "Gita tells her name",
            "Now be Gita, and read what the bot wrote. Then give it your TradingView name, by the "
            "button there or with /link, and say that this is you. All the rest comes by itself.",
            [
                Goal(
                    "TradingView lists her for both scripts",
                    lambda: len(self.shop.chart_of(self._name)),
                    len(_SCRIPTS),
                ),
                Goal("The bot told her, once for both", self._count_news),
            ],
            [
                self._reads("Read what the bot wrote"),
                self._as_gita("Fill in /link", "link", username=self._name),
            ],
        )

    def _chart(self) -> Step:
        return Step(
            "Look at her chart",
            "The bot wrote to Gita where to find it: Indicators, then Invite-only scripts. Open that "
            "list as TradingView shows it to her, and to nobody else.",
            [Goal("Both scripts are on her list", self._count_on_chart, len(_SCRIPTS))],
            [
                self._reads("Read what the bot wrote"),
                self._opens_chart(),
            ],
        )

    def _lost(self) -> Step:
        return Step(
            "The role is taken away",
            "Gita's card is refused, and the payment bot takes the role. Nothing is lost yet: she keeps "
            f"both scripts for {_GRACE} days, and then the bot takes them by itself. Be Mina, a "
            "moderator, and ask why Gita still has Gold.",
            [
                Goal("Gita has the role no more", lambda: int(not self._has_role())),
                Goal(
                    f"The bot says that it ends in {_GRACE} days",
                    lambda: self._count_checks(lost=True),
                ),
            ],
            [self._happens("The payment bot takes the role", "take"), self._checks()],
            self._aside(
                "Discord does not tell the bot of members now. The bot asks about its customers in turn: "
                "give it up to 45 seconds, or let Gita use it for anything."
            ),
        )

    def _back(self) -> Step:
        return Step(
            "And given back",
            "The card works again, and so the role is back within its days. It is as if nothing had "
            "happened: no message, no change on TradingView. Ask the bot, then look at Gita's list.",
            [
                Goal("Gita has the role again", lambda: int(self._has_role())),
                Goal("The bot sees no end any more", lambda: self._count_checks(lost=False)),
                Goal("Both scripts are on her list", self._count_on_chart, len(_SCRIPTS)),
            ],
            [
                self._happens("The payment bot gives it back", "give"),
                self._checks(),
                self._opens_chart(),
            ],
            self._aside("Here too give the bot up to 45 seconds, or let Gita use it for anything."),
        )

    # What is offered

    @property
    def _role(self) -> Role:
        role = self.shop.paid_role
        assert role is not None  # noqa: S101 - this shop is furnished with it
        return role

    @property
    def _name(self) -> str:
        return self._gita.name or ""

    def _as_owner(self, label: str, path: str, **options: str) -> Json:
        return command(label, self.shop.owner.id, path, options)

    def _as_gita(self, label: str, path: str, **options: str) -> Json:
        return command(label, self._gita.user.id, path, options)

    def _checks(self) -> Json:
        mina = self.shop.person("moderator").user
        return command(
            "Fill in /access check", mina.id, "access check", {"member": str(self._gita.user.id)}
        )

    def _happens(self, label: str, what: str) -> Json:
        member, role = str(self._gita.user.id), str(self._role.id)
        return {
            "kind": "server",
            "label": label,
            "body": {"do": what, "member": member, "role": role},
        }

    def _reads(self, label: str) -> Json:
        return {"kind": "read", "label": label, "as": str(self._gita.user.id)}

    def _opens_chart(self) -> Json:
        return {"kind": "chart", "label": "Open Gita's list", "username": self._name}

    def _aside(self, text: str) -> Aside:
        """Say that while a bot is connected that does not hear of members, with the press that helps."""
        discord = self.shop.discord
        return Aside(
            lambda: discord.online and not discord.hears_members,
            text,
            [self._as_gita("Be Gita, fill in /me", "me")],
        )

    # What the goals look at

    def _has_role(self) -> bool:
        member = self.shop.guild.members.get(self._gita.user.id)
        return member is not None and self._role in member.roles

    def _count_news(self) -> int:
        """Return how many messages told Gita where to find what she has."""
        told = self.told(self._gita.user)
        return sum(1 for text in told if "invite-only scripts" in text.casefold())

    def _count_on_chart(self) -> int:
        """Return how many scripts were on Gita's list when it was opened last."""
        counts = [count for name, count in self.facts.charts if name == self._name]
        return counts[-1] if counts else 0

    def _count_checks(self, *, lost: bool) -> int:
        """Return how many answers say that the role is lost, or that it is not."""
        checks = [each for each in self.facts.used if each.command == "access check"]
        answers = [text for each in checks if _PRODUCT in (text := answer(each))]
        return sum(1 for text in answers if ("unless that comes back" in text) is lost)
