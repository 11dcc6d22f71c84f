"""Brings a database's schema up to date before anything else opens it."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from bot.errors import StartupError
from bot.store.maintenance import ground, revision
from bot.store.maintenance.backup import CopyError, keep_before
from bot.store.maintenance.files import file_of
from bot.store.maintenance.revision import Schema

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)


def migrate(url: URL, *, keep_copy: bool = True) -> None:
    """Apply what is missing, after a copy unless told otherwise (blocking; call it in a thread).

    Raises:
        StartupError: the database was written by a newer Usher, could not be copied before, is damaged,
            or lies where it cannot be used.
    """
    path = file_of(url)
    with ground.explained(path):
        if path:
            _try_out(path)
        _migrate(url, path, keep_copy=keep_copy)


def _migrate(url: URL, path: Path | None, *, keep_copy: bool) -> None:
    # Alembic is not async; SQLite's own driver does for the minute that this takes.
    engine = create_engine(url.set(drivername=url.get_backend_name()), hide_parameters=True)
    _begin_before_tables(engine)
    try:
        with engine.connect() as connection:
            schema = revision.schema_of(connection)
            if schema is Schema.CURRENT:
                return
            if schema is Schema.NEWER:
                raise StartupError(
                    "This database was written by a newer Usher. Nothing was changed. "
                    "Start the newer version again, or restore an older backup."
                )
            if revision.current(connection) is None:
                if path and revision.has_tables(connection):
                    raise ground.half_made(path)
            elif path and keep_copy:
                _keep_copy(path)
            log.info("bringing the database up to date")
            _upgrade(connection)
    finally:
        engine.dispose()


def _try_out(path: Path) -> None:
    """Look through the whole file, and take the lock of a writer for a moment."""
    if ground.is_emptied(path):
        raise ground.emptied(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        ground.use_wal(raw, path)
        if not ground.is_whole(raw):
            raise ground.damaged(path)
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("ROLLBACK")


def _begin_before_tables(engine: Engine) -> None:
    """Make every change whole or not at all, also where the process is killed in the middle.

    By itself the driver begins nothing before a statement that makes or changes a table.
    """

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        # A table that is made anew is dropped first: references are checked after each revision.
        connection.execute("PRAGMA foreign_keys = OFF")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - 10 MB that most starts do not need

    connection.commit()  # what was asked so far began a transaction; Alembic needs its own
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(revision.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", str(revision.VERSIONS))
    return config


def _keep_copy(path: Path) -> None:
    """Copy what is there, named for the revision that it becomes. Raises StartupError."""
    try:
        keep_before(path, revision.known()[-1])
    except CopyError as error:
        raise StartupError(
            f"The database has to be brought up to date, but the copy before that failed ({error}). "
            f"Nothing was changed. Make room beside {path} and start Usher again."
        ) from error
