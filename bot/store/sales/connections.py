"""Queries about connections to shops; of one that was removed nothing is said any more."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Connection
from bot.store.tables.payments import connection as shop


class ConnectionChange(TypedDict, total=False):
    """Columns of a connection that may change."""

    secrets: bytes | None
    api_key: bytes | None
    options: Mapping[str, Any]
    terms: Mapping[str, Any]
    asks_first: bool
    removed_at: datetime


async def add(
    connection: AsyncConnection,
    guild_id: int,
    *,
    public_id: str,
    provider: str,
    options: Mapping[str, Any],
    by: int,
    at: datetime,
    reference: str,
) -> Connection:
    """Add a connection without a secret."""
    row = await connection.execute(
        insert(shop)
        .values(
            guild_id=guild_id,
            public_id=public_id,
            provider=provider,
            options=options,
            terms={},
            made_by=by,
            made_at=at,
            reference=reference,
        )
        .returning(shop)
    )
    return Connection.of(row.one())


async def change(
    connection: AsyncConnection, connection_id: int, **values: Unpack[ConnectionChange]
) -> Connection:
    """Set these columns; return the connection as it is then."""
    row = await connection.execute(
        update(shop).where(shop.c.id == connection_id).values(**values).returning(shop)
    )
    return Connection.of(row.one())


async def by_id(
    connection: AsyncConnection, guild_id: int, connection_id: int
) -> Connection | None:
    """Return that connection, when it belongs to this server and was not removed."""
    return await _first(
        connection,
        shop.c.guild_id == guild_id,
        shop.c.id == connection_id,
        shop.c.removed_at.is_(None),
    )


async def whichever(connection: AsyncConnection, connection_id: int) -> Connection:
    """Return that connection, which must exist; removed or not."""
    found = await connection.execute(select(shop).where(shop.c.id == connection_id))
    return Connection.of(found.one())


async def by_reference(
    connection: AsyncConnection, guild_id: int, reference: str
) -> Connection | None:
    """Return the connection that this request made, removed or not."""
    return await _first(connection, shop.c.guild_id == guild_id, shop.c.reference == reference)


async def listed(connection: AsyncConnection, guild_id: int) -> list[Connection]:
    """Return a server's connections, oldest first."""
    rows = await connection.execute(
        select(shop)
        .where(shop.c.guild_id == guild_id, shop.c.removed_at.is_(None))
        .order_by(shop.c.id)
    )
    return [Connection.of(row) for row in rows]


async def _first(
    connection: AsyncConnection, *conditions: ColumnElement[bool]
) -> Connection | None:
    row = (await connection.execute(select(shop).where(*conditions))).one_or_none()
    return None if row is None else Connection.of(row)
