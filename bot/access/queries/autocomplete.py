"""Suggests what may be meant by what is typed so far; it reads only the database."""

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.orders.codes import CodeSetView, sets_in
from bot.access.people.identity import name_of
from bot.access.request import Subject
from bot.access.rules.duration import Length
from bot.access.rules.entitlements import preview
from bot.errors import UserError
from bot.store.catalogue import products
from bot.store.engine.database import Database
from bot.store.ledger import batches, entitlements, permissions
from bot.store.people import autocomplete
from bot.store.records import (
    ApiKey,
    Batch,
    Connection,
    Delivery,
    Entitlement,
    Price,
    Product,
    Script,
)
from bot.store.sales import api_keys, connections, premium, prices, waiting
from bot.tradingview import LIFETIME, End, Lifetime, clean_username

MOST = 25
_NEWEST = 100  # sets of codes, and batches, that are looked through


class Autocomplete:
    """Reads what fits to the letters typed so far."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def scripts(self, guild_id: int, typed: str) -> list[Script]:
        """Return scripts on sale that fit."""
        async with self._database.read() as connection:
            return await autocomplete.scripts_like(connection, guild_id, typed.strip(), MOST)

    async def products(self, guild_id: int, typed: str) -> list[Product]:
        """Return products on sale that fit."""
        async with self._database.read() as connection:
            return await autocomplete.products_like(connection, guild_id, typed.strip(), MOST)

    async def items(self, guild_id: int, typed: str) -> list[Script | Product]:
        """Return scripts and products on sale that fit, by short name."""
        found: list[Script | Product] = [
            *await self.scripts(guild_id, typed),
            *await self.products(guild_id, typed),
        ]
        return sorted(found, key=lambda item: item.slug)[:MOST]

    async def trials(self, guild_id: int, typed: str) -> list[Product]:
        """Return products on sale that can be tried and fit, by short name."""
        text = typed.strip().casefold()
        async with self._database.read() as connection:
            listed = await products.listed(connection, guild_id)
        fitting = [
            product
            for product in listed
            if product.trial is not None and text in f"{product.slug} {product.title.casefold()}"
        ]
        return fitting[:MOST]

    async def code_sets(self, guild_id: int, typed: str) -> list[CodeSetView]:
        """Return the newest sets of codes whose number or item fits."""
        text = typed.strip().casefold()
        async with self._database.read() as connection:
            newest = await sets_in(connection, guild_id, limit=_NEWEST)
        fitting = [
            code_set
            for code_set in newest
            if text in f"{code_set.made.id} {code_set.sold.slug} {code_set.sold.title.casefold()}"
        ]
        return fitting[:MOST]

    async def batches(self, guild_id: int, typed: str) -> list[Batch]:
        """Return the newest batches of orders whose number fits."""
        text = typed.strip()
        async with self._database.read() as connection:
            newest = await batches.listed(connection, guild_id, skip=0, limit=_NEWEST)
        return [each for each in newest if text in str(each.id)][:MOST]

    async def api_keys(self, guild_id: int, typed: str) -> list[ApiKey]:
        """Return the keys of the API whose name fits."""
        text = typed.strip().casefold()
        async with self._database.read() as connection:
            found = await api_keys.listed(connection, guild_id)
        return [key for key in found if text in key.name.casefold()][:MOST]

    async def shops(self, guild_id: int, typed: str) -> list[Connection]:
        """Return the connections to shops whose number or provider fits."""
        text = typed.strip().casefold()
        async with self._database.read() as connection:
            listed = await connections.listed(connection, guild_id)
        return [row for row in listed if text in f"{row.id} {row.provider}"][:MOST]

    async def sells_on_discord(self, guild_id: int) -> bool:
        """Return whether something that Discord itself sells opens an item there."""
        async with self._database.read() as connection:
            rules = await premium.rules_of(connection, guild_id)
        return any(rule.removed_at is None for rule in rules)

    async def prices(self, guild_id: int, connection_id: int | None, typed: str) -> list[Price]:
        """Return what that shop sells, or any shop, as far as it fits; what nobody has said yet comes first."""
        text = typed.strip().casefold()
        async with self._database.read() as connection:
            shops = [row.id for row in await connections.listed(connection, guild_id)]
            listed = await prices.of_shops(connection, shops)
        chosen = [each for shop in shops if connection_id in (None, shop) for each in listed[shop]]
        fitting = [each for each in chosen if text in f"{each.key} {each.name or ''}".casefold()]
        return fitting[:MOST]

    async def payment_messages(
        self, guild_id: int, connection_id: int | None, typed: str
    ) -> list[Delivery]:
        """Return the newest payment messages of that shop, or any shop, that wait or are stuck and fit."""
        text = typed.strip()
        async with self._database.read() as connection:
            newest = await waiting.messages(
                connection, guild_id, limit=_NEWEST, connection_id=connection_id
            )
        return [each for each in newest if text in f"{each.id} {each.kind}"][:MOST]

    async def names(self, guild_id: int, typed: str) -> list[str]:
        """Return known TradingView names that fit."""
        async with self._database.read() as connection:
            return await autocomplete.names_like(connection, guild_id, _start(typed), MOST)

    async def ends(
        self, guild_id: int, lengths: list[Length], item: str, subject: Subject
    ) -> list[tuple[Length, End]]:
        """Return where each length would end for that person, by what Usher knows; else from now.

        Of a product, where it ends latest among its scripts.
        """
        reasons = await self._reasons(guild_id, item, subject)
        now = clock.now()
        return [
            (length, _latest([preview(each, length, now) for each in reasons or [[]]]))
            for length in lengths
        ]

    async def _reasons(self, guild_id: int, item: str, subject: Subject) -> list[list[Entitlement]]:
        """Return why that person has access by now, script by script."""
        async with self._database.read() as connection:
            try:
                found = await find_item(connection, guild_id, item)
                name = await name_of(connection, guild_id, subject)
            except UserError:  # half typed: nothing is wrong yet
                return []
            ids = [script.id for script in found.scripts]
            known = [each.id for each in await permissions.of_scripts(connection, ids, name)]
            return list((await entitlements.active_of(connection, known)).values())


def _latest(ends: list[End]) -> End:
    dated = [end for end in ends if not isinstance(end, Lifetime)]
    return max(dated) if len(dated) == len(ends) else LIFETIME


def _start(typed: str) -> str:
    """Return the letters of a name in what was typed or pasted so far."""
    try:
        return clean_username(typed)
    except ValueError:  # half typed: nothing is wrong yet
        return typed.strip().removeprefix("@")
