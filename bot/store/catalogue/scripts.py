"""Queries about scripts. Slugs are kept lower-cased; callers pass them so."""

from collections.abc import Collection
from datetime import datetime
from typing import TypedDict, Unpack

from sqlalchemy import ColumnElement, distinct, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import StateKind
from bot.store.ledger.replays import is_held
from bot.store.parts import parts
from bot.store.records import Script
from bot.store.tables.catalogue import guild, script
from bot.store.tables.ledger import order, permission


class _ScriptChange(TypedDict, total=False):
    slug: str
    title: str
    archived_at: datetime | None
    paused_at: datetime | None
    paused_reason: str | None
    restored_at: datetime | None


async def by_ids(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Script]:
    """Return these scripts by their ids; unknown ids are left out."""
    found: dict[int, Script] = {}
    for some in parts(ids):
        rows = await connection.execute(select(script).where(script.c.id.in_(some)))
        found |= {sold.id: sold for sold in map(Script.of, rows)}
    return found


async def by_id(connection: AsyncConnection, script_id: int) -> Script | None:
    """Return that script, archived or not."""
    return await _first(connection, script.c.id == script_id)


async def by_slug(
    connection: AsyncConnection, guild_id: int, slug: str, *, archived: bool = False
) -> Script | None:
    """Return the script of that short name; an archived one only when asked for."""
    conditions: list[ColumnElement[bool]] = [
        script.c.guild_id == guild_id,
        script.c.slug == slug.casefold(),
    ]
    if not archived:
        conditions.append(script.c.archived_at.is_(None))
    return await _first(connection, *conditions)


async def by_pine_id(connection: AsyncConnection, pine_id: str) -> Script | None:
    """Return the script of that pine id, in whatever server: a pine id is there once."""
    return (await by_pine_ids(connection, [pine_id])).get(pine_id)


async def by_pine_ids(connection: AsyncConnection, pine_ids: Collection[str]) -> dict[str, Script]:
    """Return the scripts of these pine ids, in whatever server; unknown ones are left out."""
    found = await connection.execute(select(script).where(script.c.pine_id.in_(list(pine_ids))))
    return {known.pine_id: known for known in map(Script.of, found)}


async def listed(
    connection: AsyncConnection, guild_id: int, *, archived: bool = False
) -> list[Script]:
    """Return a server's scripts by short name; with `archived`, those too."""
    query = select(script).where(script.c.guild_id == guild_id).order_by(script.c.slug)
    if not archived:
        query = query.where(script.c.archived_at.is_(None))
    return [Script.of(row) for row in await connection.execute(query)]


async def everywhere(connection: AsyncConnection) -> list[Script]:
    """Return the scripts of every server that the bot is in, server by server, by short name."""
    found = await connection.execute(
        select(script)
        .join(guild, guild.c.id == script.c.guild_id)
        .where(guild.c.left_at.is_(None), script.c.archived_at.is_(None))
        .order_by(script.c.guild_id, script.c.slug)
    )
    return [Script.of(row) for row in found]


async def unread(connection: AsyncConnection, guild_id: int | None = None) -> list[Script]:
    """Return the scripts whose list was not read since a restore, of one server or of all."""
    query = select(script).where(script.c.restored_at.is_not(None)).order_by(script.c.id)
    if guild_id is not None:
        query = query.where(script.c.guild_id == guild_id)
    return [Script.of(row) for row in await connection.execute(query)]


async def comparing(connection: AsyncConnection, guild_id: int | None = None) -> list[Script]:
    """Return scripts that were read since a restore, with orders of people who could not be."""
    held = (
        select(permission.c.script_id)
        .join(order, order.c.permission_id == permission.c.id)
        .where(is_held())
    )
    query = select(script).where(script.c.restored_at.is_(None), script.c.id.in_(held))
    if guild_id is not None:
        query = query.where(script.c.guild_id == guild_id)
    return [Script.of(row) for row in await connection.execute(query.order_by(script.c.id))]


async def trust(connection: AsyncConnection, script_id: int) -> None:
    """Let a script's orders go on: what is known of it is as new as its list."""
    await _change(connection, script_id, restored_at=None)


async def add(
    connection: AsyncConnection,
    guild_id: int,
    *,
    pine_id: str,
    slug: str,
    title: str,
    by: int,
    at: datetime,
) -> Script:
    """Add a script."""
    row = await connection.execute(
        insert(script)
        .values(
            guild_id=guild_id, pine_id=pine_id, slug=slug, title=title, added_by=by, added_at=at
        )
        .returning(script)
    )
    return Script.of(row.one())


async def rename(connection: AsyncConnection, script_id: int, slug: str, title: str) -> None:
    """Give it another short name and title."""
    await _change(connection, script_id, slug=slug, title=title)


async def archive(connection: AsyncConnection, script_id: int, at: datetime) -> None:
    """Take it out of the catalogue; what people have stays."""
    await _change(connection, script_id, archived_at=at)


async def unarchive(connection: AsyncConnection, script_id: int) -> None:
    """Put it back into the catalogue."""
    await _change(connection, script_id, archived_at=None)


async def pause(connection: AsyncConnection, script_id: int, at: datetime, reason: str) -> None:
    """Stop asking TradingView about it; `reason` is for staff."""
    await _change(connection, script_id, paused_at=at, paused_reason=reason)


async def unpause(connection: AsyncConnection, script_id: int) -> None:
    """Go on asking TradingView about it."""
    await _change(connection, script_id, paused_at=None, paused_reason=None)


async def holders_of(
    connection: AsyncConnection, script_ids: Collection[int], now: datetime
) -> dict[int, int]:
    """Count, by script, the people who should have it or were last seen with it at `now`."""
    rows = await connection.execute(
        select(
            permission.c.script_id,
            func.count(distinct(permission.c.customer_id)).label("number"),
        )
        .where(permission.c.script_id.in_(list(script_ids)), _has(now))
        .group_by(permission.c.script_id)
    )
    return dict.fromkeys(script_ids, 0) | {row.script_id: row.number for row in rows}


def _has(now: datetime) -> "ColumnElement[bool]":
    return (
        permission.c.wanted.in_((StateKind.OPEN, StateKind.LIFETIME))
        | ((permission.c.wanted == StateKind.UNTIL) & (permission.c.wanted_ends_at > now))
        | (permission.c.seen == StateKind.LIFETIME)
        | ((permission.c.seen == StateKind.UNTIL) & (permission.c.seen_ends_at > now))
    )


async def _change(
    connection: AsyncConnection, script_id: int, **values: Unpack[_ScriptChange]
) -> None:
    await connection.execute(update(script).where(script.c.id == script_id).values(**values))


async def _first(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> Script | None:
    found = await connection.execute(select(script).where(*conditions))
    row = found.one_or_none()
    return None if row is None else Script.of(row)
