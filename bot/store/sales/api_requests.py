"""Queries about changes that were asked for with a key of the HTTP API."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records.api import ApiRequest
from bot.store.tables.api import api_request


async def add(
    connection: AsyncConnection,
    guild_id: int,
    *,
    key_id: int,
    repeat_key: bytes | None,
    fingerprint: bytes,
    username: str,
    at: datetime,
) -> int:
    """Add a request whose parts are yet to be recorded; returns its number."""
    added = await connection.execute(
        insert(api_request)
        .values(
            guild_id=guild_id,
            key_id=key_id,
            repeat_key=repeat_key,
            fingerprint=fingerprint,
            username=username,
            parts=[],
            at=at,
        )
        .returning(api_request.c.id)
    )
    return int(added.scalar_one())


async def set_parts(
    connection: AsyncConnection, request_id: int, parts: Sequence[Mapping[str, Any]]
) -> None:
    """Keep what each part of a request came to."""
    await connection.execute(
        update(api_request).where(api_request.c.id == request_id).values(parts=list(parts))
    )


async def by_id(connection: AsyncConnection, guild_id: int, request_id: int) -> ApiRequest | None:
    """Return a server's request of that number."""
    return await _first(
        connection, api_request.c.id == request_id, api_request.c.guild_id == guild_id
    )


async def repeated(
    connection: AsyncConnection, key_id: int, repeat_key: bytes | None
) -> ApiRequest | None:
    """Return the request that came with that Idempotency-Key before."""
    if repeat_key is None:
        return None
    return await _first(
        connection, api_request.c.key_id == key_id, api_request.c.repeat_key == repeat_key
    )


async def forget_before(connection: AsyncConnection, moment: datetime) -> None:
    """Forget the requests from before that moment; their orders stay."""
    await connection.execute(delete(api_request).where(api_request.c.at < moment))


async def _first(
    connection: AsyncConnection, *conditions: "ColumnElement[bool]"
) -> ApiRequest | None:
    row = (await connection.execute(select(api_request).where(*conditions))).first()
    return None if row is None else ApiRequest.of(row)
