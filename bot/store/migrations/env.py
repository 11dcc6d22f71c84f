"""Alembic's entry: runs on the connection that bot.store.migrate hands over."""

from alembic import context

import bot.store.login_tables
import bot.store.seat_tables
import bot.store.shape_tables
import bot.store.sweep_tables  # noqa: F401 - so that the metadata knows every table
from bot.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
