"""The files of a server: its customers, what was bought, and what should be beside what TradingView shows."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.queries.export_rows import (
    AccessRow,
    CustomerRow,
    PurchaseRow,
    Shelf,
    access_rows,
    customer_rows,
    purchase_rows,
)
from bot.access.request import RequestContext
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.records import Product, Script
from bot.store.sweeps import exports

EXPORTED = "exported"


@dataclass(frozen=True, slots=True)
class Export:
    """Everything of one server, or of one item of it."""

    item: Script | Product | None
    customers: tuple[CustomerRow, ...]
    purchases: tuple[PurchaseRow, ...]
    access: tuple[AccessRow, ...]

    @property
    def people(self) -> int:
        """Return how many people the customers are."""
        return len({row.who.id for row in self.customers})


class Exports:
    """Gathers what stands in the files; changes nothing but the history, and asks nobody."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(self, request: RequestContext, item: str | Script | Product | None) -> Export:
        """Return what stands in the files, and note who had them made. Raises ItemUnknown."""
        export = await self.gather(request.guild_id, item)
        async with self._database.write() as connection:
            await events.record(
                connection,
                request.guild_id,
                request.at,
                EXPORTED,
                actor=request.actor,
                script_id=export.item.id if isinstance(export.item, Script) else None,
                product_id=export.item.id if isinstance(export.item, Product) else None,
                after=_facts(export),
            )
        return export

    async def gather(self, guild_id: int, item: str | Script | Product | None) -> Export:
        """Return what stands in the files, by one look at the database. Raises ItemUnknown."""
        now = clock.now()
        async with self._database.read() as connection:
            wanted = await _item(connection, guild_id, item)
            shelf = await _shelf(connection, guild_id)
            ids = _scripts_of(wanted, shelf)
            people = await exports.people(connection, guild_id)
            reasons = await exports.reasons(connection, guild_id, ids)
            sales = await exports.sales(
                connection,
                guild_id,
                product_id=wanted.id if isinstance(wanted, Product) else None,
                script_id=wanted.id if isinstance(wanted, Script) else None,
            )
            contracts = await exports.contracts(connection, guild_id)
            held = await exports.beside(connection, guild_id, ids)
            strangers = await exports.strangers(connection, guild_id, ids)

        def rows() -> Export:
            return Export(
                wanted,
                tuple(customer_rows(people, reasons, sales, shelf, wanted, now)),
                tuple(purchase_rows(people, sales, contracts, shelf)),
                tuple(access_rows(people, held, strangers, shelf, now)),
            )

        return await asyncio.to_thread(rows)


def _facts(export: Export) -> dict[str, int | str]:
    facts: dict[str, int | str] = {"number": export.people}
    return facts if export.item is None else {**facts, "item": export.item.slug}


async def _item(
    connection: AsyncConnection, guild_id: int, item: str | Script | Product | None
) -> Script | Product | None:
    """Return what is meant, archived or not: whoever has it keeps it. Raises ItemUnknown."""
    if not isinstance(item, str):
        return item
    slug = item.strip()
    if script := await scripts.by_slug(connection, guild_id, slug, archived=True):
        return script
    if product := await products.by_slug(connection, guild_id, slug, archived=True):
        return product
    found = await find_item(connection, guild_id, item)  # says what looks like it
    return found.product or found.scripts[0]


async def _shelf(connection: AsyncConnection, guild_id: int) -> Shelf:
    known = await scripts.listed(connection, guild_id, archived=True)
    sold = await products.listed(connection, guild_id, archived=True)
    parts = await products.scripts_of(connection, [each.id for each in sold])
    return Shelf(
        {script.id: script for script in known},
        {product.id: product for product in sold},
        {product_id: [script.id for script in of] for product_id, of in parts.items()},
    )


def _scripts_of(item: Script | Product | None, shelf: Shelf) -> Collection[int] | None:
    """Return which scripts are looked at; None: all."""
    match item:
        case Script():
            return (item.id,)
        case Product():
            return shelf.parts[item.id]
        case None:
            return None
