"""Queries about which of many orders were put back, and what was ordered after them."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import ActorKind, OrderKind, OrderState
from bot.store.parts import parts
from bot.store.records import Order
from bot.store.tables.ledger import order

# The orders that may leave somebody with less than before.
TAKES_AWAY = (OrderKind.SET, OrderKind.REVOKE, OrderKind.MOVE)
# A source ends what it gave itself, and decides nothing about the rest.
_BY_SOMEBODY = order.c.actor_kind != ActorKind.SOURCE


async def known_keys(
    connection: AsyncConnection, guild_ids: Collection[int], keys: Collection[str]
) -> set[tuple[int, str]]:
    """Return which of these idempotency keys led to an order, each with its server."""
    found: set[tuple[int, str]] = set()
    for some in parts(keys):
        rows = await connection.execute(
            select(order.c.guild_id, order.c.idempotency_key).where(
                order.c.guild_id.in_(list(guild_ids)), order.c.idempotency_key.in_(some)
            )
        )
        found |= {(row.guild_id, row.idempotency_key) for row in rows}
    return found


async def removals(
    connection: AsyncConnection, permission_ids: Collection[int]
) -> dict[int, list[int]]:
    """Return, by permission, every `set`, `revoke` and `move` for it, oldest first."""
    return await _ordered(connection, permission_ids, order.c.kind.in_(TAKES_AWAY))


async def removals_by_somebody(
    connection: AsyncConnection, permission_ids: Collection[int]
) -> dict[int, list[int]]:
    """Return the same without those of a source."""
    kinds = order.c.kind.in_(TAKES_AWAY)
    return await _ordered(connection, permission_ids, kinds, _BY_SOMEBODY)


async def decisions(
    connection: AsyncConnection, permission_ids: Collection[int]
) -> dict[int, list[int]]:
    """Return, by permission, the orders after which a batch leaves it as it is: a pause too, and none of a source."""
    kinds = order.c.kind.in_((*TAKES_AWAY, OrderKind.PAUSE))
    return await _ordered(connection, permission_ids, kinds, _BY_SOMEBODY)


async def _ordered(
    connection: AsyncConnection, permission_ids: Collection[int], *which: ColumnElement[bool]
) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {each: [] for each in permission_ids}
    for some in parts(permission_ids):
        rows = await connection.execute(
            select(order.c.permission_id, order.c.id)
            .where(order.c.permission_id.in_(some), *which)
            .order_by(order.c.id)
        )
        for row in rows:
            found[row.permission_id].append(row.id)
    return found


async def of_batch(
    connection: AsyncConnection, batch_id: int, permission_ids: Collection[int]
) -> set[int]:
    """Return the orders of one batch for these permissions."""
    found: set[int] = set()
    for some in parts(permission_ids):
        rows = await connection.execute(
            select(order.c.id).where(order.c.permission_id.in_(some), order.c.batch_id == batch_id)
        )
        found.update(rows.scalars())
    return found


async def waits_of_batch(connection: AsyncConnection, permission_id: int, after: int) -> bool:
    """Return whether a waiting order later than that revision puts back what a batch did."""
    found = await connection.execute(
        select(order.c.id)
        .where(
            order.c.permission_id == permission_id,
            order.c.kind == OrderKind.PUT_BACK,
            order.c.batch_id.is_not(None),
            order.c.state == OrderState.WAITING,
            order.c.revision > after,
        )
        .limit(1)
    )
    return found.scalar_one_or_none() is not None


async def was_held_back(connection: AsyncConnection, undone: Order) -> bool:
    """Return whether somebody had revoked an access before that order, and nobody ordered it again since.

    Orders that were put back count with what put them back: that is the later one.
    """
    found = await connection.execute(
        select(order.c.kind)
        .where(
            order.c.permission_id == undone.permission_id,
            order.c.id != undone.id,
            order.c.kind.in_((OrderKind.GRANT, *TAKES_AWAY, OrderKind.PUT_BACK)),
            order.c.actor_kind.in_((ActorKind.MEMBER, ActorKind.KEY)),
        )
        .order_by(order.c.id.desc())
        .limit(1)
    )
    return found.scalar_one_or_none() is OrderKind.REVOKE
