"""Queries that count, for what watches over the program: how orders, payment messages and seats stand."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import OutgoingState, PermissionState
from bot.store.tables.ledger import order, permission
from bot.store.tables.outgoing import outgoing_endpoint, outgoing_event
from bot.store.tables.payments import connection as shop, delivery
from bot.store.tables.seats import seat_day

Counts = Mapping[tuple[str, ...], float]  # by the texts of the columns that were counted by


async def orders(connection: AsyncConnection, guild_id: int) -> Counts:
    """Count orders by server, state and the reason why they are stuck."""
    columns = (order.c.guild_id, order.c.state, order.c.reason)
    return await _counts(connection, select(*columns, func.count()).group_by(*columns), guild_id)


async def waiting(connection: AsyncConnection, guild_id: int) -> Counts:
    """Count the permissions that wait or are stuck, by server, state and reason."""
    columns = (permission.c.guild_id, permission.c.state, permission.c.reason)
    open_ = permission.c.state != PermissionState.DONE
    query = select(*columns, func.count()).where(open_).group_by(*columns)
    return await _counts(connection, query, guild_id)


async def oldest(connection: AsyncConnection, guild_id: int) -> Mapping[str, datetime]:
    """Return, by server, since when the oldest order waits."""
    query = (
        select(permission.c.guild_id, func.min(permission.c.asked_at).label("since"))
        .where(permission.c.state.in_((PermissionState.WAITING, PermissionState.WORKING)))
        .group_by(permission.c.guild_id)
    )
    query = query.where(permission.c.guild_id == guild_id)
    return {str(row.guild_id): row.since for row in await connection.execute(query)}


async def deliveries(connection: AsyncConnection, guild_id: int) -> Counts:
    """Count payment messages by server, provider and state."""
    columns = (shop.c.guild_id, shop.c.provider, delivery.c.state)
    query = (
        select(*columns, func.count())
        .join(delivery, delivery.c.connection_id == shop.c.id)
        .group_by(*columns)
    )
    return await _counts(connection, query, guild_id)


async def outgoing(connection: AsyncConnection, guild_id: int) -> Counts:
    """Count messages to programs that were not taken, by server and state."""
    columns = (outgoing_endpoint.c.guild_id, outgoing_event.c.state)
    query = (
        select(*columns, func.count())
        .join(outgoing_event, outgoing_event.c.endpoint_id == outgoing_endpoint.c.id)
        .where(outgoing_event.c.state != OutgoingState.SENT)
        .group_by(*columns)
    )
    return await _counts(connection, query, guild_id)


async def seats(connection: AsyncConnection, guild_id: int, day: date) -> Counts:
    """Return how many people had access at most on that day, by server."""
    query = select(seat_day.c.guild_id, seat_day.c.seats).where(seat_day.c.day == day)
    return await _counts(connection, query, guild_id)


async def _counts(connection: AsyncConnection, query: "Select[Any]", guild_id: int) -> Counts:
    """Return what a query counted in its last column; the first one is the server."""
    query = query.where(next(iter(query.selected_columns)) == guild_id)
    return {
        tuple("" if part is None else str(part) for part in row[:-1]): float(row[-1])
        for row in await connection.execute(query)
    }
