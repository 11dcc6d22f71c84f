"""Queries about which message of a log channel shows which order."""

from dataclasses import asdict

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import LogEntry
from bot.store.tables.ledger import log_entry


async def of_order(connection: AsyncConnection, order_id: int) -> LogEntry | None:
    """Return the message that shows that order."""
    found = await connection.execute(select(log_entry).where(log_entry.c.order_id == order_id))
    row = found.one_or_none()
    return None if row is None else LogEntry.of(row)


async def keep(connection: AsyncConnection, entry: LogEntry) -> None:
    """Note that this message shows that order; an earlier one does no more."""
    await connection.execute(delete(log_entry).where(log_entry.c.order_id == entry.order_id))
    await connection.execute(insert(log_entry).values(asdict(entry)))
