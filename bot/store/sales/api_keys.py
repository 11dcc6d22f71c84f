"""Queries about keys of the HTTP API."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records.api import ApiKey
from bot.store.tables.api import api_key


async def is_made(connection: AsyncConnection, guild_id: int, reference: str) -> bool:
    """Return whether a request made its key already."""
    found = await connection.execute(
        select(api_key.c.id).where(api_key.c.guild_id == guild_id, api_key.c.reference == reference)
    )
    return found.first() is not None


async def add(
    connection: AsyncConnection,
    guild_id: int,
    *,
    reference: str,
    name: str,
    scopes: Collection[str],
    digest: bytes,
    hash_key: bytes,
    by: int,
    at: datetime,
    expires_at: datetime | None,
) -> ApiKey:
    """Add a key; no other that works may have that name."""
    added = await connection.execute(
        insert(api_key)
        .values(
            guild_id=guild_id,
            reference=reference,
            name=name,
            name_folded=name.casefold(),
            scopes=",".join(scopes),
            digest=digest,
            hash_key=hash_key,
            made_by=by,
            made_at=at,
            expires_at=expires_at,
        )
        .returning(api_key)
    )
    return ApiKey.of(added.one())


async def by_id(connection: AsyncConnection, key_id: int) -> ApiKey | None:
    """Return the key of that number."""
    row = (await connection.execute(select(api_key).where(api_key.c.id == key_id))).first()
    return None if row is None else ApiKey.of(row)


async def by_name(connection: AsyncConnection, guild_id: int, name: str) -> ApiKey | None:
    """Return a server's key of that name that was not revoked."""
    found = await connection.execute(
        select(api_key).where(
            api_key.c.guild_id == guild_id,
            api_key.c.name_folded == name.casefold(),
            api_key.c.revoked_at.is_(None),
        )
    )
    row = found.first()
    return None if row is None else ApiKey.of(row)


async def listed(connection: AsyncConnection, guild_id: int) -> list[ApiKey]:
    """Return a server's keys that were not revoked, by name."""
    found = await connection.execute(
        select(api_key)
        .where(api_key.c.guild_id == guild_id, api_key.c.revoked_at.is_(None))
        .order_by(api_key.c.name_folded)
    )
    return [ApiKey.of(row) for row in found]


async def count(connection: AsyncConnection, guild_id: int) -> int:
    """Return how many keys a server has that were not revoked."""
    query = select(func.count()).where(
        api_key.c.guild_id == guild_id, api_key.c.revoked_at.is_(None)
    )
    return (await connection.execute(query)).scalar_one()


async def working(connection: AsyncConnection, now: datetime) -> list[ApiKey]:
    """Return the keys of every server that work at that moment."""
    found = await connection.execute(
        select(api_key)
        .where(
            api_key.c.revoked_at.is_(None),
            api_key.c.hash_key.is_not(None),
            or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > now),
        )
        .order_by(api_key.c.id)
    )
    return [ApiKey.of(row) for row in found]


async def revoke(connection: AsyncConnection, key_id: int, at: datetime) -> None:
    """Let a key open nothing any more."""
    await connection.execute(
        update(api_key).where(api_key.c.id == key_id).values(revoked_at=at, hash_key=None)
    )


async def used(connection: AsyncConnection, key_id: int, at: datetime, least: timedelta) -> None:
    """Note when a key was used last, unless that was noted less than `least` before."""
    await connection.execute(
        update(api_key)
        .where(
            api_key.c.id == key_id,
            or_(api_key.c.used_at.is_(None), api_key.c.used_at <= at - least),
        )
        .values(used_at=at)
    )


async def alarmed(connection: AsyncConnection, key_id: int, at: datetime | None) -> None:
    """Note since when it is said that whoever made a key is no manager; None: they are one."""
    await connection.execute(update(api_key).where(api_key.c.id == key_id).values(alarmed_at=at))
