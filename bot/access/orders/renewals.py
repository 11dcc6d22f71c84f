"""What a source gave gets another end, or counts again: each for one purchase, in a transaction that writes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.changes import Brought, Change, NewEnd, NewOrder, Recorded
from bot.access.ledger.record import record_unguarded
from bot.access.request import RequestContext
from bot.store.catalogue import products
from bot.store.kinds import ActorKind, OrderKind, PermissionState
from bot.store.ledger import entitlements, order_outcomes, orders, permissions, purchases
from bot.store.records import Entitlement, Purchase
from bot.store.vault import Vault

_NO_TIME = timedelta()


@dataclass(frozen=True, slots=True)
class Renewed:
    """The orders that were recorded, one to lead; `is_held`: staff ended some of it, and it stays so."""

    recorded: tuple[Recorded, ...] = ()
    is_held: bool = False


async def renew_in(
    connection: AsyncConnection,
    vault: Vault,
    request: RequestContext,
    purchase: Purchase,
    *,
    by: timedelta = _NO_TIME,
    grace_days: int,
    was_held: bool = False,
) -> Renewed:
    """Move the end of what a purchase gives, later or sooner, with that many days kept beyond it.

    What its source ended counts again. What staff ended does so with more time alone, and not while they
    hold it back: time that came meanwhile (`was_held`) waits for them. What was shifted meanwhile, as by a
    pause, keeps that. Sooner, it can be put back.
    """
    given = (await entitlements.of_purchases(connection, [purchase.id]))[purchase.id]
    end = None if purchase.ends_at is None else purchase.ends_at + by
    await purchases.change(
        connection,
        [purchase.id],
        ends_at=end,
        grace_days=grace_days,
        ended_at=None,
        source_ended_at=None,
    )
    recorded: list[Recorded] = []
    is_held = False
    sold = await _scripts_of(connection, purchase)
    for reason in _latest(given):
        by_staff = False
        if reason.ended_at is not None:
            by_staff = await _is_ended_by_staff(connection, purchase, reason)
            held_back = await _is_held_back(connection, reason)
            more = was_held or by > _NO_TIME
            if held_back or (by_staff and (not more or reason.script_id not in sold)):
                # Its end moves all the same: the next change counts from there.
                await _move_ended(connection, reason, by)
                is_held |= held_back and (more or not by_staff)
                continue
        if reason.permission_id is None:
            await _move_waiting(connection, reason, by, grace_days)
            continue
        lead = recorded[0].order.id if recorded else None
        later = () if by_staff else await _later_lengths(connection, reason)
        is_news = await _is_news(connection, reason, by, grace_days)
        new = await _order(connection, request, purchase, reason, lead, by, grace_days, later)
        recorded.append(await record_unguarded(connection, vault, new))
        if not is_news:
            await order_outcomes.no_news(connection, [recorded[-1].order.id], request.at)
    return Renewed(tuple(recorded), is_held)


async def _scripts_of(connection: AsyncConnection, purchase: Purchase) -> set[int | None]:
    """Return the scripts of what was bought, as it is sold now."""
    if purchase.product_id is None:
        return {purchase.script_id}
    found = await products.scripts_of(connection, [purchase.product_id])
    return {script.id for script in found[purchase.product_id]}


def _latest(given: Iterable[Entitlement]) -> list[Entitlement]:
    """Return, for each script, the reason that counts, else the one that counted last."""
    latest: dict[int, Entitlement] = {}
    for reason in given:
        known = latest.get(reason.script_id)
        if known is None or (reason.ended_at is None, reason.id) > (
            known.ended_at is None,
            known.id,
        ):
            latest[reason.script_id] = reason
    return list(latest.values())


async def _is_news(
    connection: AsyncConnection, reason: Entitlement, by: timedelta, grace_days: int
) -> bool:
    """Return whether the customer is to hear of it: of days kept beyond the same paid end, they are not.

    They hear that a payment failed; "it goes on" beside that would say the opposite.
    """
    if by or reason.ended_at is not None or grace_days <= reason.grace_days:
        return True
    assert reason.permission_id is not None  # noqa: S101 - what waits for a name has no order
    permission = await permissions.by_id(connection, reason.permission_id)
    return permission.state is not PermissionState.DONE  # then an order before has still to be told


async def _is_held_back(connection: AsyncConnection, reason: Entitlement) -> bool:
    """Return whether staff revoked the item, and did not grant it again."""
    if reason.permission_id is None:
        return False
    return (await permissions.by_id(connection, reason.permission_id)).held_back


async def _is_ended_by_staff(
    connection: AsyncConnection, purchase: Purchase, reason: Entitlement
) -> bool:
    """Return whether it was not the source that ended a reason."""
    if purchase.source_ended_at is None:
        return True
    if reason.ended_by is None:
        return False
    order = await orders.by_id(connection, reason.ended_by)
    return order is not None and order.actor_kind is not ActorKind.SOURCE


async def _move_ended(connection: AsyncConnection, reason: Entitlement, by: timedelta) -> None:
    """Move the end of what stays ended."""
    if reason.ends_at is not None and by:
        await entitlements.change(connection, reason.id, ends_at=reason.ends_at + by)


async def _move_waiting(
    connection: AsyncConnection, reason: Entitlement, by: timedelta, grace_days: int
) -> None:
    """Move the end of what waits for a name."""
    end = reason.ends_at
    await entitlements.change(
        connection,
        reason.id,
        ended_at=None,
        ended_by=None,
        grace_days=grace_days,
        ends_at=None if end is None else end + by,
    )


async def _later_lengths(connection: AsyncConnection, reason: Entitlement) -> tuple[int, ...]:
    """Return the lengths that were sold since: where what its source ended counts again, they follow it."""
    if reason.ended_at is None or reason.permission_id is None:
        return ()
    others = await entitlements.active(connection, reason.permission_id)
    return tuple(each.id for each in others if each.length and each.asked_at >= reason.asked_at)


def _is_sooner(reason: Entitlement, end: datetime, grace_days: int) -> bool:
    """Return whether the person loses time by that end, days on top of it included."""
    assert reason.ends_at is not None  # noqa: S101 - it has another end, then
    days = timedelta(days=grace_days - reason.grace_days)
    return end + days < reason.ends_at


async def _order(
    connection: AsyncConnection,
    request: RequestContext,
    purchase: Purchase,
    reason: Entitlement,
    lead_id: int | None,
    by: timedelta,
    grace_days: int,
    later: tuple[int, ...],
) -> NewOrder:
    """Return the order that gives one reason its new end."""
    assert reason.permission_id is not None  # noqa: S101 - chosen so
    permission = await permissions.by_id(connection, reason.permission_id)
    end = None if reason.ends_at is None else reason.ends_at + by
    gives_more = reason.ended_at is not None or by > _NO_TIME or grace_days > reason.grace_days
    if end is not None and reason.ended_at is None and _is_sooner(reason, end, grace_days):
        change = Change(
            ends=(reason.id,), brings=(Brought(reason, end, reason.row_day, reason.paused_at),)
        )
    else:
        change = Change(sets=(NewEnd(reason.id, end, grace_days),), unsettles=later)
    key = f"{request.idempotency_key} {purchase.id}/{reason.script_id}"
    return NewOrder(
        replace(request, idempotency_key=key, token=None),
        OrderKind.GRANT if gives_more else OrderKind.SET,
        permission,
        change,
        product_id=purchase.product_id,
        lead_id=lead_id,
    )
