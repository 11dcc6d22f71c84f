"""The tables of servers, the roles set up there, and the scripts they manage."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from bot.store.kinds import RoleLevel
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
