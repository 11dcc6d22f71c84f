"""Queries behind the suggestions that open while somebody types."""

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Product, Script
from bot.store.tables.catalogue import product, script
from bot.store.tables.people import customer


async def scripts_like(
    connection: AsyncConnection, guild_id: int, typed: str, limit: int
) -> list[Script]:
    """Return scripts on sale whose short name or title contains the text, in any case."""
    found = await connection.execute(
        select(script)
        .where(
            script.c.guild_id == guild_id,
            script.c.archived_at.is_(None),
            or_(
                script.c.slug.icontains(typed, autoescape=True),
                script.c.title.icontains(typed, autoescape=True),
            ),
        )
        .order_by(script.c.slug)
        .limit(limit)
    )
    return [Script.of(row) for row in found]


async def products_like(
    connection: AsyncConnection, guild_id: int, typed: str, limit: int
) -> list[Product]:
    """Return products on sale whose short name or title contains the text, in any case."""
    found = await connection.execute(
        select(product)
        .where(
            product.c.guild_id == guild_id,
            product.c.archived_at.is_(None),
            or_(
                product.c.slug.icontains(typed, autoescape=True),
                product.c.title.icontains(typed, autoescape=True),
            ),
        )
        .order_by(product.c.slug)
        .limit(limit)
    )
    return [Product.of(row) for row in found]


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
