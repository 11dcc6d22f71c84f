"""A disk without room: whatever would be written to the database is refused as SQLite refuses it."""

import sqlite3
from contextlib import contextmanager

from bot.store.engine import driver

_WRITES = ("INSERT", "UPDATE", "DELETE", "CREATE")


@contextmanager
def full_disk():
    run = driver._Cursor._run

    def refuse(cursor, how, sql, parameters):
        if sql.lstrip().upper().startswith(_WRITES):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        run(cursor, how, sql, parameters)

    driver._Cursor._run = refuse
    try:
        yield
    finally:
        driver._Cursor._run = run
