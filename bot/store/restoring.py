"""Turns a backup into a database that may be used again: nothing in it is believed too early."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import event, guild, permission, script, wish


def is_ours(path: Path) -> bool:
    """Whether an Usher made that file, whatever its state (blocking)."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    question = "SELECT 1 FROM sqlite_master WHERE name IN ('alembic_version', 'guild', 'wish')"
    try:
        with closing(sqlite3.connect(address, uri=True)) as raw:
            return len(raw.execute(question).fetchall()) == 3
    except sqlite3.Error:
        return False


async def is_intact(connection: AsyncConnection) -> bool:
    """Whether SQLite finds no damage, and every reference leads somewhere."""
    found = await connection.execute(text("PRAGMA integrity_check"))
    if list(found.scalars()) != ["ok"]:
        return False
    dangling = await connection.execute(text("PRAGMA foreign_key_check"))
    return dangling.first() is None


async def mark(connection: AsyncConnection, made_at: datetime, at: datetime) -> None:
    """Hold back every script until its list was read, and whatever could be told or taken twice.

    What was to end or replace access may have been done, and access given again, since `made_at`:
    it becomes stuck, so that staff decide. Who was to be told of something that had ended has been.
    """
    await connection.execute(update(script).values(restored_at=at))
    overruling = select(permission.c.id).where(
        permission.c.state.in_(("waiting", "working")), permission.c.replaces.is_not(None)
    )
    ids = list((await connection.execute(overruling)).scalars())
    for chunk in (ids[start : start + 500] for start in range(0, len(ids), 500)):
        await connection.execute(
            update(wish)
            .where(wish.c.permission_id.in_(chunk), wish.c.state == "waiting")
            .values(state="stuck", reason="restored", ended_at=at)
        )
        await connection.execute(
            update(permission)
            .where(permission.c.id.in_(chunk))
            .values(state="stuck", reason="restored", next_try_at=None)
        )
    await connection.execute(update(wish).values(answer_token=None))
    await connection.execute(
        update(wish)
        .where(wish.c.state.in_(("done", "superseded")), wish.c.ended_at <= made_at)
        .values(told_state=wish.c.state)
    )
    await connection.execute(
        update(wish).where(wish.c.member_told_at.is_(None)).values(member_told_at=at)
    )
    servers = list((await connection.execute(select(guild.c.id))).scalars())
    for guild_id in servers:
        await connection.execute(
            insert(event).values(
                guild_id=guild_id,
                at=at,
                action="restored",
                after={"since": made_at.isoformat()},
            )
        )
