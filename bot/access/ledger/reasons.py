"""What the reasons of one permission come to, and how they end, return or are found."""

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.request import FOUND
from bot.access.rules.entitlements import State, want
from bot.store.kinds import EntitlementKind
from bot.store.ledger import entitlements, permissions
from bot.store.ledger.changes import PermissionFacts
from bot.store.people import customers
from bot.store.records import Order, Permission


async def want_anew(
    connection: AsyncConnection, permission_id: int, **values: Unpack[PermissionFacts]
) -> Permission:
    """Set what is wanted to what the reasons that count now come to, and `values` with it."""
    wanted = want(await entitlements.active(connection, permission_id))
    return await permissions.change(
        connection,
        permission_id,
        wanted=wanted.kind,
        wanted_ends_at=wanted.ends_at,
        **values,
    )


async def give_back(connection: AsyncConnection, permission: Permission, undone: Order) -> None:
    """Let what one order took away count again; time that was sold since goes on top of it."""
    back = {reason.id for reason in await entitlements.restore(connection, [undone.id])}
    since = [
        reason.id
        for reason in await entitlements.active(connection, permission.id)
        if reason.asked_at >= undone.asked_at and reason.id not in back and reason.length
    ]
    await entitlements.unsettle(connection, since)


async def end_made_by(connection: AsyncConnection, order_ids: Sequence[int], at: datetime) -> None:
    """End the reasons that these orders made and never brought to TradingView."""
    if order_ids:
        await entitlements.end_made_by(connection, order_ids, at)


async def add_found(
    connection: AsyncConnection,
    permission: Permission,
    seen: State,
    reference: str,
    at: datetime,
    *,
    asked_by: int | None = None,
    overruled_by: int | None = None,
) -> None:
    """Give what TradingView shows a reason of its own; `overruled_by` an order, it ended already."""
    await entitlements.add(
        connection,
        permission,
        source=FOUND,
        reference=reference,
        kind=EntitlementKind.UNTIL if seen.ends_at else EntitlementKind.OPEN,
        asked_at=at,
        asked_by=asked_by,
        start_at=at,
        ends_at=seen.ends_at,
        settled_at=at,
        ended_at=None if overruled_by is None else at,
        ended_by=overruled_by,
        withheld=await is_bare_name(connection, permission),
    )


async def is_bare_name(connection: AsyncConnection, permission: Permission) -> bool:
    """Return whether a member claims the name, of which nobody else knows whose it is."""
    person = await customers.by_id(connection, permission.customer_id)
    return person is not None and person.merely_claims
