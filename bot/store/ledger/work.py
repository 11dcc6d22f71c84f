"""Queries about work: the permissions that wait for TradingView, and which of them come next."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.store.kinds import (
    BatchState,
    EntitlementKind,
    OrderKind,
    OrderState,
    PermissionState,
    Reason,
    StateKind,
    SweepState,
)
from bot.store.ledger import batch_orders, shapes
from bot.store.ledger.replays import is_held, is_undecided
from bot.store.ledger.sequence import waits_for_another
from bot.store.tables.batches import batch as batch_table
from bot.store.tables.catalogue import guild, script
from bot.store.tables.ledger import entitlement, order, permission
from bot.store.tables.sweeps import sweep


def _stands_still() -> "ColumnElement[bool]":
    """Return whether the batch for which a permission waits is paused, or is to withdraw that."""
    return exists().where(
        batch_table.c.id == permission.c.batch_id,
        or_(
            batch_table.c.state == BatchState.PAUSED,
            and_(
                batch_table.c.state == BatchState.CANCELLED,
                batch_table.c.ended_at.is_(None),
                batch_orders.is_unsent(permission.c.id, batch_table.c.id),
            ),
        ),
    )


# Orders wait while a script is paused, or the lists were not read since a restore, or the bot is not
# there, or TradingView answers in another form than the known one; somebody's also while an older one
# is yet to be compared after a restore, or to be decided by staff; a batch's while that stands still.
_OPEN = (
    permission.c.state.in_((PermissionState.WAITING, PermissionState.WORKING)),
    script.c.paused_at.is_(None),
    script.c.restored_at.is_(None),
    guild.c.restored_at.is_(None),
    guild.c.left_at.is_(None),
    shapes.is_open(),
    ~waits_for_another(permission),
    or_(permission.c.batch_id.is_(None), ~_stands_still()),
    ~exists().where(order.c.permission_id == permission.c.id, or_(is_held(), is_undecided())),
)


# What people wait for goes before a batch; then in the order asked.
_IN_TURN = (permission.c.batch_id.is_not(None), permission.c.asked_at, permission.c.id)


async def guilds(connection: AsyncConnection) -> list[int]:
    """Return the servers in which something waits."""
    found = await connection.execute(_open(permission.c.guild_id).distinct())
    return list(found.scalars())


async def due(
    connection: AsyncConnection,
    guild_id: int,
    now: datetime,
    *,
    busy: Collection[int],
    limit: int,
    only: Collection[int] | None = None,
) -> list[int]:
    """Return what may be worked on now, in the order asked; of `only` these, when given."""
    query = _open(permission.c.id).where(
        permission.c.guild_id == guild_id,
        permission.c.id.not_in(list(busy)),
        or_(permission.c.next_try_at.is_(None), permission.c.next_try_at <= now),
    )
    if only is not None:
        query = query.where(permission.c.id.in_(list(only)))
    found = await connection.execute(query.order_by(*_IN_TURN).limit(limit))
    return list(found.scalars())


async def chunk(
    connection: AsyncConnection, guild_id: int, now: datetime, busy: Collection[int], limit: int
) -> tuple[int, list[int]]:
    """Return the script that has most of what may be worked on now, and that in the order asked."""
    due_now = and_(
        permission.c.guild_id == guild_id,
        permission.c.id.not_in(list(busy)),
        or_(permission.c.next_try_at.is_(None), permission.c.next_try_at <= now),
    )
    fullest = await connection.execute(
        _open(permission.c.script_id)
        .where(due_now)
        .group_by(permission.c.script_id)
        .order_by(func.count().desc())
        .limit(1)
    )
    script_id = fullest.scalar_one_or_none()
    if script_id is None:
        return 0, []
    found = await connection.execute(
        _open(permission.c.id)
        .where(due_now, permission.c.script_id == script_id)
        .order_by(*_IN_TURN)
        .limit(limit)
    )
    return script_id, list(found.scalars())


async def for_batch(connection: AsyncConnection, permission_ids: Collection[int]) -> list[int]:
    """Return which of these wait for a batch of staff alone."""
    found = await connection.execute(
        select(permission.c.id).where(
            permission.c.id.in_(list(permission_ids)), permission.c.batch_id.is_not(None)
        )
    )
    return list(found.scalars())


async def no_longer_for_batch(
    connection: AsyncConnection, permission_ids: Collection[int]
) -> list[int]:
    """Return which of these a person waits for by now, or whose batch stands still."""
    if not permission_ids:
        return []
    found = await connection.execute(
        select(permission.c.id).where(
            permission.c.id.in_(list(permission_ids)),
            or_(permission.c.batch_id.is_(None), _stands_still()),
        )
    )
    return list(found.scalars())


async def rows_known(connection: AsyncConnection, script_id: int) -> int:
    """Count the rows that TradingView's list has for a script, as far as is known."""
    listed = await connection.execute(
        select(sweep.c.rows)
        .where(sweep.c.script_id == script_id, sweep.c.state == SweepState.COMPLETE)
        .order_by(sweep.c.id.desc())
        .limit(1)
    )
    seen = await connection.execute(
        select(func.count())
        .select_from(permission)
        .where(
            permission.c.script_id == script_id,
            permission.c.seen.in_((StateKind.UNTIL, StateKind.LIFETIME)),
        )
    )
    return max(listed.scalar_one_or_none() or 0, int(seen.scalar_one()))


