"""Which item something is that a shop sells."""

import enum
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.errors import ItemUnknown
from bot.access.catalogue.lookup import Item, find_item, item_of
from bot.access.rules.payments import Line
from bot.store.records import Connection
from bot.store.sales import moving, prices

UNNAMED = "-"  # the key of what a shop sells without a word for it


def keys_of(line: Line) -> tuple[str, ...]:
    """Return the ids by which staff may say which item a line is."""
    return line.keys or (UNNAMED,)


class Mapped(enum.Enum):
    """Where no item stands for a line."""

    UNKNOWN = enum.auto()  # staff have not said yet
    IGNORED = enum.auto()  # it is nothing to do with Usher


async def item_of_line(
    connection: AsyncConnection, source: Connection, line: Line, at: datetime
) -> Item | Mapped:
    """Return the item of a line, in a transaction that writes: what is not known is noted, to be asked about.

    What a shop calls exactly like an item's short name is that item.
    """
    keys = keys_of(line)
    # A shop's list calls it by its name, where it does not have the ids: that name says it as well.
    named = (line.name[:200],) if line.name else ()
    known = await prices.by_keys(connection, source.id, (*keys, *named))
    ordered = [known[each] for each in (*keys, *named) if each in known]
    for price in ordered:
        if price.product_id is not None or price.script_id is not None:
            return await item_of(connection, price.product_id, price.script_id)
    if any(price.is_ignored for price in ordered):
        return Mapped.IGNORED
    for listed in await moving.prices_of_list(connection, source, (*keys, *named)):
        item = await item_of(connection, listed.product_id, listed.script_id)
        await _keep(connection, source, keys[0], line, item, at)
        return item
    for each in keys:
        try:
            item = await find_item(connection, source.guild_id, each)
        except ItemUnknown:
            continue
        await _keep(connection, source, each, line, item, at)
        return item
    if not ordered:
        await prices.add(connection, source.id, keys[0], line.name, at)
    return Mapped.UNKNOWN


async def _keep(
    connection: AsyncConnection, source: Connection, key: str, line: Line, item: Item, at: datetime
) -> None:
    """Keep which item a price is."""
    price = await prices.add(connection, source.id, key, line.name, at)
    await prices.set_item(
        connection, price.id, product_id=item.product_id, script_id=item.script_id
    )
