"""Writes what another copy of the same message may have written already."""

from sqlalchemy import Table
from sqlalchemy.dialects.sqlite import Insert, insert


def insert_once(table: Table) -> Insert:
    """Return an INSERT that leaves a row that is there already as it is."""
    return insert(table).on_conflict_do_nothing()
