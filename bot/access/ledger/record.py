"""What recording an order does inside its transaction; `bot.access.orders.grants` decides what is recorded."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.people.username_lookup import Spelling
from bot.access.request import RequestContext
from bot.access.rules.entitlements import State, want, wanted_of
from bot.store.ledger import entitlements, events, orders, permissions
from bot.store.people import customers
from bot.store.records import Customer, Order, Permission, Script
from bot.store.vault import Vault

# Why orders are stuck of which staff were told that they are not given: the same order, given again,
# takes their place.
ORDERED_AGAIN = ("too_late", "no_such_user", orders.RESTORED)


async def touch(
    connection: AsyncConnection,
    request: RequestContext,
    script: Script,
    person: Customer,
    spelled: Spelling,
) -> Permission:
    """The permission that the order is about, with the spelling that was found."""
    if spelled.checked:
        await customers.rename(connection, person.id, spelled.username, spelled.user_id)
    permission = await permissions.touch(connection, person, script.id, request.at)
    if permission.checked or not spelled.checked:
        return permission
    return await permissions.change(
        connection,
        permission.id,
        username=spelled.username,
        checked=True,
        tv_user_id=spelled.user_id if permission.tv_user_id is None else permission.tv_user_id,
    )


async def add_order(
    connection: AsyncConnection,
    vault: Vault,
    request: RequestContext,
    permission: Permission,
    kind: str,
    *,
    note: str | None = None,
    before: State | None = None,
    reference: str | None = None,
) -> Order:
    """The row that holds the order; `before` is what there was, by default what Usher wanted."""
    if before is None or before.kind == "unknown":
        before = wanted_of(permission)
    return await orders.add(
        connection,
        permission,
        kind=kind,
        reference=reference or request.reference,
        asked_by=request.by,
        asked_at=request.at,
        before=before.kind,
        before_ends_at=before.ends_at,
        note=note,
        answer_token=None if request.token is None else vault.seal(request.token),
    )


async def overtake(
    connection: AsyncConnection,
    permission: Permission,
    request: RequestContext,
    *,
    everything: bool,
) -> list[int]:
    """Close what the new order makes pointless; returns the ids.

    A `set` or `revoke` overtakes everything; a grant only a removal that has not happened. What was
    stuck gets another chance beside the new order, but for what staff were told to order again. What is
    yet to be compared after a restore is left to `bot.access.sweeps.resume`.
    """
    if everything:
        return await orders.supersede(connection, permission.id, request.at)
    overtaken = await orders.supersede(
        connection, permission.id, request.at, kinds=("revoke", "repair"), but=orders.HELD
    )
    for reason in ORDERED_AGAIN:
        again = await orders.supersede(
            connection, permission.id, request.at, states=("stuck",), reason=reason
        )
        for order_id in again:
            await _take_back(connection, order_id, request)
            if reason == orders.RESTORED:  # whoever asked may have been told that it was done
                await orders.told(connection, order_id, "superseded")
        overtaken += again
    await orders.wait_again(connection, [permission.id])
    return overtaken


async def _take_back(connection: AsyncConnection, order_id: int, request: RequestContext) -> None:
    """End the reason that an order made and never brought to TradingView."""
    order = await orders.by_id(connection, order_id)
    if order is not None and order.entitlement_id is not None:
        await entitlements.change(connection, order.entitlement_id, ended_at=request.at)


async def give_back(connection: AsyncConnection, permission: Permission, undone: Order) -> None:
    """Let what one order took away count again; time that was sold since goes on top of it."""
    back = {reason.id for reason in await entitlements.restore(connection, undone.id)}
    for reason in await entitlements.active(connection, permission.id):
        since = reason.asked_at >= undone.asked_at and reason.id not in back
        if since and reason.length is not None:
            await entitlements.unsettle(connection, reason.id)


async def want_anew(connection: AsyncConnection, permission_id: int, **values: Any) -> Permission:
    """Work out what is wanted from the reasons that count now; sets `values` with it."""
    wanted = want(await entitlements.active(connection, permission_id))
    return await permissions.change(
        connection,
        permission_id,
        wanted=wanted.kind,
        wanted_ends_at=wanted.ends_at,
        **values,
    )


async def await_sync(
    connection: AsyncConnection,
    permission: Permission,
    order: Order,
    *,
    held_back: bool,
    replaces: int | None,
) -> None:
    """Work out what is wanted now, and let the queue take it from here."""
    await want_anew(
        connection,
        permission.id,
        revision=order.revision,
        replaces=replaces,
        held_back=held_back,
        state="waiting",
        reason=None,
        detail=None,
        attempts=0,
        next_try_at=order.asked_at,
        asked_at=permission.asked_at if permission.state == "waiting" else order.asked_at,
    )


async def add_event(
    connection: AsyncConnection,
    request: RequestContext,
    order: Order,
    permission: Permission,
    after: Mapping[str, Any],
    superseded: Sequence[int],
) -> None:
    """The history's entry for the order, and one for each order it took the place of."""
    about: dict[str, Any] = {
        "script_id": permission.script_id,
        "customer_id": permission.customer_id,
        "permission_id": permission.id,
    }
    await events.record(
        connection,
        request.guild_id,
        request.at,
        order.kind,
        actor_id=request.by,
        order_id=order.id,
        note=order.note,
        before=facts(wanted_of(permission)),
        after=after,
        **about,
    )
    for order_id in superseded:
        await events.record(
            connection, request.guild_id, request.at, "superseded", order_id=order_id, **about
        )


def facts(state: State) -> dict[str, str | None]:
    """A state as the history keeps it."""
    return {
        "kind": state.kind,
        "ends_at": None if state.ends_at is None else state.ends_at.isoformat(),
    }
