"""Who would gain and lose a script by a change of a product."""

from collections.abc import AsyncIterator, Collection
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import (
    EntitlementKind,
    StateKind,
)
from bot.store.ledger.holders import is_live, took_out
from bot.store.ledger.press import Press
from bot.store.ledger.product_scripts import is_held_back, latest_end
from bot.store.records import Affected
from bot.store.tables.columns import UtcDateTime
from bot.store.tables.ledger import entitlement, has_time_left, permission, purchase
from bot.store.tables.people import customer

_SLICE = 250  # rows that are turned into objects before others get their turn


async def gaining(
    connection: AsyncConnection,
    press: Press,
    script_id: int,
    returning_sources: Collection[str],
) -> AsyncIterator[list[Affected]]:
    """Yield, some at a time, the holders who have no reason of this product for that script."""
    reason = entitlement.alias()
    there = exists().where(
        reason.c.purchase_id == purchase.c.id,
        reason.c.script_id == script_id,
        ~took_out(reason, purchase.c.product_id),
    )
    query = _affected(script_id).where(
        purchase.c.product_id == press.product_id,
        is_live(press.at),
        ~there,
        or_(permission.c.id.is_(None), ~is_held_back(returning_sources)),
    )
    async for some in _slices(connection, query):
        yield some


async def losing(
    connection: AsyncConnection, press: Press, script_id: int
) -> AsyncIterator[list[Affected]]:
    """Yield, some at a time, those who have that script by this product and by no other reason."""
    mine, other, bought = entitlement.alias(), entitlement.alias(), purchase.alias()

    def still(reason: Any) -> "ColumnElement[bool]":
        return and_(reason.c.ended_at.is_(None), has_time_left(reason, press.at))

    has = exists().where(
        mine.c.purchase_id == purchase.c.id, mine.c.script_id == script_id, still(mine)
    )
    elsewhere = exists().where(
        other.c.permission_id == permission.c.id,
        bought.c.id == other.c.purchase_id,
        bought.c.product_id.is_distinct_from(press.product_id),
        still(other),
    )
    query = _affected(script_id).where(
        purchase.c.product_id == press.product_id, purchase.c.ended_at.is_(None), has, ~elsewhere
    )
    async for some in _slices(connection, query):
        yield some


def _affected(script_id: int) -> "Select[Any]":
    """Return each customer once, with the latest end of what they bought."""
    known = and_(
        permission.c.script_id == script_id, permission.c.name_folded == customer.c.name_folded
    )
    return (
        select(
            customer.c.id,
            customer.c.username,
            customer.c.member_id,
            func.max(case((purchase.c.kind == EntitlementKind.UNTIL, 0), else_=1)).label("endless"),
            func.max(func.coalesce(latest_end(), purchase.c.ends_at), type_=UtcDateTime()).label(
                "end"
            ),
            func.max(permission.c.wanted).label("has"),
            func.max(permission.c.wanted_ends_at).label("until"),
        )
        .select_from(
            purchase.join(customer, customer.c.id == purchase.c.customer_id).outerjoin(
                permission, known
            )
        )
        .group_by(customer.c.id, customer.c.username, customer.c.member_id)
        .order_by(customer.c.username.is_(None), customer.c.name_folded, customer.c.id)
    )


async def _slices(
    connection: AsyncConnection, query: "Select[Any]"
) -> AsyncIterator[list[Affected]]:
    rows = await connection.execute(query)
    while some := rows.fetchmany(_SLICE):
        yield [
            Affected(
                row.id,
                row.username,
                row.member_id,
                bool(row.endless),
                row.end,
                StateKind.NOTHING if row.has is None else StateKind(row.has),
                row.until,
            )
            for row in some
        ]
