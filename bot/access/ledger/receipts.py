"""What became of one order, with everything that an answer about it needs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.rules.duration import cut, parse_length
from bot.access.rules.entitlements import State, last_seen, wanted_of
from bot.store.catalogue import guilds, scripts
from bot.store.ledger import entitlements, orders, permissions, shapes
from bot.store.people import customers
from bot.store.records import Customer, Entitlement, Order, Permission, Script
from bot.tradingview import End, Lifetime, Limiter

PUT_BACK_WITHIN = timedelta(hours=24)
WORTH_TELLING = 60.0  # seconds of a pause that TradingView asked for


class WaitingFor(StrEnum):
    """Why an order is not done yet."""

    ASKING = "asking"  # nothing is wrong: TradingView has simply not confirmed it yet
    NO_LOGIN = "no_login"
    LOGIN_DEAD = "login_dead"
    TRADINGVIEW = "tradingview"
    SLOW_DOWN = "slow_down"
    SCRIPT_PAUSED = "script_paused"
    FULL_CHECK = "full_check"  # the database was restored, and not every list is read yet
    CHANGED = "changed"  # TradingView answers in another form than the known one


@dataclass(frozen=True, slots=True)
class Receipt:
    """One order, and what stands because of it."""

    order: Order
    permission: Permission
    script: Script
    customer: Customer
    entitlement: Entitlement | None  # the reason that the order made
    reasons: tuple[Entitlement, ...]  # the reasons that count now
    waiting_for: WaitingFor | None  # while the order waits
    can_put_back: bool
    quiet_until: datetime | None = None  # TradingView asked for a pause worth telling of

    @property
    def before(self) -> State:
        """What the customer had when the order was recorded, as far as it was known."""
        return State(self.order.before, self.order.before_ends_at)

    @property
    def end(self) -> End | None:
        """When access ends now: what TradingView shows once done, what is wanted until then."""
        shown = last_seen(self.permission).end
        # A later order may be on its way by now: that is not what stands.
        if self.order.state == "done" and shown is not None:
            return shown
        return wanted_of(self.permission).end

    def dated_end(self, now: datetime) -> datetime | None:
        """The end that access without one may get: the time asked for, and no less than was bought."""
        if self.entitlement is None or self.entitlement.length is None:
            return None
        fresh = cut(parse_length(self.entitlement.length).add_to(now))
        return max([fresh, *(one.ends_at for one in self.reasons if one.ends_at)])

    @property
    def open_ended(self) -> bool:
        """The time that was asked for changes nothing: access has no end anyway."""
        asked_for_time = self.entitlement is not None and self.entitlement.kind == "until"
        return self.order.kind == "grant" and asked_for_time and isinstance(self.end, Lifetime)


async def receipt_of(
    connection: AsyncConnection, order_id: int, waiting_for: WaitingFor | None, now: datetime
) -> Receipt | None:
    """Gather it; `waiting_for` is what holds the whole account up, if anything does."""
    order = await orders.by_id(connection, order_id)
    if order is None:
        return None
    permission = await permissions.by_id(connection, order.permission_id)
    script = await scripts.by_id(connection, permission.script_id)
    person = await customers.by_id(connection, permission.customer_id)
    assert script is not None  # noqa: S101 - foreign keys
    assert person is not None  # noqa: S101
    reason = order.entitlement_id and await entitlements.by_id(connection, order.entitlement_id)
    if order.state == "waiting":
        waiting_for = await held_up(connection, order.guild_id, waiting_for)
    if script.paused_at is not None:
        waiting_for = WaitingFor.SCRIPT_PAUSED
    elif waiting_for is None and script.restored_at is not None:
        waiting_for = WaitingFor.FULL_CHECK
    return Receipt(
        order=order,
        permission=permission,
        script=script,
        customer=person,
        entitlement=reason or None,
        reasons=tuple(await entitlements.active(connection, permission.id)),
        waiting_for=_reason(waiting_for, permission) if order.state == "waiting" else None,
        can_put_back=await _can_put_back(connection, order, permission, now),
    )


def quiet_until(limiter: Limiter) -> datetime | None:
    """Until when TradingView asked for nothing to be sent; None unless it is worth telling of."""
    pause = limiter.held_for()
    return clock.now() + timedelta(seconds=pause) if pause > WORTH_TELLING else None


async def held_up(
    connection: AsyncConnection, guild_id: int, waiting_for: WaitingFor | None
) -> WaitingFor | None:
    """What holds up a whole account, with `waiting_for` as what is known of its login and its queue."""
    if waiting_for in (WaitingFor.NO_LOGIN, WaitingFor.LOGIN_DEAD):
        return waiting_for
    if await shapes.is_paused(connection, guild_id):
        return WaitingFor.CHANGED
    server = await guilds.by_id(connection, guild_id)
    restored = server is not None and server.restored_at is not None
    return WaitingFor.FULL_CHECK if restored else waiting_for


def _reason(waiting_for: WaitingFor | None, permission: Permission) -> WaitingFor:
    if waiting_for is not None:
        return waiting_for
    by_permission = {"slow_down": WaitingFor.SLOW_DOWN, "tradingview": WaitingFor.TRADINGVIEW}
    return by_permission.get(permission.reason or "", WaitingFor.ASKING)


async def _can_put_back(
    connection: AsyncConnection, order: Order, permission: Permission, now: datetime
) -> bool:
    if order.kind not in ("set", "revoke") or now - order.asked_at > PUT_BACK_WITHIN:
        return False
    before = State(order.before, order.before_ends_at)
    if order.kind == "set":
        made = await entitlements.by_id(connection, order.entitlement_id or 0)
        if not took_away(before, State(made.kind, made.ends_at)):
            return False
    if await orders.by_reference(connection, order.guild_id, put_back_reference(order.id)):
        return False
    if await overtaken_since(connection, order):
        return False
    waiting = permission.replaces == order.id
    return waiting or bool(await entitlements.ended_by(connection, order.id))


def took_away(before: State, after: State) -> bool:
    """Whether `after` gives less than `before` did."""
    if before.end is None or isinstance(after.end, Lifetime):
        return False
    if isinstance(before.end, Lifetime) or after.end is None:
        return True
    return after.end < before.end


async def overtaken_since(connection: AsyncConnection, order: Order) -> bool:
    """Whether a later `set` or `revoke` of the same access counts; put back itself, it does not."""
    for later in await orders.later_removals(connection, order):
        reference = put_back_reference(later)
        if await orders.by_reference(connection, order.guild_id, reference) is None:
            return True
    return False


def put_back_reference(order_id: int) -> str:
    """The reference of the order that undoes another: it can be there once."""
    return f"put back {order_id}"
