"""How a database's schema stands to this program's, told without Alembic: most starts need no more.

Importing Alembic costs 10 MB, and a bot that only runs never migrates.
"""

import enum
from pathlib import Path

from sqlalchemy import Connection, text

MIGRATIONS = Path(__file__).parents[1] / "migrations"
VERSIONS = MIGRATIONS / "versions"


class Schema(enum.Enum):
    """How a database's schema stands to this program's."""

    ABSENT = enum.auto()
    OLDER = enum.auto()  # the next start brings it up to date
    CURRENT = enum.auto()
    NEWER = enum.auto()
    UNREADABLE = enum.auto()


def known() -> list[str]:
    """Return every revision of this program, oldest first: the numbers that begin the files' names."""
    return sorted(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*.py"))


def current(connection: Connection) -> str | None:
    """Return the revision of this database; None when nothing was ever made in it."""
    tables = text("SELECT name FROM sqlite_master WHERE name = 'alembic_version'")
    if connection.scalar(tables) is None:
        return None
    revision = connection.scalars(text("SELECT version_num FROM alembic_version")).one_or_none()
    return None if revision is None else str(revision)


def has_tables(connection: Connection) -> bool:
    """Return whether anything was made in it, beside the note of its revision."""
    tables = text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version'")
    return connection.execute(tables).first() is not None


def schema_of(connection: Connection) -> Schema:
    """Return how the schema of a database that can be read stands."""
    revision, revisions = current(connection), known()
    if revision == revisions[-1]:
        return Schema.CURRENT
    return Schema.OLDER if revision is None or revision in revisions else Schema.NEWER
