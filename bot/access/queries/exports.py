"""The files of a server: its customers, what was bought, and what should be beside what TradingView shows."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

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
    stranger_rows,
)
from bot.access.request import RequestContext
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.records import Product, Script
from bot.store.sweeps import exports
from bot.store.sweeps.exports import Stranger

EXPORTED = "exported"


_PEOPLE = 1_000  # at a time
_STRANGERS = 2_000  # of whom only TradingView knows, at a time


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of some people, to be written behind those before them."""

    customers: Sequence[CustomerRow] = ()
    purchases: Sequence[PurchaseRow] = ()
    access: Sequence[AccessRow] = ()
    done: int = 0  # people who are written after it
    total: int = 0


@dataclass(frozen=True, slots=True)
class Export:
    """What was exported: everything of one server, or of one item of it, and how many people have something."""

    item: Script | Product | None
    people: int


Take = Callable[[Page], None]


class Exports:
    """Gathers what stands in the files; changes nothing but the history, and asks nobody."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(
        self, request: RequestContext, item: str | Script | Product | None, take: Take
    ) -> Export:
        """Give every row to `take`, and note who had them. As `gather`."""
        export = await self.gather(request.guild_id, item, take)
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

    async def gather(
        self, guild_id: int, item: str | Script | Product | None, take: Take
    ) -> Export:
        """Give every row to `take`, in a thread, by one look at the database. Raises ItemUnknown."""
        now, people = clock.now(), 0
        async with self._database.read() as connection:
            wanted = await _item(connection, guild_id, item)
            shelf = await _shelf(connection, guild_id)
            ids = await exports.everybody(connection, guild_id)
            for start in range(0, len(ids), _PEOPLE):
                some = ids[start : start + _PEOPLE]
                rows = await _read(connection, some, wanted, shelf, now)
                people += await asyncio.to_thread(_give, rows, start + len(some), len(ids), take)
            of, after = _scripts_of(wanted, shelf), 0
            while found := await exports.strangers(
                connection, guild_id, of, after=after, limit=_STRANGERS
            ):
                after = found[-1].id
                rows = partial(_of_strangers, found, shelf, now)
                await asyncio.to_thread(_give, rows, len(ids), len(ids), take)
        return Export(wanted, people)


async def _read(
    connection: AsyncConnection,
    ids: Sequence[int],
    item: Script | Product | None,
    shelf: Shelf,
    now: datetime,
) -> Callable[[], Page]:
    """Return what makes the rows of these people, of whom all is read."""
    of = _scripts_of(item, shelf)
    people = await exports.people(connection, ids)
    reasons = await exports.reasons(connection, ids, of)
    sales = await exports.sales(
        connection,
        ids,
        product_id=item.id if isinstance(item, Product) else None,
        script_id=item.id if isinstance(item, Script) else None,
    )
    contracts = await exports.contracts(connection, ids)
    held = await exports.beside(connection, ids, of)
    return lambda: Page(
        customer_rows(people, reasons, sales, held, shelf, item, now),
        purchase_rows(people, sales, contracts, shelf),
        access_rows(people, held, shelf, now),
    )


def _of_strangers(found: Sequence[Stranger], shelf: Shelf, now: datetime) -> Page:
    return Page(access=stranger_rows(found, shelf, now))


def _give(rows: Callable[[], Page], done: int, total: int, take: Take) -> int:
    """Make the rows and give them away; return how many people are customers among them (blocking)."""
    page = replace(rows(), done=done, total=total)
    take(page)
    return len({row.who.id for row in page.customers})


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
