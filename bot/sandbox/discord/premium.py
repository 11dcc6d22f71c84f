"""Premium of the application: what it sells through Discord, who bought it, and what the bot hears of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from dateutil.relativedelta import relativedelta

from bot.sandbox.discord.errors import Json, unknown
from bot.sandbox.discord.gateway import Gateway
from bot.sandbox.discord.intents import EVERYWHERE
from bot.sandbox.discord.payloads import stamp
from bot.sandbox.discord.snowflakes import parse_id
from bot.sandbox.discord.world import Guild, User, World


class SkuKind(IntEnum):
    """What is sold: for ever, to be used up, or by the month; a group stands beside each subscription."""

    DURABLE = 2
    CONSUMABLE = 3
    SUBSCRIPTION = 5
    GROUP = 6


class EntitlementKind(IntEnum):
    """How somebody came by it."""

    PURCHASE = 1
    TEST_MODE = 4
    SUBSCRIPTION = 8


class Status(IntEnum):
    """How a subscription stands: it renews, it will end, it has ended."""

    ACTIVE = 0
    ENDING = 1
    INACTIVE = 2


@dataclass(frozen=True)
class Sku:
    """Something that the application sells."""

    id: int
    name: str
    kind: SkuKind


@dataclass(eq=False)
class Entitlement:
    """What somebody may use; a test one has no dates and never ends."""

    id: int
    sku: Sku
    user: User
    kind: EntitlementKind
    starts_at: datetime | None
    ends_at: datetime | None = None
    guild: Guild | None = None
    is_deleted: bool = False
    is_consumed: bool = False

    def has_ended(self, now: datetime) -> bool:
        """Return whether its end is over."""
        return self.ends_at is not None and self.ends_at <= now


@dataclass(eq=False)
class Subscription:
    """What renews an entitlement each month."""

    id: int
    user: User
    entitlement: Entitlement
    period_start: datetime
    period_end: datetime
    status: Status = Status.ACTIVE
    canceled_at: datetime | None = None


@dataclass
class Premium:
    """Sells, renews, cancels and takes back; the bot's gateway hears what Discord's would."""

    world: World
    gateway: Gateway
    skus: dict[int, Sku] = field(default_factory=dict)
    entitlements: dict[int, Entitlement] = field(default_factory=dict)
    subscriptions: dict[int, Subscription] = field(default_factory=dict)

    def add_sku(self, name: str, kind: SkuKind = SkuKind.SUBSCRIPTION) -> Sku:
        """Put something up for sale."""
        sku = Sku(self.world.ids.next(), name, kind)
        self.skus[sku.id] = sku
        if kind is SkuKind.SUBSCRIPTION:
            group = Sku(self.world.ids.next(), name, SkuKind.GROUP)
            self.skus[group.id] = group
        return sku

    def subscribe(self, user: User, sku: Sku, guild: Guild | None = None) -> Subscription:
        """Begin a subscription of a month: its entitlement has no end while it renews."""
        now = self.world.now()
        entitlement = self._grant(user, sku, EntitlementKind.SUBSCRIPTION, now, guild)
        period_end = now + relativedelta(months=1)
        made = Subscription(self.world.ids.next(), user, entitlement, now, period_end)
        self.subscriptions[made.id] = made
        self._tell_subscription("CREATE", made)
        return made

    def renew(self, subscription: Subscription) -> None:
        """Charge the next month: the entitlement stays as it is, and nothing is told of it."""
        subscription.period_start = subscription.period_end
        subscription.period_end += relativedelta(months=1)
        self._tell_subscription("UPDATE", subscription)

    def cancel(self, subscription: Subscription) -> None:
        """Plan its end with the period; of the entitlement nothing is told."""
        subscription.status = Status.ENDING
        subscription.canceled_at = self.world.now()
        self._tell_subscription("UPDATE", subscription)

    def resume(self, subscription: Subscription) -> None:
        """Take a planned end back."""
        subscription.status, subscription.canceled_at = Status.ACTIVE, None
        self._tell_subscription("UPDATE", subscription)

    def lapse(self, subscription: Subscription) -> None:
        """End it with its period: now the entitlement says so too."""
        subscription.status = Status.INACTIVE
        subscription.canceled_at = subscription.canceled_at or self.world.now()
        self._tell_subscription("UPDATE", subscription)
        self.end(subscription.entitlement, min(subscription.period_end, self.world.now()))

    def buy(self, user: User, sku: Sku) -> Entitlement:
        """Buy something once; it is the buyer's until it is used up or taken back."""
        return self._grant(user, sku, EntitlementKind.PURCHASE, None, None)

    def buy_until(self, user: User, sku: Sku, days: int) -> Entitlement:
        """Get something that has its end from the first day on."""
        now = self.world.now()
        made = self._made(user, sku, EntitlementKind.SUBSCRIPTION, now, None)
        made.ends_at = now + timedelta(days=days)
        self._tell("CREATE", made)
        return made

    def test(self, user: User, sku: Sku) -> Entitlement:
        """Give the developer's test entitlement: without dates, and without an end."""
        return self._grant(user, sku, EntitlementKind.TEST_MODE, None, None)

    def end(self, entitlement: Entitlement, at: datetime | None) -> None:
        """Set when it ends; None: it goes on again."""
        entitlement.ends_at = at
        self._tell("UPDATE", entitlement)

    def consume(self, entitlement: Entitlement) -> None:
        """Use it up, as the application says that it has."""
        if entitlement.sku.kind is SkuKind.CONSUMABLE:
            entitlement.is_consumed = True

    def take_back(self, entitlement: Entitlement) -> None:
        """Refund or remove it, by Discord or, where it is a test, by the developer."""
        entitlement.is_deleted = True
        self._tell("DELETE", entitlement)
        for each in self.subscriptions.values():
            if each.entitlement is entitlement and each.status is not Status.INACTIVE:
                each.status, each.canceled_at = Status.INACTIVE, self.world.now()
                self._tell_subscription("UPDATE", each)

    # What is asked for

    def sku(self, text: object) -> Sku:
        """Return that SKU, or raise Discord's own error."""
        found = self.skus.get(parse_id(text) or 0)
        if found is None:
            raise unknown("sku")
        return found

    def entitlement(self, text: object) -> Entitlement:
        """Return that entitlement, or raise Discord's own error."""
        found = self.entitlements.get(parse_id(text) or 0)
        if found is None:
            raise unknown("entitlement")
        return found

    def held(self, user: User, guild: Guild | None) -> list[Entitlement]:
        """Return what counts for somebody now, in a server or in direct messages."""
        now = self.world.now()
        return [
            each
            for each in self.entitlements.values()
            if (each.user is user if each.guild is None else each.guild is guild)
            and not (each.is_deleted or each.is_consumed or each.has_ended(now))
        ]

    # As JSON

    def described(self, entitlement: Entitlement) -> Json:
        """Return an entitlement as Discord writes it."""
        ends = entitlement
        body: Json = {
            "id": str(ends.id),
            "sku_id": str(ends.sku.id),
            "application_id": str(self.world.bot.id),
            "user_id": str(ends.user.id),
            "type": int(ends.kind),
            "deleted": ends.is_deleted,
            "consumed": ends.is_consumed,
            "starts_at": stamp(ends.starts_at),
            "ends_at": stamp(ends.ends_at),
            "gifter_user_id": None,
            "parent_id": None,
        }
        if ends.guild is not None:
            body["guild_id"] = str(ends.guild.id)
        mine = (each for each in self.subscriptions.values() if each.entitlement is ends)
        if (subscription := next(mine, None)) is not None:
            body["subscription_id"] = str(subscription.id)
        return body

    def described_sku(self, sku: Sku) -> Json:
        """Return a SKU as Discord writes it."""
        return {
            "id": str(sku.id),
            "type": int(sku.kind),
            "application_id": str(self.world.bot.id),
            "name": sku.name,
            "slug": sku.name.casefold().replace(" ", "-"),
            "flags": 1 << 2 | (1 << 8 if sku.kind is SkuKind.SUBSCRIPTION else 0),
        }

    def described_subscription(self, subscription: Subscription) -> Json:
        """Return a subscription as Discord writes it."""
        return {
            "id": str(subscription.id),
            "user_id": str(subscription.user.id),
            "sku_ids": [str(subscription.entitlement.sku.id)],
            "renewal_sku_ids": None,
            "entitlement_ids": [str(subscription.entitlement.id)],
            "current_period_start": stamp(subscription.period_start),
            "current_period_end": stamp(subscription.period_end),
            "status": int(subscription.status),
            "canceled_at": stamp(subscription.canceled_at),
        }

    def _grant(
        self,
        user: User,
        sku: Sku,
        kind: EntitlementKind,
        starts_at: datetime | None,
        guild: Guild | None,
    ) -> Entitlement:
        made = self._made(user, sku, kind, starts_at, guild)
        self._tell("CREATE", made)
        return made

    def _made(
        self,
        user: User,
        sku: Sku,
        kind: EntitlementKind,
        starts_at: datetime | None,
        guild: Guild | None,
    ) -> Entitlement:
        made = Entitlement(self.world.ids.next(), sku, user, kind, starts_at, guild=guild)
        self.entitlements[made.id] = made
        return made

    def _tell(self, what: str, entitlement: Entitlement) -> None:
        body = self.described(entitlement)
        self.gateway.dispatch(f"ENTITLEMENT_{what}", body, EVERYWHERE)

    def _tell_subscription(self, what: str, subscription: Subscription) -> None:
        body = self.described_subscription(subscription)
        self.gateway.dispatch(f"SUBSCRIPTION_{what}", body, EVERYWHERE)
