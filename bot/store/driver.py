"""Runs each statement in one step of the database's thread, instead of four.

SQLAlchemy asks aiosqlite for a cursor, to execute, for the rows, and to close: four times from the
event loop to the thread and back, which is most of what a statement costs here.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite
from sqlalchemy.engine import URL

_ITER_CHUNK_SIZE = 64  # aiosqlite's own default


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
            getattr(cursor, how)(sql, parameters)
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class _Connection(aiosqlite.Connection):
    """aiosqlite's, with other cursors."""

    def cursor(self) -> _Cursor:  # type: ignore[override]
        return _Cursor(self)

    async def in_thread(self, run: Callable[..., None], *args: Any) -> None:
        await self._execute(run, *args)  # type: ignore[no-untyped-call]

    @property
    def raw(self) -> sqlite3.Connection:
        return self._conn


def connector(url: URL) -> Callable[[], Awaitable[aiosqlite.Connection]]:
    """What `create_async_engine` takes as `async_creator`."""
    args, options = url.get_dialect()().create_connect_args(url)

    async def connect() -> aiosqlite.Connection:
        connection = _Connection(partial(sqlite3.connect, *args, **options), _ITER_CHUNK_SIZE)
        connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does with its own
        return await connection

    return connect
