"""Opens the database: one writer that begins IMMEDIATE, readers beside it, migrated at start."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError, TimeoutError  # noqa: A004 - the pool's
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import DatabaseBusyError
from bot.store.engine.driver import Connector
from bot.store.engine.migrate import migrate
from bot.store.maintenance.files import file_of, prepare_folder

BUSY_MS = 5_000


class Database:
    """Where everything is kept; opened by `open_database`."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self._writer = writer
        self._reader = reader

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that holds the write lock from its first moment; no network inside one.

        Raises DatabaseBusyError, with nothing written, when another program holds the lock for long.
        """
        try:
            async with self._writer.begin() as connection:
                yield connection
        except (OperationalError, TimeoutError) as error:
            if _is_busy(error):
                raise DatabaseBusyError from error
            raise

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a consistent view of what is committed; writing through it fails."""
        async with self._reader.begin() as connection:
            yield connection

    async def is_answering(self) -> bool:
        """Return whether a trivial question gets its answer."""
        async with self.read() as connection:
            return bool((await connection.execute(text("SELECT 1"))).scalar_one())


def _is_busy(error: OperationalError | TimeoutError) -> bool:
    if isinstance(error, TimeoutError):  # others of this program wait for the lock before it
        return True
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY  # the rest says how so


@asynccontextmanager
async def open_database(url: str, *, keep_copy: bool = True) -> AsyncIterator[Database]:
    """Create what is missing, bring the schema up to date, and close everything at the end."""
    target = await asyncio.to_thread(_prepare, make_url(url))
    await asyncio.to_thread(migrate, target, keep_copy=keep_copy)
    # One writer: writers queue here in order, instead of racing for SQLite's lock.
    connect = Connector(target)
    writer = _engine(target, connect, 1)
    reader = _engine(target, connect, 4)
    _begin_with(writer, "BEGIN IMMEDIATE", "PRAGMA query_only = OFF")
    _begin_with(reader, "BEGIN", "PRAGMA query_only = ON")
    try:
        yield Database(writer, reader)
    finally:
        # Undisposed, aiosqlite's threads keep the process alive.
        await reader.dispose()
        await writer.dispose()
        await connect.close()


def _engine(url: URL, connect: Connector, connections: int) -> AsyncEngine:
    return create_async_engine(
        url,
        async_creator=connect,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=60,
    )


def _prepare(url: URL) -> URL:
    """Make the folder; returns the address with the file's absolute path."""
    path = file_of(url)
    if path is None:
        return url
    path = path.absolute()
    prepare_folder(path)
    return url.set(database=str(path))


def _begin_with(engine: AsyncEngine, begin: str, *pragmas: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        # The driver must not begin on its own: its transactions start as readers.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA foreign_keys = ON",
            f"PRAGMA busy_timeout = {BUSY_MS}",
            "PRAGMA synchronous = FULL",
            *pragmas,
        ):
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)
