"""Queries about outages of a server's TradingView login, and what was told of each."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import OutageStage, PermissionState
from bot.store.records import Outage
from bot.store.tables.catalogue import guild
from bot.store.tables.ledger import permission
from bot.store.tables.logins import login_outage


async def begin(
    connection: AsyncConnection, guild_id: int, since: datetime, *, set_by: int | None
) -> None:
    """Record that the login was found dead; changes nothing while an outage is open."""
    if await open_of(connection, guild_id) is None:
        await connection.execute(
            insert(login_outage).values(
                guild_id=guild_id, since=since, set_by=set_by, told=OutageStage.NOTHING
            )
        )


async def end(
    connection: AsyncConnection, guild_id: int, at: datetime, *, silently: bool = False
) -> bool:
    """End the outage, or (`silently`) forget it, as the login works or is unwanted; False without one."""
    result = await connection.execute(
        update(login_outage)
        .where(login_outage.c.guild_id == guild_id, login_outage.c.ended_at.is_(None))
        .values(ended_at=at, told=OutageStage.BACK if silently else login_outage.c.told)
    )
    return result.rowcount > 0


async def open_of(connection: AsyncConnection, guild_id: int) -> Outage | None:
    """Return the present outage of that server."""
    found = await connection.execute(
        select(login_outage).where(
            login_outage.c.guild_id == guild_id, login_outage.c.ended_at.is_(None)
        )
    )
    row = found.one_or_none()
    return None if row is None else Outage.of(row)


async def to_remind(connection: AsyncConnection, before: datetime) -> list[Outage]:
    """Return those open since before that moment and without a reminder, where the bot is still there."""
    found = await connection.execute(
        select(login_outage)
        .join(guild, guild.c.id == login_outage.c.guild_id)
        .where(
            guild.c.left_at.is_(None),
            login_outage.c.ended_at.is_(None),
            login_outage.c.reminded_at.is_(None),
            login_outage.c.since <= before,
        )
    )
    return [Outage.of(row) for row in found]


async def reminded(connection: AsyncConnection, outage_ids: Collection[int], at: datetime) -> None:
    """Note that the reminders of these stand in the history."""
    await connection.execute(
        update(login_outage).where(login_outage.c.id.in_(list(outage_ids))).values(reminded_at=at)
    )


async def untold(connection: AsyncConnection) -> list[Outage]:
    """Return the outages of which whoever may renew the login is still to be told."""
    found = await connection.execute(
        select(login_outage)
        .where(login_outage.c.told != OutageStage.BACK)
        .order_by(login_outage.c.id)
    )
    return [outage for outage in map(Outage.of, found) if outage.told != outage.stage]


async def latest(connection: AsyncConnection, guild_id: int, limit: int) -> list[Outage]:
    """Return the last outages of a server, the newest first."""
    found = await connection.execute(
        select(login_outage)
        .where(login_outage.c.guild_id == guild_id)
        .order_by(login_outage.c.id.desc())
        .limit(limit)
    )
    return [Outage.of(row) for row in found]


async def told(connection: AsyncConnection, outage_id: int, what: OutageStage) -> None:
    """Record that whoever may renew the login was told of that."""
    await connection.execute(
        update(login_outage).where(login_outage.c.id == outage_id).values(told=what)
    )


async def waiting(connection: AsyncConnection, guild_id: int) -> int:
    """Count the orders that wait in that server."""
    return (await waiting_of(connection, [guild_id]))[guild_id]


async def waiting_of(connection: AsyncConnection, guild_ids: Collection[int]) -> dict[int, int]:
    """Count, by server, the orders that wait."""
    rows = await connection.execute(
        select(permission.c.guild_id, func.count().label("number"))
        .where(
            permission.c.guild_id.in_(list(guild_ids)),
            permission.c.state.in_((PermissionState.WAITING, PermissionState.WORKING)),
        )
        .group_by(permission.c.guild_id)
    )
    return dict.fromkeys(guild_ids, 0) | {row.guild_id: row.number for row in rows}
