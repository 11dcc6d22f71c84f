"""The tables of the HTTP API: keys, and what was asked for with them."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from bot.store.tables.columns import UtcDateTime, guild_id, metadata

api_key = Table(
    "api_key",
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),  # the one server that it works for
    Column("reference", String(100), nullable=False),  # of the request, which counts once
    Column("name", String(32), nullable=False),
    Column("name_folded", String(100), nullable=False),
    Column("scopes", String(100), nullable=False),  # with commas
    Column("digest", LargeBinary(32), nullable=False),  # of its secret, keyed by `hash_key`
    Column("hash_key", LargeBinary),  # encrypted; NULL: lost with the key of the database
    Column("made_by", BigInteger, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("used_at", UtcDateTime),  # to the minute
    Column("revoked_at", UtcDateTime),
    Column("alarmed_at", UtcDateTime),  # whoever made it is no manager any more, and that was said
    UniqueConstraint("guild_id", "reference"),
    Index(
        "ix_api_key_name",
        "guild_id",
        "name_folded",
        unique=True,  # the name of a revoked one is free again
        sqlite_where=Column("revoked_at").is_(None),
        postgresql_where=Column("revoked_at").is_(None),
    ),
)

api_request = Table(
    "api_request",  # one change that was asked for with a key; the address /orders/{id} is its own
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("key_id", Integer, ForeignKey("api_key.id"), nullable=False),
    Column("repeat_key", LargeBinary(32)),  # digest of the Idempotency-Key; NULL without one
    Column("fingerprint", LargeBinary(32), nullable=False),  # of method, address and body
    Column("username", String(100), nullable=False),
    Column("parts", JSON, nullable=False),  # one for each pine id: what was there, and its order
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("key_id", "repeat_key"),
    Index("ix_api_request_at", "at"),
)
