"""Queries about products. Slugs are kept lower-cased; callers pass them so."""

from collections.abc import Collection
from datetime import datetime
from typing import TypedDict, Unpack

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import RoleTrouble
from bot.store.parts import parts
from bot.store.records import Product, Script
from bot.store.tables.catalogue import guild, product, product_script, script


class ProductChange(TypedDict, total=False):
    """Columns of a product that may change."""

    slug: str
    title: str
    length: str | None
    role_id: int | None
    grace_days: int
    trial: str | None
    link: str | None
    archived_at: datetime | None
    role_trouble: RoleTrouble | None


async def add(
    connection: AsyncConnection,
    guild_id: int,
    *,
    by: int,
    at: datetime,
    **values: Unpack[ProductChange],
) -> Product:
    """Add a product without scripts; its short name must be free."""
    row = await connection.execute(
        insert(product)
        .values(guild_id=guild_id, added_by=by, added_at=at, **values)
        .returning(product)
    )
    return Product.of(row.one())


async def change(
    connection: AsyncConnection, product_id: int, **values: Unpack[ProductChange]
) -> Product:
    """Set these columns; return the product as it is then."""
    row = await connection.execute(
        update(product).where(product.c.id == product_id).values(**values).returning(product)
    )
    return Product.of(row.one())


async def by_id(connection: AsyncConnection, product_id: int) -> Product | None:
    """Return that product, archived or not."""
    return await _first(connection, product.c.id == product_id)


async def by_ids(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Product]:
    """Return these products by their ids; unknown ids are left out."""
    found: dict[int, Product] = {}
    for some in parts(ids):
        rows = await connection.execute(select(product).where(product.c.id.in_(some)))
        found |= {sold.id: sold for sold in map(Product.of, rows)}
    return found


async def by_slug(
    connection: AsyncConnection, guild_id: int, slug: str, *, archived: bool = False
) -> Product | None:
    """Return the product of that short name; an archived one only when asked for."""
    conditions: list[ColumnElement[bool]] = [
        product.c.guild_id == guild_id,
        product.c.slug == slug.casefold(),
    ]
    if not archived:
        conditions.append(product.c.archived_at.is_(None))
    return await _first(connection, *conditions)


async def listed(
    connection: AsyncConnection, guild_id: int, *, archived: bool = False
) -> list[Product]:
    """Return a server's products by short name; with `archived`, those too."""
    query = select(product).where(product.c.guild_id == guild_id).order_by(product.c.slug)
    if not archived:
        query = query.where(product.c.archived_at.is_(None))
    return [Product.of(row) for row in await connection.execute(query)]


async def with_role(connection: AsyncConnection) -> list[Product]:
    """Return the products of every server that the bot is in whose holders get a role."""
    found = await connection.execute(
        select(product)
        .join(guild, guild.c.id == product.c.guild_id)
        .where(product.c.role_id.is_not(None), guild.c.left_at.is_(None))
        .order_by(product.c.id)
    )
    return [Product.of(row, product) for row in found]


async def scripts_of(
    connection: AsyncConnection, product_ids: Collection[int]
) -> dict[int, list[Script]]:
    """Return, by product, its scripts by short name, archived ones too."""
    found: dict[int, list[Script]] = {each: [] for each in product_ids}
    for some in parts(product_ids):
        rows = await connection.execute(
            select(product_script.c.product_id, script)
            .join(script, script.c.id == product_script.c.script_id)
            .where(product_script.c.product_id.in_(some))
            .order_by(script.c.slug)
        )
        for row in rows:
            found[row.product_id].append(Script.of(row, script))
    return found


async def add_scripts(
    connection: AsyncConnection, product_id: int, script_ids: Collection[int]
) -> None:
    """Let these scripts belong to a product; none of them does yet."""
    if script_ids:
        await connection.execute(
            insert(product_script),
            [{"product_id": product_id, "script_id": each} for each in script_ids],
        )


async def remove_scripts(
    connection: AsyncConnection, product_id: int, script_ids: Collection[int]
) -> None:
    """Let these scripts no longer belong to a product."""
    await connection.execute(
        delete(product_script).where(
            product_script.c.product_id == product_id,
            product_script.c.script_id.in_(list(script_ids)),
        )
    )


async def _first(connection: AsyncConnection, *conditions: "ColumnElement[bool]") -> Product | None:
    found = await connection.execute(select(product).where(*conditions))
    row = found.one_or_none()
    return None if row is None else Product.of(row)
