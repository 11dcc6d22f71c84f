"""The sandbox's world as it opens: a vendor with three scripts, a server, and those who work and buy there."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from bot.sandbox import sample_customers
from bot.sandbox.discord import Channel, FakeDiscord, Guild, Role, User
from bot.sandbox.discord.server import PREFIX
from bot.sandbox.payments import PaymentShop
from bot.sandbox.tradingview import FakeTradingView, Script, Vendor

# Discord's bits: Moderate Members, Manage Server, View Channel.
_MODERATE, _MANAGE, _VIEW = 1 << 40, 1 << 5, 1 << 10

# In the busy shop the bot is set up by its owner as it opens; in the empty one all of that is left to do.
# The one with a role is a busy one too, where a payment bot gives a role to whoever has paid; in the one
# with sales a payment provider tells the bot of them. Two are busy ones as well: in the one with hundreds the
# vendor has much to do at once, and the one that moves sold through another shop until now. In the new one the
# bot is not even in the server yet.
ShopKind = Literal["busy", "empty", "role", "sale", "hundreds", "move", "new"]
_PAID_ROLE = "Gold"

_SCRIPTS = (
    ("trend", "Trend Finder Pro", "PUB;" + "a1b2c3d4" * 4),
    ("scalper", "Night Scalper", "PUB;" + "9f8e7d6c" * 4),
    ("volume", "Volume Map", "PUB;" + "5a6b7c8d" * 4),
)


@dataclass(frozen=True)
class Publication:
    """A script of the vendor, with the short name under which the owner adds it to the bot."""

    slug: str
    script: Script


@dataclass(frozen=True)
class Cast:
    """Somebody whom one can be on the page; `name` is their own on TradingView, if they have one."""

    user: User
    part: str
    about: str
    name: str | None = None


@dataclass(eq=False)
class Shop:
    """The stand-ins, furnished; `login` is the vendor's, and in an empty shop nobody has given it to the bot.

    `payments` sells as well, once it knows where the bot is. `newcomers` joined the server after it opened. `folder` is the bot's own, with these `files`. `paid_role` is what the payment bot gives.
    """

    discord: FakeDiscord
    tradingview: FakeTradingView
    vendor: Vendor
    publications: tuple[Publication, ...]
    guild: Guild
    staff: Role
    general: Channel
    history: Channel
    people: tuple[Cast, ...]
    login: tuple[str, str | None] = field(repr=False)
    payments: PaymentShop
    kind: ShopKind = "busy"
    newcomers: list[Cast] = field(default_factory=list)
    folder: Path | None = None
    files: frozenset[str] = frozenset()
    paid_role: Role | None = None

    @property
    def is_empty(self) -> bool:
        return self.kind in ("empty", "new")

    @property
    def first_item(self) -> str:
        """Return the short name of the first script: what the opening gives it, else what the bot makes of its title."""
        first = self.publications[0]
        return first.script.title.casefold().replace(" ", "-") if self.is_empty else first.slug

    @property
    def is_new(self) -> bool:
        """Whether nobody has given the bot its token yet, nor let it into the server."""
        return self.kind == "new"

    @property
    def owner(self) -> User:
        return self.guild.owner

    @property
    def knows_token(self) -> bool:
        """Whether somebody has asked Discord with the bot's token whose it is."""
        return ("GET", f"{PREFIX}/applications/@me", 200) in self.discord.calls

    @property
    def has_bot(self) -> bool:
        """Whether the bot is in the server, connected or not."""
        return self.discord.bot.id in self.guild.members

    @property
    def shows_commands(self) -> bool:
        """Whether the bot is connected, and the owner is shown its commands."""
        person = self.discord.person(self.owner)
        return self.discord.online and bool(person.commands(self.guild))

    @property
    def everybody(self) -> tuple[Cast, ...]:
        """All whom one can be on the page, also those who left the server."""
        return (*self.people, *self.newcomers)

    @property
    def linked(self) -> tuple[Cast, ...]:
        """The buyers whom the owner ties to their names at the opening; the last one does it herself."""
        return tuple(each for each in self.people if each.name and each is not self.unlinked)

    @property
    def second_manager(self) -> Cast:
        """Return who may manage the server beside its owner."""
        return next(each for each in reversed(self.people) if each.part == "moderator")

    def person(self, part: str) -> Cast:
        """The first one who plays that part."""
        return next(each for each in self.people if each.part == part)

    @property
    def unlinked(self) -> Cast:
        """The buyer who has yet to tell the bot her TradingView name."""
        return next(each for each in reversed(self.people) if each.name)

    def chart_of(self, username: str) -> tuple[Publication, ...]:
        """Return what TradingView shows that person now under Indicators, Invite-only scripts."""
        world = self.tradingview.world
        return tuple(
            each for each in self.publications if world.has_access(each.script.pine_id, username)
        )

    def name_of(self, user_id: int) -> str | None:
        """Return that person's own TradingView name, whatever the bot was told."""
        return next((each.name for each in self.everybody if each.user.id == user_id), None)


