"""Suggests what may be meant by what is typed so far; it reads only the database."""

from collections.abc import Collection

from bot import clock
from bot.access.catalogue.errors import ItemKind
from bot.access.catalogue.lookup import find_item
from bot.access.people.identity import name_of
from bot.access.request import Subject
from bot.access.rules.duration import Length
from bot.access.rules.entitlements import NOTHING, State, paid, preview
from bot.errors import UserError
from bot.store.engine.database import Database
from bot.store.ledger import entitlements, permissions
from bot.store.people import autocomplete
from bot.store.records import Product, Script
from bot.tradingview import End, clean_username

MOST = 25


class Autocomplete:
    """Reads what fits to the letters typed so far."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def items(
        self, guild_id: int, typed: str, kinds: Collection[ItemKind]
    ) -> list[Script | Product]:
        """Return scripts and products on sale that fit, by short name."""
        text, found = typed.strip(), list[Script | Product]()
        async with self._database.read() as connection:
            if ItemKind.SCRIPT in kinds:
                found += await autocomplete.scripts_like(connection, guild_id, text, MOST)
            if ItemKind.PRODUCT in kinds:
                found += await autocomplete.products_like(connection, guild_id, text, MOST)
        return sorted(found, key=lambda item: item.slug)[:MOST]

    async def names(self, guild_id: int, typed: str) -> list[str]:
        """Return known TradingView names that fit."""
        async with self._database.read() as connection:
            return await autocomplete.names_like(connection, guild_id, _start(typed), MOST)

    async def ends(
        self, guild_id: int, lengths: list[Length], item: str, subject: Subject
    ) -> list[tuple[Length, End]]:
        """Return where each length would end for that person, by what Usher knows; else from now."""
        known = await self._known(guild_id, item, subject)
        now = clock.now()
        return [(length, preview(known, length, now)) for length in lengths]

    async def _known(self, guild_id: int, item: str, subject: Subject) -> State:
        """Return what the person has of that item: of a product, the latest end among its scripts."""
        async with self._database.read() as connection:
            try:
                found = await find_item(connection, guild_id, item)
                name = await name_of(connection, guild_id, subject)
            except UserError:  # half typed: nothing is wrong yet
                return NOTHING
            held = await permissions.of_name(connection, guild_id, name)
            ids = {script.id for script in found.scripts}
            held = [each for each in held if each.script_id in ids]
            reasons = await entitlements.active_of(connection, [each.id for each in held])
        return paid(reason for each in held for reason in reasons[each.id])


def _start(typed: str) -> str:
    """Return the letters of a name in what was typed or pasted so far."""
    try:
        return clean_username(typed)
    except ValueError:  # half typed: nothing is wrong yet
        return typed.strip().removeprefix("@")
