"""Fixes what a permission's reasons come to, from the row that TradingView shows for that person."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.ledger.reasons import add_found, want_anew
from bot.access.request import FOUND
from bot.access.rules.entitlements import (
    State,
    given_by,
    gives_more,
    is_ours,
    seen_in,
    settle,
    want,
)
from bot.store.kinds import ActorKind, OrderKind, Reason, StateKind
from bot.store.ledger import entitlements, orders, permissions, put_backs
from bot.store.ledger.changes import PermissionFacts
from bot.store.ledger.entitlements import FixedEnd
from bot.store.people import customers
from bot.store.records import Order, Permission
from bot.store.sweeps import observations
from bot.store.sweeps.observations import Renamed
from bot.tradingview import Row


class StuckError(Exception):
    """Only a person can help; `reason` says why, for `bot.replies` to explain."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


async def settle_with(
    connection: AsyncConnection, permission_id: int, row: Row | None
) -> tuple[Permission, tuple[int, ...]]:
    """Fix the ends of what was asked; returns the permission and the entitlements fixed now.

    `row` comes from a complete read of that person's row. Raises StuckError.
    """
    seen, now = seen_in(row), clock.now()
    permission = await permissions.by_id(connection, permission_id)
    values: PermissionFacts = {}
    if row is not None:
        permission = await _follow(connection, permission, row)
    if row is not None and row.username.casefold() == permission.name_folded:
        await customers.rename(connection, permission.customer_id, row.username, row.user_id)
        values = {"username": row.username, "checked": True}
        if row.user_id is not None:
            values["tv_user_id"] = row.user_id
    await _note_foreign(connection, permission, seen)
    settled = settle(await entitlements.active(connection, permission_id))
    await entitlements.settle(
        connection,
        [
            FixedEnd(end.entitlement_id, end.start_at, end.ends_at, now, end.row_day)
            for end in settled
        ],
    )
    values |= {"seen": seen.kind, "seen_ends_at": seen.ends_at, "seen_at": now}
    permission = await want_anew(connection, permission_id, **values)
    return permission, tuple(fixed.entitlement_id for fixed in settled)


async def unsettle(connection: AsyncConnection, permission_id: int, settled: Sequence[int]) -> None:
    """Have these ends fixed anew: nothing was written, and the row was not what was read."""
    await entitlements.unsettle(connection, settled)
    await want_anew(connection, permission_id, sent_revision=None)


def refuse_other_person(permission: Permission, row: Row | None) -> None:
    """Raise StuckError where TradingView's row of that name belongs to another user."""
    known = permission.tv_user_id
    if row is not None and known is not None and row.user_id not in (None, known):
        raise StuckError(Reason.OTHER_PERSON)


async def _follow(connection: AsyncConnection, permission: Permission, row: Row) -> Permission:
    """Follow a TradingView user to a new name: it is changed here too (wire §17, 21)."""
    known = permission.tv_user_id
    if known is None or row.user_id != known or row.username.casefold() == permission.name_folded:
        return permission
    renamed = Renamed(permission.customer_id, known, permission.username, row.username)
    if not await observations.follow(connection, permission.guild_id, renamed, clock.now()):
        raise StuckError(Reason.OTHER_PERSON)
    return await permissions.by_id(connection, permission.id)


async def _note_foreign(connection: AsyncConnection, permission: Permission, seen: State) -> None:
    """Take over what somebody gave by hand on TradingView: it is never shortened by accident.

    While a `set` or `revoke` overrules it, it is kept as ended by that order, to be put back; while a
    pause does, it stands still with the rest.
    """
    now = clock.now()
    if not seen.gives_access(now):
        return
    if is_ours(permission, seen) and not _was_there_first(permission):
        return
    if await _is_taken_back(connection, permission):
        return
    overruling = await _overruling(connection, permission)
    if permission.replaces is None:
        reasons = await entitlements.active(connection, permission.id)
        if not reasons or not gives_more(seen, want(reasons), now):
            return
    if overruling is not None and overruling.kind is OrderKind.PAUSE:
        _ = await add_found(connection, permission, seen, now, paused_at=overruling.asked_at)
        return
    if overruling is not None and await _is_found(connection, overruling, seen):
        return
    ended_by = None if overruling is None else overruling.id
    is_new = await add_found(connection, permission, seen, now, overruled_by=ended_by)
    if is_new and overruling is not None:
        await _had(connection, overruling, seen)


async def _is_found(connection: AsyncConnection, overruling: Order, seen: State) -> bool:
    """Return whether what TradingView shows was noted before, and comes back with that order's undo anyway."""
    ended = await entitlements.ended_by(connection, overruling.id)
    return any(each.source == FOUND and given_by(each).agrees_with(seen) for each in ended)


def _was_there_first(permission: Permission) -> bool:
    """Return whether a `set` asks for the very end that somebody gave on TradingView: Usher never wrote there."""
    is_unwritten = permission.ours is StateKind.UNKNOWN and permission.sent_revision is None
    return is_unwritten and permission.replaces is not None


async def _is_taken_back(connection: AsyncConnection, permission: Permission) -> bool:
    """Return whether TradingView shows a write of a batch that was undone before anybody saw it take effect.

    What stood there before that write was looked at before it went out.
    """
    sent = permission.sent_revision
    if sent is None or sent <= permission.synced_revision:
        return False
    return await put_backs.waits_of_batch(connection, permission.id, sent)


async def _overruling(connection: AsyncConnection, permission: Permission) -> Order | None:
    """Return the order of a person that overrules what TradingView shows.

    What ends by itself, as with a lost role, takes away what Usher gave, and nothing else; so does the
    undo of a batch.
    """
    if permission.replaces is None:
        return None
    order = await orders.by_id(connection, permission.replaces)
    if order is None:
        return None
    by_itself = order.actor_kind in (ActorKind.SOURCE, ActorKind.USHER)
    is_undo = order.kind is OrderKind.PUT_BACK and order.batch_id is not None
    return None if by_itself or is_undo else order


async def _had(connection: AsyncConnection, overruling: Order, seen: State) -> None:
    """Note that a `set` or `revoke` took away more than was known when it was recorded."""
    if gives_more(seen, State(overruling.before, overruling.before_ends_at), clock.now()):
        await orders.had(connection, overruling.id, seen.kind, seen.ends_at)
