"""The one door: whatever changes access is recorded here, step by step, in one transaction.

`bot.access.orders` and `bot.access.sweeps` decide what is ordered; no other code writes orders.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import find
from bot.access.ledger.reasons import end_made_by, give_back, want_anew
from bot.access.ledger.seats import within_the_line
from bot.access.people.errors import BeingForgotten, CustomerBlocked, GivesToBlocked
from bot.access.people.identity import resolve
from bot.access.people.username_lookup import Spelling
from bot.access.request import GIVEN_BY_STAFF, RequestContext, Subject
from bot.access.rules.duration import Length
from bot.access.rules.entitlements import NOTHING, State, wanted_of
from bot.store.kinds import (
    EntitlementKind,
    OrderKind,
    OrderState,
    PermissionState,
    Reason,
    StateKind,
)
from bot.store.ledger import entitlements, events, orders, permissions
from bot.store.people import customers
from bot.store.records import Customer, Order, Permission, Script
from bot.store.vault import Vault

# Why orders are stuck of which staff were told that they are not given: the same order, given again,
# takes their place.
ORDERED_AGAIN = (Reason.TOO_LATE, Reason.NO_SUCH_USER, Reason.RESTORED)


@dataclass(frozen=True, slots=True)
class Target:
    """Whose access to what an order is about, before it is known whether there is a row for it."""

    item: str
    subject: Subject
    spelling: Spelling


@dataclass(frozen=True, slots=True)
class Change:
    """What an order does to the reasons of one permission; what it leaves out stays as it is."""

    gives: Length | State | None = None  # a reason: that much more time, or exactly that
    source: str | None = None  # where that reason comes from
    ends_all: bool = False  # every reason that counts until now
    undoes: Order | None = None  # an earlier order: what it took away counts again
    overrules: bool = False  # whatever TradingView shows
    wakes: bool = False  # what is stuck is tried once more
    held_back: bool | None = None  # whether sources that come back by themselves have to wait


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be recorded; `before`: what there was, by default what Usher wanted."""

    request: RequestContext
    kind: OrderKind
    target: Target | Permission
    change: Change
    note: str | None = None
    before: State | None = None
    from_now: bool = False  # its end was worked out from the moment of asking

    @property
    def awaits_clock(self) -> bool:
        """Return whether it counts from a moment at which this computer's clock is wrong."""
        gives = self.change.gives
        is_length = isinstance(gives, Length) and not gives.lifetime
        return (is_length or self.from_now) and clock.is_wrong()


