"""The tables of roles that open items: the rules, who gained what by them, and losses of many at once."""

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

from bot.store.tables.columns import UtcDateTime, guild_id, metadata

role_rule = Table(
    "role_rule",  # a Discord role that opens an item
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("role_id", BigInteger, nullable=False),
    Column("role_name", String(100), nullable=False),  # said to people who cannot see the role
    Column("source", String(16), ForeignKey("source.name"), nullable=False),
    Column("product_id", Integer, ForeignKey("product.id")),
    Column("script_id", Integer, ForeignKey("script.id")),
    Column("grace_days", Integer, nullable=False, server_default="0"),
    Column("added_by", BigInteger, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),  # it opens nothing since
    UniqueConstraint("guild_id", "role_id", "product_id"),
    UniqueConstraint("guild_id", "role_id", "script_id"),
    CheckConstraint("(product_id IS NULL) <> (script_id IS NULL)", name="item"),
    CheckConstraint("grace_days BETWEEN 0 AND 90", name="grace_days"),
)

role_loss = Table(
    "role_loss",  # many lost a role at once: nothing is taken from them before a manager decides
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("role_id", BigInteger, nullable=False),
    Column("is_deleted", Boolean, nullable=False, server_default=false()),
    Column("began_at", UtcDateTime, nullable=False),
    Column("asked_at", UtcDateTime),  # the managers were asked
    Column("decided_at", UtcDateTime),  # also when everybody had it back
    Column("decided_by", BigInteger),
    Column("is_kept", Boolean),  # they keep what the role gave
    Index(
        "uq_role_loss_undecided",
        "guild_id",
        "role_id",
        unique=True,
        sqlite_where=Column("decided_at").is_(None),
    ),
)

role_gain = Table(
    "role_gain",  # a member got a role that opens an item: the purchase that this made
    metadata,
    Column(
        "purchase_id", Integer, ForeignKey("purchase.id"), primary_key=True, autoincrement=False
    ),
    guild_id(),
    Column("rule_id", Integer, ForeignKey("role_rule.id"), nullable=False),
    Column("role_id", BigInteger, nullable=False),
    Column("member_id", BigInteger, nullable=False),
    Column("lost_at", UtcDateTime),  # when it was seen that the role is gone
    Column("loss_id", Integer, ForeignKey("role_loss.id")),  # lost together with many others
    Index("ix_role_gain_member_id", "guild_id", "member_id"),
    Index("ix_role_gain_role_id", "guild_id", "role_id", "lost_at"),
    Index("ix_role_gain_rule_id", "rule_id"),
    Index("ix_role_gain_loss_id", "loss_id"),
)
