"""What becomes of orders that still waited in a restored backup: TradingView shows what was done since.

`bot.access.sweeps.recovery` says when, and why so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.ledger.reasons import facts, want_anew
from bot.access.rules.entitlements import (
    State,
    gives_more,
    is_ours,
    last_seen,
    settle,
    want,
    wanted_of,
)
from bot.access.sweeps.adopt import take_known
from bot.access.sweeps.drift import Difference, Kind
from bot.store.kinds import OrderState, PermissionState, Reason, StateKind
from bot.store.ledger import entitlements, events, order_outcomes, orders, permissions, replays
from bot.store.ledger.entitlements import FixedEnd
from bot.store.ledger.events import NewEvent
from bot.store.records import Entitlement, Order, Permission, Script


class ReplayOutcome(StrEnum):
    """What is known of an order after a restore."""

    DONE = "done"  # TradingView shows it
    OPEN = "open"  # TradingView shows that it was not done: it goes on
    UNDECIDED = "undecided"  # TradingView shows what it did: not done, or done and taken away since
    STUCK = "stuck"  # something else was done since: staff order it anew if it is still wanted


@dataclass(frozen=True, slots=True)
class Resumed:
    """How many orders had that outcome; `later`: TradingView shows more than what is known of gives."""

    outcome: ReplayOutcome
    number: int
    later: bool = False


@dataclass(frozen=True, slots=True)
class Replay:
    """The outcome for one permission's orders; `reasons` with the ends that they get by it."""

    outcome: ReplayOutcome
    reasons: tuple[Entitlement, ...] = ()


def judge(
    permission: Permission, reasons: Sequence[Entitlement], shown: State, now: datetime
) -> Replay:
    """Compare what TradingView shows with what the backup saw and with what its orders wanted.

    `permission` and `reasons` are as in the backup. Ends are worked out from what the backup saw, as
    they were then, so that the same order is not added to an end that it made. Only the end of an
    order says that it was done: what the backup saw may have been old when the order was given, so
    any other end may be another person's.
    """
    wanted, seen = wanted_of(permission), last_seen(permission)
    overrules = permission.replaces is not None
    if not overrules and (
        shown.agrees_with(seen) or not (shown.gives_access(now) or seen.gives_access(now))
    ):
        return Replay(ReplayOutcome.UNDECIDED)
    settled, ends = _settled(permission, reasons, seen, now)
    if _shows(shown, want(settled), now):
        return Replay(ReplayOutcome.DONE, settled)
    partly = [State(StateKind.UNTIL, end) for end in ends]
    if overrules:  # it was carried out, and what was given on top of it was not
        partly.append(wanted)
    if any(_shows(shown, part, now) for part in partly):
        return Replay(ReplayOutcome.OPEN, settled)
    return Replay(ReplayOutcome.STUCK)


def _shows(shown: State, wanted: State, now: datetime) -> bool:
    """Return whether it is that, or the end of its day in UTC, as TradingView's own page sets it."""
    if wanted.kind is StateKind.NOTHING:
        return not shown.gives_access(now)
    if shown.agrees_with(wanted):
        return True
    if shown.ends_at is None or wanted.ends_at is None:
        return False
    day = wanted.ends_at.astimezone(UTC).date()
    last = State(StateKind.UNTIL, datetime.combine(day, time.max, UTC))
    return shown.agrees_with(last)


def _settled(
    permission: Permission, reasons: Sequence[Entitlement], seen: State, now: datetime
) -> tuple[tuple[Entitlement, ...], list[datetime]]:
    """Return the reasons with the ends that they had got, had they been settled in the backup; and those."""
    foreign = (
        permission.replaces is None
        and seen.ends_at is not None
        and not is_ours(permission, seen)
        and gives_more(seen, want(reasons), now)
    )
    fixed = {
        end.entitlement_id: end for end in settle(reasons, since=seen.ends_at if foreign else None)
    }
    settled = tuple(
        replace(
            reason,
            start_at=fix.start_at,
            ends_at=fix.ends_at,
            settled_at=now,
            row_day=fix.row_day,
        )
        if (fix := fixed.get(reason.id))
        else reason
        for reason in reasons
    )
    return settled, [end.ends_at for end in fixed.values()]


async def resume(
    connection: AsyncConnection, script: Script, shown: Mapping[int, State | None]
) -> list[Resumed]:
    """Replay the orders of these permissions, by what TradingView shows.

    Nothing is `shown` of a person whose name is another user's now: what would overrule is parked, and
    the rest goes on, so that sync says so.
    """
    now = clock.now()
    old = await replays.from_backup(connection, shown, script.restored_at)
    # What was held until now waits, so that it can be replayed.
    await orders.wait_again(connection, old, reason=Reason.HELD)
    await permissions.release(connection, old, now)
    reasons = await entitlements.active_of(connection, old)
    held = {each.id: each for each in await permissions.by_ids(connection, old)}
    judged = {each: _replay(held[each], old[each], reasons[each], shown[each], now) for each in old}
    await entitlements.settle(
        connection,
        [
            FixedEnd(reason.id, reason.start_at, reason.ends_at, reason.settled_at, reason.row_day)
            for replay in judged.values()
            for reason in replay.reasons
        ],
    )
    await _leave_to_staff(connection, judged, old, now)
    resumed = []
    for each, replay in judged.items():
        later = await _carry_out(connection, held[each], replay, shown[each], old[each])
        resumed.append(Resumed(replay.outcome, len(old[each]), later))
    return resumed


