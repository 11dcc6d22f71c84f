"""Stops the clock of reasons, and lets it go on."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.rules.entitlements import still_gives
from bot.store.ledger import entitlements, purchases
from bot.store.ledger.entitlements import FixedEnd
from bot.store.records import Entitlement, Permission, Purchase


async def pause(connection: AsyncConnection, reason_ids: Collection[int], at: datetime) -> None:
    """Let the time of these reasons stand still from that moment on.

    A purchase of which nothing runs any more stands still as a whole: what is added to it later too, and
    what is left of the days until it ends with its source.
    """
    found = await entitlements.by_ids(connection, reason_ids)
    await entitlements.pause(connection, found, at)
    bought = await purchases.by_ids(connection, {reason.purchase_id for reason in found.values()})
    given = await entitlements.of_purchases(connection, bought)
    for purchase in bought.values():
        runs = [
            reason
            for reason in given[purchase.id]
            if still_gives(reason, at) and reason.paused_at is None
        ]
        if not runs and purchase.paused_at is None:
            lapses_at = purchase.lapses_at
            left = None if lapses_at is None else max(lapses_at - at, timedelta())
            await purchases.change(
                connection,
                [purchase.id],
                paused_at=at,
                lapses_at=None,
                lapse_left=None if left is None else int(left.total_seconds()),
            )


async def resume(
    connection: AsyncConnection, reasons: Collection[Entitlement], at: datetime
) -> None:
    """Let the time of these go on at that moment: their ends move by as long as they stood still.

    The days of a pause begin a new row of months.
    """
    fixed: list[FixedEnd] = []
    for reason in reasons:
        if reason.paused_at is None:
            continue
        stood = at - reason.paused_at
        if reason.ends_at is not None:
            begun = reason.start_at is None or reason.start_at <= reason.paused_at
            start_at = (
                reason.start_at if begun or reason.start_at is None else reason.start_at + stood
            )
            end = reason.ends_at + stood
            fixed.append(FixedEnd(reason.id, start_at, end, reason.settled_at, None))
        elif reason.length is not None:  # it counts from where the clock stood
            asked_at = min(reason.asked_at, reason.paused_at) + stood
            await entitlements.change(connection, reason.id, asked_at=asked_at)
    await entitlements.settle(connection, fixed)
    await entitlements.go_on(connection, [reason.id for reason in reasons])
    bought = await purchases.by_ids(connection, {reason.purchase_id for reason in reasons})
    for purchase in bought.values():
        if purchase.paused_at is None:
            continue
        lapses_at = purchase.lapses_at
        if purchase.lapse_left is not None:
            lapses_at = at + timedelta(seconds=purchase.lapse_left)
        await purchases.change(
            connection, [purchase.id], paused_at=None, lapse_left=None, lapses_at=lapses_at
        )


async def paused_with(
    connection: AsyncConnection, permission: Permission, purchase: Purchase, at: datetime
) -> datetime | None:
    """Return since when that purchase stands still with what there is of its item; None: it runs."""
    reasons = await entitlements.active(connection, permission.id)
    live = [reason for reason in reasons if still_gives(reason, at)]
    since = [reason.paused_at for reason in live if reason.paused_at is not None]
    if not since:
        return None
    if len(since) == len(live):
        return min(since)
    bought = await purchases.by_ids(connection, {reason.purchase_id for reason in live})
    item = purchase.product_id, purchase.script_id
    return min(
        (
            reason.paused_at
            for reason in live
            if reason.paused_at is not None
            and (bought[reason.purchase_id].product_id, bought[reason.purchase_id].script_id)
            == item
        ),
        default=None,
    )
