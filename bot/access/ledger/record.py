"""What recording a wish does inside its transaction; `bot.access.orders.grants` decides what is recorded."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.people.username_lookup import Spelling
from bot.access.request import Asked
from bot.access.rules.entitlements import State, want, wanted_of
from bot.store.ledger import entitlements, events, orders, permissions
from bot.store.people import customers
from bot.store.records import Customer, Permission, Script, Wish
from bot.store.vault import Vault

# Why wishes are stuck of which staff were told that they are not given: the same order, given again,
# takes their place.
ORDERED_AGAIN = ("too_late", "no_such_user", orders.RESTORED)


async def touch(
    connection: AsyncConnection, asked: Asked, script: Script, person: Customer, spelled: Spelling
) -> Permission:
    """The permission that the wish is about, with the spelling that was found."""
    if spelled.checked:
        await customers.rename(connection, person.id, spelled.username, spelled.user_id)
    permission = await permissions.touch(connection, person, script.id, asked.at)
    if permission.checked or not spelled.checked:
        return permission
    return await permissions.change(
        connection,
        permission.id,
        username=spelled.username,
        checked=True,
        tv_user_id=spelled.user_id if permission.tv_user_id is None else permission.tv_user_id,
    )


async def add_wish(
    connection: AsyncConnection,
    vault: Vault,
    asked: Asked,
    permission: Permission,
    kind: str,
    *,
    note: str | None = None,
    before: State | None = None,
    reference: str | None = None,
) -> Wish:
    """The row that holds the order; `before` is what there was, by default what Usher wanted."""
    if before is None or before.kind == "unknown":
        before = wanted_of(permission)
    return await orders.add(
        connection,
        permission,
        kind=kind,
        reference=reference or asked.reference,
        asked_by=asked.by,
        asked_at=asked.at,
        before=before.kind,
        before_ends_at=before.ends_at,
        note=note,
        answer_token=None if asked.token is None else vault.seal(asked.token),
    )


async def overtake(
    connection: AsyncConnection, permission: Permission, asked: Asked, *, everything: bool
) -> list[int]:
    """Close what the new wish makes pointless; returns the ids.

    A `set` or `revoke` overtakes everything; a grant only a removal that has not happened. What was
    stuck gets another chance beside the new wish, but for what staff were told to order again. What is
    yet to be compared after a restore is left to `bot.access.sweeps.resume`.
    """
    if everything:
        return await orders.supersede(connection, permission.id, asked.at)
    overtaken = await orders.supersede(
        connection, permission.id, asked.at, kinds=("revoke", "mend"), but=orders.HELD
    )
    for reason in ORDERED_AGAIN:
        again = await orders.supersede(
            connection, permission.id, asked.at, states=("stuck",), reason=reason
        )
        for wish_id in again:
            await _take_back(connection, wish_id, asked)
            if reason == orders.RESTORED:  # whoever asked may have been told that it was done
                await orders.told(connection, wish_id, "superseded")
        overtaken += again
    await orders.wait_again(connection, [permission.id])
    return overtaken


async def _take_back(connection: AsyncConnection, wish_id: int, asked: Asked) -> None:
    """End the reason that a wish made and never brought to TradingView."""
    wish = await orders.by_id(connection, wish_id)
    if wish is not None and wish.entitlement_id is not None:
        await entitlements.change(connection, wish.entitlement_id, ended_at=asked.at)


async def give_back(connection: AsyncConnection, permission: Permission, undone: Wish) -> None:
    """Let what one wish took away count again; time that was sold since goes on top of it."""
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
    wish: Wish,
    *,
    held_back: bool,
    replaces: int | None,
) -> None:
    """Work out what is wanted now, and let the queue take it from here."""
    await want_anew(
        connection,
        permission.id,
        revision=wish.revision,
        replaces=replaces,
        held_back=held_back,
        state="waiting",
        reason=None,
        detail=None,
        attempts=0,
        next_try_at=wish.asked_at,
        asked_at=permission.asked_at if permission.state == "waiting" else wish.asked_at,
    )


async def add_event(
    connection: AsyncConnection,
    asked: Asked,
    wish: Wish,
    permission: Permission,
    after: Mapping[str, Any],
    superseded: Sequence[int],
) -> None:
    """The history's entry for the wish, and one for each wish it took the place of."""
    about: dict[str, Any] = {
        "script_id": permission.script_id,
        "customer_id": permission.customer_id,
        "permission_id": permission.id,
    }
    await events.record(
        connection,
        asked.guild_id,
        asked.at,
        wish.kind,
        actor_id=asked.by,
        wish_id=wish.id,
        note=wish.note,
        before=facts(wanted_of(permission)),
        after=after,
        **about,
    )
    for wish_id in superseded:
        await events.record(
            connection, asked.guild_id, asked.at, "superseded", wish_id=wish_id, **about
        )


def facts(state: State) -> dict[str, str | None]:
    """A state as the history keeps it."""
    return {
        "kind": state.kind,
        "ends_at": None if state.ends_at is None else state.ends_at.isoformat(),
    }
