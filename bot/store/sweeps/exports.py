"""Queries for the files of a server: who has what and why, everything that was bought, wanted beside seen.

They are read some people at a time: with the rows of all of them in memory, Python's own tidying up would
hold the loop. Rows are made in a thread.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import EntitlementKind, StateKind
from bot.store.sweeps.seats import made
from bot.store.sweeps.sightings import is_counted
from bot.store.tables.ledger import entitlement, permission, purchase
from bot.store.tables.payments import connection as shop, contract, contract_purchase
from bot.store.tables.people import customer
from bot.store.tables.sweeps import sighting


@dataclass(frozen=True, slots=True)
class Who:
    """Whose a row is, by both names."""

    id: int
    username: str | None
    member_id: int | None


@dataclass(frozen=True, slots=True)
class Why:
    """One reason that still counts, with the item of its purchase."""

    customer_id: int
    script_id: int
    product_id: int | None
    kind: EntitlementKind
    ends_at: datetime | None
    grace_days: int
    settled_at: datetime | None
    paused_at: datetime | None
    asked_at: datetime
    note: str | None


@dataclass(frozen=True, slots=True)
class Sale:
    """A purchase, with the latest end of what it gives or gave."""

    id: int
    customer_id: int
    product_id: int | None
    script_id: int | None
    source: str
    reference: str
    kind: EntitlementKind
    length: str | None
    asked_at: datetime
    ends_at: datetime | None
    grace_days: int
    ended_at: datetime | None
    paused_at: datetime | None
    note: str | None
    latest: datetime | None
    reasons: int
    left: int  # of these, the ones that count still
    last_ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class OfContract:
    """A purchase that a contract of a shop gave."""

    purchase_id: int
    name: str
    provider: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What TradingView should hold for one person and script, beside what was seen there."""

    customer_id: int
    script_id: int
    username: str
    wanted: StateKind
    wanted_ends_at: datetime | None
    seen: StateKind
    seen_ends_at: datetime | None
    seen_at: datetime | None
    ours: StateKind
    ours_ends_at: datetime | None
    replaces: int | None


@dataclass(frozen=True, slots=True)
class Stranger:
    """A row of TradingView's list that is nobody's whom Usher knows."""

    id: int
    script_id: int
    username: str
    kind: StateKind
    ends_at: datetime | None
    seen_at: datetime


async def everybody(connection: AsyncConnection, guild_id: int) -> list[int]:
    """Return the numbers of all customers of a server by name, those without one last."""
    found = await connection.execute(
        select(customer.c.id)
        .where(customer.c.guild_id == guild_id)
        .order_by(customer.c.name_folded.is_(None), customer.c.name_folded, customer.c.id)
    )
    return list(found.scalars())


async def people(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Who]:
    """Return these customers by their numbers, in this order; who was forgotten is nobody."""
    columns = [customer.c[name] for name in Who.__dataclass_fields__]
    found = await connection.execute(
        select(*columns).where(customer.c.id.in_(list(ids)), customer.c.forgotten.is_(None))
    )
    by_id = {who.id: who for who in await made(Who, found)}
    return {each: by_id[each] for each in ids if each in by_id}


async def reasons(
    connection: AsyncConnection, ids: Collection[int], script_ids: Collection[int] | None
) -> list[Why]:
    """Return every reason of these customers that counts, for these scripts or all, in the order asked."""
    own = (entitlement.c.kind, entitlement.c.ends_at, entitlement.c.grace_days)
    found = await connection.execute(
        select(
            purchase.c.customer_id,
            entitlement.c.script_id,
            purchase.c.product_id,
            *own,
            entitlement.c.settled_at,
            entitlement.c.paused_at,
            entitlement.c.asked_at,
            purchase.c.note,
        )
        .join(purchase, purchase.c.id == entitlement.c.purchase_id)
        .where(
            purchase.c.customer_id.in_(list(ids)),
            entitlement.c.ended_at.is_(None),
            _among(entitlement.c.script_id, script_ids),
        )
        .order_by(entitlement.c.asked_at, entitlement.c.id)
    )
    return await made(Why, found)


async def sales(
    connection: AsyncConnection,
    ids: Collection[int],
    *,
    product_id: int | None = None,
    script_id: int | None = None,
) -> list[Sale]:
    """Return all that these customers ever got, oldest first: of a product, or with a script in it."""
    worked_out = ("latest", "reasons", "left", "last_ended_at")
    names = [name for name in Sale.__dataclass_fields__ if name not in worked_out]
    which: list[ColumnElement[bool]] = [purchase.c.customer_id.in_(list(ids))]
    if product_id is not None:
        which.append(purchase.c.product_id == product_id)
    if script_id is not None:
        which.append(
            exists().where(
                entitlement.c.purchase_id == purchase.c.id, entitlement.c.script_id == script_id
            )
        )
    part = entitlement.alias()
    found = await connection.execute(
        select(
            *(purchase.c[name] for name in names),
            func.max(part.c.ends_at),
            func.count(part.c.id),
            func.count(part.c.id) - func.count(part.c.ended_at),
            func.max(part.c.ended_at),
        )
        .outerjoin(part, part.c.purchase_id == purchase.c.id)
        .where(*which)
        .group_by(purchase.c.id)
        .order_by(purchase.c.id)
    )
    return await made(Sale, found)


async def contracts(connection: AsyncConnection, ids: Collection[int]) -> dict[int, OfContract]:
    """Return, by purchase, the contract of a shop that gave it to one of these customers."""
    found = await connection.execute(
        select(contract_purchase.c.purchase_id, contract.c.name, shop.c.provider)
        .join(purchase, purchase.c.id == contract_purchase.c.purchase_id)
        .join(contract, contract.c.id == contract_purchase.c.contract_id)
        .join(shop, shop.c.id == contract.c.connection_id)
        .where(purchase.c.customer_id.in_(list(ids)))
    )
    return {each.purchase_id: each for each in await made(OfContract, found)}


async def beside(
    connection: AsyncConnection, ids: Collection[int], script_ids: Collection[int] | None
) -> list[Beside]:
    """Return what these customers should have and what was seen, of these scripts or all."""
    columns = [permission.c[name] for name in Beside.__dataclass_fields__]
    found = await connection.execute(
        select(*columns)
        .where(
            permission.c.customer_id.in_(list(ids)),
            _among(permission.c.script_id, script_ids),
        )
        .order_by(permission.c.customer_id, permission.c.script_id)
    )
    return await made(Beside, found)


async def strangers(
    connection: AsyncConnection,
    guild_id: int,
    script_ids: Collection[int] | None,
    *,
    after: int,
    limit: int,
) -> list[Stranger]:
    """Return who has access by the last full checks and was not taken over, of numbers above `after`."""
    columns = [sighting.c[name] for name in Stranger.__dataclass_fields__]
    found = await connection.execute(
        select(*columns)
        .where(
            sighting.c.guild_id == guild_id,
            sighting.c.id > after,
            _among(sighting.c.script_id, script_ids),
            ~is_counted(),
        )
        .order_by(sighting.c.id)
        .limit(limit)
    )
    return await made(Stranger, found)


def _among(column: "ColumnElement[int]", ids: Collection[int] | None) -> "ColumnElement[bool]":
    return true() if ids is None else column.in_(list(ids))
