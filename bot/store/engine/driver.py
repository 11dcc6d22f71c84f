"""Runs each statement in one step of the database's thread, instead of four.

SQLAlchemy asks aiosqlite for a cursor, to execute, for the rows, and to close: four times from the
event loop to the thread and back, which is most of what a statement costs here. Nor is the thread
asked for what does nothing: a BEGIN that takes no lock, and the end of what has ended.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite
from sqlalchemy.engine import URL

_ITER_CHUNK_SIZE = 64  # aiosqlite's own default
_MAX_STATEMENT = 10.0  # seconds; more than the busy time-out


class _Cursor:
    """As much of aiosqlite's cursor as SQLAlchemy uses; the rows are there once `execute` is done."""

    arraysize = 1

    def __init__(self, connection: "_Connection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Any = ()) -> Self:
        if sql == "BEGIN":  # neither locks nor looks at anything before the statement after it
            self._connection.begins = True
            return self
        await self._connection.in_thread(self._run, "execute", sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Sequence[Any]) -> Self:
        await self._connection.in_thread(self._run, "executemany", sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        self._rows = []

    def _run(self, how: str, sql: str, parameters: Any) -> None:
        cursor = self._connection.raw.cursor()
        try:
            if self._connection.begins:
                self._connection.begins = False
                cursor.execute("BEGIN")
            getattr(cursor, how)(sql, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class _Connection(aiosqlite.Connection):
    """aiosqlite's, with other cursors."""

    begins = False  # a transaction, with the next statement
    _at_work = False  # the thread may be: whoever waited may have been cancelled

    def cursor(self) -> _Cursor:  # type: ignore[override]
        return _Cursor(self)

    async def in_thread(self, run: Callable[..., None], *args: Any) -> None:
        self._at_work = True
        await self._execute(run, *args)  # type: ignore[no-untyped-call]
        self._at_work = False

    async def commit(self) -> None:
        await self._end(self.raw.commit)

    async def rollback(self) -> None:
        """End what is open; SQLAlchemy asks for it after each commit too, when nothing is."""
        await self._end(self.raw.rollback)

    async def _end(self, end: Callable[[], None]) -> None:
        self.begins = False
        if self._at_work or self.in_transaction:
            await self.in_thread(end)

    @property
    def raw(self) -> sqlite3.Connection:
        return self._conn

    @property
    def thread(self) -> threading.Thread:
        return self._thread

    @property
    def is_closed(self) -> bool:
        return not self._running


class Connector:
    """Opens connections to one file; what `create_async_engine` takes as `async_creator`."""

    def __init__(self, url: URL) -> None:
        self._args, self._options = url.get_dialect()().create_connect_args(url)
        self._opened: list[_Connection] = []

    async def __call__(self) -> aiosqlite.Connection:
        """Return one more connection, with a thread of its own."""
        self._opened = [connection for connection in self._opened if connection.thread.is_alive()]
        connection = _Connection(
            partial(sqlite3.connect, *self._args, **self._options, cached_statements=24),
            _ITER_CHUNK_SIZE,
        )
        connection.thread.daemon = True  # as SQLAlchemy does with its own
        self._opened.append(connection)
        return await connection

    async def close(self) -> None:
        """Wait for the threads to end, after the engine is disposed.

        One whose task was cancelled may still be at its statement: it would answer to a loop that
        has ended by then. Whatever is still in use is left alone.
        """
        threads = [connection.thread for connection in self._opened if connection.is_closed]
        await asyncio.to_thread(_join, threads)


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(_MAX_STATEMENT)