async def of_orders(
    connection: AsyncConnection, guild_id: int, order_ids: Collection[int]
) -> dict[int, int]:
    """Return, by order, the permission it is about; other servers' orders are left out."""
    if not order_ids:
        return {}
    found = await connection.execute(
        select(order.c.id, order.c.permission_id).where(
            order.c.guild_id == guild_id, order.c.id.in_(list(order_ids))
        )
    )
    return {row.id: row.permission_id for row in found}


async def next_try(
    connection: AsyncConnection, guild_id: int, busy: Collection[int]
) -> datetime | None:
    """Return when the next permission becomes due; None when none waits for a moment."""
    found = await connection.execute(
        _open(func.min(permission.c.next_try_at)).where(
            permission.c.guild_id == guild_id, permission.c.id.not_in(list(busy))
        )
    )
    moment: datetime | None = found.scalar_one()
    return moment


async def newest_kind(connection: AsyncConnection, permission_id: int) -> OrderKind | None:
    """Return what the newest order about a permission asks for."""
    query = (
        select(order.c.kind)
        .where(order.c.permission_id == permission_id)
        .order_by(order.c.id.desc())
        .limit(1)
    )
    kind = (await connection.execute(query)).scalar_one_or_none()
    return None if kind is None else OrderKind(kind)


async def awaits_clock(connection: AsyncConnection, permission_id: int) -> bool:
    """Return whether what is wanted counts from a moment at which this computer's clock was wrong."""
    found = await connection.execute(
        select(permission.c.id).where(permission.c.id == permission_id, _awaits_clock())
    )
    return found.scalar_one_or_none() is not None


def _awaits_clock() -> "ColumnElement[bool]":
    """Return that condition; what has no end anyway counts from no moment."""
    counts = and_(
        order.c.permission_id == permission.c.id,
        order.c.state == OrderState.WAITING,
        order.c.reason == Reason.CLOCK,
    )
    endless = and_(
        entitlement.c.permission_id == permission.c.id,
        entitlement.c.ended_at.is_(None),
        entitlement.c.kind.in_((EntitlementKind.LIFETIME, EntitlementKind.OPEN)),
    )
    return and_(exists().where(counts), ~exists().where(endless))


def _open(column: "ColumnElement[Any]") -> "Select[Any]":
    return (
        select(column)
        .select_from(
            permission.join(script, script.c.id == permission.c.script_id).join(
                guild, guild.c.id == permission.c.guild_id
            )
        )
        .where(*_OPEN, *([~_awaits_clock()] if clock.is_wrong() else []))
    )
