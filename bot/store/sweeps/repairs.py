"""Queries about the orders that mend: one press makes one for each person."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Order
from bot.store.tables.core import order


async def of_order(connection: AsyncConnection, guild_id: int, reference: str) -> list[Order]:
    """All that came from one press, oldest first."""
    found = await connection.execute(
        select(order)
        .where(
            order.c.guild_id == guild_id,
            order.c.kind == "repair",
            order.c.reference.startswith(f"{reference}:", autoescape=True),
        )
        .order_by(order.c.id)
    )
    return [Order.of(row) for row in found]
