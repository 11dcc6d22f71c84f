"""What became of orders, with everything that an answer about them needs."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.request import AGAIN, BY_CUSTOMERS
from bot.access.rules.duration import RowEnd, parse_length
from bot.access.rules.entitlements import (
    State,
    before_of,
    last_seen,
    paid_end,
    paid_until,
    paused_since,
    start_of,
    wanted_of,
)
from bot.store.catalogue import guilds, products
from bot.store.catalogue.guilds import Hold
from bot.store.kinds import ActorKind, EntitlementKind, OrderKind, OrderState, Reason, StateKind
from bot.store.ledger import (
    entitlements,
    holdings,
    orders,
    purchases,
    put_backs,
    replays,
    role_gains,
    sequence,
)
from bot.store.records import (
    Customer,
    Entitlement,
    Holding,
    Order,
    Permission,
    Product,
    RoleRule,
    Script,
)
from bot.tradingview import End, Lifetime, Limiter

AGAIN_KEY = f"{AGAIN} "  # how the keys begin of what a member has sent once more
PUT_BACK_WITHIN = timedelta(hours=24)
TAKES_AWAY = put_backs.TAKES_AWAY
# Finds, by permission, the orders after which an earlier one is not put back any more.
Later = Callable[[AsyncConnection, Collection[int]], Awaitable[dict[int, list[int]]]]
_WORST_FIRST = (OrderState.WAITING, OrderState.STUCK, OrderState.DONE, OrderState.SUPERSEDED)
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
    UNDECIDED = "undecided"  # staff have to decide about an older order from a backup
    CHANGED = "changed"  # TradingView answers in another form than the known one
    CLOCK = "clock"  # this computer's clock is wrong, and its end counts from now
    NEW_ACCESS = "new_access"  # what goes on elsewhere has to stand there first


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
    product: Product | None = None  # what was asked about, where that is a product
    rule: RoleRule | None = None  # the role that gave what the order gives or ends
    role_is_deleted: bool = False
    others: tuple["Receipt", ...] = ()  # of the same request: those for its other scripts
    behind_stuck: bool = False  # it waits for another order, which is stuck
    paused_since: datetime | None = None  # all that there is stands still

    @property
    def every(self) -> tuple["Receipt", ...]:
        """Return this one and the others of the same request."""
        return (self, *self.others)

    @property
    def state(self) -> OrderState:
        """Return how the whole request stands: as its part that stands worst."""
        states = {each.own_state for each in self.every}
        return next(state for state in _WORST_FIRST if state in states)

    @property
    def own_state(self) -> OrderState:
        """Return how this part stands; what waits behind something stuck is as stuck."""
        is_stuck = self.behind_stuck and self.order.state is OrderState.WAITING
        return OrderState.STUCK if is_stuck else self.order.state

    @property
    def told_as(self) -> OrderState:
        """Return what is noted of the order once its asker was told: of others, only that they wait."""
        return OrderState.WAITING if self.state is OrderState.WAITING else self.order.state

    @property
    def by_customer(self) -> str | None:
        """Return the source by which the customer ordered it for themselves; None for any other order."""
        if self.order.kind is not OrderKind.GRANT:
            return None
        if self.entitlement is None:
            return AGAIN if self.order.idempotency_key.startswith(AGAIN_KEY) else None
        return self.entitlement.source if self.entitlement.source in BY_CUSTOMERS else None

    @property
    def before(self) -> State:
        """Return what the customer had when the order was recorded, as far as it was known."""
        return State(self.order.before, self.order.before_ends_at)

    @property
    def had_access(self) -> bool:
        """Return whether there was access when the order was recorded, also some that only TradingView knew of."""
        known = [self.before]
        if (
            self.permission.revision == self.order.revision
        ):  # else what stood there was before another order
            known.append(before_of(self.permission))
        return any(each.gives_access(self.order.asked_at) for each in known)

    @property
    def end(self) -> End | None:
        """Return when access ends now: what TradingView shows once done, what is wanted until then."""
        shown = last_seen(self.permission).end
        # A later order may be on its way by now: that is not what stands.
        if self.order.state is OrderState.DONE and shown is not None:
            return shown
        return wanted_of(self.permission).end

    def dated_end(self, now: datetime) -> RowEnd | None:
        """Return the end that access without one may get: as asked for, and no less than was bought."""
        if self.entitlement is None or self.entitlement.length is None:
            return None
        every = [reason for each in self.every for reason in each.reasons]
        others = [reason for reason in self.reasons if reason.id != self.entitlement.id]
        start = min(start_of(others, now), RowEnd.begun(now), key=lambda start: start.at)
        return paid_end(every, start.extended(parse_length(self.entitlement.length)))

    @property
    def paid_until(self) -> datetime | None:
        """Return the paid end where access lasts some grace days longer; None without any."""
        return paid_until(self.reasons)

    @property
    def open_ended(self) -> bool:
        """Return whether the time asked for changes nothing, as access has no end anyway."""
        asked_for_time = (
            self.entitlement is not None and self.entitlement.kind is EntitlementKind.UNTIL
        )
        return (
            self.order.kind is OrderKind.GRANT and asked_for_time and isinstance(self.end, Lifetime)
        )


async def receipts_of(
    connection: AsyncConnection,
    found: Sequence[Order],
    holdups: Mapping[int, WaitingFor | None],
    now: datetime,
) -> list[Receipt]:
    """Return what became of these orders, in as many statements for many as for one.

    Each comes with the others that it leads. `holdups` is, by server, what is known of its login and
    its queue.
    """
    led = await orders.led_by(connection, [order.id for order in found])
    every = [each for order in found for each in (order, *led[order.id])]
    receipts = await _receipts_of(connection, every, holdups, now)
    return [
        replace(receipts[order.id], others=tuple(receipts[each.id] for each in led[order.id]))
        for order in found
    ]


async def _receipts_of(
    connection: AsyncConnection,
    found: Sequence[Order],
    holdups: Mapping[int, WaitingFor | None],
    now: datetime,
) -> dict[int, Receipt]:
    about = await holdings.with_people(connection, {order.permission_id for order in found})
    made = await entitlements.by_ids(
        connection, {order.entitlement_id for order in found if order.entitlement_id}
    )
    active = await entitlements.active_of(connection, about)
    holds = await guilds.holds(connection, holdups)
    undecided = await replays.undecided_people(connection, about)
    behind = await sequence.behind(connection, about)
    revocable = await _put_backs(connection, found, about, made, now)
    sold = await products.by_ids(
        connection, {order.product_id for order in found if order.product_id}
    )
    by_source = [order.id for order in found if order.actor_kind is ActorKind.SOURCE]
    by_roles = await role_gains.behind_orders(connection, by_source)
    receipts = {}
    for order in found:
        rule, is_deleted = by_roles.get(order.id, (None, False))
        held = about[order.permission_id]
        holdup = held_up(holds.get(order.guild_id), holdups[order.guild_id])
        receipts[order.id] = Receipt(
            order=order,
            permission=held.permission,
            script=held.script,
            customer=held.customer,
            entitlement=made.get(order.entitlement_id or 0),
            reasons=tuple(active[order.permission_id]),
            waiting_for=_why(
                holdup,
                held,
                is_undecided=order.permission_id in undecided,
                is_behind=order.permission_id in behind,
            )
            if order.state is OrderState.WAITING
            else None,
            can_put_back=order.id in revocable,
            product=sold.get(order.product_id or 0),
            rule=rule,
            role_is_deleted=is_deleted,
            behind_stuck=behind.get(order.permission_id, False),
            paused_since=paused_since(active[order.permission_id], now),
        )
    return receipts


def quiet_until(limiter: Limiter) -> datetime | None:
    """Return until when TradingView asked for nothing to be sent; None unless it is worth telling of."""
    pause = limiter.held_for()
    return clock.now() + timedelta(seconds=pause) if pause > WORTH_TELLING else None


def held_up(hold: Hold | None, waiting_for: WaitingFor | None) -> WaitingFor | None:
    """Return what holds up a whole account; `waiting_for`: what is known of login and queue."""
    if waiting_for in (WaitingFor.NO_LOGIN, WaitingFor.LOGIN_DEAD) or hold is None:
        return waiting_for
    if hold.paused_at is not None:
        return WaitingFor.CHANGED
    return WaitingFor.FULL_CHECK if hold.restored_at is not None else waiting_for


def _why(
    holdup: WaitingFor | None, about: Holding, *, is_undecided: bool, is_behind: bool
) -> WaitingFor:
    """Return why one order waits, with `holdup` as what holds up its whole account."""
    if about.script.paused_at is not None:
        return WaitingFor.SCRIPT_PAUSED
    if holdup is not None:
        return holdup
    if about.script.restored_at is not None:
        return WaitingFor.FULL_CHECK
    if is_undecided:
        return WaitingFor.UNDECIDED
    if is_behind:
        return WaitingFor.NEW_ACCESS
    return because_of(about.permission.reason) or WaitingFor.ASKING


def because_of(reason: Reason | None) -> WaitingFor | None:
    """Return what a permission with that reason waits for, where it is worth telling."""
    match reason:
        case Reason.SLOW_DOWN:
            return WaitingFor.SLOW_DOWN
        case Reason.TRADINGVIEW:
            return WaitingFor.TRADINGVIEW
        case Reason.CLOCK:
            return WaitingFor.CLOCK
        case _:
            return None


async def put_backs_among(
    connection: AsyncConnection, order_ids: Collection[int], now: datetime
) -> set[int]:
    """Return which of these orders took something away that can be put back."""
    found = await orders.by_ids(connection, order_ids)
    about = await holdings.with_people(connection, {order.permission_id for order in found})
    made = await entitlements.by_ids(
        connection, {order.entitlement_id for order in found if order.entitlement_id}
    )
    return await _put_backs(connection, found, about, made, now)


async def _put_backs(
    connection: AsyncConnection,
    found: Sequence[Order],
    about: Mapping[int, Holding],
    made: Mapping[int, Entitlement],
    now: datetime,
) -> set[int]:
    """Return which of these orders took something away that can be put back."""
    perhaps = [order for order in found if _took_lately(order, made, now)]
    if not perhaps:
        return set()
    overtaken = await _overtaken(connection, perhaps)
    ids = {order.id for order in perhaps}
    took = await entitlements.taken_by(connection, ids)
    took |= await purchases.moved_by(connection, ids)
    return {
        order.id
        for order in perhaps
        if order.id not in overtaken
        and (about[order.permission_id].permission.replaces == order.id or order.id in took)
    }


def _took_lately(order: Order, made: Mapping[int, Entitlement], now: datetime) -> bool:
    if order.kind not in TAKES_AWAY or now - order.asked_at > PUT_BACK_WITHIN:
        return False
    if order.kind in (OrderKind.REVOKE, OrderKind.MOVE):
        return True
    after = made.get(order.entitlement_id or 0)
    if after is None:  # a source moved the end of what it gave; what went by that tells the rest
        return True
    before = State(order.before, order.before_ends_at)
    return took_away(before, State(StateKind(after.kind), after.ends_at))


def took_away(before: State, after: State) -> bool:
    """Return whether `after` gives less than `before` did."""
    if before.end is None or isinstance(after.end, Lifetime):
        return False
    if isinstance(before.end, Lifetime) or after.end is None:
        return True
    return after.end < before.end


async def overtaken_since(
    connection: AsyncConnection, order: Order, which: Later = put_backs.removals
) -> bool:
    """Return whether a later one of these orders for the access counts: one that was not put back."""
    later = await _later(connection, [order], which)
    undone = await _undone(connection, [order.guild_id], later[order.id])
    return any((order.guild_id, each) not in undone for each in later[order.id])


async def _overtaken(connection: AsyncConnection, perhaps: Sequence[Order]) -> set[int]:
    """Return which of these orders were put back, or have a later one that counts."""
    later = await _later(connection, perhaps)
    asked = {order.id for order in perhaps}.union(*later.values())
    undone = await _undone(connection, {order.guild_id for order in perhaps}, asked)
    return {
        order.id
        for order in perhaps
        if (order.guild_id, order.id) in undone
        or any((order.guild_id, each) not in undone for each in later[order.id])
    }


async def _later(
    connection: AsyncConnection, found: Sequence[Order], which: Later = put_backs.removals
) -> dict[int, list[int]]:
    """Return, by order, every later one of these for the same access."""
    about = {order.permission_id for order in found}
    ordered = await which(connection, about)
    return {
        order.id: [each for each in ordered[order.permission_id] if each > order.id]
        for order in found
    }


async def _undone(
    connection: AsyncConnection, guild_ids: Collection[int], order_ids: Collection[int]
) -> set[tuple[int, int]]:
    """Return which of these orders were put back, each with its server."""
    by_key = {put_back_key(each): each for each in order_ids}
    done = await put_backs.known_keys(connection, guild_ids, by_key)
    return {(guild_id, by_key[key]) for guild_id, key in done}


def put_back_key(order_id: int) -> str:
    """Return the key of the order that undoes another: it can be there once."""
    return f"put back {order_id}"
