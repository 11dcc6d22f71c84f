"""Queries behind the suggestions that open while somebody types."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Product, Script
from bot.store.tables.catalogue import product, script
from bot.store.tables.people import customer

if TYPE_CHECKING:
    from sqlalchemy import Select


async def scripts_like(
    connection: AsyncConnection, guild_id: int, typed: str, limit: int
) -> list[Script]:
    """Return scripts on sale whose short name or title contains the text, in any case."""
    found = await connection.execute(_on_sale(script, guild_id, typed).limit(limit))
    return [Script.of(row) for row in found]


async def products_like(
    connection: AsyncConnection, guild_id: int, typed: str, limit: int
) -> list[Product]:
    """Return products on sale whose short name or title contains the text, in any case."""
    found = await connection.execute(_on_sale(product, guild_id, typed).limit(limit))
    return [Product.of(row) for row in found]


def _on_sale(items: Table, guild_id: int, typed: str) -> "Select[Any]":
    """Return the query for what is on sale and has the text in its short name or title."""
    fits = (column.icontains(typed, autoescape=True) for column in (items.c.slug, items.c.title))
    on_sale = (items.c.guild_id == guild_id, items.c.archived_at.is_(None))
    return select(items).where(*on_sale, or_(*fits)).order_by(items.c.slug)


async def names_like(
    connection: AsyncConnection, guild_id: int, typed: str, limit: int
) -> list[str]:
    """Return TradingView names known here that contain the text, those that begin with it first."""
    text = typed.casefold()
    name = customer.c.name_folded
    found = await connection.execute(
        select(customer.c.username)
        .where(
            customer.c.guild_id == guild_id,
            customer.c.username.is_not(None),
            customer.c.forgotten.is_(None),
            name.contains(text, autoescape=True),
        )
        .order_by(name.startswith(text, autoescape=True).desc(), name)
        .limit(limit)
    )
    return list(found.scalars())
