"""Queries about one-time pages; only the hash of an address is kept."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Record
from bot.store.tables.logins import login_link


@dataclass(frozen=True, slots=True)
class Link(Record):
    """One page: for whom, where, and until when."""

    token_hash: str
    guild_id: int
    member_id: int
    expires_at: datetime
    spent_at: datetime | None


async def add(
    connection: AsyncConnection,
    token_hash: str,
    *,
    guild_id: int,
    member_id: int,
    expires_at: datetime,
) -> None:
    """Add a page; that member's earlier ones of that server end."""
    await connection.execute(
        delete(login_link).where(
            login_link.c.guild_id == guild_id, login_link.c.member_id == member_id
        )
    )
    await connection.execute(
        insert(login_link).values(
            token_hash=token_hash, guild_id=guild_id, member_id=member_id, expires_at=expires_at
        )
    )


async def by_hash(connection: AsyncConnection, token_hash: str) -> Link | None:
    """Return that page, used or over or not."""
    found = await connection.execute(
        select(login_link).where(login_link.c.token_hash == token_hash)
    )
    row = found.one_or_none()
    return None if row is None else Link.of(row)


async def spend(connection: AsyncConnection, token_hash: str, at: datetime) -> bool:
    """Use it up; returns False when that was done before."""
    result = await connection.execute(
        update(login_link)
        .where(login_link.c.token_hash == token_hash, login_link.c.spent_at.is_(None))
        .values(spent_at=at)
    )
    return result.rowcount > 0


async def drop_old(connection: AsyncConnection, before: datetime) -> None:
    """Forget pages that were over by then."""
    await connection.execute(delete(login_link).where(login_link.c.expires_at < before))
