"""Queries about the orders that repair: one press makes one for each person."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import OrderKind
from bot.store.records import Order
from bot.store.tables.core import order


async def of_order(connection: AsyncConnection, guild_id: int, key: str) -> list[Order]:
    """Return all that came from the press with that idempotency key, oldest first."""
    found = await connection.execute(
        select(order)
        .where(
            order.c.guild_id == guild_id,
            order.c.kind == OrderKind.REPAIR,
            order.c.idempotency_key.startswith(f"{key}:", autoescape=True),
        )
        .order_by(order.c.id)
    )
    return [Order.of(row) for row in found]
