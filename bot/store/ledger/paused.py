"""Queries about whose time stands still."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import StateKind
from bot.store.records import Customer
from bot.store.tables.ledger import entitlement, permission
from bot.store.tables.people import customer


async def of_script(
    connection: AsyncConnection, script_id: int, limit: int, among: Collection[int] | None = None
) -> list[tuple[Customer, datetime]]:
    """Return who has nothing of a script as all of it is paused, and since when; the longest first.

    `among`: only these members.
    """
    since = func.min(entitlement.c.paused_at).label("since")
    rows = await connection.execute(
        select(customer, since)
        .join(permission, permission.c.customer_id == customer.c.id)
        .join(entitlement, entitlement.c.permission_id == permission.c.id)
        .where(
            permission.c.script_id == script_id,
            permission.c.wanted == StateKind.NOTHING,
            entitlement.c.ended_at.is_(None),
            entitlement.c.paused_at.is_not(None),
            *([] if among is None else [customer.c.member_id.in_(list(among))]),
        )
        .group_by(customer.c.id)
        .order_by(since, customer.c.id)
        .limit(limit)
    )
    return [(Customer.of(row, customer), row.since) for row in rows]
