"""Queries about who has a product: by their purchases, which may wait for a TradingView name."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, distinct, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import EntitlementKind, OrderKind
from bot.store.ledger.ends import Ends
from bot.store.records import Customer, Holder
from bot.store.tables.ledger import entitlement, has_time_left, order, purchase
from bot.store.tables.people import customer


def took_out(reason: Any, product_id: "ColumnElement[Any]") -> "ColumnElement[bool]":
    """Return whether a reason ended as its script was taken out of the product, and by nobody's will."""
    return exists().where(
        order.c.id == reason.c.ended_by,
        order.c.kind == OrderKind.REPAIR,
        order.c.product_id == product_id,
    )


def is_live(now: datetime) -> "ColumnElement[bool]":
    """Return whether somebody has, or waits for, something by a purchase; grace days not counted.

    Also of a product that has no script just now.
    """
    reason, later = entitlement.alias(), entitlement.alias()
    # What staff ended since ended all of it.
    ended_since = exists().where(
        later.c.purchase_id == reason.c.purchase_id,
        later.c.ended_at >= reason.c.ended_at,
        ~took_out(later, purchase.c.product_id),
    )
    counts = or_(
        reason.c.ended_at.is_(None),
        and_(took_out(reason, purchase.c.product_id), ~ended_since),
    )
    gives = exists().where(
        reason.c.purchase_id == purchase.c.id,
        counts,
        has_time_left(reason, now),
    )
    empty = ~exists().where(reason.c.purchase_id == purchase.c.id)
    dated = or_(purchase.c.ends_at.is_(None), purchase.c.ends_at > now)
    return and_(purchase.c.ended_at.is_(None), or_(gives, and_(empty, dated)))


async def count_of(
    connection: AsyncConnection, product_ids: Collection[int], now: datetime
) -> dict[int, int]:
    """Count, by product, the people who have it."""
    rows = await connection.execute(
        select(purchase.c.product_id, func.count(distinct(purchase.c.customer_id)).label("number"))
        .where(purchase.c.product_id.in_(list(product_ids)), is_live(now))
        .group_by(purchase.c.product_id)
    )
    return dict.fromkeys(product_ids, 0) | {row.product_id: row.number for row in rows}


async def count(
    connection: AsyncConnection,
    product_id: int,
    ends: Ends,
    among: Collection[int] | None = None,
) -> int:
    """Count who has a product with such an end; `among`: of these members."""
    people = _people(product_id, ends, among).subquery()
    total = await connection.execute(select(func.count()).select_from(people))
    return int(total.scalar_one())


async def page(
    connection: AsyncConnection,
    product_id: int,
    ends: Ends,
    *,
    skip: int,
    limit: int,
    among: Collection[int] | None = None,
) -> list[Holder]:
    """Return who has a product with such an end, the soonest first and without an end last.

    `among`: only these members.
    """
    people = _people(product_id, ends, among).subquery()
    rows = await connection.execute(
        select(customer, people)
        .join(people, people.c.customer_id == customer.c.id)
        .order_by(
            people.c.endless,
            people.c.ends_at.is_(None),
            people.c.ends_at,
            customer.c.name_folded,
            customer.c.id,
        )
        .offset(skip)
        .limit(limit)
    )
    return [
        Holder(
            Customer.of(row, customer),
            row._mapping[people.c.ends_at],  # noqa: SLF001 - SQLAlchemy's public name for it
            bool(row.endless),
            bool(row.open),
            bool(row.waiting),
            row._mapping[people.c.paused_since],  # noqa: SLF001 - as above
        )
        for row in rows
    ]


def _people(product_id: int, ends: Ends, among: Collection[int] | None = None) -> "Select[Any]":
    """Return each customer with the end of what the product gives them."""
    endless = func.max(case((entitlement.c.kind == EntitlementKind.UNTIL, 0), else_=1))
    latest = func.max(entitlement.c.ends_at)
    paused_since = func.min(entitlement.c.paused_at)
    query = (
        select(
            purchase.c.customer_id,
            endless.label("endless"),
            func.max(case((entitlement.c.kind == EntitlementKind.OPEN, 1), else_=0)).label("open"),
            func.max(case((entitlement.c.settled_at.is_(None), 1), else_=0)).label("waiting"),
            latest.label("ends_at"),
            paused_since.label("paused_since"),
        )
        .join(entitlement, entitlement.c.purchase_id == purchase.c.id)
        .where(purchase.c.product_id == product_id, entitlement.c.ended_at.is_(None))
        .group_by(purchase.c.customer_id)
    )
    if among is not None:
        query = query.join(customer, customer.c.id == purchase.c.customer_id).where(
            customer.c.member_id.in_(list(among))
        )
    waiting = func.max(case((entitlement.c.settled_at.is_(None), 1), else_=0)) == 1
    stands_still = paused_since.is_not(None)  # its end moves
    if ends.after is not None:
        dated = latest > ends.after
        query = query.having(
            dated if ends.until else or_(dated, endless == 1, waiting, stands_still)
        )
    if ends.until is not None:
        query = query.having(and_(endless == 0, ~waiting, ~stands_still, latest <= ends.until))
    return query
