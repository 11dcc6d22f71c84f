"""Queries about spare logins; cookies pass through sealed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Record
from bot.store.tables.catalogue import guild
from bot.store.tables.logins import MAX_SPARES, account, spare_session


@dataclass(frozen=True, slots=True)
class Spare(Record):
    """A spare login: `cookies` are sealed."""

    id: int
    account_id: int
    rank: int
    cookies: bytes
    checked_at: datetime
    set_by: int | None
    set_at: datetime


async def of_account(connection: AsyncConnection, account_id: int) -> list[Spare]:
    """Return the spares of that account in the order in which they take over."""
    found = await connection.execute(
        select(spare_session)
        .where(spare_session.c.account_id == account_id)
        .order_by(spare_session.c.rank)
    )
    return [Spare.of(row) for row in found]


async def due(
    connection: AsyncConnection, before: datetime, now: datetime
) -> list[tuple[int, Spare]]:
    """Return those last tested before that moment, each with its server, where the bot is still there.

    One that lies ahead is of a clock that was set back since, and counts too.
    """
    found = await connection.execute(
        select(account.c.guild_id, spare_session)
        .join_from(spare_session, account)
        .join(guild, guild.c.id == account.c.guild_id)
        .where(
            or_(spare_session.c.checked_at < before, spare_session.c.checked_at > now),
            guild.c.left_at.is_(None),
        )
    )
    return [(row.guild_id, Spare.of(row)) for row in found]


async def count(connection: AsyncConnection, account_id: int) -> int:
    """Return how many there are."""
    found = await connection.execute(
        select(func.count())
        .select_from(spare_session)
        .where(spare_session.c.account_id == account_id)
    )
    return int(found.scalar_one())


async def add(
    connection: AsyncConnection, account_id: int, sealed: bytes, *, by: int | None, at: datetime
) -> bool:
    """Keep one more, behind the others; False when there are as many as can be."""
    known = await of_account(connection, account_id)
    free = [
        rank for rank in range(1, MAX_SPARES + 1) if rank not in {spare.rank for spare in known}
    ]
    if not free:
        return False
    await connection.execute(
        insert(spare_session).values(
            account_id=account_id, rank=free[0], cookies=sealed, checked_at=at, set_by=by, set_at=at
        )
    )
    return True


async def mark(connection: AsyncConnection, spare_id: int, at: datetime) -> None:
    """Record that it was found alive at that moment."""
    await connection.execute(
        update(spare_session).where(spare_session.c.id == spare_id).values(checked_at=at)
    )


async def renew(connection: AsyncConnection, spare_id: int, sealed: bytes) -> None:
    """Store the pair that TradingView renewed during a test."""
    await connection.execute(
        update(spare_session).where(spare_session.c.id == spare_id).values(cookies=sealed)
    )


async def drop(connection: AsyncConnection, spare_id: int) -> bool:
    """Delete that one; False when it is gone already."""
    result = await connection.execute(delete(spare_session).where(spare_session.c.id == spare_id))
    return result.rowcount > 0


async def drop_all(connection: AsyncConnection, account_id: int) -> None:
    """Delete all of that account."""
    await connection.execute(delete(spare_session).where(spare_session.c.account_id == account_id))
