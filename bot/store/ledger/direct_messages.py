"""Queries about direct messages that Discord has not taken yet."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import Otherwise
from bot.store.parts import parts
from bot.store.records import DirectMessage
from bot.store.tables.ledger import purchase
from bot.store.tables.messages import direct_message
from bot.store.tables.people import customer


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
        .where(direct_message.c.id.not_in(list(but)), direct_message.c.refused_at.is_(None))
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


async def refuse(connection: AsyncConnection, message_id: int, at: datetime) -> None:
    """Note that the person takes no direct messages: they are called with others."""
    await connection.execute(
        update(direct_message).where(direct_message.c.id == message_id).values(refused_at=at)
    )


async def refused(connection: AsyncConnection) -> dict[int, list[DirectMessage]]:
    """Return, by server, what people did not take who are to be called with others, oldest first."""
    found: dict[int, list[DirectMessage]] = {}
    rows = await connection.execute(
        select(direct_message)
        .where(direct_message.c.refused_at.is_not(None))
        .order_by(direct_message.c.id)
    )
    for message in map(DirectMessage.of, rows):
        found.setdefault(message.guild_id, []).append(message)
    return found


async def drop_needless(connection: AsyncConnection) -> None:
    """Forget what was refused by those who have a TradingView name by now, or nothing that waits for one."""
    waits = exists().where(
        customer.c.guild_id == direct_message.c.guild_id,
        customer.c.member_id == direct_message.c.user_id,
        customer.c.username.is_(None),
        purchase.c.customer_id == customer.c.id,
        purchase.c.ended_at.is_(None),
    )
    await connection.execute(
        delete(direct_message).where(direct_message.c.refused_at.is_not(None), ~waits)
    )


async def remove_all(connection: AsyncConnection, message_ids: Collection[int]) -> None:
    """Forget these messages."""
    for some in parts(message_ids):
        await connection.execute(delete(direct_message).where(direct_message.c.id.in_(some)))
