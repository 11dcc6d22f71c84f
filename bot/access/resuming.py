"""What becomes of orders that still waited in a restored backup: TradingView shows what was done since.

`bot.access.recovery` says when, and why so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.adopt import take_known
from bot.access.drift import Difference, Kind
from bot.access.entitlements import (
    State,
    gives_more,
    is_ours,
    last_seen,
    settle,
    stands,
    want,
    wanted_of,
)
from bot.access.recording import facts
from bot.store import entitlements, events, permissions, wishes
from bot.store.records import Entitlement, Permission, Script, Wish


class Fate(StrEnum):
    """What is known of an order after a restore."""

    DONE = "done"  # TradingView shows it
    OPEN = "open"  # TradingView shows that it was not done: it goes on
    STUCK = "stuck"  # something else was done since: staff decide


@dataclass(frozen=True, slots=True)
class Resumed:
    """How many orders met that fate; `later`: TradingView shows more than they wanted."""

    fate: Fate
    number: int
    later: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The fate of one permission's orders; `reasons` with the ends that they get by it."""

    fate: Fate
    wanted: State
    reasons: tuple[Entitlement, ...] = ()


def judge(
    permission: Permission, reasons: Sequence[Entitlement], shown: State, now: datetime
) -> Verdict:
    """Compare what TradingView shows with what the backup saw and with what its orders wanted.

    `permission` and `reasons` are as in the backup. Ends are worked out from what the backup saw, as
    they were then, so that the same order is not added to an end that it made.
    """
    wanted, seen = wanted_of(permission), last_seen(permission)
    if permission.replaces is not None:
        return Verdict(Fate.DONE if stands(permission, shown, now) else Fate.STUCK, wanted)
    if shown.agrees_with(seen) or not (shown.gives_access(now) or seen.gives_access(now)):
        return Verdict(Fate.OPEN, wanted)
    if seen.kind != "unknown" and (gives_more(seen, shown, now) or not shown.gives_access(now)):
        return Verdict(Fate.STUCK, wanted)  # something was taken away
    settled = _settled(permission, reasons, seen, now)
    wanted = want(settled)
    if shown.agrees_with(wanted):
        return Verdict(Fate.DONE, wanted, settled)
    if seen.kind == "unknown":  # perhaps it was there before, and not by Usher
        return Verdict(Fate.STUCK, wanted)
    fate = Fate.DONE if gives_more(shown, wanted, now) else Fate.OPEN
    return Verdict(fate, wanted, settled)


def _settled(
    permission: Permission, reasons: Sequence[Entitlement], seen: State, now: datetime
) -> tuple[Entitlement, ...]:
    """The reasons with the ends that they had got, had they been settled in the backup."""
    foreign = (
        seen.ends_at is not None
        and not is_ours(permission, seen)
        and gives_more(seen, want(reasons), now)
    )
    fixed = {
        one.entitlement_id: one for one in settle(reasons, since=seen.ends_at if foreign else None)
    }
    return tuple(
        replace(one, start_at=fix.start_at, ends_at=fix.ends_at, settled_at=now)
        if (fix := fixed.get(one.id))
        else one
        for one in reasons
    )


async def resume(
    connection: AsyncConnection, script: Script, permission_id: int, shown: State
) -> Resumed:
    """Carry out the verdict about the orders of one permission."""
    now, since = clock.now(), script.restored_at or clock.now()
    permission = await permissions.by_id(connection, permission_id)
    old = [
        one
        for state in ("waiting", "stuck")
        for one in await wishes.of_permission(connection, permission_id, state)
        if one.asked_at <= since and (state == "waiting" or one.reason == "restored")
    ]
    if not old:
        return Resumed(Fate.OPEN, 0)
    reasons = [
        one for one in await entitlements.active(connection, permission_id) if one.asked_at <= since
    ]
    verdict = judge(permission, reasons, shown, now)
    if verdict.fate is Fate.STUCK:
        await _stick(connection, permission, old)
        return Resumed(verdict.fate, len(old))
    for one in verdict.reasons:
        await entitlements.change(
            connection,
            one.id,
            start_at=one.start_at,
            ends_at=one.ends_at,
            settled_at=one.settled_at,
        )
    if verdict.fate is Fate.OPEN:
        return Resumed(verdict.fate, len(old))
    permission = await _conclude(connection, permission, shown, old)
    later = gives_more(shown, verdict.wanted, now)
    if later:  # it wins
        about = Difference(Kind.OTHER_END, permission.username, verdict.wanted, shown, permission)
        await take_known(connection, None, f"resumed {since}", about, permission)
    return Resumed(verdict.fate, len(old), later)


async def _conclude(
    connection: AsyncConnection, permission: Permission, shown: State, old: Sequence[Wish]
) -> Permission:
    """TradingView shows it; nobody is told, for they may have been."""
    now = clock.now()
    revision = max(one.revision for one in old)
    is_last = permission.revision == revision
    await wishes.wait_again(connection, [permission.id], reason="restored")
    for wish_id in await wishes.end(connection, permission.id, revision, now, "done"):
        await wishes.told(connection, wish_id, "done")
        await wishes.member_told(connection, wish_id, now)
        await events.record(
            connection,
            permission.guild_id,
            now,
            "was_there",
            script_id=permission.script_id,
            customer_id=permission.customer_id,
            permission_id=permission.id,
            wish_id=wish_id,
            after=facts(shown),
        )
    everything = want(await entitlements.active(connection, permission.id))
    return await permissions.change(
        connection,
        permission.id,
        wanted=everything.kind,
        wanted_ends_at=everything.ends_at,
        seen=shown.kind,
        seen_ends_at=shown.ends_at,
        seen_at=now,
        ours=shown.kind,
        ours_ends_at=shown.ends_at,
        differs=False,
        synced_revision=revision,
        replaces=None if is_last else permission.replaces,
        state="done" if is_last else "waiting",
        reason=None,
        detail=None,
        attempts=0,
        next_try_at=None if is_last else now,
    )


async def _stick(connection: AsyncConnection, permission: Permission, old: Sequence[Wish]) -> None:
    """Staff decide. Whoever asked may have been told of it; the log channel says how many."""
    await wishes.end(
        connection, permission.id, permission.revision, clock.now(), "stuck", "restored"
    )
    for one in old:
        await wishes.told(connection, one.id, "stuck")
    await permissions.change(
        connection,
        permission.id,
        state="stuck",
        reason="restored",
        detail=None,
        next_try_at=None,
    )
