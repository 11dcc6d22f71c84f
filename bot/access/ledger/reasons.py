"""What the reasons of one permission come to, and how they end, return or are found."""

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.bare_names import is_bare_name
from bot.access.request import FOUND
from bot.access.rules.entitlements import State, want
from bot.store.kinds import EntitlementKind
from bot.store.ledger import entitlements, permissions, purchases
from bot.store.ledger.changes import PermissionFacts
from bot.store.records import Actor, Order, Permission


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
    restored = await entitlements.restore(connection, [undone.id])
    bought = await purchases.by_ids(connection, {reason.purchase_id for reason in restored})
    over = {
        each.id: each.source_ended_at
        for each in bought.values()
        if each.source_ended_at is not None and each.source_ended_at > undone.asked_at
    }  # a source that was lost since gives nothing any more
    for reason in restored:
        if reason.purchase_id in over:
            await entitlements.end(connection, [reason.id], over[reason.purchase_id])
    await purchases.change(connection, set(bought) - set(over), ended_at=None)
    back = {reason.id for reason in restored}
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
    at: datetime,
    *,
    reference: str | None = None,
    asked_by: int | None = None,
    overruled_by: int | None = None,
    paused_at: datetime | None = None,
) -> bool:
    """Give what TradingView shows a reason of its own; `overruled_by` an order, it ended already.

    Seen twice it is one, by its `reference` or what was seen at which revision; returns whether it is new.
    """
    reference = reference or f"{permission.id}:{permission.revision}:{seen.ends_at or 'open'}"
    if await purchases.by_reference(connection, permission.guild_id, FOUND, reference):
        return False
    bought = await purchases.add(
        connection,
        permission.guild_id,
        permission.customer_id,
        script_id=permission.script_id,
        source=FOUND,
        reference=reference,
        kind=EntitlementKind.UNTIL if seen.ends_at else EntitlementKind.OPEN,
        ends_at=seen.ends_at,
        actor=Actor.of(asked_by),
        asked_at=at,
    )
    if paused_at is not None:
        await purchases.change(connection, [bought.id], paused_at=paused_at)
    await entitlements.add(
        connection,
        bought,
        permission.script_id,
        permission,
        asked_at=at,
        ended_at=None if overruled_by is None else at,
        ended_by=overruled_by,
        paused_at=paused_at,
        withheld=await is_bare_name(connection, permission),
    )
    return True


def facts(state: State) -> dict[str, str | None]:
    """Return a state as the history keeps it."""
    return {
        "kind": state.kind,
        "ends_at": None if state.ends_at is None else state.ends_at.isoformat(),
    }
