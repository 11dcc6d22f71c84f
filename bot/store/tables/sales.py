"""The tables of what members get by themselves: codes, wrong codes, and trials."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
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

code_batch = Table(
    "code_batch",  # a set of codes, made together, that give the same
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("reference", String(100), nullable=False),  # of the request, which counts once
    Column("product_id", Integer, ForeignKey("product.id")),
    Column("script_id", Integer, ForeignKey("script.id")),
    Column("length", String(32), nullable=False),  # as asked: "1M", "L"
    Column("uses", Integer, nullable=False),  # of each code, by different members
    Column("expires_at", UtcDateTime),
    Column("made_by", BigInteger, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("guild_id", "reference"),
    CheckConstraint("(product_id IS NULL) <> (script_id IS NULL)", name="item"),
    CheckConstraint("uses > 0", name="uses"),
)

code = Table(
    "code",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", Integer, ForeignKey("code_batch.id"), nullable=False),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # of the code and its server
    Column("used", Integer, nullable=False, server_default="0"),
    Column("revoked_at", UtcDateTime),
    Index("ix_code_batch_id", "batch_id"),
)

code_use = Table(
    "code_use",  # each member uses a code once
    metadata,
    Column("id", Integer, primary_key=True),
    Column("code_id", Integer, ForeignKey("code.id"), nullable=False),
    Column("purchase_id", Integer, ForeignKey("purchase.id"), nullable=False, unique=True),
    Column("member_id", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("code_id", "member_id"),
)

code_guess = Table(
    "code_guess",  # a wrong code; kept for a day, so that a restart is no way around the limit
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("reference", String(100), nullable=False),  # of the request, which counts once
    Column("member_id", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("guild_id", "reference"),
    Index("ix_code_guess_at", "guild_id", "at"),
)

trial_use = Table(
    "trial_use",  # a trial that was taken; once for each member, TradingView name and TradingView id
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("product_id", Integer, ForeignKey("product.id"), nullable=False),
    Column("purchase_id", Integer, ForeignKey("purchase.id"), nullable=False, unique=True),
    Column("member_id", BigInteger, nullable=False),
    Column("name_folded", String(64)),  # NULL while no name of the member was known
    Column("tv_user_id", BigInteger),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_trial_use_product_id", "product_id"),
)
