"""The tables of full reads: each sweep, the rows of one under way, the rows of the last complete one."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from bot.store.kinds import StateKind, SweepFailure, SweepState
from bot.store.tables.columns import OneOf, UtcDateTime, metadata, one_of

# What TradingView lists always gives access; whether its end has passed is another question.
_LISTED = (StateKind.UNTIL, StateKind.LIFETIME)
_END = "(kind = 'until') = (ends_at IS NOT NULL)"

sweep = Table(
    "sweep",  # one read of a script's whole list
    metadata,
    Column("id", Integer, primary_key=True),
    Column("guild_id", BigInteger, ForeignKey("guild.id"), nullable=False),
    Column("script_id", Integer, ForeignKey("script.id"), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("state", OneOf(SweepState), nullable=False),
    Column("rows", Integer, nullable=False),  # different people in the list
    Column("calls", Integer, nullable=False),
    Column("asked_by", BigInteger),  # nobody: the daily one
    Column("failure", OneOf(SweepFailure, 32)),
    one_of("state", SweepState),
    CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="ended"),
    Index("ix_sweep_script_id", "script_id", "started_at"),
    Index(
        "uq_sweep_running",
        "script_id",
        unique=True,
        sqlite_where=Column("state") == "running",
    ),
)

sweep_row = Table(
    "sweep_row",  # what a sweep under way has read; gone when it ends, whole or not
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sweep_id", Integer, ForeignKey("sweep.id"), nullable=False),
    Column("tv_user_id", BigInteger),
    Column("username", String(255), nullable=False),
    Column("name_folded", String(255), nullable=False),
    Column("kind", OneOf(StateKind), nullable=False),
    Column("ends_at", UtcDateTime),
    Column("created_at", UtcDateTime),
    Column("seen_at", UtcDateTime, nullable=False),
    one_of("kind", _LISTED),
    CheckConstraint(_END, name="kind_end"),
    UniqueConstraint("sweep_id", "tv_user_id"),
    Index("ix_sweep_row_sweep_id_name_folded", "sweep_id", "name_folded"),
)

sighting = Table(
    "sighting",  # a row of a script's list, as the last complete sweep found it
    metadata,
    Column("id", Integer, primary_key=True),
    Column("script_id", Integer, ForeignKey("script.id"), nullable=False),
    Column("guild_id", BigInteger, ForeignKey("guild.id"), nullable=False),
    Column("tv_user_id", BigInteger),
    Column("username", String(255), nullable=False),
    Column("name_folded", String(255), nullable=False),
    Column("kind", OneOf(StateKind), nullable=False),
    Column("ends_at", UtcDateTime),
    Column("created_at", UtcDateTime),
    Column("sweep_id", Integer, ForeignKey("sweep.id"), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("noted_at", UtcDateTime),  # told in the log channel that it differs
    Column("ignored_at", UtcDateTime),  # staff left it as it is; ends when the row changes
    one_of("kind", _LISTED),
    CheckConstraint(_END, name="kind_end"),
    UniqueConstraint("script_id", "tv_user_id"),
    Index("ix_sighting_script_id_name_folded", "script_id", "name_folded"),
    Index(
        "uq_sighting_name",
        "script_id",
        "name_folded",
        unique=True,
        sqlite_where=Column("tv_user_id").is_(None),
    ),
)
