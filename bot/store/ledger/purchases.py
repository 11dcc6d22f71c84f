"""Queries about purchases: what a customer got of one item from one source, once."""

from collections.abc import Collection
from datetime import datetime
from typing import TypedDict, Unpack

from sqlalchemy import exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import EntitlementKind
from bot.store.parts import parts
from bot.store.records import Actor, Purchase
from bot.store.tables.ledger import entitlement, purchase
from bot.store.tables.people import customer


class PurchaseChange(TypedDict, total=False):
    """Columns of a purchase that may change."""

    customer_id: int
    ends_at: datetime | None
    grace_days: int
    product_id: int | None
    script_id: int | None
    paused_at: datetime | None
    lapse_left: int | None
    moved_by: int | None
    moved_product_id: int | None
    moved_script_id: int | None
    lapses_at: datetime | None
    source_ended_at: datetime | None
    ended_at: datetime | None


_ADD = insert(purchase).returning(purchase)  # made once: that takes as long as it runs


async def add(
    connection: AsyncConnection,
    guild_id: int,
    customer_id: int,
    *,
    source: str,
    reference: str,
    kind: EntitlementKind,
    actor: Actor,
    asked_at: datetime,
    product_id: int | None = None,
    script_id: int | None = None,
    member_id: int | None = None,
    length: str | None = None,
    ends_at: datetime | None = None,
    grace_days: int = 0,
    ended_at: datetime | None = None,
    note: str | None = None,
) -> Purchase:
    """Add a purchase of a product or of a script; (server, source, reference) is there once."""
    row = await connection.execute(
        _ADD,
        {
            "guild_id": guild_id,
            "customer_id": customer_id,
            "product_id": product_id,
            "script_id": script_id,
            "source": source,
            "reference": reference,
            "member_id": member_id,
            "kind": kind,
            "length": length,
            "ends_at": ends_at,
            "grace_days": grace_days,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "asked_at": asked_at,
            "ended_at": ended_at,
            "note": note,
        },
    )
    return Purchase.of(row.one())


async def by_id(connection: AsyncConnection, purchase_id: int) -> Purchase:
    """Return that purchase, which must exist."""
    found = await connection.execute(select(purchase).where(purchase.c.id == purchase_id))
    return Purchase.of(found.one())


async def by_ids(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Purchase]:
    """Return these purchases by their ids; unknown ids are left out."""
    found: dict[int, Purchase] = {}
    for some in parts(ids):
        rows = await connection.execute(select(purchase).where(purchase.c.id.in_(some)))
        found |= {bought.id: bought for bought in map(Purchase.of, rows)}
    return found


async def by_reference(
    connection: AsyncConnection, guild_id: int, source: str, reference: str
) -> Purchase | None:
    """Return the purchase of that source and reference, live or ended."""
    found = await connection.execute(
        select(purchase).where(
            purchase.c.guild_id == guild_id,
            purchase.c.source == source,
            purchase.c.reference == reference,
        )
    )
    row = found.one_or_none()
    return None if row is None else Purchase.of(row)


async def of_customers(
    connection: AsyncConnection, customer_ids: Collection[int]
) -> dict[int, list[Purchase]]:
    """Return, by customer, all that they ever got, oldest first."""
    found: dict[int, list[Purchase]] = {each: [] for each in customer_ids}
    for some in parts(customer_ids):
        rows = await connection.execute(
            select(purchase).where(purchase.c.customer_id.in_(some)).order_by(purchase.c.id)
        )
        for bought in map(Purchase.of, rows):
            found[bought.customer_id].append(bought)
    return found


async def move(connection: AsyncConnection, customer_id: int, to_id: int) -> None:
    """Let what one customer got be another's: the two are one person."""
    await connection.execute(
        update(purchase).where(purchase.c.customer_id == customer_id).values(customer_id=to_id)
    )


async def leave_withheld(connection: AsyncConnection, customer_id: int, to_id: int) -> None:
    """Let what a customer must not know of be another's: it was given to a name, which is that one's now."""
    withheld = exists().where(entitlement.c.purchase_id == purchase.c.id, entitlement.c.withheld)
    await connection.execute(
        update(purchase)
        .where(purchase.c.customer_id == customer_id, withheld)
        .values(customer_id=to_id)
    )


async def attachable(connection: AsyncConnection, limit: int) -> list[Purchase]:
    """Return purchases that wait for a TradingView name although one is known by now, oldest first."""
    waits = exists().where(
        entitlement.c.purchase_id == purchase.c.id,
        entitlement.c.permission_id.is_(None),
        entitlement.c.ended_at.is_(None),
    )
    rows = await connection.execute(
        select(purchase)
        .join(customer, customer.c.id == purchase.c.customer_id)
        .where(customer.c.username.is_not(None), waits)
        .order_by(purchase.c.id)
        .limit(limit)
    )
    return [Purchase.of(row, purchase) for row in rows]


async def lapsed(connection: AsyncConnection, now: datetime, limit: int) -> list[Purchase]:
    """Return purchases whose source is lost and did not come back in time, oldest first."""
    rows = await connection.execute(
        select(purchase)
        .where(purchase.c.lapses_at <= now, purchase.c.ended_at.is_(None))
        .order_by(purchase.c.lapses_at, purchase.c.id)
        .limit(limit)
    )
    return [Purchase.of(row) for row in rows]


async def waiting_of(connection: AsyncConnection, customer_id: int) -> list[Purchase]:
    """Return what a customer got that waits for a TradingView name, oldest first."""
    waits = exists().where(
        entitlement.c.purchase_id == purchase.c.id,
        entitlement.c.permission_id.is_(None),
        entitlement.c.ended_at.is_(None),
    )
    rows = await connection.execute(
        select(purchase).where(purchase.c.customer_id == customer_id, waits).order_by(purchase.c.id)
    )
    return [Purchase.of(row) for row in rows]


async def change(
    connection: AsyncConnection, purchase_ids: Collection[int], **values: Unpack[PurchaseChange]
) -> None:
    """Set these columns of each of these purchases."""
    for some in parts(purchase_ids):
        await connection.execute(update(purchase).where(purchase.c.id.in_(some)).values(**values))


async def moved_by(connection: AsyncConnection, order_ids: Collection[int]) -> set[int]:
    """Return which of these orders made something one of another item that still is."""
    found: set[int] = set()
    for some in parts(order_ids):
        rows = await connection.execute(
            select(purchase.c.moved_by).where(purchase.c.moved_by.in_(some)).distinct()
        )
        found.update(rows.scalars())
    return found


async def put_back_moved(connection: AsyncConnection, order_id: int) -> None:
    """Let what this order made one of another item be of the item that it was of before."""
    await connection.execute(
        update(purchase)
        .where(purchase.c.moved_by == order_id)
        .values(
            product_id=purchase.c.moved_product_id,
            script_id=purchase.c.moved_script_id,
            moved_by=None,
            moved_product_id=None,
            moved_script_id=None,
        )
    )
