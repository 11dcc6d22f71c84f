"""The table of direct messages that Discord has not taken yet."""

from sqlalchemy import JSON, BigInteger, Column, Integer, Table

from bot.store.kinds import Otherwise
from bot.store.tables.columns import OneOf, UtcDateTime, guild_id, metadata, one_of

direct_message = Table(
    "direct_message",  # those that no other row stands for; gone once taken, or refused for good
    metadata,
    Column("id", Integer, primary_key=True),
    guild_id(),  # what it is about
    Column("user_id", BigInteger, nullable=False),
    Column("content", JSON, nullable=False),
    Column("otherwise", OneOf(Otherwise), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column(
        "refused_at", UtcDateTime
    ),  # that person takes none: they are called where others see it
    one_of("otherwise", Otherwise),
)