@dataclass(frozen=True, slots=True)
class Recorded:
    """The row of an order, and the orders whose place it took."""

    order: Order
    superseded: tuple[int, ...] = ()
    is_new: bool = True  # False: it came before with the same idempotency key, and nothing changed


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
    """
    if not new:
        return []
    barred = await customers.barred(connection, new[0].request.guild_id)
    async with within_the_line(connection, new[0].request):
        return [await _record(connection, vault, order, barred) for order in new]


async def _record(
    connection: AsyncConnection, vault: Vault, new: NewOrder, barred: Mapping[int, Customer]
) -> Recorded:
    request, change = new.request, new.change
    if known := await orders.by_key(connection, request.guild_id, request.idempotency_key):
        return Recorded(known, is_new=False)
    permission = await _permission(connection, request, new.target)
    _refuse_barred(barred.get(permission.customer_id), new)
    superseded = await _supersede(connection, permission, new)
    order = await _add(connection, vault, permission, new)
    if change.ends_all:
        await entitlements.end_all(connection, permission.id, request.at, order.id)
    if change.undoes is not None:
        await _undo(connection, permission, order, change.undoes)
    if change.gives is not None:
        await _give(connection, permission, order, new)
    await _await_sync(connection, permission, order, change)
    await _add_events(connection, permission, order, _after(permission, change), superseded)
    return Recorded(order, tuple(superseded))


async def _permission(
    connection: AsyncConnection, request: RequestContext, target: Target | Permission
) -> Permission:
    if isinstance(target, Permission):  # as it is now: an order before this one may have changed it
        return await permissions.by_id(connection, target.id)
    script = await find(connection, request.guild_id, target.item)
    spelling = target.spelling
    person = await resolve(connection, request, target.subject, user_id=spelling.user_id)
    return await touch(connection, request, script, person, spelling)


def _refuse_barred(person: Customer | None, new: NewOrder) -> None:
    """Refuse what gives something to a blocked person, or to one who is being forgotten.

    Staff may give to a blocked person, once they were asked.
    """
    change = new.change
    if person is None or (change.gives is None and change.undoes is None):
        return
    if person.forget_at is not None or person.forgotten is not None:
        raise BeingForgotten
    if change.gives is not None and change.source not in GIVEN_BY_STAFF:
        raise CustomerBlocked
    if not new.request.consent.blocked:
        raise GivesToBlocked(person.member_id, person.username, person.block_reason)


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


async def _supersede(
    connection: AsyncConnection, permission: Permission, new: NewOrder
) -> list[int]:
    """Close what the new order makes pointless; returns the ids.

    What ends all reasons takes the place of everything; more time only that of a removal that has not
    happened. What is yet to be compared after a restore is left to `bot.access.sweeps.resume`.
    """
    at, change = new.request.at, new.change
    if change.ends_all:
        return await orders.supersede(connection, permission.id, at)
    if change.undoes is not None:
        return await orders.supersede(connection, permission.id, at, only=change.undoes.id)
    superseded: list[int] = []
    if change.gives is not None:
        superseded = await orders.supersede(
            connection,
            permission.id,
            at,
            kinds=(OrderKind.REVOKE, OrderKind.REPAIR),
            but=Reason.HELD,
        )
        superseded += await _supersede_ordered_again(connection, permission, new.request)
    if change.gives is not None or change.wakes:
        await orders.wait_again(connection, [permission.id])
    return superseded


async def _supersede_ordered_again(
    connection: AsyncConnection, permission: Permission, request: RequestContext
) -> list[int]:
    """Close what staff were told to order again; what it would have given ends with it."""
    superseded = []
    for reason in ORDERED_AGAIN:
        again = await orders.supersede(
            connection, permission.id, request.at, states=(OrderState.STUCK,), reason=reason
        )
        await end_made_by(connection, again, request.at)
        if reason is Reason.RESTORED:  # the person who asked may have been told that it was done
            for order_id in again:
                await orders.told(connection, order_id, OrderState.SUPERSEDED)
        superseded += again
    return superseded


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
    )


async def _give(
    connection: AsyncConnection, permission: Permission, order: Order, new: NewOrder
) -> None:
    """Add the reason that the order gives; a length is settled later, anything else at once."""
    request, gives = new.request, new.change.gives
    length = gives.text if isinstance(gives, Length) and not gives.lifetime else None
    state = gives if isinstance(gives, State) else State(StateKind.LIFETIME)
    assert new.change.source is not None  # noqa: S101 - a reason always comes from somewhere
    reason = await entitlements.add(
        connection,
        permission,
        source=new.change.source,
        reference=request.idempotency_key,
        kind=EntitlementKind.UNTIL if length else EntitlementKind(state.kind),
        length=length,
        asked_at=request.at,
        asked_by=request.actor.member_id,
        start_at=request.at if isinstance(gives, State) else None,
        ends_at=None if length else state.ends_at,
        settled_at=None if length else request.at,
        note=new.note,
    )
    await orders.gives(connection, order.id, reason.id)


async def _undo(
    connection: AsyncConnection, permission: Permission, order: Order, undone: Order
) -> None:
    """End what the earlier order gave, and let what it took away count again."""
    if undone.entitlement_id is not None:
        await entitlements.change(
            connection, undone.entitlement_id, ended_at=order.asked_at, ended_by=order.id
        )
    await give_back(connection, permission, undone)


async def _await_sync(
    connection: AsyncConnection, permission: Permission, order: Order, change: Change
) -> None:
    """Work out what is wanted now, and let the queue take it from here."""
    replaces = order.id if change.overrules else permission.replaces
    if change.undoes is not None and replaces == change.undoes.id:
        replaces = None  # the order to overrule TradingView is withdrawn with it
    await want_anew(
        connection,
        permission.id,
        revision=order.revision,
        replaces=replaces,
        held_back=permission.held_back if change.held_back is None else change.held_back,
        state=PermissionState.WAITING,
        reason=order.reason,
        detail=None,
        attempts=0,
        next_try_at=order.asked_at,
        asked_at=permission.asked_at
        if permission.state is PermissionState.WAITING
        else order.asked_at,
    )


def _after(permission: Permission, change: Change) -> Mapping[str, Any]:
    """Return what the history says that the order leads to."""
    if change.undoes is not None:
        return {"undone": change.undoes.id}
    if isinstance(change.gives, Length):
        return {"length": change.gives.text}
    if isinstance(change.gives, State):
        return facts(change.gives)
    return facts(NOTHING if change.ends_all else wanted_of(permission))


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


def facts(state: State) -> dict[str, str | None]:
    """Return a state as the history keeps it."""
    return {
        "kind": state.kind,
        "ends_at": None if state.ends_at is None else state.ends_at.isoformat(),
    }
