"""The tables of servers, the roles set up there, and the scripts and products they manage."""

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

from bot.store.kinds import RoleLevel, RoleTrouble
from bot.store.tables.columns import OneOf, UtcDateTime, guild_id, metadata, one_of

guild = Table(
    "guild",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("log_channel_id", BigInteger),
    Column("left_at", UtcDateTime),  # the bot is not in that server: its queue pauses
    Column("posted_event_id", Integer),  # the last history line that the log channel shows
    Column("commands_digest", String(64)),  # of the command tree last registered there
    Column("created_at", UtcDateTime, nullable=False),
    Column("restored_at", UtcDateTime),  # from a backup: nothing is sent before all lists were read
    Column("log_closed_at", UtcDateTime),  # the log channel takes nothing since, and that was said
    # Reminders: days before a paid end ("7, 3, 1"; empty: none at all), the time zone of the server's
    # nights, and the moment up to which they are taken as said.
    Column("reminder_days", String(64), nullable=False, server_default="7, 3, 1"),
    Column("time_zone", String(64), nullable=False, server_default="UTC"),
    Column("reminders_from", UtcDateTime),
    Column("panel_channel_id", BigInteger),  # where the buttons for members stand
    Column("panel_message_id", BigInteger),
    # A batch that ends the access of more people takes a second manager; NULL: none does.
    Column("approval_above", Integer, server_default="25"),
)

guild_role = Table(
    "guild_role",
    metadata,
    Column("guild_id", BigInteger, ForeignKey("guild.id"), primary_key=True),
    Column("role_id", BigInteger, primary_key=True),
    Column("level", OneOf(RoleLevel), primary_key=True),
    one_of("level", RoleLevel),
)

script = Table(
    "script",
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("pine_id", String(80), nullable=False, unique=True),
    Column("slug", String(32), nullable=False),
    Column("title", String(100), nullable=False),
    Column("archived_at", UtcDateTime),
    Column("paused_at", UtcDateTime),
    Column("paused_reason", Text),  # TradingView's own words, for staff
    Column("restored_at", UtcDateTime),  # from a backup: its list was not read since
    Column("added_by", BigInteger, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    UniqueConstraint("guild_id", "slug"),
)

product = Table(
    "product",  # what is sold: one or more scripts
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),
    Column("slug", String(32), nullable=False),  # no script of the server has it either
    Column("title", String(100), nullable=False),
    Column("length", String(32)),  # as usually sold: "1M"
    Column("role_id", BigInteger),  # of Discord, for its holders
    Column("grace_days", Integer, nullable=False, server_default="0"),
    Column("trial", String(32)),  # the length of a trial, once for each person
    Column("link", Text),  # where it is sold
    Column("role_trouble", OneOf(RoleTrouble)),  # as it was told in the log channel
    Column("archived_at", UtcDateTime),
    Column("added_by", BigInteger, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    UniqueConstraint("guild_id", "slug"),
    CheckConstraint("grace_days BETWEEN 0 AND 90", name="grace_days"),
)

product_script = Table(
    "product_script",
    metadata,
    Column("product_id", Integer, ForeignKey("product.id"), primary_key=True),
    Column("script_id", Integer, ForeignKey("script.id"), primary_key=True),
    Index("ix_product_script_script_id", "script_id"),
)
