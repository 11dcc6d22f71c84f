"""The tables of the pages for people: links that sign in, sessions, the bot's own token, and newer releases."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from bot.store.tables.columns import UtcDateTime, guild_id, metadata

dashboard_link = Table(
    "dashboard_link",  # a one-time link to the dashboard
    metadata,
    Column("token_hash", String(64), primary_key=True),
    guild_id(),
    Column("member_id", BigInteger, nullable=False),  # 0: the operator
    Column("expires_at", UtcDateTime, nullable=False),
)

web_session = Table(
    "web_session",  # a browser that is signed in to one server's dashboard
    metadata,
    Column("id", Integer, primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    guild_id(),
    Column("member_id", BigInteger, nullable=False),  # 0: the operator
    Column("made_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),  # to the minute
    Index("ix_web_session_guild_id", "guild_id", "member_id"),
)

bot_token = Table(
    "bot_token",  # given on the first-run page; counts only while DISCORD_TOKEN is unset
    metadata,
    Column("id", Integer, primary_key=True),  # 1: there is one at most
    Column("token", LargeBinary, nullable=False),  # encrypted
    Column("set_at", UtcDateTime, nullable=False),
)

newer_release = Table(
    "newer_release",  # what the update address named last, where it is newer than this Usher
    metadata,
    Column("id", Integer, primary_key=True),  # 1: there is one at most
    Column("version", String(64), nullable=False),
    Column("address", String(500)),  # of its notes
    Column("seen_at", UtcDateTime, nullable=False),
)
