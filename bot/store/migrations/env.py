"""Alembic's entry: runs on the connection that bot.store.engine.migrate hands over."""

from alembic import context

import bot.store.tables.catalogue
import bot.store.tables.ledger
import bot.store.tables.logins
import bot.store.tables.messages
import bot.store.tables.people
import bot.store.tables.seats
import bot.store.tables.shapes
import bot.store.tables.sweeps  # noqa: F401 - so that the metadata knows every table
from bot.store.tables.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
