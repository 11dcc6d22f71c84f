"""The tables of customers, and of claims to a TradingView name."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from bot.store.kinds import AttemptKind, ClaimState, Tie
from bot.store.tables.columns import OneOf, UtcDateTime, guild_id, metadata, one_of

customer = Table(
    "customer",
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("member_id", BigInteger),
    Column("username", String(64)),
    Column("name_folded", String(64)),
    Column("tv_user_id", BigInteger),
    Column("linked_at", UtcDateTime),
    Column("linked_by", BigInteger),
    Column("tie", OneOf(Tie)),  # how it is known whose the name is, while it is a member's
    Column("roles_asked_at", UtcDateTime),  # when Discord was last asked for the member's roles
    UniqueConstraint("guild_id", "member_id"),
    UniqueConstraint("guild_id", "name_folded"),
    CheckConstraint("member_id IS NOT NULL OR name_folded IS NOT NULL", name="somebody"),
    CheckConstraint("(username IS NULL) = (name_folded IS NULL)", name="name"),
)

claim = Table(
    "claim",  # a member says that a TradingView name is theirs, and staff must look first
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("member_id", BigInteger, nullable=False),
    Column("username", String(64), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("state", OneOf(ClaimState), nullable=False),
    Column("decided_by", BigInteger),
    Column("decided_at", UtcDateTime),
    # The message in a log channel that asks staff, while it has buttons.
    Column("channel_id", BigInteger),
    Column("message_id", BigInteger),
    Column("instead_of", String(64)),  # the member's name now, whose access goes along
    one_of("state", ClaimState),
    Index(
        "uq_claim_waiting",
        "guild_id",
        "member_id",
        unique=True,
        sqlite_where=Column("state") == "waiting",
    ),
)

proof = Table(
    "proof",  # a code that a member is to put on the public profile of a TradingView name
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("member_id", BigInteger, nullable=False),
    Column("username", String(64), nullable=False),
    Column("code_hash", LargeBinary(32), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("looks", Integer, nullable=False),  # how often the profile was read for it
    UniqueConstraint("guild_id", "member_id"),
)

attempt = Table(
    "attempt",  # what a member did today of what may be done only so often
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("member_id", BigInteger, nullable=False),
    Column("kind", OneOf(AttemptKind), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    one_of("kind", AttemptKind),
    Index("ix_attempt_member", "guild_id", "member_id", "kind", "at"),
)
