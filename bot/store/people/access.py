"""Queries about who has anything, or is to get it, on TradingView."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, literal, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import PermissionState, StateKind
from bot.store.tables.ledger import entitlement, has_time_left, permission


async def is_there(
    connection: AsyncConnection, guild_id: int, names: Collection[str], now: datetime
) -> bool:
    """Return whether anything is wanted, on its way or was seen on TradingView under these names."""
    folded = [name.casefold() for name in names]
    mine = (permission.c.guild_id == guild_id) & permission.c.name_folded.in_(folded)
    held = select(literal(1)).where(mine, _gives(now))
    reasons = (
        select(literal(1))
        .select_from(entitlement.join(permission, permission.c.id == entitlement.c.permission_id))
        .where(
            mine,
            entitlement.c.ended_at.is_(None),
            has_time_left(entitlement, now),
        )
    )
    return (await connection.execute(union(held, reasons).limit(1))).first() is not None


async def of_customer(connection: AsyncConnection, customer_id: int, now: datetime) -> list[int]:
    """Return the permissions by which that customer has, or is to get, anything on TradingView."""
    found = await connection.execute(
        select(permission.c.id)
        .where(permission.c.customer_id == customer_id, _gives(now))
        .order_by(permission.c.id)
    )
    return list(found.scalars())


async def numbers(
    connection: AsyncConnection, customer_ids: Collection[int], now: datetime
) -> dict[int, int]:
    """Return, by customer, how many accesses there are; those who have none are left out."""
    found = await connection.execute(
        select(permission.c.customer_id, func.count().label("number"))
        .where(permission.c.customer_id.in_(list(customer_ids)), _gives(now))
        .group_by(permission.c.customer_id)
    )
    return {row.customer_id: row.number for row in found}


async def ever_of_customer(connection: AsyncConnection, customer_id: int) -> list[int]:
    """Return every permission that was ever kept for that customer, oldest first."""
    found = await connection.execute(
        select(permission.c.id)
        .where(permission.c.customer_id == customer_id)
        .order_by(permission.c.id)
    )
    return list(found.scalars())


async def ever_was(connection: AsyncConnection, customer_id: int) -> bool:
    """Return whether any permission was ever kept for that customer."""
    found = await connection.execute(
        select(literal(1)).where(permission.c.customer_id == customer_id).limit(1)
    )
    return found.first() is not None


def _gives(now: datetime) -> "ColumnElement[bool]":
    """Return the condition that anything is wanted, on its way, paused or was seen on TradingView."""
    is_paused = exists().where(
        entitlement.c.permission_id == permission.c.id,
        entitlement.c.paused_at.is_not(None),
        entitlement.c.ended_at.is_(None),
    )
    return (
        permission.c.wanted.in_((StateKind.OPEN, StateKind.LIFETIME))
        | ((permission.c.wanted == StateKind.UNTIL) & (permission.c.wanted_ends_at > now))
        | (permission.c.seen == StateKind.LIFETIME)
        | ((permission.c.seen == StateKind.UNTIL) & (permission.c.seen_ends_at > now))
        | permission.c.state.in_((PermissionState.WAITING, PermissionState.WORKING))
        | is_paused
    )
