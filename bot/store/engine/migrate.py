"""Brings a database's schema up to date before anything else opens it."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from bot.errors import StartupError
from bot.store.maintenance.backup import CopyError, keep_before
from bot.store.maintenance.files import file_of

log = logging.getLogger(__name__)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    return config


def migrate(url: URL, *, keep_copy: bool = True) -> None:
    """Apply what is missing, after a copy unless told otherwise (blocking; call it in a thread).

    Raises:
        StartupError: the database was written by a newer Usher, or could not be copied before.
    """
    config = _config()
    known = ScriptDirectory.from_config(config)
    # Alembic is not async; SQLite's own driver does for the minute that this takes.
    engine = create_engine(url.set(drivername=url.get_backend_name()))
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            if current == known.get_current_head():
                return
            _refuse_newer(known, current)
            if keep_copy:
                _keep_copy(known, current, url)
            log.info("bringing the database up to date")
            connection.execute(text("PRAGMA foreign_keys = ON"))
            connection.commit()  # what was asked so far began a transaction; Alembic needs its own
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def _keep_copy(known: ScriptDirectory, current: str | None, url: URL) -> None:
    """Keep a copy of what is there, when there is something to change."""
    head, path = known.get_current_head(), file_of(url)
    if current is None or head is None or path is None:
        return
    try:
        keep_before(path, head)
    except CopyError as error:
        raise StartupError(
            f"The database has to be brought up to date, but the copy before that failed ({error}). "
            f"Nothing was changed. Make room beside {path} and start Usher again."
        ) from error


def _refuse_newer(known: ScriptDirectory, current: str | None) -> None:
    if current is not None and current not in {
        revision.revision for revision in known.walk_revisions()
    }:
        raise StartupError(
            "This database was written by a newer Usher. Nothing was changed. "
            "Start the newer version again, or restore an older backup."
        )
