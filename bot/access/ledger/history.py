"""Writes what the history says of an order that was recorded."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.changes import Change
from bot.access.ledger.reasons import facts
from bot.access.rules.duration import Length
from bot.access.rules.entitlements import NOTHING, State, given_by, wanted_of
from bot.store.kinds import OrderState, StateKind
from bot.store.ledger import events
from bot.store.records import Order, Permission


async def add_entries(
    connection: AsyncConnection,
    permission: Permission,
    order: Order,
    change: Change,
    now: Permission,
    superseded: Sequence[int],
) -> None:
    """Add the history's entry for the order, and one for each order it took the place of.

    `permission` is as it was before the order, `now` with what is wanted by it.
    """
    about = events.about(permission)
    guild_id, at = permission.guild_id, order.asked_at
    await events.record(
        connection,
        guild_id,
        at,
        order.kind,
        actor=order.actor,
        order_id=order.id,
        product_id=order.product_id,
        note=order.note,
        before=_known(permission),
        after={**_after(permission, change, wanted_of(now)), **change.by_customer},
        **about,
    )
    for order_id in superseded:
        await events.record(
            connection, guild_id, at, OrderState.SUPERSEDED, order_id=order_id, **about
        )


def _after(permission: Permission, change: Change, now: State) -> Mapping[str, Any]:
    """Return what the history says that the order leads to; `now`: what is wanted by it."""
    if change.moved_from is not None:
        return {**facts(now), "from": change.moved_from}
    if change.ends and change.brings:
        return {**facts(now), "shortened": True}
    if change.pauses or change.sets:
        return facts(now)
    if change.resumes:
        since = min(reason.paused_at for reason in change.resumes if reason.paused_at is not None)
        return {**facts(now), "paused_at": since.isoformat()}
    if change.undoes is not None:
        return {"undone": change.undoes.id}
    if isinstance(change.gives, Length):
        return {"length": change.gives.text}
    if isinstance(change.gives, State):
        return facts(change.gives)
    if change.attaches is not None:
        reason = change.attaches
        return {"length": reason.length} if reason.length else facts(given_by(reason))
    return facts(NOTHING if change.ends_all or change.overrules else wanted_of(permission))


def _known(permission: Permission) -> Mapping[str, Any] | None:
    """Return what the customer had before the order; None where TradingView was never looked at."""
    wanted = wanted_of(permission)
    never_seen = permission.seen is StateKind.UNKNOWN and wanted.kind is StateKind.NOTHING
    return None if never_seen else facts(wanted)
