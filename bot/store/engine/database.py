"""Opens the database: one writer that begins IMMEDIATE, readers beside it, migrated at start."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError  # noqa: A004 - the pool's
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot import clock, metrics
from bot.errors import DatabaseBusyError, DiskFullError
from bot.store.engine.driver import Connector
from bot.store.engine.migrate import migrate
from bot.store.maintenance import ground
from bot.store.maintenance.files import file_of, prepare_folder

log = logging.getLogger(__name__)

BUSY_MS = 5_000
_PROBE_SECONDS = 1.0
_FILL_SOME_PAGES = (
    "CREATE TABLE room (content BLOB)",
    "INSERT INTO room VALUES (zeroblob(65536))",
    "DROP TABLE room",
)


class Database:
    """Where everything is kept; opened by `open_database`."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, path: Path | None) -> None:
        self._writer = writer
        self._reader = reader
        self._path = path
        self._is_full = False  # the last that was to be kept found no room
        self._probing: asyncio.Future[bool] | None = None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that holds the write lock from its first moment; no network inside one.

        Raises:
            DatabaseBusyError: another program held the lock for long; nothing was written.
            DiskFullError: there was no room for it, and nothing of it was kept.
        """
        try:
            asked_at = clock.monotonic()
            async with self._writer.begin() as connection:
                metrics.count("database_writes")
                metrics.count("database_write_wait_seconds", clock.monotonic() - asked_at)
                yield connection
        except (DBAPIError, TimeoutError) as error:
            if isinstance(error, (OperationalError, TimeoutError)) and _is_busy(error):
                raise DatabaseBusyError from error
            if isinstance(error, TimeoutError) or not ground.is_full(error):
                raise
            self._note_full()
            raise DiskFullError from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a consistent view of what is committed; writing through it fails."""
        async with self._reader.begin() as connection:
            yield connection

    async def scrub(self) -> None:
        """Leave nothing of what was deleted in the file, nor in the log of changes beside it.

        Done as far as others let it be: a reader that is at work keeps what it reads for that long.
        """
        async with self._writer.connect() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            try:  # neither can be part of a transaction
                for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    await raw.execute_fetchall(statement)
            except sqlite3.Error as error:  # what was erased is overwritten all the same
                log.warning("the database's file could not be tidied (%s)", type(error).__name__)

    def _note_full(self) -> None:
        if not self._is_full:  # once, however many fail meanwhile
            log.error("The disk of %s is full: nothing can be kept. Make room.", self._path)
        self._is_full = True

    async def is_answering(self) -> bool:
        """Return whether it can be read and written just now; the answer takes little more than a second."""
        if self._is_full or self._path is None:
            return not self._is_full
        # Beside the writer, for which others wait; and once, however many ask.
        if self._probing is None or self._probing.done():
            self._probing = asyncio.ensure_future(asyncio.to_thread(_is_writable, self._path))
        return await asyncio.shield(self._probing)

    async def has_room(self) -> bool:
        """Return whether the disk has room; after it had none, something is written to find out."""
        if self._is_full:
            try:
                async with self.write() as connection:
                    for statement in _FILL_SOME_PAGES:
                        await connection.execute(text(statement))
            except DiskFullError:
                return False
            self._is_full = False
            log.warning("There is room on the disk of %s again.", self._path)
        if self._path is None:
            return True
        return await asyncio.to_thread(ground.free_bytes, self._path) > ground.FULL


def _is_busy(error: OperationalError | TimeoutError) -> bool:
    if isinstance(error, TimeoutError):  # others of this program wait for the lock before it
        return True
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY  # the rest says how so


@asynccontextmanager
async def open_database(url: str, *, keep_copy: bool = True) -> AsyncIterator[Database]:
    """Create what is missing, bring the schema up to date, and close everything at the end.

    Raises:
        StartupError: it is damaged, of a newer version, or lies where it cannot be used.
    """
    target = await asyncio.to_thread(_prepare, make_url(url))
    await _to_its_end(partial(migrate, target, keep_copy=keep_copy))
    path = file_of(target)
    # One writer: writers queue here in order, instead of racing for SQLite's lock.
    connect = Connector(target)
    writer = _engine(target, connect, 1)
    reader = _engine(target, connect, 3)
    _begin_with(writer, "BEGIN IMMEDIATE", "PRAGMA query_only = OFF")
    _begin_with(reader, "BEGIN", "PRAGMA query_only = ON")
    try:
        yield Database(writer, reader, path)
    except (DBAPIError, DiskFullError) as error:  # it ends the program, at the start or later
        if path is None:
            raise
        raise (await asyncio.to_thread(ground.trouble_with, path, error) or error) from error
    finally:
        # Undisposed, aiosqlite's threads keep the process alive.
        await reader.dispose()
        await writer.dispose()
        await connect.close()


async def _to_its_end(work: Callable[[], None]) -> None:
    """Run it in a thread, and leave it only when it is over: the lock of the database must outlast it."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        running.exception()  # nobody waits for that any more
        raise


def _is_writable(path: Path) -> bool:
    """Return whether it can be read, the lock of a writer can be had, and there is room (blocking)."""
    address = f"file:{quote(str(path))}?mode=rw"  # a file that is gone is not made anew
    with closing(
        sqlite3.connect(address, uri=True, timeout=_PROBE_SECONDS, isolation_level=None)
    ) as raw:
        raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("ROLLBACK")
    return ground.free_bytes(path) > ground.FULL


def _engine(url: URL, connect: Connector, connections: int) -> AsyncEngine:
    return create_async_engine(
        url,
        async_creator=connect,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=60,
        query_cache_size=50,
        hide_parameters=True,  # an error names the statement, and none of the values in it
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
            "PRAGMA secure_delete = ON",  # what is erased is overwritten
            *pragmas,
        ):
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)
