"""Queries about direct messages that Discord has not taken yet."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import Otherwise
from bot.store.records import DirectMessage
from bot.store.tables.messages import direct_message


async def add(
    connection: AsyncConnection,
    guild_id: int,
    user_id: int,
    content: Mapping[str, Any],
    otherwise: Otherwise,
    at: datetime,
) -> None:
    """Add a message to be sent."""
    await connection.execute(
        insert(direct_message).values(
            guild_id=guild_id,
            user_id=user_id,
            content=dict(content),
            otherwise=otherwise,
            made_at=at,
        )
    )


async def waiting(
    connection: AsyncConnection, but: Collection[int] = (), limit: int = 20
) -> list[DirectMessage]:
    """Return the messages that wait, oldest first, without those in `but`."""
    found = await connection.execute(
        select(direct_message)
        .where(direct_message.c.id.not_in(list(but)))
        .order_by(direct_message.c.id)
        .limit(limit)
    )
    return [DirectMessage.of(row) for row in found]


async def readdress(
    connection: AsyncConnection, message_id: int, user_id: int, otherwise: Otherwise
) -> None:
    """Let a message go to another person."""
    await connection.execute(
        update(direct_message)
        .where(direct_message.c.id == message_id)
        .values(user_id=user_id, otherwise=otherwise)
    )


async def remove(connection: AsyncConnection, message_id: int) -> None:
    """Forget a message that was taken, or never will be."""
    await connection.execute(delete(direct_message).where(direct_message.c.id == message_id))
