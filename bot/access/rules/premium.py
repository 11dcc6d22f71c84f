"""What Discord says of its own purchases, and what each of them gives: rules without any I/O."""

from dataclasses import dataclass
from datetime import datetime

from bot.access.rules.duration import Length
from bot.access.rules.entitlements import State
from bot.store.kinds import SkuKind, StateKind


@dataclass(frozen=True, slots=True)
class PremiumSku:
    """Something that Discord sells for the bot."""

    id: int
    name: str
    kind: SkuKind


@dataclass(frozen=True, slots=True)
class PremiumEntitlement:
    """What somebody bought from Discord, as it stands now; moments are aware, in UTC.

    Without `ends_at` it goes on. `guild_id`: it was bought for that server alone.
    """

    id: int
    sku_id: int
    member_id: int
    guild_id: int | None = None
    ends_at: datetime | None = None
    is_test: bool = False  # given by the developer, for nothing
    is_deleted: bool = False  # refunded or removed
    is_consumed: bool = False


@dataclass(frozen=True, slots=True)
class PremiumPlan:
    """How a subscription goes on: `ends_at` is its planned end, None while it renews."""

    entitlement_ids: tuple[int, ...]
    ends_at: datetime | None


def given_by(
    entitlement: PremiumEntitlement, kind: SkuKind, length: Length | None, now: datetime
) -> Length | State | None:
    """Return what an entitlement gives now; None for nothing.

    Discord's own test entitlements cost nothing and never end: they give nothing.
    """
    if entitlement.is_deleted or entitlement.is_test:
        return None
    if kind is SkuKind.CONSUMABLE:
        return length
    if entitlement.ends_at is not None:
        is_over = entitlement.ends_at <= now
        return None if is_over else State(StateKind.UNTIL, entitlement.ends_at)
    return State(StateKind.LIFETIME if kind is SkuKind.DURABLE else StateKind.OPEN)
