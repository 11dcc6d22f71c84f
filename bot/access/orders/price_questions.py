"""What shops sell, and which item each of it is: staff say so, once for each price of a shop.

What is sold under a price that nobody said the item of waits, and goes on by itself once somebody did.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.lookup import find_item
from bot.access.errors import ButtonGone
from bot.access.orders.connections import find_connection
from bot.access.orders.errors import PriceNotNamed
from bot.access.request import RequestContext
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.records import Connection, Price, Product, Script
from bot.store.sales import connections, deliveries, prices

# Of a shop at a time: a shop that sells thousands of other things must not fill the log channel.
MAX_QUESTIONS = 5
NOTHING = "none"  # chosen for a price that is nothing to do with Usher
_MAX_KEY = 200


@dataclass(frozen=True, slots=True)
class PriceQuestion:
    """A price, and everything that it may be."""

    price: Price
    shop: Connection
    items: tuple[Script | Product, ...]
    sold: Script | Product | None  # what it is by now


@dataclass(frozen=True, slots=True)
class PriceDecided:
    """Which item a price is now; `item` None: it is nothing to do with Usher."""

    price: Price
    shop: Connection
    item: Script | Product | None
    released: int = 0  # messages that waited, and go on
    left: int = 0  # prices of that shop of which nobody has said it yet


@dataclass(frozen=True, slots=True)
class PriceView:
    """A price with the item that it is; None: nobody said, or it is nothing to do with Usher."""

    price: Price
    item: Script | Product | None


class Prices:
    """Says which item a price is, and what is still to be said."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Called once messages that waited may go on.
        self.on_released: list[Callable[[], None]] = []

    async def of_shop(self, guild_id: int, connection_id: int) -> list[PriceView]:
        """Return what a shop sells; what nobody has said yet comes first. Raises ConnectionUnknown."""
        async with self._database.read() as connection:
            shop = await find_connection(connection, guild_id, connection_id)
            found = (await prices.of_shops(connection, [shop.id]))[shop.id]
            sold = await products.by_ids(connection, {each.product_id or 0 for each in found})
            single = await scripts.by_ids(connection, {each.script_id or 0 for each in found})
        return [
            PriceView(each, sold.get(each.product_id or 0) or single.get(each.script_id or 0))
            for each in found
        ]

    async def of_item(
        self, guild_id: int, item: Script | Product
    ) -> list[tuple[Price, Connection]]:
        """Return what an item is sold as, each with its shop."""
        async with self._database.read() as connection:
            found = await prices.of_item(connection, guild_id, item)
            shops = {row.id: row for row in await connections.listed(connection, guild_id)}
        return [(each, shops[each.connection_id]) for each in found]

    async def open_numbers(self, guild_id: int) -> dict[int, tuple[int, int]]:
        """Return, by connection, how many prices have an item (or need none), and how many are open."""
        async with self._database.read() as connection:
            ids = [row.id for row in await connections.listed(connection, guild_id)]
            return await prices.numbers(connection, ids)

    async def question(self, guild_id: int, price_id: int) -> PriceQuestion:
        """Return what may be chosen for a price. Raises ButtonGone where there is none such here."""
        async with self._database.read() as connection:
            asked = await question_in(connection, guild_id, price_id)
        if asked is None:
            raise ButtonGone
        return asked

    async def next_question(self, guild_id: int) -> PriceQuestion | None:
        """Return the oldest price of which nobody has said the item; None without any."""
        return next(iter(await self.questions(guild_id, 1)), None)

    async def questions(self, guild_id: int, limit: int) -> list[PriceQuestion]:
        """Return the oldest prices of which nobody has said the item, with everything that they may be."""
        async with self._database.read() as connection:
            shops = {row.id: row for row in await connections.listed(connection, guild_id)}
            found = await prices.open_in(connection, shops, limit)
            items = await _items(connection, guild_id) if found else ()
        return [PriceQuestion(each, shops[each.connection_id], items, None) for each in found]

    async def choose(self, request: RequestContext, price_id: int, chosen: str) -> PriceDecided:
        """Let a price be what was chosen: `p` or `s` with the number of the item, or `none`.

        Raises ButtonGone for a price or an item that is not there (any more).
        """
        async with self._database.write() as connection:
            asked = await question_in(connection, request.guild_id, price_id)
            if asked is None:
                raise ButtonGone
            items = {choice_of(item): item for item in asked.items}
            if chosen != NOTHING and chosen not in items:
                raise ButtonGone
            decided = await self._decide(connection, request, asked, items.get(chosen))
        return self._released(decided)

    async def set_item(
        self, request: RequestContext, connection_id: int, key: str | None, item: str | None
    ) -> PriceDecided:
        """Let a price be that item, by their names; the shop need not have sold it yet.

        Raises PriceNotNamed, ConnectionUnknown or ItemUnknown.
        """
        name = (key or "").strip()
        if not name or not (item or "").strip() or len(name) > _MAX_KEY:
            raise PriceNotNamed
        async with self._database.write() as connection:
            shop = await find_connection(connection, request.guild_id, connection_id)
            found = await find_item(connection, request.guild_id, item or "")
            price = await prices.add(connection, shop.id, name, None, request.at)
            sold = found.product or found.scripts[0]
            asked = PriceQuestion(price, shop, (sold,), await _item(connection, price))
            decided = await self._decide(connection, request, asked, sold)
        return self._released(decided)

    async def _decide(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        asked: PriceQuestion,
        item: Script | Product | None,
    ) -> PriceDecided:
        """Keep it, let go on what waited for it, and ask about the next one."""
        shop, price = asked.shop, asked.price
        product_id = item.id if isinstance(item, Product) else None
        script_id = item.id if isinstance(item, Script) else None
        is_same = (price.product_id, price.script_id) == (product_id, script_id)
        if not is_same or price.is_ignored is not (item is None):
            price = await prices.set_item(
                connection,
                price.id,
                product_id=product_id,
                script_id=script_id,
                is_ignored=item is None,
            )
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "price_set" if item is not None else "price_ignored",
                actor=request.actor,
                product_id=product_id,
                script_id=script_id,
                after=facts_of(price, shop),
            )
        released = await deliveries.process_unmapped(connection, shop.id)
        await ask_in(connection, shop, request.at)
        _, left = (await prices.numbers(connection, [shop.id]))[shop.id]
        return PriceDecided(price, shop, item, released, left)

    def _released(self, decided: PriceDecided) -> PriceDecided:
        if decided.released:
            for tell in self.on_released:
                tell()
        return decided