def _replay(
    permission: Permission,
    old: Sequence[Order],
    active: Sequence[Entitlement],
    shown: State | None,
    now: datetime,
) -> Replay:
    if shown is None:
        return Replay(ReplayOutcome.OPEN if permission.replaces is None else ReplayOutcome.STUCK)
    last = max(order.asked_at for order in old)
    return judge(permission, [each for each in active if each.asked_at <= last], shown, now)


async def _carry_out(
    connection: AsyncConnection,
    permission: Permission,
    replay: Replay,
    shown: State | None,
    old: Sequence[Order],
) -> bool:
    """Carry out what was decided; returns whether TradingView shows more by now than is known of."""
    if replay.outcome in (ReplayOutcome.OPEN, ReplayOutcome.UNDECIDED):
        return False
    if replay.outcome is ReplayOutcome.STUCK or shown is None:
        await _park(connection, permission, old)
    else:
        await _conclude(connection, permission, shown, old)
    return shown is not None and await _keep(connection, permission.id, shown)


async def _leave_to_staff(
    connection: AsyncConnection,
    judged: Mapping[int, Replay],
    old: Mapping[int, Sequence[Order]],
    now: datetime,
) -> None:
    """Let the orders of which TradingView shows nothing wait for `bot.access.sweeps.undecided`."""
    ids = [each for each, replay in judged.items() if replay.outcome is ReplayOutcome.UNDECIDED]
    await replays.leave_to_staff(connection, [order.id for each in ids for order in old[each]], now)
    await permissions.hold(connection, ids, Reason.UNDECIDED)


async def hold(connection: AsyncConnection, people: Sequence[Permission], since: datetime) -> None:
    """Hold the orders from before the restore of those people who could not be read."""
    ids = [permission.id for permission in people]
    await replays.hold(connection, ids, since, clock.now())
    await permissions.hold(connection, ids)


async def _conclude(
    connection: AsyncConnection, permission: Permission, shown: State, old: Sequence[Order]
) -> None:
    """End these orders as done; the people who gave them are not told, for they may have been."""
    now = clock.now()
    revision = max(order.revision for order in old)
    is_last = permission.revision == revision
    ended = await orders.end(connection, permission.id, revision, now, OrderState.DONE)
    await order_outcomes.all_told(connection, ended, OrderState.DONE)
    if ended:
        await order_outcomes.member_told(connection, max(ended), now)
    await events.record_all(
        connection,
        [
            NewEvent(
                guild_id=permission.guild_id,
                at=now,
                action="was_there",
                script_id=permission.script_id,
                customer_id=permission.customer_id,
                permission_id=permission.id,
                order_id=order_id,
                after=facts(shown),
            )
            for order_id in ended
        ],
    )
    await permissions.change(
        connection,
        permission.id,
        ours=shown.kind,
        ours_ends_at=shown.ends_at,
        differs=False,
        synced_revision=revision,
        replaces=None,  # a newer order that overrules would have taken the place of these
        state=PermissionState.DONE if is_last else PermissionState.WAITING,
        reason=None,
        detail=None,
        attempts=0,
        next_try_at=None if is_last else now,
    )


async def _park(connection: AsyncConnection, permission: Permission, old: Sequence[Order]) -> None:
    """Park these orders: what they gave ends, what they took is given back.

    The people who asked may have been told that they were done; the log channel says how many they are.
    """
    now = clock.now()
    revision = max(order.revision for order in old)
    is_last = permission.revision == revision
    await orders.end(connection, permission.id, revision, now, OrderState.STUCK, Reason.RESTORED)
    undone = await _with_overtaken(connection, permission, old)
    await entitlements.restore(connection, undone)
    await entitlements.end_made_by(connection, undone, now)
    await order_outcomes.all_told(connection, [order.id for order in old], OrderState.STUCK)
    await permissions.change(
        connection,
        permission.id,
        replaces=None,
        state=PermissionState.STUCK if is_last else PermissionState.WAITING,
        reason=Reason.RESTORED if is_last else None,
        detail=None,
        next_try_at=None if is_last else now,
    )


async def _with_overtaken(
    connection: AsyncConnection, permission: Permission, old: Sequence[Order]
) -> list[int]:
    """Return the ids of these orders and of those whose place they took before they were done."""
    asked = {order.asked_at for order in old}
    ids = [order.id for order in old]
    for overtaken in reversed(
        await orders.of_permission(connection, permission.id, OrderState.SUPERSEDED)
    ):
        if overtaken.ended_at in asked:
            asked.add(overtaken.asked_at)
            ids.append(overtaken.id)
    return ids


async def _keep(connection: AsyncConnection, permission_id: int, shown: State) -> bool:
    """Keep what TradingView shows where it is more than is wanted; returns whether it was."""
    now = clock.now()
    permission = await want_anew(
        connection,
        permission_id,
        seen=shown.kind,
        seen_ends_at=shown.ends_at,
        seen_at=now,
    )
    wanted = wanted_of(permission)
    if not gives_more(shown, wanted, now):
        return False
    about = Difference(Kind.OTHER_END, permission.username, wanted, shown, permission)
    await take_known(connection, None, f"resumed {now}", about, permission)
    return True
