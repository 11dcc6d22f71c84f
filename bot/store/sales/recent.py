"""Queries about what was sold lately: the last purchases of some sources, and how many each week had."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.records import Customer, Purchase
from bot.store.tables.ledger import purchase
from bot.store.tables.payments import contract, contract_purchase
from bot.store.tables.people import customer

Facts = list[dict[str, Any]]


async def last(
    connection: AsyncConnection, guild_id: int, sources: Collection[str], limit: int
) -> list[tuple[Purchase, Customer]]:
    """Return the last purchases from these sources, newest first; an erased person's are left out."""
    # By their ids first, which an index has: to sort whole rows would read all that was ever sold.
    ids = await connection.scalars(
        select(purchase.c.id)
        .where(purchase.c.guild_id == guild_id, purchase.c.source.in_(list(sources)))
        .order_by(purchase.c.id.desc())
        .limit(2 * limit)
    )
    rows = await connection.execute(
        select(purchase, customer)
        .join(customer, customer.c.id == purchase.c.customer_id)
        .where(purchase.c.id.in_(ids.all()), customer.c.forgotten.is_(None))
        .order_by(purchase.c.id.desc())
        .limit(limit)
    )
    return [(Purchase.of(row, purchase), Customer.of(row, customer)) for row in rows]


async def facts_of(connection: AsyncConnection, purchase_ids: Collection[int]) -> dict[int, Facts]:
    """Return, by purchase, what a shop said of its payments, where it paid for nothing else."""
    given = contract_purchase.alias()
    only = (
        select(func.count())
        .where(given.c.contract_id == contract_purchase.c.contract_id)
        .scalar_subquery()
    )
    rows = await connection.execute(
        select(contract_purchase.c.purchase_id, contract.c.facts)
        .join(contract, contract.c.id == contract_purchase.c.contract_id)
        .where(contract_purchase.c.purchase_id.in_(list(purchase_ids)), only == 1)
    )
    return {row.purchase_id: row.facts for row in rows}


async def numbers(
    connection: AsyncConnection,
    guild_id: int,
    sources: Collection[str],
    starts: Sequence[datetime],
) -> list[int]:
    """Count the purchases from these sources between each of these moments and the next; the last has no end."""
    asked = purchase.c.asked_at
    ends = [*starts[1:], None]
    columns = [
        func.sum(
            case(
                (asked >= start if end is None else asked.between(start, end) & (asked != end), 1),
                else_=0,
            )
        )
        for start, end in zip(starts, ends, strict=True)
    ]
    found = await connection.execute(
        select(*columns)
        .select_from(purchase.join(customer, customer.c.id == purchase.c.customer_id))
        .where(
            purchase.c.guild_id == guild_id,
            purchase.c.source.in_(list(sources)),
            asked >= starts[0],
            customer.c.forgotten.is_(None),
        )
    )
    return [number or 0 for number in found.one()]