def furnish(
    discord: FakeDiscord, tradingview: FakeTradingView, now: datetime, kind: ShopKind = "busy"
) -> Shop:
    """Fill both worlds; the bot's own database stays empty until the owner types commands."""
    vendor = tradingview.world.add_vendor("Harbor_Charts", "premium")
    publications = tuple(
        Publication(slug, tradingview.world.add_script(vendor, pine_id, title))
        for slug, title, pine_id in _SCRIPTS
    )
    first, second, third = (each.script for each in publications)
    sample_customers.fill(tradingview.world, (first, second, third), now)

    owner = discord.add_user("olivia", display_name="Olivia")
    is_new = kind == "new"
    guild = discord.add_guild("Harbor Charts", owner, with_bot=not is_new, channel="general")
    if is_new:
        discord.allow_members_intent(allowed=False)  # as for every new application
    general = next(iter(guild.channels.values()))
    staff = discord.add_role(guild, "Moderator", _MODERATE)
    history = discord.add_channel(guild, "staff-room" if is_new else "access-log", public=False)
    discord.set_overwrite(history, staff, allow=_VIEW)
    people = (Cast(owner, "owner", "owns the server"), *_members(discord, guild, staff))
    paid_role = None
    if kind == "role":
        paid_role = discord.add_role(guild, _PAID_ROLE)
        discord.drag_role(guild, paid_role, to_top=False)
    return Shop(
        discord,
        tradingview,
        vendor,
        publications,
        guild,
        staff,
        general,
        history,
        people,
        tradingview.world.open_session(vendor),
        PaymentShop("", discord.world.now),
        kind,
        paid_role=paid_role,
    )


def _members(discord: FakeDiscord, guild: Guild, staff: Role) -> tuple[Cast, ...]:
    manager = discord.add_role(guild, "Manager", _MANAGE)
    moderators = (
        ("mina", "Mina", "sells and helps", [staff]),
        ("marco", "Marco", "a second manager", [staff, manager]),
    )
    buyers = (
        ("bea", "Bea", "let her access lapse", "bea_trades"),
        ("carl", "Carl", "pays every month", "carl.fx"),
        ("dana", "Dana", "bought lifetime", "Dana_Dao"),
        ("emil", "Emil", "added by hand long ago", "emil77"),
        ("finn", "Finn", "finn, not finn_fx", "finn"),
        ("gita", "Gita", "new, not linked yet", "Gita-Ray"),
    )
    made = []
    for name, display, about, roles in moderators:
        user = discord.add_user(name, display_name=display)
        discord.add_member(guild, user, roles)
        made.append(Cast(user, "moderator", about))
    for name, display, about, username in buyers:
        user = discord.add_user(name, display_name=display)
        discord.add_member(guild, user)
        made.append(Cast(user, "buyer", about, username))
    return tuple(made)
