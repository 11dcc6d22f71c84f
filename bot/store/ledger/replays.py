"""Queries about orders from a restored backup: what is to be compared, and what staff decide about."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import OrderState, Reason
from bot.store.parts import parts
from bot.store.records import Order
from bot.store.tables.ledger import order, permission


async def to_compare(
    connection: AsyncConnection, script_id: int, before: datetime | None
) -> list[int]:
    """Return the permissions of a script with orders from `before` a restore, yet to be compared.

    Without a moment: with orders that are held.
    """
    found = await connection.execute(
        select(order.c.permission_id)
        .join(permission, permission.c.id == order.c.permission_id)
        .where(permission.c.script_id == script_id, _from_backup(before))
        .distinct()
        .order_by(order.c.permission_id)
    )
    return list(found.scalars())


async def from_backup(
    connection: AsyncConnection, permission_ids: Collection[int], before: datetime | None
) -> dict[int, list[Order]]:
    """Return, by permission, orders from `before` a restore, yet to be compared, oldest first.

    Without a moment: those that are held. Permissions without any are left out.
    """
    found: dict[int, list[Order]] = {}
    for some in parts(permission_ids):
        rows = await connection.execute(
            select(order)
            .where(order.c.permission_id.in_(some), _from_backup(before))
            .order_by(order.c.id)
        )
        for old in map(Order.of, rows):
            found.setdefault(old.permission_id, []).append(old)
    return found


async def hold(
    connection: AsyncConnection, permission_ids: Collection[int], before: datetime, at: datetime
) -> None:
    """Let what waits for these permissions from `before` a restore be compared first."""
    for some in parts(permission_ids):
        await connection.execute(
            update(order)
            .where(
                order.c.permission_id.in_(some),
                order.c.state == OrderState.WAITING,
                order.c.asked_at <= before,
            )
            .values(
                state=OrderState.STUCK, reason=Reason.HELD, told_state=OrderState.STUCK, ended_at=at
            )
        )


async def leave_to_staff(
    connection: AsyncConnection, order_ids: Collection[int], at: datetime
) -> None:
    """Let these wait until staff decide; nobody is told of each."""
    for some in parts(order_ids):
        await connection.execute(
            update(order)
            .where(order.c.id.in_(some))
            .values(
                state=OrderState.STUCK,
                reason=Reason.UNDECIDED,
                told_state=OrderState.STUCK,
                ended_at=at,
            )
        )


async def drop(connection: AsyncConnection, order_ids: Collection[int], at: datetime) -> None:
    """End these without doing them; whoever asked is not told, for it may have been done and undone."""
    for some in parts(order_ids):
        await connection.execute(
            update(order)
            .where(order.c.id.in_(some))
            .values(
                state=OrderState.SUPERSEDED,
                reason=None,
                told_state=OrderState.SUPERSEDED,
                answer_token=None,
                ended_at=at,
            )
        )


async def undecided(
    connection: AsyncConnection,
    guild_id: int,
    *,
    before: datetime | None = None,
    permission_ids: Collection[int] | None = None,
) -> list[Order]:
    """Return a server's orders that wait for staff, oldest first.

    Left to them `before` a moment, or of these permissions only, when given.
    """
    query = select(order).where(order.c.guild_id == guild_id, is_undecided())
    if before is not None:
        query = query.where(order.c.ended_at <= before)
    if permission_ids is not None:
        query = query.where(order.c.permission_id.in_(list(permission_ids)))
    found = await connection.execute(query.order_by(order.c.id))
    return [Order.of(row) for row in found]


async def undecided_people(
    connection: AsyncConnection, permission_ids: Collection[int]
) -> set[int]:
    """Return for which of these permissions an order waits for staff."""
    found: set[int] = set()
    for some in parts(permission_ids):
        rows = await connection.execute(
            select(order.c.permission_id).where(order.c.permission_id.in_(some), is_undecided())
        )
        found |= set(rows.scalars())
    return found


def is_undecided() -> "ColumnElement[bool]":
    """Return the condition that staff have to decide about an order."""
    return and_(order.c.state == OrderState.STUCK, order.c.reason == Reason.UNDECIDED)


def is_held() -> "ColumnElement[bool]":
    """Return the condition that an order is yet to be compared."""
    return and_(order.c.state == OrderState.STUCK, order.c.reason == Reason.HELD)


def _from_backup(before: datetime | None) -> "ColumnElement[bool]":
    if before is None:
        return is_held()
    return and_(order.c.asked_at <= before, or_(order.c.state == OrderState.WAITING, is_held()))
