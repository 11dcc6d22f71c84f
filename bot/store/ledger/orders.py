"""Queries about orders: orders of people, from asked to told."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Select, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import (
    OrderKind,
    OrderState,
    Reason,
    StateKind,
)
from bot.store.ledger.order_outcomes import tell_anew
from bot.store.parts import parts
from bot.store.records import Actor, Order, Permission
from bot.store.tables.ledger import order, permission

# Why orders from a restored backup are stuck that nothing wakes: they are yet to be compared with
# TradingView, or staff have to decide, or to order them anew.
PARKED = (Reason.HELD, Reason.UNDECIDED, Reason.RESTORED)


# Made once: what every order asks takes longer to make than to run.
_ADD = insert(order).returning(order)
_GIVES = (
    update(order)
    .where(order.c.id == bindparam("of_id"))
    .values(entitlement_id=bindparam("reason_id"))
)
_BY_KEY = select(order).where(
    order.c.guild_id == bindparam("guild"), order.c.idempotency_key == bindparam("key")
)
_ANY_OPEN = (
    select(order.c.id)
    .where(
        order.c.permission_id == bindparam("about"),
        order.c.state.in_((OrderState.WAITING, OrderState.STUCK)),
    )
    .limit(1)
)


async def add(
    connection: AsyncConnection,
    permission: Permission,
    *,
    kind: OrderKind,
    idempotency_key: str,
    actor: Actor,
    asked_at: datetime,
    before: StateKind,
    before_ends_at: datetime | None,
    note: str | None = None,
    answer_token: bytes | None = None,
    reason: Reason | None = None,
    product_id: int | None = None,
    lead_id: int | None = None,
    member_told_at: datetime | None = None,
    batch_id: int | None = None,
) -> Order:
    """Add a waiting order; its revision is the permission's next one."""
    row = await connection.execute(
        _ADD,
        {
            "guild_id": permission.guild_id,
            "permission_id": permission.id,
            "kind": kind,
            "idempotency_key": idempotency_key,
            "revision": permission.revision + 1,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "asked_at": asked_at,
            "note": note,
            "before": before,
            "before_ends_at": before_ends_at,
            "state": OrderState.WAITING,
            "answer_token": answer_token,
            "reason": reason,
            "product_id": product_id,
            "lead_id": lead_id,
            "member_told_at": member_told_at,
            "batch_id": batch_id,
        },
    )
    return Order.of(row.one())


async def gives(connection: AsyncConnection, order_id: int, entitlement_id: int) -> None:
    """Tie an order to the reason it made."""
    await connection.execute(_GIVES, {"of_id": order_id, "reason_id": entitlement_id})


async def by_id(connection: AsyncConnection, order_id: int) -> Order | None:
    """Return that order."""
    found = await connection.execute(select(order).where(order.c.id == order_id))
    row = found.one_or_none()
    return None if row is None else Order.of(row)


async def first_done_at(connection: AsyncConnection, guild_id: int) -> datetime | None:
    """Return when the first order that gave access in a server was done; None before any was."""
    found = await connection.execute(
        select(order.c.ended_at)
        .where(
            order.c.guild_id == guild_id,
            order.c.state == OrderState.DONE,
            order.c.kind.in_((OrderKind.GRANT, OrderKind.SET)),
        )
        .order_by(order.c.id)
        .limit(1)
    )
    return found.scalar_one_or_none()


async def by_key(connection: AsyncConnection, guild_id: int, idempotency_key: str) -> Order | None:
    """Return the order that came with that key: delivered twice, it is there once."""
    found = await connection.execute(_BY_KEY, {"guild": guild_id, "key": idempotency_key})
    row = found.one_or_none()
    return None if row is None else Order.of(row)


async def led_by(connection: AsyncConnection, order_ids: Collection[int]) -> dict[int, list[Order]]:
    """Return, by the order that leads, the others of the same request, oldest first."""
    found: dict[int, list[Order]] = {each: [] for each in order_ids}
    for some in parts(order_ids):
        rows = await connection.execute(
            select(order).where(order.c.lead_id.in_(some)).order_by(order.c.id)
        )
        for led in map(Order.of, rows):
            found[led.lead_id or 0].append(led)
    return found


async def by_ids(connection: AsyncConnection, order_ids: Collection[int]) -> list[Order]:
    """Return these orders in the order of the ids; unknown ids are left out."""
    found: dict[int, Order] = {}
    for some in parts(order_ids):
        rows = await connection.execute(select(order).where(order.c.id.in_(some)))
        found |= {known.id: known for known in map(Order.of, rows)}
    return [found[each] for each in order_ids if each in found]


async def newest_id(connection: AsyncConnection, guild_id: int) -> int:
    """Return the number of a server's newest order; 0 where there is none yet."""
    found = await connection.execute(
        select(func.max(order.c.id)).where(order.c.guild_id == guild_id)
    )
    return found.scalar_one() or 0


