"""Alembic: the revisions of the schema and what runs them."""
