"""The tables of customers, and of claims to a TradingView name."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.store.kinds import ClaimState
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
    Column("blocked_at", UtcDateTime),  # gets nothing new from automations since
    Column("blocked_by", BigInteger),
    Column("block_reason", Text),
    Column("forget_at", UtcDateTime),  # to be erased once TradingView shows no access; asked then
    Column("forget_by", BigInteger),  # and by that member, who is told
    Column("forgotten", Integer),  # the number that stands for the erased person
    UniqueConstraint("guild_id", "member_id"),
    UniqueConstraint("guild_id", "name_folded"),
    CheckConstraint("member_id IS NOT NULL OR name_folded IS NOT NULL", name="somebody"),
    CheckConstraint("(username IS NULL) = (name_folded IS NULL)", name="name"),
)

merged_customer = Table(
    "merged_customer",  # records that became one with another: the history goes on naming their ids
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("customer_id", Integer, ForeignKey("customer.id"), nullable=False),
    Index("ix_merged_customer_customer_id", "customer_id"),
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
    one_of("state", ClaimState),
    Index(
        "uq_claim_waiting",
        "guild_id",
        "member_id",
        unique=True,
        sqlite_where=Column("state") == "waiting",
    ),
)
