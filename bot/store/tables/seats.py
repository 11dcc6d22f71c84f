"""The tables about seats: how many people had access on each day, and who was warned of the fee."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    false,
)

from bot.store.tables.columns import metadata

seat_day = Table(
    "seat_day",  # for the line in the picture
    metadata,
    Column("guild_id", BigInteger, ForeignKey("guild.id"), primary_key=True),
    Column("day", Date, primary_key=True),  # in UTC
    Column("seats", Integer, nullable=False),  # the most that were counted on that day
)

seat_watch = Table(
    "seat_watch",  # what a server wants done about its number of seats
    metadata,
    Column("guild_id", BigInteger, ForeignKey("guild.id"), primary_key=True),
    Column("guard", Boolean, nullable=False, server_default=false()),
    Column("warned_month", String(7)),  # 2026-03
    Column("warned_at", Integer),  # the highest number that was warned of in that month
)
