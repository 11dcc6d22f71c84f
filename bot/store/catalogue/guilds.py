"""Queries about Discord servers: their settings, their roles, and whether the bot is there."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import RoleLevel
from bot.store.records import Guild, Record
from bot.store.tables.catalogue import guild, guild_role, product, script
from bot.store.tables.ledger import event
from bot.store.tables.logins import account
from bot.store.tables.people import customer
from bot.store.tables.shapes import shape_check

Roles = Mapping[RoleLevel, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Hold(Record):
    """What holds back every order of a server, beside its login."""

    id: int
    restored_at: datetime | None  # the database is a backup, and not every list is read yet
    paused_at: datetime | None  # TradingView answers in another form than the known one


class _GuildChange(TypedDict, total=False):
    left_at: datetime | None
    log_channel_id: int | None
    posted_event_id: int
    restored_at: datetime | None
    log_closed_at: datetime | None
    reminder_days: str
    time_zone: str
    reminders_from: datetime | None
    panel_channel_id: int
    panel_message_id: int
    approval_above: int | None


async def by_id(connection: AsyncConnection, guild_id: int) -> Guild | None:
    """Return that server."""
    found = await connection.execute(select(guild).where(guild.c.id == guild_id))
    row = found.one_or_none()
    return None if row is None else Guild.of(row)


async def ensure(connection: AsyncConnection, guild_id: int, at: datetime) -> Guild:
    """Return that server, added when it is new; everything else points at this row."""
    known = await by_id(connection, guild_id)
    if known is not None:
        return known
    row = await connection.execute(
        insert(guild).values(id=guild_id, created_at=at).returning(guild)
    )
    return Guild.of(row.one())


async def listed(connection: AsyncConnection, *, left: bool = False) -> list[Guild]:
    """Return the servers that the bot is in; with `left`, those it was removed from too."""
    query = select(guild).order_by(guild.c.id)
    if not left:
        query = query.where(guild.c.left_at.is_(None))
    return [Guild.of(row) for row in await connection.execute(query)]


async def left_ids(connection: AsyncConnection, before: datetime | None = None) -> set[int]:
    """Return the servers that the bot was removed from, of late too or by that moment alone."""
    query = select(guild.c.id).where(guild.c.left_at.is_not(None))
    if before is not None:
        query = query.where(guild.c.left_at <= before)
    return set((await connection.execute(query)).scalars())


async def standing_still(connection: AsyncConnection) -> set[int]:
    """Return the servers for which nothing is ordered: the bot left, or they were restored and not read yet."""
    query = select(guild.c.id).where(
        or_(guild.c.left_at.is_not(None), guild.c.restored_at.is_not(None))
    )
    return set((await connection.execute(query)).scalars())


async def serves_others(connection: AsyncConnection, guild_id: int) -> bool:
    """Return whether anything of another server's sales is in the database, also of one that the bot left."""
    for table in (customer, script, product, account):
        other = await connection.execute(
            select(table.c.id).where(table.c.guild_id != guild_id).limit(1)
        )
        if other.first() is not None:
            return True
    return False


async def holds(connection: AsyncConnection, guild_ids: Collection[int]) -> dict[int, Hold]:
    """Return, by server, what holds back its orders; unknown servers are left out."""
    found: Any = await connection.execute(
        select(guild.c.id, guild.c.restored_at, shape_check.c.paused_at)
        .select_from(guild.outerjoin(shape_check, shape_check.c.guild_id == guild.c.id))
        .where(guild.c.id.in_(list(guild_ids)))
    )
    return {row.id: Hold.of(row) for row in found}


async def set_left(connection: AsyncConnection, guild_id: int, at: datetime | None) -> None:
    """Note that the bot was removed at that moment; None: it is there."""
    await _change(connection, guild_id, left_at=at)


async def set_log_channel(
    connection: AsyncConnection, guild_id: int, channel_id: int | None
) -> None:
    """Set where history lines and alerts go. A first channel starts with what happens from now on."""
    await _change(connection, guild_id, log_channel_id=channel_id, log_closed_at=None)


