"""Queries about what members did today of what may be done only so often."""

from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import AttemptKind
from bot.store.tables.people import attempt


async def since(
    connection: AsyncConnection,
    guild_id: int,
    member_id: int,
    kind: AttemptKind,
    moment: datetime,
) -> list[datetime]:
    """Return when that member did it after that moment, oldest first."""
    found = await connection.execute(
        select(attempt.c.at)
        .where(
            attempt.c.guild_id == guild_id,
            attempt.c.member_id == member_id,
            attempt.c.kind == kind,
            attempt.c.at > moment,
        )
        .order_by(attempt.c.at)
    )
    return list(found.scalars())


async def add(
    connection: AsyncConnection, guild_id: int, member_id: int, kind: AttemptKind, at: datetime
) -> int:
    """Note that a member did it; returns the number of that note."""
    row = await connection.execute(
        insert(attempt)
        .values(guild_id=guild_id, member_id=member_id, kind=kind, at=at)
        .returning(attempt.c.id)
    )
    return int(row.scalar_one())


async def remove(connection: AsyncConnection, attempt_id: int) -> None:
    """Forget one that came to nothing."""
    await connection.execute(delete(attempt).where(attempt.c.id == attempt_id))


async def forget_before(connection: AsyncConnection, guild_id: int, moment: datetime) -> None:
    """Forget what no longer counts in a server."""
    await connection.execute(
        delete(attempt).where(attempt.c.guild_id == guild_id, attempt.c.at <= moment)
    )
