"""The one door: whatever changes access is recorded here, step by step, in one transaction.

`bot.access.orders` and `bot.access.sweeps` decide what is ordered; no other code writes orders.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.errors import ProductEmpty
from bot.access.catalogue.lookup import Item, find_item
from bot.access.ledger.apply import apply
from bot.access.ledger.bare_names import is_withheld
from bot.access.ledger.barred import refuse_barred
from bot.access.ledger.changes import Change, NewOrder, Recorded
from bot.access.ledger.history import add_entries
from bot.access.ledger.seats import within_the_line
from bot.access.ledger.superseding import supersede
from bot.access.people.identity import confirm, resolve
from bot.access.people.username_lookup import Spelling
from bot.access.request import RequestContext
from bot.access.rules.duration import Length
from bot.access.rules.entitlements import State, wanted_of
from bot.store.kinds import (
    EntitlementKind,
    Reason,
    StateKind,
    Tie,
)
from bot.store.ledger import entitlements, orders, permissions, purchases
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
    superseded = await supersede(connection, permission, new)
    order = await _add(connection, vault, permission, new)
    now = await apply(connection, permission, order, new.change, purchase, withheld=withheld)
    await add_entries(connection, permission, order, new.change, now, superseded)
    return Recorded(order, tuple(superseded))


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
