"""The newest release that the update address named."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import NewerRelease
from bot.store.tables.web import newer_release

_ONLY = 1  # the one row


async def newest(connection: AsyncConnection) -> NewerRelease | None:
    """Return the newest release that was named, also one that runs by now; None before any was."""
    found: Any = await connection.execute(
        select(newer_release.c.version, newer_release.c.address, newer_release.c.seen_at)
    )
    row = found.one_or_none()
    return None if row is None else NewerRelease.of(row)


async def keep(
    connection: AsyncConnection, version: str, address: str | None, at: datetime
) -> None:
    """Keep that release in place of the earlier one."""
    values = {"version": version, "address": address, "seen_at": at}
    kept = await connection.execute(update(newer_release).values(**values))
    if not kept.rowcount:
        await connection.execute(insert(newer_release).values(id=_ONLY, **values))
