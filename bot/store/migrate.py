"""Brings a database's schema up to date before anything else opens it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from bot.errors import StartupError


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(url: URL) -> None:
    """Apply what is missing (blocking; call it in a thread).

    Raises:
        StartupError: the database was written by a newer Usher.
    """
    config = _config()
    # Alembic is not async; SQLite's own driver does for the minute that this takes.
    engine = create_engine(url.set(drivername=url.get_backend_name()))
    try:
        with engine.connect() as connection:
            _refuse_newer(config, connection)
            connection.execute(text("PRAGMA foreign_keys = ON"))
            connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def _refuse_newer(config: Config, connection: "object") -> None:
    context = MigrationContext.configure(connection)  # type: ignore[arg-type]
    current = context.get_current_revision()
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise StartupError(
            "This database was written by a newer Usher. Nothing was changed. "
            "Start the newer version again, or restore an older backup."
        )
