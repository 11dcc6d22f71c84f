"""Alembic's entry: runs on the connection that bot.store.engine.migrate hands over."""

from typing import Any

from alembic import context
from sqlalchemy import Connection

import bot.store.tables.api
import bot.store.tables.batches
import bot.store.tables.catalogue
import bot.store.tables.holder_roles
import bot.store.tables.ledger
import bot.store.tables.logins
import bot.store.tables.messages
import bot.store.tables.outgoing
import bot.store.tables.payments
import bot.store.tables.people
import bot.store.tables.premium
import bot.store.tables.reminders
import bot.store.tables.roles
import bot.store.tables.sales
import bot.store.tables.seats
import bot.store.tables.shapes
import bot.store.tables.sweeps
import bot.store.tables.web  # noqa: F401 - so that the metadata knows every table
from bot.store.tables.columns import metadata

connection: Connection = context.config.attributes["connection"]


def _broken_references() -> int:
    """Return how many rows point to a row that is not there; SQLite does not look while it migrates."""
    if connection.dialect.name != "sqlite":
        return 0
    return len(connection.exec_driver_sql("PRAGMA foreign_key_check").all())


def _refuse_more(*_: Any, **__: Any) -> None:
    """Raise where the revision broke a reference; it is undone then."""
    if _broken_references() > before:
        raise RuntimeError("a row points to one that is not there")


before = _broken_references()
connection.commit()  # Alembic begins transactions of its own
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=True,
    on_version_apply=_refuse_more,
)
with context.begin_transaction():
    context.run_migrations()
