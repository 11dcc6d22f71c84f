"""The driver under the database: one trip to its thread for each statement, and nothing else changed."""

import asyncio
import sqlite3
import threading
from contextlib import closing

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.store.engine.database import open_database
from tests.support.fake_time import eventually, settle


@pytest.fixture
async def database(tmp_path):
    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/usher.db") as database:
        async with database.write() as connection:
            await connection.execute(text("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT)"))
            await connection.execute(text("CREATE UNIQUE INDEX one ON thing (name)"))
        yield database


@pytest.fixture
def trips(monkeypatch):
    made = []
    execute = aiosqlite.Connection._execute

    async def counted(self, function, *args, **kwargs):
        made.append(function)
        return await execute(self, function, *args, **kwargs)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return made


INSERT = text("INSERT INTO thing (name) VALUES (:name)")
RETURNING = text("INSERT INTO thing (name) VALUES (:name) RETURNING id, name")
NAMES = text("SELECT name FROM thing ORDER BY id")


async def names(database):
    async with database.read() as connection:
        return list((await connection.execute(NAMES)).scalars())


async def test_a_statement_takes_one_trip(database, trips):
    async with database.write() as connection:
        trips.clear()
        assert (await connection.execute(RETURNING, {"name": "a"})).one() == (1, "a")
        assert len(trips) == 1
        assert list((await connection.execute(NAMES)).scalars()) == ["a"]
        assert len(trips) == 2


async def test_counts_are_right(database):
    async with database.write() as connection:
        await connection.execute(INSERT, [{"name": "a"}, {"name": "b"}, {"name": "c"}])
        renamed = await connection.execute(text("UPDATE thing SET name = name || '!' WHERE id > 1"))
        assert renamed.rowcount == 2
        gone = await connection.execute(text("DELETE FROM thing WHERE id = 9"))
        assert gone.rowcount == 0
    assert await names(database) == ["a", "b!", "c!"]


async def test_errors_are_sqlalchemys_and_undo_the_transaction(database):
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await connection.execute(INSERT, {"name": "a"})
            await connection.execute(INSERT, {"name": "a"})
    with pytest.raises(OperationalError):
        async with database.read() as connection:
            await connection.execute(INSERT, {"name": "b"})
    assert await names(database) == []


async def test_who_is_cancelled_in_a_transaction_leaves_nothing_behind(database):
    written = asyncio.Event()

    async def write():
        async with database.write() as connection:
            await connection.execute(INSERT, {"name": "a"})
            written.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(write())
    await written.wait()
    task.cancel()
    await asyncio.wait([task])
    assert await names(database) == []
    async with database.write() as connection:  # nobody holds the lock
        await connection.execute(INSERT, {"name": "a"})


async def test_the_thread_is_asked_for_nothing_that_does_nothing(database, trips):
    assert await names(database) == []
    trips.clear()
    await names(database)
    assert len(trips) == 2  # the statement, with its BEGIN, and the end
    trips.clear()
    async with database.read():
        pass
    assert not trips
    async with database.write() as connection:
        assert len(trips) == 1  # the lock is had from the first moment
        await connection.execute(INSERT, {"name": "a"})
    assert len(trips) == 3


async def test_a_view_stays_the_same_from_its_first_statement_on(database):
    async with database.read() as reader:
        assert (await reader.execute(NAMES)).all() == []
        async with database.write() as connection:
            await connection.execute(INSERT, {"name": "a"})
        assert (await reader.execute(NAMES)).all() == []
    assert await names(database) == ["a"]


async def test_who_is_cancelled_while_waiting_for_the_lock_does_not_keep_it(
    database, trips, tmp_path
):
    async def write():
        async with database.write():
            raise AssertionError("the lock was not free")

    with closing(
        sqlite3.connect(tmp_path / "usher.db", isolation_level=None, check_same_thread=False)
    ) as other:
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        trips.clear()
        task = asyncio.ensure_future(write())
        await eventually(lambda: trips)
        task.cancel()
        await settle()
        await asyncio.to_thread(other.execute, "ROLLBACK")
        await asyncio.wait([task])
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        await asyncio.to_thread(other.execute, "ROLLBACK")
    async with database.write() as connection:
        await connection.execute(INSERT, {"name": "a"})


async def test_many_rows_come_whole_and_in_order(database):
    many = [f"{n:04}" for n in range(1000)]
    async with database.write() as connection:
        await connection.execute(INSERT, [{"name": name} for name in many])
    assert await names(database) == many


async def test_no_thread_outlives_the_database_even_if_its_task_was_cancelled(tmp_path):
    begun, go_on = threading.Event(), threading.Event()

    def slowly():
        begun.set()
        go_on.wait(5)
        return 1

    async with open_database(f"sqlite+aiosqlite:///{tmp_path}/usher.db") as database:

        async def read():
            async with database.read() as connection:
                raw = (await connection.get_raw_connection()).driver_connection
                await raw.create_function("slowly", 0, slowly)
                await connection.execute(text("SELECT slowly()"))

        before = set(threading.enumerate())
        reading = asyncio.ensure_future(read())
        await asyncio.to_thread(begun.wait)
        [thread] = (
            each for each in set(threading.enumerate()) - before if "asyncio" not in each.name
        )
        for _ in range(3):  # the first only asks for the statement to end
            reading.cancel()
            await settle()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert thread.is_alive()
        asyncio.get_running_loop().call_later(0.01, go_on.set)
    assert not thread.is_alive()