async def ask_in(connection: AsyncConnection, shop: Connection, at: datetime) -> None:
    """Ask staff in the log channel about prices that nobody was asked about, some of a shop at a time."""
    asked = await prices.open_of(connection, shop.id, is_asked=True, limit=MAX_QUESTIONS)
    left = MAX_QUESTIONS - len(asked)
    new = await prices.open_of(connection, shop.id, is_asked=False, limit=left) if left else []
    if not new:
        return
    await prices.set_asked(connection, [price.id for price in new], at)
    for price in new:
        await events.record(
            connection, shop.guild_id, at, "price_asked", after=facts_of(price, shop)
        )


async def question_in(
    connection: AsyncConnection, guild_id: int, price_id: int
) -> PriceQuestion | None:
    """Return what may be chosen for a price of that server; None where there is none such."""
    price = await prices.by_id(connection, guild_id, price_id)
    shop = (
        None
        if price is None
        else await connections.by_id(connection, guild_id, price.connection_id)
    )
    if price is None or shop is None:
        return None
    items = await _items(connection, guild_id)
    return PriceQuestion(price, shop, items, await _item(connection, price))


def is_open(price: Price) -> bool:
    """Return whether nobody has said what a price is."""
    return price.product_id is None and price.script_id is None and not price.is_ignored


def choice_of(item: Script | Product) -> str:
    """Return an item as the value of a list."""
    return f"{'p' if isinstance(item, Product) else 's'}{item.id}"


def facts_of(price: Price, shop: Connection) -> dict[str, str | int]:
    """Return a price for the history."""
    return {
        "price_id": price.id,
        "price": price.name or price.key,
        "connection_id": shop.id,
        "provider": shop.provider,
    }


async def _items(connection: AsyncConnection, guild_id: int) -> tuple[Script | Product, ...]:
    return (
        *await products.listed(connection, guild_id),
        *await scripts.listed(connection, guild_id),
    )


async def _item(connection: AsyncConnection, price: Price) -> Script | Product | None:
    if price.product_id is not None:
        return await products.by_id(connection, price.product_id)
    return None if price.script_id is None else await scripts.by_id(connection, price.script_id)
