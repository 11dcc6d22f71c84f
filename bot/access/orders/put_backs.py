"""Undoes one request: what its orders took away counts again, what they gave does not."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.changes import Change, NewOrder, Recorded
from bot.access.ledger.errors import OvertakenSince
from bot.access.ledger.receipts import overtaken_since, put_back_key
from bot.access.ledger.record import record, record_unguarded
from bot.access.request import RequestContext
from bot.access.rules.entitlements import lengths_after, still_gives
from bot.store.kinds import OrderKind
from bot.store.ledger import entitlements, orders, permissions
from bot.store.records import Order
from bot.store.vault import Vault


async def put_back_in(
    connection: AsyncConnection,
    vault: Vault,
    request: RequestContext,
    lead: Order,
    *,
    batch_id: int | None = None,
) -> Recorded:
    """Undo the order that leads a request, with those that it leads, in a transaction that writes.

    Of a batch nobody is asked about seats again. Raises OvertakenSince, or what `record` does.
    """
    led = await orders.led_by(connection, [lead.id])
    first: Recorded | None = None
    superseded: list[int] = []
    # Of a move, what it took away stands again before what it gave goes.
    for each in sorted((lead, *led[lead.id]), key=lambda e: e.kind is OrderKind.MOVE):
        if await overtaken_since(connection, each):
            raise OvertakenSince
        new = replace(await _putting_back(connection, request, each, first), batch_id=batch_id)
        recording = record if batch_id is None else record_unguarded
        part = await recording(connection, vault, new)
        first = first or part
        superseded += part.superseded
    assert first is not None  # noqa: S101 - the order itself is one of them
    return replace(first, superseded=tuple(superseded))


async def _putting_back(
    connection: AsyncConnection, request: RequestContext, undone: Order, lead: Recorded | None
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
    return NewOrder(
        request,
        OrderKind.PUT_BACK,
        permission,
        change,
        product_id=undone.product_id,
        lead_id=None if lead is None else lead.order.id,
    )


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
