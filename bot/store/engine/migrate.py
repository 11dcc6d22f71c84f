"""Brings a database's schema up to date before anything else opens it."""

import logging
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

from bot.errors import StartupError
from bot.store.maintenance import revision
from bot.store.maintenance.backup import CopyError, keep_before
from bot.store.maintenance.files import file_of
from bot.store.maintenance.revision import Schema

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)


def migrate(url: URL, *, keep_copy: bool = True) -> None:
    """Apply what is missing, after a copy unless told otherwise (blocking; call it in a thread).

    Raises:
        StartupError: the database was written by a newer Usher, or could not be copied before.
    """
    # Alembic is not async; SQLite's own driver does for the minute that this takes.
    engine = create_engine(url.set(drivername=url.get_backend_name()), hide_parameters=True)
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
            if keep_copy and revision.current(connection) is not None:
                _keep_copy(url)
            log.info("bringing the database up to date")
            _upgrade(connection)
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - 10 MB that most starts do not need

    connection.execute(text("PRAGMA foreign_keys = ON"))
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


def _keep_copy(url: URL) -> None:
    """Copy what is there, named for the revision that it becomes. Raises StartupError."""
    path = file_of(url)
    if path is None:
        return
    try:
        keep_before(path, revision.known()[-1])
    except CopyError as error:
        raise StartupError(
            f"The database has to be brought up to date, but the copy before that failed ({error}). "
            f"Nothing was changed. Make room beside {path} and start Usher again."
        ) from error
