"""Queries about the bot's own token, which was given on the first-run page; it is encrypted there."""

from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables.catalogue import guild
from bot.store.tables.web import bot_token

_ONLY = 1  # the id of its one row


async def replace(connection: AsyncConnection, sealed: bytes, at: datetime) -> None:
    """Keep this one, in the place of the earlier one."""
    await connection.execute(delete(bot_token))
    await connection.execute(insert(bot_token).values(id=_ONLY, token=sealed, set_at=at))


async def kept(connection: AsyncConnection) -> bytes | None:
    """Return the token, sealed; None while none was given."""
    return await connection.scalar(select(bot_token.c.token))


async def has_met_a_server(connection: AsyncConnection) -> bool:
    """Return whether the bot was ever in a server."""
    return await connection.scalar(select(guild.c.id).limit(1)) is not None
