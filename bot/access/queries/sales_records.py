"""What shops sold, for the pages about payments: contracts found, one with its facts, and what is asked about."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.rules.contract_json import from_json
from bot.access.rules.payments import Dispute, Fact, Failure, Payment, Refund, Snapshot
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.ledger import purchases
from bot.store.people import customers
from bot.store.records import ContractPurchase, Customer, Purchase
from bot.store.sales import connections, contract_pages, contract_purchases, contracts
from bot.store.sales.contract_pages import ContractRow, MessageRow

PAGE = 50
_DATED = (Payment, Refund, Dispute, Failure, Snapshot)  # what a shop told of the money, and when
MAX_SHOWN = 50  # messages of a contract, and questions


@dataclass(frozen=True, slots=True)
class Sale:
    """A contract with its shop's provider, whose it is, and the titles of what it gave."""

    contract: ContractRow
    provider: str
    person: Customer | None
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SalesFound:
    """One page of the contracts that fit to a text, the newest first."""

    text: str
    sales: tuple[Sale, ...]
    page: int  # from 0
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Given:
    """One thing that a contract gave."""

    part: ContractPurchase
    purchase: Purchase
    title: str


@dataclass(frozen=True, slots=True)
class SaleShown:
    """All that may be shown of a contract; never a word of what messages tell of the buyer."""

    sale: Sale
    facts: tuple[Fact, ...]  # the oldest first
    sold: tuple[str, ...]  # what the shop calls it
    given: tuple[Given, ...]  # the newest first
    messages: tuple[MessageRow, ...]  # the newest first


@dataclass(frozen=True, slots=True)
class EndAsked:
    """Staff are asked whether a part of a contract may end, or (`is_shorter`) become shorter."""

    sale: Sale
    part: str
    is_shorter: bool


class SalesRecords:
    """Reads; changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(self, guild_id: int, text: str = "", page: int = 0) -> SalesFound:
        """Return the contracts that fit to a number or a person, `PAGE` at a time; beyond the last is the last."""
        async with self._database.read() as connection:
            total = await contract_pages.count(connection, guild_id, text)
            pages = max(1, -(-total // PAGE))
            page = min(max(page, 0), pages - 1)
            rows = await contract_pages.search(
                connection, guild_id, text, skip=page * PAGE, limit=PAGE
            )
            sales = await _sales(connection, guild_id, rows)
        return SalesFound(text, tuple(sales), page, pages, total)

    async def latest(self, guild_id: int, limit: int) -> list[Sale]:
        """Return the newest contracts of a server."""
        async with self._database.read() as connection:
            rows = await contract_pages.search(connection, guild_id, "", skip=0, limit=limit)
            return await _sales(connection, guild_id, rows)

    async def one(self, guild_id: int, contract_id: int) -> SaleShown | None:
        """Return that contract; None where this server has none such."""
        async with self._database.read() as connection:
            row = await contract_pages.row_of(connection, guild_id, contract_id)
            whole = await contracts.by_id(connection, guild_id, contract_id)
            if row is None or whole is None:
                return None
            [sale] = await _sales(connection, guild_id, [row])
            given = await _given(connection, contract_id)
            messages = await contract_pages.messages_of(
                connection, guild_id, contract_id, MAX_SHOWN
            )
        facts = from_json(whole.facts)
        lines = [line for fact in facts if isinstance(fact, Payment) for line in fact.lines]
        sold = dict.fromkeys(line.name or line.keys[0] for line in lines if line.keys)
        dated = sorted(
            (each for each in facts if isinstance(each, _DATED)), key=lambda each: each.at
        )
        return SaleShown(sale, tuple(dated), tuple(sold), tuple(given), tuple(messages))

    async def exists(self, guild_id: int, contract_id: int) -> bool:
        """Return whether this server has that contract."""
        async with self._database.read() as connection:
            return await contract_pages.row_of(connection, guild_id, contract_id) is not None

    async def message(self, guild_id: int, delivery_id: int) -> MessageRow | None:
        """Return that message; None where no shop of this server sent it."""
        async with self._database.read() as connection:
            return await contract_pages.message(connection, guild_id, delivery_id)

    async def asked(self, guild_id: int) -> list[EndAsked]:
        """Return what staff are asked about before it ends, the oldest first."""
        async with self._database.read() as connection:
            found = await contract_pages.asked(connection, guild_id, MAX_SHOWN)
            sales = await _sales(connection, guild_id, [row for row, _, _ in found])
        return [
            EndAsked(sale, part, "wanted" in question)
            for sale, (_, part, question) in zip(sales, found, strict=True)
        ]


async def _sales(
    connection: AsyncConnection, guild_id: int, rows: Sequence[ContractRow]
) -> list[Sale]:
    shops = {row.id: row.provider for row in await connections.every_of(connection, guild_id)}
    people = await customers.by_ids(connection, [each.customer_id or 0 for each in rows])
    titles = await contract_pages.titles(connection, [each.id for each in rows])
    return [
        Sale(
            each,
            shops[each.connection_id],
            _shown(people.get(each.customer_id or 0)),
            titles[each.id],
        )
        for each in rows
    ]


def _shown(person: Customer | None) -> Customer | None:
    return None if person is None or person.forgotten is not None else person


async def _given(connection: AsyncConnection, contract_id: int) -> list[Given]:
    by_id = {
        each.purchase_id: each
        for each in (await contract_purchases.of_contract(connection, contract_id)).values()
    }
    bought = (await purchases.by_ids(connection, by_id)).values()
    sold = await products.by_ids(connection, {each.product_id or 0 for each in bought})
    single = await scripts.by_ids(connection, {each.script_id or 0 for each in bought})
    return [
        Given(
            by_id[each.id],
            each,
            (sold.get(each.product_id or 0) or single[each.script_id or 0]).title,
        )
        for each in sorted(bought, key=lambda each: -each.id)
    ]
