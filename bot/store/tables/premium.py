"""The tables of what Discord sells for the bot: which item each thing is, and what somebody got by it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    false,
)

from bot.store.kinds import SkuKind
from bot.store.tables.columns import OneOf, UtcDateTime, guild_id, metadata, one_of

premium_rule = Table(
    "premium_rule",  # something that Discord sells for the bot opens an item in that server
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("sku_id", BigInteger, nullable=False),
    Column("name", String(100), nullable=False),  # as Discord shows it
    Column("kind", OneOf(SkuKind), nullable=False),
    Column("product_id", Integer, ForeignKey("product.id")),
    Column("script_id", Integer, ForeignKey("script.id")),
    Column("length", String(32)),  # what a consumable gives: "1M"
    Column("added_by", BigInteger, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),  # it opens nothing new since
    UniqueConstraint("guild_id", "sku_id", "product_id"),
    UniqueConstraint("guild_id", "sku_id", "script_id"),
    CheckConstraint("(product_id IS NULL) <> (script_id IS NULL)", name="item"),
    CheckConstraint("(kind = 'consumable') = (length IS NOT NULL)", name="length"),
    one_of("kind", SkuKind),
    Index("ix_premium_rule_sku_id", "sku_id"),
)

premium_gain = Table(
    "premium_gain",  # what somebody got by an entitlement of Discord's; the highest turn counts
    metadata,
    Column(
        "purchase_id", Integer, ForeignKey("purchase.id"), primary_key=True, autoincrement=False
    ),
    guild_id(),
    Column("rule_id", Integer, ForeignKey("premium_rule.id"), nullable=False),
    Column("entitlement_id", BigInteger, nullable=False),
    Column("member_id", BigInteger, nullable=False),
    Column("turn", Integer, nullable=False),  # it goes on or ends otherwise: the next one
    Column("ends_at", UtcDateTime),  # as Discord says; NULL: none
    Column("to_consume", Boolean, nullable=False, server_default=false()),  # Discord is to be told
    UniqueConstraint("rule_id", "entitlement_id", "turn"),
    Index("ix_premium_gain_entitlement_id", "entitlement_id"),
)
