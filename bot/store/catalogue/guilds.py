"""Queries about Discord servers: their settings, their roles, and whether the bot is there."""

from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Guild
from bot.store.tables.core import event, guild, guild_role


async def by_id(connection: AsyncConnection, guild_id: int) -> Guild | None:
    """That server."""
    found = await connection.execute(select(guild).where(guild.c.id == guild_id))
    row = found.one_or_none()
    return None if row is None else Guild.of(row)


async def ensure(connection: AsyncConnection, guild_id: int, at: datetime) -> Guild:
    """That server, added when it is new; everything else points at this row."""
    known = await by_id(connection, guild_id)
    if known is not None:
        return known
    row = await connection.execute(
        insert(guild).values(id=guild_id, created_at=at).returning(guild)
    )
    return Guild.of(row.one())


async def listed(connection: AsyncConnection, *, left: bool = False) -> list[Guild]:
    """The servers that the bot is in; with `left`, those it was removed from too."""
    query = select(guild).order_by(guild.c.id)
    if not left:
        query = query.where(guild.c.left_at.is_(None))
    return [Guild.of(row) for row in await connection.execute(query)]


async def set_left(connection: AsyncConnection, guild_id: int, at: datetime | None) -> None:
    """The bot was removed at that moment; None: it is there."""
    await _change(connection, guild_id, left_at=at)


async def set_log_channel(
    connection: AsyncConnection, guild_id: int, channel_id: int | None
) -> None:
    """Where history lines and alerts go. A first channel starts with what happens from now on."""
    await _change(connection, guild_id, log_channel_id=channel_id)


async def set_posted(connection: AsyncConnection, guild_id: int, event_id: int) -> None:
    """The last history entry that the log channel shows."""
    await _change(connection, guild_id, posted_event_id=event_id)


async def set_commands_digest(
    connection: AsyncConnection, guild_id: int, digest: str | None
) -> None:
    """Which form of the command tree was last registered there."""
    await _change(connection, guild_id, commands_digest=digest)


async def held_back(connection: AsyncConnection) -> list[Guild]:
    """The servers for which nothing is sent, since the database was restored."""
    found = await connection.execute(
        select(guild).where(guild.c.restored_at.is_not(None)).order_by(guild.c.id)
    )
    return [Guild.of(row) for row in found]


async def trust(connection: AsyncConnection, guild_id: int) -> None:
    """What is known of that server is as new as its lists: orders go on."""
    await _change(connection, guild_id, restored_at=None)


async def last_event(connection: AsyncConnection, guild_id: int) -> int:
    """The newest history entry's id; 0 when there is none."""
    found = await connection.execute(
        select(func.max(event.c.id)).where(event.c.guild_id == guild_id)
    )
    return int(found.scalar_one() or 0)


async def roles(connection: AsyncConnection, guild_id: int) -> dict[str, frozenset[int]]:
    """The roles of each level, `staff` and `manager`."""
    found = await connection.execute(
        select(guild_role.c.level, guild_role.c.role_id).where(guild_role.c.guild_id == guild_id)
    )
    levels: dict[str, set[int]] = {"staff": set(), "manager": set()}
    for level, role_id in found:
        levels[level].add(role_id)
    return {level: frozenset(ids) for level, ids in levels.items()}


async def add_role(connection: AsyncConnection, guild_id: int, role_id: int, level: str) -> bool:
    """Give that role the level; False when it had it already."""
    if role_id in (await roles(connection, guild_id))[level]:
        return False
    await connection.execute(
        insert(guild_role).values(guild_id=guild_id, role_id=role_id, level=level)
    )
    return True


async def remove_role(connection: AsyncConnection, guild_id: int, role_id: int, level: str) -> bool:
    """Take the level from that role; False when it had none."""
    result = await connection.execute(
        delete(guild_role).where(
            guild_role.c.guild_id == guild_id,
            guild_role.c.role_id == role_id,
            guild_role.c.level == level,
        )
    )
    return result.rowcount > 0


async def _change(connection: AsyncConnection, guild_id: int, **values: object) -> None:
    await connection.execute(update(guild).where(guild.c.id == guild_id).values(**values))