async def is_any_open(connection: AsyncConnection, permission_id: int) -> bool:
    """Return whether an order about a permission waits, or is stuck."""
    found = await connection.execute(_ANY_OPEN, {"about": permission_id})
    return found.scalar_one_or_none() is not None


async def supersede(
    connection: AsyncConnection,
    permission_id: int,
    at: datetime,
    *,
    kinds: Iterable[OrderKind] = tuple(OrderKind),
    states: Iterable[OrderState] = (OrderState.WAITING, OrderState.STUCK),
    reason: Reason | None = None,
    but: Reason | None = None,
    only: int | None = None,
    made: Collection[int] | None = None,
) -> list[int]:
    """Let a later order take the place of these, but of none with the reason `but`; return which.

    With `made`, of those that give one of these reasons.
    """
    query = update(order).where(
        order.c.permission_id == permission_id,
        order.c.state.in_(list(states)),
        order.c.kind.in_(list(kinds)),
    )
    if reason is not None:
        query = query.where(order.c.reason == reason)
    if but is not None:
        query = query.where(order.c.reason.is_distinct_from(but))
    if only is not None:
        query = query.where(order.c.id == only)
    if made is not None:
        query = query.where(order.c.entitlement_id.in_(list(made)))
    found = await connection.execute(
        query.values(state=OrderState.SUPERSEDED, ended_at=at).returning(order.c.id)
    )
    changed = list(found.scalars())
    await tell_anew(connection, changed)
    return changed


async def wait_again(
    connection: AsyncConnection, permission_ids: Collection[int], *, reason: Reason | None = None
) -> None:
    """Let what was stuck be tried once more: for that `reason`, or for any by which it is not parked."""
    which = order.c.reason.not_in(PARKED) if reason is None else order.c.reason == reason
    for some in parts(permission_ids):
        query = update(order).where(
            order.c.permission_id.in_(some), order.c.state == OrderState.STUCK
        )
        await connection.execute(
            query.where(which).values(state=OrderState.WAITING, reason=None, ended_at=None)
        )


async def end(
    connection: AsyncConnection,
    permission_id: int,
    revision: int,
    at: datetime,
    state: OrderState,
    reason: Reason | None = None,
) -> list[int]:
    """End what waits up to that revision as `done` or `stuck`; return which."""
    found = await connection.execute(
        update(order)
        .where(
            order.c.permission_id == permission_id,
            order.c.revision <= revision,
            order.c.state == OrderState.WAITING,
        )
        .values(state=state, reason=reason, ended_at=at)
        .returning(order.c.id)
    )
    changed = list(found.scalars())
    await tell_anew(connection, changed)
    return changed


async def oldest_waiting(connection: AsyncConnection, permission_id: int) -> datetime | None:
    """Return when the oldest order still waiting was asked."""
    found = await connection.execute(
        select(func.min(order.c.asked_at)).where(
            order.c.permission_id == permission_id, order.c.state == OrderState.WAITING
        )
    )
    moment: datetime | None = found.scalar_one()
    return moment


async def of_permission(
    connection: AsyncConnection, permission_id: int, state: OrderState
) -> list[Order]:
    """Return the orders of one permission in that state, oldest first."""
    found = await connection.execute(
        select(order)
        .where(order.c.permission_id == permission_id, order.c.state == state)
        .order_by(order.c.id)
    )
    return [Order.of(row) for row in found]


async def open_of(
    connection: AsyncConnection,
    customer_id: int,
    kinds: Collection[OrderKind],
    since: datetime,
    limit: int,
) -> list[Order]:
    """Return the newest orders for a customer that wait or are stuck, or are of these kinds and asked since then.

    Those that another one leads are left out.
    """
    found = await connection.execute(
        select(order)
        .join(permission, permission.c.id == order.c.permission_id)
        .where(
            permission.c.customer_id == customer_id,
            order.c.lead_id.is_(None),
            or_(
                order.c.state.in_((OrderState.WAITING, OrderState.STUCK)),
                order.c.id.in_(_leading_open(customer_id)),
                and_(order.c.kind.in_(list(kinds)), order.c.asked_at >= since),
            ),
        )
        .order_by(order.c.id.desc())
        .limit(limit)
    )
    return [Order.of(row, order) for row in found]


def _leading_open(customer_id: int) -> "Select[tuple[int]]":
    """Return the orders that lead others of a customer which wait or are stuck."""
    return (
        select(order.c.lead_id)
        .join(permission, permission.c.id == order.c.permission_id)
        .where(
            permission.c.customer_id == customer_id,
            order.c.lead_id.is_not(None),
            order.c.state.in_((OrderState.WAITING, OrderState.STUCK)),
        )
    )


async def had(
    connection: AsyncConnection, order_id: int, before: StateKind, before_ends_at: datetime | None
) -> None:
    """Set what there was before that order, now that TradingView has shown it."""
    await connection.execute(
        update(order)
        .where(order.c.id == order_id)
        .values(before=before, before_ends_at=before_ends_at)
    )
