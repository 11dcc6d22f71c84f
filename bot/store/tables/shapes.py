"""The table about the form of TradingView's answers: as Usher knows it, or not."""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Table

from bot.store.tables.columns import UtcDateTime, metadata

shape_check = Table(
    "shape_check",  # the last comparison for each server's account
    metadata,
    Column("guild_id", BigInteger, ForeignKey("guild.id"), primary_key=True, autoincrement=False),
    Column("checked_at", UtcDateTime),  # the last complete comparison
    Column("paused_at", UtcDateTime),  # nothing is written there until the form is known again
    Column("differences", JSON, nullable=False),  # by subject, lists of words for staff
    Column("accepted", JSON, nullable=False),  # of the same form: staff said to go on all the same
)
