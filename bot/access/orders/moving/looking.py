"""From a shop's list to what it comes to: which item each product is, and who has access on TradingView now."""

from collections.abc import Awaitable, Callable, Mapping

from bot.access.catalogue.lookup import Item
from bot.access.orders.moving.matching import Plan, products_of
from bot.access.orders.moving.records import Listing
from bot.access.orders.moving.taking_over import ChangeOfShop, Ground
from bot.store.records import Script

ReadList = Callable[[Script], Awaitable[None]]  # reads who has access to a script


def known_items(
    listing: Listing, ground: Ground, sold_as: Mapping[str, Item]
) -> dict[str, Item | None]:
    """Return the item of each product, most payers first: as the shop's prices say, or by its name; None: unknown."""
    keys = {payer.product: payer.keys for payer in listing.payers}
    found: dict[str, Item | None] = {}
    for product, _ in products_of(listing).most_common():
        names = [name.casefold() for name in (*keys[product], product)]
        sold = [sold_as[name] for name in names if name in sold_as]
        known = next((item for item in sold if item.slug in ground.items), None)
        found[product] = known or _alike(ground, product)
    return found


async def look(
    moving: ChangeOfShop,
    guild_id: int,
    listing: Listing,
    items: Mapping[str, Item | None],
    read: ReadList,
) -> Plan:
    """Read who has what these items hold, and return what the list comes to; no access changes.

    Raises what `read` raises.
    """
    sold = {script.id: script for item in items.values() if item for script in item.scripts}
    for script in sold.values():
        await read(script)
    return await moving.plan(guild_id, listing, items, list(sold.values()))


def _alike(ground: Ground, product: str) -> Item | None:
    if len(ground.items) == 1:
        return next(iter(ground.items.values()))
    for slug, item in ground.items.items():
        if product.casefold() in (slug.casefold(), item.title.casefold()):
            return item
    return None
