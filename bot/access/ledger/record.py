"""The one door: whatever changes access is recorded here, step by step, in one transaction.

`bot.access.orders` and `bot.access.sweeps` decide what is ordered; no other code writes orders.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.errors import ProductEmpty
from bot.access.catalogue.lookup import Item, find_item
from bot.access.ledger.bare_names import is_withheld
from bot.access.ledger.barred import refuse_barred
from bot.access.ledger.changes import Brought, Change, NewEnd, NewOrder, Recorded
from bot.access.ledger.pausing import pause, paused_with, resume
from bot.access.ledger.reasons import facts, give_back, want_anew
from bot.access.ledger.seats import within_the_line
from bot.access.ledger.superseding import supersede
from bot.access.people.identity import confirm, resolve
from bot.access.people.username_lookup import Spelling
from bot.access.request import RequestContext
from bot.access.rules.duration import Length
from bot.access.rules.entitlements import NOTHING, State, given_by, wanted_of
from bot.store.kinds import (
    EntitlementKind,
    OrderState,
    PermissionState,
    Reason,
    StateKind,
    Tie,
)
from bot.store.ledger import entitlements, events, orders, permissions, purchases
from bot.store.ledger.changes import EntitlementChange
from bot.store.people import customers
from bot.store.records import Customer, Order, Permission, Purchase, Script
from bot.store.vault import Vault


async def record(connection: AsyncConnection, vault: Vault, order: NewOrder) -> Recorded:
    """Record one order. Raises as `record_all` does."""
    [recorded] = await record_all(connection, vault, [order])
    return recorded


async def record_all(
    connection: AsyncConnection, vault: Vault, new: Sequence[NewOrder]
) -> list[Recorded]:
    """Record orders of one request, in a transaction that writes; the queue is woken by the caller.

    Raises:
        UserError: the person or the item is not what was meant, or the person is blocked; nothing may
            be kept then.
        GivesToBlocked: staff must agree to give a blocked person something; the same.
        OverTheLine: a manager must agree to so many seats first; the same.
        NameOnlyClaimed: staff must say whether the member who claims the name is to know; the same.
    """
    if not new:
        return []
    async with within_the_line(connection, new[0].request):
        return [await record_unguarded(connection, vault, order) for order in new]


async def record_unguarded(connection: AsyncConnection, vault: Vault, new: NewOrder) -> Recorded:
    """Record an order that no number of seats holds up: it was paid for, or gives nothing."""
    request, target = new.request, new.target
    if known := await orders.by_key(connection, request.guild_id, request.idempotency_key):
        return Recorded(known, is_new=False)
    if isinstance(target, Permission):  # as it is now: an order before this one may have changed it
        permission = await permissions.by_id(connection, target.id)
        if new.change.gives_back:
            refuse_barred(await customers.by_id(connection, permission.customer_id), new)
        return await _record_one(connection, vault, new, permission, None)
    item = await find_item(connection, request.guild_id, target.item)
    if not item.scripts:
        raise ProductEmpty(item.title)
    spelling = target.spelling
    person = await resolve(connection, request, target.subject, user_id=spelling.user_id)
    vouched = request.consent.vouched
    if target.names_both or (vouched is not None and vouched == person.member_id):
        person = await confirm(connection, request, person, Tie.STAFF)
    return await record_for(connection, vault, new, item, person, spelling)


async def record_for(
    connection: AsyncConnection,
    vault: Vault,
    new: NewOrder,
    item: Item,
    person: Customer,
    spelling: Spelling,
) -> Recorded:
    """Record an order for each script of the item; the first one leads."""
    lead: Order | None = None
    superseded: list[int] = []
    purchase = await add_purchase(connection, new, item, person)
    for script in item.scripts:
        permission = await touch(connection, new.request, script, person, spelling)
        part = new if lead is None else _following(new, lead, script)
        part = replace(part, product_id=item.product_id)
        if new.change.ends_all and item.product is not None:
            part = replace(part, change=await _only_of(connection, part, item, permission))
        withheld = await is_withheld(connection, permission, person, new)
        recorded = await _record_one(
            connection, vault, part, permission, purchase, withheld=withheld
        )
        lead = lead or recorded.order
        superseded += recorded.superseded
    assert lead is not None  # noqa: S101 - an item without scripts is refused before
    return Recorded(lead, tuple(superseded))


def _following(new: NewOrder, lead: Order, script: Script) -> NewOrder:
    """Return the order for another script of the same request."""
    key = f"{new.request.idempotency_key}/{script.id}"
    request = replace(new.request, idempotency_key=key, token=None)
    return replace(new, request=request, lead_id=lead.id, before=None)


async def _only_of(
    connection: AsyncConnection, new: NewOrder, item: Item, permission: Permission
) -> Change:
    """Return the change that leaves what another product gives of the same script."""
    reasons = await entitlements.active(connection, permission.id)
    bought = await purchases.by_ids(connection, {reason.purchase_id for reason in reasons})
    stay = [
        reason
        for reason in reasons
        if bought[reason.purchase_id].product_id not in (None, item.product_id)
    ]
    if not stay:
        return new.change
    ends = {reason.id for reason in reasons} - {reason.id for reason in stay}
    return replace(
        new.change,
        ends_all=False,
        ends=ends,
        overrules=new.change.overrules and new.change.gives is not None,
        held_back=None,
    )


async def _record_one(
    connection: AsyncConnection,
    vault: Vault,
    new: NewOrder,
    permission: Permission,
    purchase: Purchase | None,
    *,
    withheld: bool = False,
) -> Recorded:
    request, change = new.request, new.change
    superseded = await supersede(connection, permission, new)
    order = await _add(connection, vault, permission, new)
    if change.ends_all:
        ends = {reason.id for reason in await entitlements.active(connection, permission.id)}
    else:
        ends = set(change.ends)
    await entitlements.end(connection, ends, request.at, order.id)
    if change.undoes is not None:
        await _undo(connection, permission, order, change.undoes)
    if change.pauses:
        await pause(connection, change.pauses, request.at)
    await resume(connection, change.resumes, request.at)
    await entitlements.unsettle(connection, change.unsettles)
    for new_end in change.sets:
        await _set_end(connection, new_end)
    for brought in change.brings:
        await _bring(connection, permission, order, brought)
    if change.goes_on_from is not None:
        await entitlements.hand_over(connection, change.goes_on_from, permission.id)
    if change.attaches is not None:
        since = change.since or request.at
        await entitlements.attach(connection, change.attaches.id, permission.id, since)
        await orders.gives(connection, order.id, change.attaches.id)
    elif purchase is not None:
        reason = await entitlements.add(
            connection,
            purchase,
            permission.script_id,
            permission,
            asked_at=change.since or request.at,
            row_day=change.row_day,
            withheld=withheld,
            paused_at=await paused_with(connection, permission, purchase, request.at),
        )
        await orders.gives(connection, order.id, reason.id)
    now = await _await_sync(connection, permission, order, change)
    after = {**_after(permission, change, wanted_of(now)), **change.by_customer}
    await _add_events(connection, permission, order, after, superseded)
    return Recorded(order, tuple(superseded))


async def _set_end(connection: AsyncConnection, new: NewEnd) -> None:
    """Let a reason count until another end."""
    values: EntitlementChange = {"ended_at": None, "ended_by": None, "grace_days": new.grace_days}
    if new.ends_at is not None:
        values["ends_at"] = new.ends_at
    await entitlements.change(connection, new.entitlement_id, **values)


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


async def add_purchase(
    connection: AsyncConnection, new: NewOrder, item: Item, person: Customer
) -> Purchase | None:
    """Add what the order gives as a purchase of the whole item; None where it gives nothing new.

    Raises as `record_all` does for a person who is blocked.
    """
    request, gives = new.request, new.change.gives
    if gives is None:
        return None
    refuse_barred(person, new)
    length = gives.text if isinstance(gives, Length) and not gives.lifetime else None
    state = gives if isinstance(gives, State) else State(StateKind.LIFETIME)
    assert new.change.source is not None  # noqa: S101 - a reason always comes from somewhere
    return await purchases.add(
        connection,
        request.guild_id,
        person.id,
        product_id=item.product_id,
        script_id=item.script_id,
        source=new.change.source,
        reference=request.idempotency_key,
        member_id=new.change.member_id,
        kind=EntitlementKind.UNTIL if length else EntitlementKind(state.kind),
        length=length,
        ends_at=None if length else state.ends_at,
        grace_days=new.change.grace_of(item.product),
        actor=request.actor,
        asked_at=request.at,
        note=new.note,
    )


async def touch(
    connection: AsyncConnection,
    request: RequestContext,
    script: Script,
    person: Customer,
    spelling: Spelling,
) -> Permission:
    """Return the permission that an order is about, made when there is none, with that spelling."""
    if spelling.checked:
        await customers.rename(connection, person.id, spelling.username, spelling.user_id)
    permission = await permissions.touch(connection, person, script.id, request.at)
    if permission.checked or not spelling.checked:
        return permission
    return await permissions.change(
        connection,
        permission.id,
        username=spelling.username,
        checked=True,
        tv_user_id=spelling.user_id if permission.tv_user_id is None else permission.tv_user_id,
    )


async def _add(
    connection: AsyncConnection, vault: Vault, permission: Permission, new: NewOrder
) -> Order:
    request, before = new.request, new.before
    if before is None or before.kind is StateKind.UNKNOWN:
        before = wanted_of(permission)
    return await orders.add(
        connection,
        permission,
        kind=new.kind,
        idempotency_key=request.idempotency_key,
        actor=request.actor,
        asked_at=request.at,
        before=before.kind,
        before_ends_at=before.ends_at,
        note=new.note,
        answer_token=None if request.token is None else vault.seal(request.token),
        reason=Reason.CLOCK if new.awaits_clock else None,
        product_id=new.product_id,
        lead_id=new.lead_id,
        member_told_at=request.at if new.change.by_customer else None,  # told as the asker
        batch_id=new.batch_id,
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


async def _add_events(
    connection: AsyncConnection,
    permission: Permission,
    order: Order,
    after: Mapping[str, Any],
    superseded: Sequence[int],
) -> None:
    """Add the history's entry for the order, and one for each order it took the place of."""
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
        after=after,
        **about,
    )
    for order_id in superseded:
        await events.record(
            connection, guild_id, at, OrderState.SUPERSEDED, order_id=order_id, **about
        )


def _known(permission: Permission) -> Mapping[str, Any] | None:
    """Return what the customer had before the order; None where TradingView was never looked at."""
    wanted = wanted_of(permission)
    never_seen = permission.seen is StateKind.UNKNOWN and wanted.kind is StateKind.NOTHING
    return None if never_seen else facts(wanted)
