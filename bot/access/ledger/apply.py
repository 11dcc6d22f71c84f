"""Applies an order to the reasons of its permission, and leaves the rest to the queue."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.changes import Brought, Change, NewEnd
from bot.access.ledger.pausing import pause, paused_with, resume
from bot.access.ledger.reasons import give_back, want_anew
from bot.store.kinds import PermissionState
from bot.store.ledger import entitlements, orders, purchases
from bot.store.ledger.changes import EntitlementChange
from bot.store.records import Order, Permission, Purchase


async def apply(
    connection: AsyncConnection,
    permission: Permission,
    order: Order,
    change: Change,
    purchase: Purchase | None,
    *,
    withheld: bool = False,
) -> Permission:
    """Change the reasons as the order says; return the permission with what is wanted now.

    `purchase` is what the order gives, where it gives something new.
    """
    if change.ends_all:
        ends = {reason.id for reason in await entitlements.active(connection, permission.id)}
    else:
        ends = set(change.ends)
    await entitlements.end(connection, ends, order.asked_at, order.id)
    if change.undoes is not None:
        await _undo(connection, permission, order, change.undoes)
    if change.pauses:
        await pause(connection, change.pauses, order.asked_at)
    await resume(connection, change.resumes, order.asked_at)
    await entitlements.unsettle(connection, change.unsettles)
    for new_end in change.sets:
        await _set_end(connection, new_end)
    for brought in change.brings:
        await _bring(connection, permission, order, brought)
    if change.goes_on_from is not None:
        await entitlements.hand_over(connection, change.goes_on_from, permission.id)
    await _give(connection, permission, order, change, purchase, withheld=withheld)
    return await _await_sync(connection, permission, order, change)


async def _set_end(connection: AsyncConnection, new: NewEnd) -> None:
    """Let a reason count until another end."""
    values: EntitlementChange = {"ended_at": None, "ended_by": None, "grace_days": new.grace_days}
    if new.ends_at is not None:
        values["ends_at"] = new.ends_at
    await entitlements.change(connection, new.entitlement_id, **values)


async def _give(
    connection: AsyncConnection,
    permission: Permission,
    order: Order,
    change: Change,
    purchase: Purchase | None,
    *,
    withheld: bool,
) -> None:
    """Let a reason count that waited for this permission, or what was purchased with the order."""
    if change.attaches is not None:
        since = change.since or order.asked_at
        await entitlements.attach(connection, change.attaches.id, permission.id, since)
        await orders.gives(connection, order.id, change.attaches.id)
    elif purchase is not None:
        reason = await entitlements.add(
            connection,
            purchase,
            permission.script_id,
            permission,
            asked_at=change.since or order.asked_at,
            row_day=change.row_day,
            withheld=withheld,
            paused_at=await paused_with(connection, permission, purchase, order.asked_at),
        )
        await orders.gives(connection, order.id, reason.id)


async def _bring(
    connection: AsyncConnection, permission: Permission, order: Order, brought: Brought
) -> None:
    """Let what is left of a reason count for this permission; where it was it ends by another order."""
    reason = brought.reason
    waits = reason.settled_at is None
    await entitlements.add(
        connection,
        await purchases.by_id(connection, reason.purchase_id),
        permission.script_id,
        permission,
        asked_at=reason.asked_at if waits else order.asked_at,
        ends_at=brought.ends_at,
        row_day=brought.row_day,
        withheld=reason.withheld,
        moved_by=order.id,
        paused_at=brought.paused_at,
    )


async def _undo(
    connection: AsyncConnection, permission: Permission, order: Order, undone: Order
) -> None:
    """End what the earlier order gave, and let what it took away count again."""
    if undone.entitlement_id is not None:
        await entitlements.end(connection, [undone.entitlement_id], order.asked_at, order.id)
    await entitlements.end_moved_by(connection, undone.id, order.asked_at)
    await purchases.put_back_moved(connection, undone.id)
    await give_back(connection, permission, undone)


async def _await_sync(
    connection: AsyncConnection, permission: Permission, order: Order, change: Change
) -> Permission:
    """Work out what is wanted now, and let the queue take it from here."""
    replaces = order.id if change.overrules else permission.replaces
    if change.undoes is not None and replaces == change.undoes.id:
        replaces = None  # the order to overrule TradingView is withdrawn with it
    if change.resumes:
        replaces = None
    is_waiting = permission.state is PermissionState.WAITING
    return await want_anew(
        connection,
        permission.id,
        revision=order.revision,
        replaces=replaces,
        after_id=change.after,
        held_back=permission.held_back if change.held_back is None else change.held_back,
        state=PermissionState.WAITING,
        reason=order.reason,
        detail=None,
        attempts=0,
        next_try_at=order.asked_at,
        asked_at=permission.asked_at if is_waiting else order.asked_at,
        # What waits for people goes before a batch, and does not stand still with it.
        batch_id=permission.batch_id
        if is_waiting and permission.batch_id is None
        else order.batch_id,
    )
