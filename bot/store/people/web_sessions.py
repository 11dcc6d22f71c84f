"""Queries about who is signed in to the dashboard; of links and cookies only hashes are kept."""

import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import WebSession
from bot.store.tables.web import dashboard_link, web_session

_ID_BITS = 48


async def add_link(
    connection: AsyncConnection,
    token_hash: str,
    *,
    guild_id: int,
    member_id: int,
    expires_at: datetime,
) -> None:
    """Add a link; that person's earlier one to that server ends."""
    await connection.execute(
        delete(dashboard_link).where(
            dashboard_link.c.guild_id == guild_id, dashboard_link.c.member_id == member_id
        )
    )
    await connection.execute(
        insert(dashboard_link).values(
            token_hash=token_hash, guild_id=guild_id, member_id=member_id, expires_at=expires_at
        )
    )


async def has_link(connection: AsyncConnection, token_hash: str) -> bool:
    """Return whether there is such a link, over or not."""
    found = await connection.execute(
        select(dashboard_link.c.guild_id).where(dashboard_link.c.token_hash == token_hash)
    )
    return found.one_or_none() is not None


async def take_link(
    connection: AsyncConnection, token_hash: str, now: datetime, latest: datetime
) -> tuple[int, int] | None:
    """Use a link up; return the server and the member it is for, None for what opens nothing.

    One that ends after `latest` is of a clock that was set back since: it may be over.
    """
    taken = await connection.execute(
        delete(dashboard_link)
        .where(dashboard_link.c.token_hash == token_hash)
        .returning(dashboard_link)
    )
    row = taken.one_or_none()
    if row is None or not now < row.expires_at <= latest:
        return None
    return row.guild_id, row.member_id


async def add(
    connection: AsyncConnection, secret_hash: str, guild_id: int, member_id: int, at: datetime
) -> WebSession:
    """Add a session and return it; its number was never another one's, whatever is still kept for that."""
    row = await connection.execute(
        insert(web_session)
        .values(
            id=secrets.randbits(_ID_BITS),
            secret_hash=secret_hash,
            guild_id=guild_id,
            member_id=member_id,
            made_at=at,
            seen_at=at,
        )
        .returning(web_session)
    )
    return WebSession.of(row.one())


async def by_hash(connection: AsyncConnection, secret_hash: str) -> WebSession | None:
    """Return that session, over or not."""
    found = await connection.execute(
        select(web_session).where(web_session.c.secret_hash == secret_hash)
    )
    row = found.one_or_none()
    return None if row is None else WebSession.of(row)


async def seen(connection: AsyncConnection, session_id: int, at: datetime) -> None:
    """Note that it was used."""
    await connection.execute(
        update(web_session).where(web_session.c.id == session_id).values(seen_at=at)
    )


async def listed(connection: AsyncConnection, guild_id: int) -> list[WebSession]:
    """Return a server's sessions, the last used first, over or not."""
    found = await connection.execute(
        select(web_session)
        .where(web_session.c.guild_id == guild_id)
        .order_by(web_session.c.seen_at.desc(), web_session.c.made_at.desc())
    )
    return [WebSession.of(row) for row in found]


async def end(
    connection: AsyncConnection,
    guild_id: int,
    *,
    session_id: int | None = None,
    member_id: int | None = None,
) -> int:
    """End one session, those of one member, or all of the server; return how many there were.

    With those of a member, or of all, the links that are not opened yet end too.
    """
    ended: list[ColumnElement[bool]] = [web_session.c.guild_id == guild_id]
    if session_id is not None:
        ended.append(web_session.c.id == session_id)
    else:
        links = [dashboard_link.c.guild_id == guild_id]
        if member_id is not None:
            ended.append(web_session.c.member_id == member_id)
            links.append(dashboard_link.c.member_id == member_id)
        await connection.execute(delete(dashboard_link).where(*links))
    result = await connection.execute(delete(web_session).where(*ended))
    return result.rowcount


async def drop_beyond(connection: AsyncConnection, newest: WebSession, most: int) -> None:
    """End the sessions of its person that were used longest ago, so that there are `most` with the newest."""
    theirs = (
        web_session.c.guild_id == newest.guild_id,
        web_session.c.member_id == newest.member_id,
        web_session.c.id != newest.id,
    )
    kept = (
        select(web_session.c.id)
        .where(*theirs)
        .order_by(web_session.c.seen_at.desc(), web_session.c.made_at.desc())
        .limit(most - 1)
    )
    await connection.execute(delete(web_session).where(*theirs, web_session.c.id.not_in(kept)))


async def drop_old(
    connection: AsyncConnection, now: datetime, *, made_before: datetime, seen_before: datetime
) -> None:
    """Forget links and sessions that are over."""
    await connection.execute(delete(dashboard_link).where(dashboard_link.c.expires_at <= now))
    await connection.execute(
        delete(web_session).where(
            or_(web_session.c.made_at <= made_before, web_session.c.seen_at <= seen_before)
        )
    )
