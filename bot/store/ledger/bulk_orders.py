"""Orders for many permissions at once, in a few statements for any number."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    String,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import (
    OrderKind,
    OrderState,
    PermissionState,
    Reason,
    StateKind,
)
from bot.store.ledger import order_outcomes
from bot.store.ledger.changes import PermissionFacts
from bot.store.ledger.press import Press
from bot.store.parts import parts
from bot.store.records import USHER, Order
from bot.store.tables.ledger import entitlement, order, permission, purchase


async def supersede(
    connection: AsyncConnection,
    permission_ids: Collection[int],
    at: datetime,
    *,
    kinds: Collection[OrderKind] = tuple(OrderKind),
    made: Collection[int] | None = None,
) -> dict[int, int]:
    """Let orders to come take the place of what waits or is stuck; return their permissions, by order.

    With `made`, of what would give one of these reasons. What is yet to be compared after a restore stays.
    """
    changed: dict[int, int] = {}
    for some in parts(permission_ids if made is None else made):
        which = order.c.permission_id if made is None else order.c.entitlement_id
        found = await connection.execute(
            update(order)
            .where(
                which.in_(some),
                order.c.state.in_((OrderState.WAITING, OrderState.STUCK)),
                order.c.kind.in_(tuple(kinds)),
                order.c.reason.is_distinct_from(Reason.HELD),
            )
            .values(state=OrderState.SUPERSEDED, ended_at=at)
            .returning(order.c.id, order.c.permission_id)
        )
        changed |= {row.id: row.permission_id for row in found}
    await order_outcomes.tell_anew(connection, changed)
    return changed


async def add_orders(
    connection: AsyncConnection,
    press: Press,
    permission_ids: Collection[int],
    script_id: int,
    *,
    gives: bool,
    reason: Reason | None,
) -> dict[int, int]:
    """Add a waiting order for each of these permissions; return the orders by permission."""
    mine = entitlement.alias()
    made = (
        select(func.max(mine.c.id))
        .join(purchase, purchase.c.id == mine.c.purchase_id)
        .where(
            mine.c.permission_id == permission.c.id,
            mine.c.script_id == script_id,
            mine.c.ended_at.is_(None),
            purchase.c.product_id == press.product_id,
        )
        .correlate(permission)
        .scalar_subquery()
    )
    values: dict[str, Any] = {
        "guild_id": permission.c.guild_id,
        "permission_id": permission.c.id,
        "kind": literal(OrderKind.REPAIR, order.c.kind.type),
        "idempotency_key": literal(f"{press.key}:") + cast(permission.c.id, String),
        "entitlement_id": made if gives else null(),
        "product_id": literal(press.product_id),
        "revision": permission.c.revision + 1,
        "actor_kind": literal(USHER.kind, order.c.actor_kind.type),
        "asked_at": literal(press.at, order.c.asked_at.type),
        "before": permission.c.wanted,
        "before_ends_at": permission.c.wanted_ends_at,
        "state": literal(OrderState.WAITING, order.c.state.type),
        "reason": literal(reason, order.c.reason.type),
    }
    added: dict[int, int] = {}
    for some in parts(permission_ids):
        rows = await connection.execute(
            insert(order)
            .from_select(list(values), select(*values.values()).where(permission.c.id.in_(some)))
            .returning(order.c.id, order.c.permission_id)
        )
        added |= {row.permission_id: row.id for row in rows}
    return added


async def await_sync(
    connection: AsyncConnection,
    press: Press,
    permission_ids: Collection[int],
    reason: Reason | None,
    *,
    gives: bool,
    last: Collection[int] = (),
) -> None:
    """Let these wait for their turn; of those in `last` no reason is left.

    What is given waits for nothing else to be done first, as a removal before it may have.
    """
    first: PermissionFacts = {"after_id": None} if gives else {}
    for some in parts(permission_ids):
        await connection.execute(
            update(permission)
            .where(permission.c.id.in_(some))
            .values(
                revision=permission.c.revision + 1,
                asked_at=case(
                    (permission.c.state == PermissionState.WAITING, permission.c.asked_at),
                    else_=literal(press.at, permission.c.asked_at.type),
                ),
                state=PermissionState.WAITING,
                reason=reason,
                detail=None,
                attempts=0,
                next_try_at=press.at,
                **first,
            )
        )
    newest = (
        select(func.max(order.c.id))
        .where(order.c.permission_id == permission.c.id)
        .correlate(permission)
        .scalar_subquery()
    )
    for some in parts(last):
        await connection.execute(
            update(permission).where(permission.c.id.in_(some)).values(replaces=newest)
        )


async def want(
    connection: AsyncConnection,
    wanted: Sequence[tuple[int, StateKind, datetime | None]],
) -> None:
    """Set what is wanted of each of these permissions: id, kind, end."""
    if wanted:
        await connection.execute(
            update(permission)
            .where(permission.c.id == bindparam("of_id"))
            .values(wanted=bindparam("kind"), wanted_ends_at=bindparam("end")),
            [{"of_id": each, "kind": kind, "end": end} for each, kind, end in wanted],
        )


async def stuck_of(
    connection: AsyncConnection, permission_ids: Collection[int], reasons: Collection[Reason]
) -> list[Order]:
    """Return the orders of these permissions that are stuck for one of these reasons, oldest first."""
    found: list[Order] = []
    for some in parts(permission_ids):
        rows = await connection.execute(
            select(order)
            .where(
                order.c.permission_id.in_(some),
                order.c.state == OrderState.STUCK,
                order.c.reason.in_(tuple(reasons)),
            )
            .order_by(order.c.id)
        )
        found += map(Order.of, rows)
    return found


async def close(connection: AsyncConnection, order_ids: Collection[int], at: datetime) -> None:
    """Let later orders take the place of these."""
    for some in parts(order_ids):
        await connection.execute(
            update(order)
            .where(order.c.id.in_(some))
            .values(state=OrderState.SUPERSEDED, ended_at=at)
        )
    await order_outcomes.tell_anew(connection, order_ids)
