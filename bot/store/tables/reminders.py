"""The tables of reminders: which were said, and who wants none."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, Table

from bot.store.kinds import ReminderOutcome
from bot.store.tables.columns import OneOf, UtcDateTime, metadata, one_of

reminder = Table(
    "reminder",  # one of an end that was paid for; an end that moves is another one
    metadata,
    Column("purchase_id", Integer, ForeignKey("purchase.id"), primary_key=True),
    Column("ends_at", UtcDateTime, primary_key=True),
    Column("days", Integer, primary_key=True),  # before the end; 0: it has ended
    Column("outcome", OneOf(ReminderOutcome), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    one_of("outcome", ReminderOutcome),
    CheckConstraint("days >= 0", name="days"),
)

reminders_off = Table(
    "reminders_off",  # members who want none of a server
    metadata,
    Column("guild_id", BigInteger, ForeignKey("guild.id"), primary_key=True),
    Column("member_id", BigInteger, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)
