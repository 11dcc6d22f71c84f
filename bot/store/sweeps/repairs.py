"""Queries about the orders that mend: one press makes one for each person."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Wish
from bot.store.tables.core import wish


async def of_order(connection: AsyncConnection, guild_id: int, reference: str) -> list[Wish]:
    """All that came from one press, oldest first."""
    found = await connection.execute(
        select(wish)
        .where(
            wish.c.guild_id == guild_id,
            wish.c.kind == "mend",
            wish.c.reference.startswith(f"{reference}:", autoescape=True),
        )
        .order_by(wish.c.id)
    )
    return [Wish.of(row) for row in found]