async def set_log_closed(connection: AsyncConnection, guild_id: int, at: datetime | None) -> None:
    """Set since when the log channel takes nothing; None: it takes everything again."""
    await _change(connection, guild_id, log_closed_at=at)


async def set_reminders(
    connection: AsyncConnection, guild_id: int, days: str, time_zone: str, at: datetime
) -> None:
    """Set when people are reminded; what was due until then is not made up for."""
    await _change(connection, guild_id, reminder_days=days, time_zone=time_zone, reminders_from=at)


async def set_panel(
    connection: AsyncConnection, guild_id: int, channel_id: int, message_id: int
) -> None:
    """Set where the message with the buttons for members stands."""
    await _change(connection, guild_id, panel_channel_id=channel_id, panel_message_id=message_id)


async def set_approval(connection: AsyncConnection, guild_id: int, above: int | None) -> None:
    """Set of how many people a batch may end the access before it takes a second manager; None: never."""
    await _change(connection, guild_id, approval_above=above)


async def set_posted(connection: AsyncConnection, guild_id: int, event_id: int) -> None:
    """Set the last history entry that the log channel shows."""
    await _change(connection, guild_id, posted_event_id=event_id)


async def set_commands_digest(
    connection: AsyncConnection, guild_ids: Iterable[int], digest: str | None
) -> None:
    """Set which form of the command tree was last registered in these servers."""
    await connection.execute(
        update(guild).where(guild.c.id.in_(list(guild_ids))).values(commands_digest=digest)
    )


async def held_back(connection: AsyncConnection) -> list[Guild]:
    """Return the servers for which nothing is sent, since the database was restored."""
    found = await connection.execute(
        select(guild).where(guild.c.restored_at.is_not(None)).order_by(guild.c.id)
    )
    return [Guild.of(row) for row in found]


async def trust(connection: AsyncConnection, guild_id: int) -> None:
    """Let a server's orders go on: what is known of it is as new as its lists."""
    await _change(connection, guild_id, restored_at=None)


async def last_event(connection: AsyncConnection, guild_id: int) -> int:
    """Return the newest history entry's id; 0 when there is none."""
    found = await connection.execute(
        select(func.max(event.c.id)).where(event.c.guild_id == guild_id)
    )
    return int(found.scalar_one() or 0)


async def roles(connection: AsyncConnection, guild_id: int) -> Roles:
    """Return the roles of each level in a server."""
    return (await roles_of(connection, [guild_id]))[guild_id]


async def roles_of(connection: AsyncConnection, guild_ids: Collection[int]) -> dict[int, Roles]:
    """Return, by server, the roles of each level."""
    rows = await connection.execute(
        select(guild_role).where(guild_role.c.guild_id.in_(list(guild_ids)))
    )
    levels: dict[int, dict[RoleLevel, frozenset[int]]] = {
        guild_id: dict.fromkeys(RoleLevel, frozenset()) for guild_id in guild_ids
    }
    for row in rows:
        levels[row.guild_id][row.level] |= {row.role_id}
    return dict(levels)


async def add_role(
    connection: AsyncConnection, guild_id: int, role_id: int, level: RoleLevel
) -> bool:
    """Give that role the level; False when it had it already."""
    if role_id in (await roles(connection, guild_id))[level]:
        return False
    await connection.execute(
        insert(guild_role).values(guild_id=guild_id, role_id=role_id, level=level)
    )
    return True


async def remove_role(
    connection: AsyncConnection, guild_id: int, role_id: int, level: RoleLevel
) -> bool:
    """Take the level from that role; False when it had none."""
    result = await connection.execute(
        delete(guild_role).where(
            guild_role.c.guild_id == guild_id,
            guild_role.c.role_id == role_id,
            guild_role.c.level == level,
        )
    )
    return result.rowcount > 0


async def _change(
    connection: AsyncConnection, guild_id: int, **values: Unpack[_GuildChange]
) -> None:
    await connection.execute(update(guild).where(guild.c.id == guild_id).values(**values))
