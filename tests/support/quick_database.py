"""What makes the databases of the tests quick, and changes nothing that is kept in them.

The disk is not waited for: what a test may lose is what a power cut would take. And a statement
is compiled once for all databases, as one program with one database does by itself.
"""

from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.util import LRUCache

from bot.store.engine import driver

_run = driver._Cursor._run
_compiled = LRUCache(10_000)


def make_databases_quick():
    driver._Cursor._run = _run_unsynced
    # Compiled statements are found by their dialect, of which each engine makes one that is alike.
    SQLiteDialect_aiosqlite.__hash__ = lambda dialect: hash(type(dialect))
    SQLiteDialect_aiosqlite.__eq__ = lambda dialect, other: type(dialect) is type(other)
    SQLiteDialect_aiosqlite.engine_created = classmethod(_share_compiled)


def wait_for_the_disk(monkeypatch):
    """As Usher does where it is at work."""
    monkeypatch.setattr(driver._Cursor, "_run", _run)


def _run_unsynced(cursor, how, sql, parameters):
    _run(cursor, how, sql.replace("synchronous = FULL", "synchronous = OFF"), parameters)


def _share_compiled(dialect, engine):
    engine._compiled_cache = _compiled
