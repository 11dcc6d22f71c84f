"""Queries about the form of TradingView's answers, and the pause while it is not the known one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Record
from bot.store.tables.core import permission
from bot.store.tables.shapes import shape_check

# What differs, in words for staff, by what it is about.
Differences = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class ShapeCheck(Record):
    """What the last comparison for a server's account found."""

    guild_id: int
    checked_at: datetime | None
    paused_at: datetime | None
    differences: Differences
    accepted: Differences


def is_open() -> ColumnElement[bool]:
    """Return the condition on a permission that its account's writes are not paused."""
    return ~exists(
        select(shape_check.c.guild_id).where(
            shape_check.c.guild_id == permission.c.guild_id, shape_check.c.paused_at.is_not(None)
        )
    ).correlate(permission)


async def of_guild(connection: AsyncConnection, guild_id: int) -> ShapeCheck:
    """Return the last comparison; one that found nothing when there was none."""
    found = await connection.execute(select(shape_check).where(shape_check.c.guild_id == guild_id))
    row = found.one_or_none()
    return ShapeCheck(guild_id, None, None, {}, {}) if row is None else ShapeCheck.of(row)


async def keep(connection: AsyncConnection, check: ShapeCheck) -> None:
    """Store a comparison in place of the one before; the server must be known."""
    values = {
        "checked_at": check.checked_at,
        "paused_at": check.paused_at,
        "differences": {subject: list(words) for subject, words in check.differences.items()},
        "accepted": {subject: list(words) for subject, words in check.accepted.items()},
    }
    changed = await connection.execute(
        update(shape_check).where(shape_check.c.guild_id == check.guild_id).values(**values)
    )
    if changed.rowcount == 0:
        await connection.execute(insert(shape_check).values(guild_id=check.guild_id, **values))


async def is_paused(connection: AsyncConnection, guild_id: int) -> bool:
    """Return whether writes wait because TradingView answers in another form."""
    return (await of_guild(connection, guild_id)).paused_at is not None


async def accept(connection: AsyncConnection, guild_id: int) -> bool:
    """Go on in spite of what differs now; False when nothing was paused."""
    resumed = await connection.execute(
        update(shape_check)
        .where(shape_check.c.guild_id == guild_id, shape_check.c.paused_at.is_not(None))
        .values(paused_at=None, accepted=shape_check.c.differences)
    )
    return resumed.rowcount > 0
