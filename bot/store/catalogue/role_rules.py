"""Queries about roles of Discord that open an item."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables.columns import metadata


async def opens_an_item(connection: AsyncConnection, guild_id: int, role_id: int) -> bool:
    """Return whether whoever holds that role gets an item by it."""
    rule = metadata.tables.get("role_rule")
    if rule is None:
        return False
    found = await connection.execute(
        select(rule.c.role_id)
        .where(rule.c.guild_id == guild_id, rule.c.role_id == role_id)
        .limit(1)
    )
    return found.first() is not None
