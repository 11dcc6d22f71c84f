"""All that is stored about one customer, for the page about them: in a fixed number of queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.queries.explained import Stored, stored_of
from bot.access.queries.overview import History, whole_products
from bot.access.queries.standing import Person, checked_of
from bot.access.request import Subject
from bot.store.catalogue import products, scripts
from bot.store.ledger import entitlements, events, purchases
from bot.store.people import claims, customers
from bot.store.records import Claim, Contract, Customer, Product, Purchase, Script
from bot.store.sales import connections, contract_purchases, contracts

MAX_SHOWN = 20  # of the history, and of what was got


@dataclass(frozen=True, slots=True)
class Got:
    """One purchase: its item, until when it gives access, and the contract that it is of, where it is of one."""

    purchase: Purchase
    item: Script | Product
    ends_at: datetime | None
    contract: Contract | None = None


@dataclass(frozen=True, slots=True)
class Sold:
    """A contract with a shop, and which shop that is."""

    contract: Contract
    provider: str


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """One customer; TradingView was not asked."""

    customer: Customer
    access: Person
    claims: tuple[Claim, ...]  # names that they claim, and claims to theirs
    got: tuple[Got, ...]  # newest first
    more_got: int  # beside those
    sold: tuple[Sold, ...]  # newest first
    history: History  # the newest of it


async def person_of(
    connection: AsyncConnection, guild_id: int, customer_id: int, now: datetime
) -> PersonRecord | None:
    """Return that customer of a server, by an earlier number too; None where there is none, or was forgotten."""
    person = (await customers.by_ids(connection, [customer_id])).get(customer_id)
    if person is None or person.guild_id != guild_id or person.forgotten is not None:
        return None
    listed = {each.id: each for each in await scripts.listed(connection, guild_id, archived=True)}
    sold = {each.id: each for each in await products.listed(connection, guild_id, archived=True)}
    stored = await _stored(connection, person, now)
    own = await contracts.of_customer(connection, guild_id, person.id)
    bought = (await purchases.of_customers(connection, [person.id]))[person.id][::-1]
    return PersonRecord(
        person,
        Person(
            stored.username,
            person,
            checked_of(stored, [None] * len(stored.scripts)),
            waiting=stored.waiting,
        ),
        await _claims(connection, person),
        await _got(connection, bought[:MAX_SHOWN], own, listed, sold),
        max(0, len(bought) - MAX_SHOWN),
        await _sold(connection, own),
        await _history(connection, person, listed, sold),
    )


async def _stored(connection: AsyncConnection, person: Customer, now: datetime) -> Stored:
    """Return what is stored of their access; of a customer without a name, what waits for one."""
    if person.username is not None:
        return await stored_of(connection, person.guild_id, Subject(username=person.username), now)
    if await purchases.waiting_of(connection, person.id):
        return await stored_of(connection, person.guild_id, Subject(person.member_id), now)
    return Stored("", person)


async def _claims(connection: AsyncConnection, person: Customer) -> tuple[Claim, ...]:
    return tuple(
        claim
        for claim in await claims.waiting(connection, person.guild_id)
        if claim.member_id == person.member_id or claim.username.casefold() == person.name_folded
    )


async def _got(
    connection: AsyncConnection,
    bought: list[Purchase],
    own: list[Contract],
    listed: Mapping[int, Script],
    sold: Mapping[int, Product],
) -> tuple[Got, ...]:
    ids = [each.id for each in bought]
    given = await entitlements.of_purchases(connection, ids)
    of = await contract_purchases.contract_ids(connection, ids) if own else {}
    by_id = {each.id: each for each in own}
    found = []
    for each in bought:
        ends = [reason.ends_at for reason in given[each.id] if reason.ends_at is not None]
        item = sold.get(each.product_id or 0) or listed[each.script_id or 0]
        ends_at = max(ends, default=each.ends_at)
        found.append(Got(each, item, ends_at, by_id.get(of.get(each.id, 0))))
    return tuple(found)


async def _sold(connection: AsyncConnection, own: list[Contract]) -> tuple[Sold, ...]:
    newest = own[: -MAX_SHOWN - 1 : -1]
    shops = {
        number: await connections.whichever(connection, number)
        for number in {each.connection_id for each in newest}
    }
    return tuple(Sold(each, shops[each.connection_id].provider) for each in newest)


async def _history(
    connection: AsyncConnection,
    person: Customer,
    listed: dict[int, Script],
    sold: dict[int, Product],
) -> History:
    found = await events.of_customer(connection, person.guild_id, person.id, limit=MAX_SHOWN + 1)
    return History(
        person.username or "",
        tuple(found[:MAX_SHOWN]),
        listed,
        sold,
        0,
        len(found) > MAX_SHOWN,
        await whole_products(connection, person, found),
    )
