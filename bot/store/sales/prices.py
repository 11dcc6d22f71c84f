"""Queries about prices: what shops sell, and which item each of it is."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.parts import parts
from bot.store.records import Price, Product, Script
from bot.store.tables.payments import connection as shop, price

_IS_OPEN = price.c.product_id.is_(None) & price.c.script_id.is_(None) & ~price.c.is_ignored


async def add(
    connection: AsyncConnection, connection_id: int, key: str, name: str | None, at: datetime
) -> Price:
    """Return that price of a shop, added where it is new; a later name than the first is kept out."""
    if known := await by_key(connection, connection_id, key):
        return known
    row = await connection.execute(
        insert(price)
        .values(connection_id=connection_id, key=key, name=name, made_at=at)
        .returning(price)
    )
    return Price.of(row.one())


async def by_key(connection: AsyncConnection, connection_id: int, key: str) -> Price | None:
    """Return that price of a shop, where it is known."""
    return (await by_keys(connection, connection_id, [key])).get(key)


async def by_keys(
    connection: AsyncConnection, connection_id: int, keys: Collection[str]
) -> dict[str, Price]:
    """Return, by key, those of a shop's prices that are known."""
    found: dict[str, Price] = {}
    for some in parts(keys):
        rows = await connection.execute(
            select(price).where(price.c.connection_id == connection_id, price.c.key.in_(some))
        )
        found |= {row.key: row for row in map(Price.of, rows)}
    return found


async def by_id(connection: AsyncConnection, guild_id: int, price_id: int) -> Price | None:
    """Return that price, when its shop belongs to this server and was not removed."""
    rows = await connection.execute(
        select(price)
        .join(shop, shop.c.id == price.c.connection_id)
        .where(shop.c.guild_id == guild_id, shop.c.removed_at.is_(None), price.c.id == price_id)
    )
    row = rows.one_or_none()
    return None if row is None else Price.of(row)


async def of_shops(
    connection: AsyncConnection, connection_ids: Collection[int]
) -> dict[int, list[Price]]:
    """Return, by shop, what it sells; what staff have not said yet comes first."""
    found: dict[int, list[Price]] = {each: [] for each in connection_ids}
    rows = await connection.execute(
        select(price)
        .where(price.c.connection_id.in_(list(connection_ids)))
        .order_by(_IS_OPEN.desc(), price.c.id)
    )
    for row in map(Price.of, rows):
        found[row.connection_id].append(row)
    return found


async def of_item(
    connection: AsyncConnection, guild_id: int, item: Script | Product
) -> list[Price]:
    """Return what a server's shops sell that item as."""
    column = price.c.product_id if isinstance(item, Product) else price.c.script_id
    rows = await connection.execute(
        select(price)
        .join(shop, shop.c.id == price.c.connection_id)
        .where(shop.c.guild_id == guild_id, shop.c.removed_at.is_(None), column == item.id)
        .order_by(price.c.connection_id, price.c.id)
    )
    return [Price.of(row, price) for row in rows]


async def open_of(
    connection: AsyncConnection, connection_id: int, *, is_asked: bool, limit: int
) -> list[Price]:
    """Return what nobody said the item of, and staff were asked about or not; oldest first, so many at most."""
    rows = await connection.execute(
        select(price)
        .where(
            price.c.connection_id == connection_id,
            _IS_OPEN,
            price.c.asked_at.is_not(None) if is_asked else price.c.asked_at.is_(None),
        )
        .order_by(price.c.id)
        .limit(limit)
    )
    return [Price.of(row) for row in rows]


async def open_in(
    connection: AsyncConnection, connection_ids: Collection[int], limit: int
) -> list[Price]:
    """Return what these shops sell of which nobody said the item, oldest first, so many at most."""
    rows = await connection.execute(
        select(price)
        .where(price.c.connection_id.in_(list(connection_ids)), _IS_OPEN)
        .order_by(price.c.id)
        .limit(limit)
    )
    return [Price.of(row) for row in rows]


async def numbers(
    connection: AsyncConnection, connection_ids: Collection[int]
) -> dict[int, tuple[int, int]]:
    """Return, by shop, how many prices have an item (or need none), and how many are open."""
    is_open = func.sum(case((_IS_OPEN, 1), else_=0))
    rows = await connection.execute(
        select(price.c.connection_id, func.count().label("number"), is_open.label("open"))
        .where(price.c.connection_id.in_(list(connection_ids)))
        .group_by(price.c.connection_id)
    )
    found = {row.connection_id: (row.number - row.open, row.open) for row in rows}
    return {each: found.get(each, (0, 0)) for each in connection_ids}


async def set_asked(connection: AsyncConnection, price_ids: Collection[int], at: datetime) -> None:
    """Note that staff were asked which items these prices are."""
    await connection.execute(
        update(price).where(price.c.id.in_(list(price_ids))).values(asked_at=at)
    )


async def set_item(
    connection: AsyncConnection,
    price_id: int,
    *,
    product_id: int | None = None,
    script_id: int | None = None,
    is_ignored: bool = False,
) -> Price:
    """Note which item a price is, or that it is nothing to do with Usher."""
    row = await connection.execute(
        update(price)
        .where(price.c.id == price_id)
        .values(product_id=product_id, script_id=script_id, is_ignored=is_ignored)
        .returning(price)
    )
    return Price.of(row.one())
