"""Undoes one request: what its orders took away counts again, what they gave does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.changes import Change, NewOrder, Recorded
from bot.access.ledger.errors import OvertakenSince
from bot.access.ledger.receipts import Later, overtaken_since, put_back_key
from bot.access.ledger.record import record, record_unguarded
from bot.access.request import RequestContext
from bot.access.rules.entitlements import lengths_after, settle, still_gives
from bot.store.kinds import OrderKind
from bot.store.ledger import entitlements, orders, permissions, purchases, put_backs
from bot.store.records import Entitlement, Order, Purchase
from bot.store.vault import Vault


async def put_back_in(
    connection: AsyncConnection,
    vault: Vault,
    request: RequestContext,
    lead: Order,
    *,
    batch_id: int | None = None,
    unless: Later = put_backs.removals,
) -> Recorded:
    """Undo the order that leads a request, with those that it leads, in a transaction that writes.

    Of a batch nobody is asked about seats again. Raises OvertakenSince where a later order that `unless`
    finds counts, or what `record` does.
    """
    led = await orders.led_by(connection, [lead.id])
    first: Recorded | None = None
    superseded: list[int] = []
    # Of a move, what it took away stands again before what it gave goes.
    for each in sorted((lead, *led[lead.id]), key=lambda e: e.kind is OrderKind.MOVE):
        if await overtaken_since(connection, each, unless):
            raise OvertakenSince
        new = await _putting_back(connection, request, each, first, batch_id)
        recording = record if batch_id is None else record_unguarded
        part = await recording(connection, vault, new)
        first = first or part
        superseded += part.superseded
    assert first is not None  # noqa: S101 - the order itself is one of them
    return replace(first, superseded=tuple(superseded))


async def _putting_back(
    connection: AsyncConnection,
    request: RequestContext,
    undone: Order,
    lead: Recorded | None,
    batch_id: int | None,
) -> NewOrder:
    """Return the order that undoes one; `lead` is the first of the same press."""
    permission = await permissions.by_id(connection, undone.permission_id)
    request = replace(
        request,
        idempotency_key=put_back_key(undone.id),
        token=request.token if lead is None else None,
    )
    is_new_access = undone.kind is OrderKind.MOVE and lead is not None
    change = Change(
        undoes=undone,
        overrules=undone.kind is OrderKind.MOVE,
        after=lead.order.id if is_new_access and lead is not None else None,
        held_back=False,
    )
    if undone.kind is OrderKind.GRANT:
        change = await _without(connection, request, undone)
    elif undone.batch_id is not None and (
        undone.kind is OrderKind.SET or (undone.kind is OrderKind.REVOKE and batch_id is not None)
    ):
        change = replace(change, overrules=await _leaves_nothing(connection, request, undone))
    if undone.batch_id is not None and undone.kind in (OrderKind.GRANT, OrderKind.SET):
        held_back = await put_backs.was_held_back(connection, undone)
        change = replace(change, held_back=True if held_back else None)
    return NewOrder(
        request,
        OrderKind.PUT_BACK,
        permission,
        change,
        product_id=undone.product_id,
        lead_id=None if lead is None else lead.order.id,
        batch_id=batch_id,
    )


async def _leaves_nothing(
    connection: AsyncConnection, request: RequestContext, undone: Order
) -> bool:
    """Return whether nothing is left once that order is put back: what Usher gave then goes on TradingView too.

    What stands still gives nothing: it is there again, and TradingView is not to show it.
    """
    taken = await entitlements.ended_by(connection, undone.id)
    if undone.kind is OrderKind.REVOKE and not taken:
        return False  # Usher gave nothing
    bought = await purchases.by_ids(connection, {each.purchase_id for each in taken})
    reasons = await entitlements.active(connection, undone.permission_id)
    reasons += [each for each in taken if not _is_over(bought[each.purchase_id], undone)]
    others = (replace(each, ended_at=None) for each in reasons if each.id != undone.entitlement_id)
    return not any(still_gives(each, request.at) and not each.paused_at for each in others)


async def _without(connection: AsyncConnection, request: RequestContext, undone: Order) -> Change:
    """Return the change that takes away what one order gave; time that was sold since goes on without it."""
    reasons = await entitlements.active(connection, undone.permission_id)
    given = [reason for reason in reasons if reason.id == undone.entitlement_id]
    others = [reason for reason in reasons if reason.id != undone.entitlement_id]
    return Change(
        undoes=undone,
        overrules=bool(given) and not any(still_gives(each, request.at) for each in others),
        unsettles=tuple(each for reason in given for each in lengths_after(others, reason)),
    )


@dataclass(frozen=True, slots=True)
class Undone:
    """An order that is to be put back, with the reasons that it took away and their purchases."""

    order: Order
    taken: Sequence[Entitlement]
    bought: Mapping[int, Purchase]


def after_undoing(undone: Undone, reasons: Sequence[Entitlement]) -> list[Entitlement]:
    """Return what counts of these reasons once an order is put back, for a look ahead.

    As `put_back_in` has it: lengths that were sold since begin anew, on top of what comes back.
    """
    order = undone.order
    given = [each for each in reasons if each.id == order.entitlement_id]
    stays = [each for each in reasons if each.id != order.entitlement_id]
    back = [
        replace(each, ended_at=None, ended_by=None)
        for each in undone.taken
        if not _is_over(undone.bought[each.purchase_id], order)
    ]
    anew = {each.id for each in stays if each.length and each.asked_at >= order.asked_at}
    if order.kind is OrderKind.GRANT:
        anew.update(each for gone in given for each in lengths_after(stays, gone))
    since = [
        replace(each, start_at=None, ends_at=None, settled_at=None, row_day=None)
        if each.id in anew
        else each
        for each in stays
    ]
    return sorted([*back, *since], key=lambda each: (each.asked_at, each.id))


def resolved(reasons: Sequence[Entitlement]) -> list[Entitlement]:
    """Return the reasons with the ends that lengths will have, by what Usher knows."""
    ends = {each.entitlement_id: each for each in settle(reasons)}
    return [
        replace(
            each,
            start_at=ends[each.id].start_at,
            ends_at=ends[each.id].ends_at,
            settled_at=each.asked_at,
        )
        if each.id in ends
        else each
        for each in reasons
    ]


def _is_over(bought: Purchase, undone: Order) -> bool:
    """Return whether the source of a purchase was lost since: it gives nothing any more."""
    return bought.source_ended_at is not None and bought.source_ended_at > undone.asked_at
