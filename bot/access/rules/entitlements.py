"""The rules of access without any I/O: what is wanted, when time starts, what to send."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.access.rules.duration import Length, RowEnd, parse_length, plus
from bot.store.kinds import EntitlementKind, StateKind
from bot.store.records import Entitlement, Permission
from bot.tradingview.models import LIFETIME, End, Lifetime, Row

TOLERANCE = timedelta(seconds=1)
ROUNDED = timedelta(days=2)  # to the end of the day in any time zone, and some


@dataclass(frozen=True, slots=True)
class State:
    """What TradingView holds, or should hold, for one person and script."""

    kind: StateKind  # of what is wanted never unknown
    ends_at: datetime | None = None

    def __post_init__(self) -> None:
        if (self.kind is StateKind.UNTIL) != (self.ends_at is not None):
            raise ValueError(f"{self.kind} and {self.ends_at} do not go together")

    @property
    def end(self) -> End | None:
        """Return the end as TradingView is told; None when nothing is held."""
        if self.ends_at is not None:
            return self.ends_at
        return LIFETIME if self.kind in (StateKind.OPEN, StateKind.LIFETIME) else None

    def gives_access(self, now: datetime) -> bool:
        """Return whether a person with this can use the script at that moment."""
        return isinstance(self.end, Lifetime) or (self.ends_at is not None and self.ends_at > now)

    def agrees_with(self, other: "State") -> bool:
        """Return whether TradingView cannot tell the two apart (ends within a second)."""
        if self.ends_at is not None and other.ends_at is not None:
            return abs(self.ends_at - other.ends_at) <= TOLERANCE
        return self.end == other.end and StateKind.UNKNOWN not in (self.kind, other.kind)


NOTHING = State(StateKind.NOTHING)
UNKNOWN = State(StateKind.UNKNOWN)


def seen_in(row: Row | None) -> State:
    """Return what a complete read of one person's row shows."""
    if row is None:
        return NOTHING
    return (
        State(StateKind.LIFETIME)
        if isinstance(row.end, Lifetime)
        else State(StateKind.UNTIL, row.end)
    )


class Kept(Protocol):
    """What is kept of one person and script: a permission, or as much of it as is read of many at once."""

    @property
    def wanted(self) -> StateKind: ...
    @property
    def wanted_ends_at(self) -> datetime | None: ...
    @property
    def ours(self) -> StateKind: ...
    @property
    def ours_ends_at(self) -> datetime | None: ...


def wanted_of(permission: Kept) -> State:
    """Return what TradingView should hold."""
    return State(permission.wanted, permission.wanted_ends_at)


def ours_of(permission: Kept) -> State:
    """Return what our own last write left on TradingView."""
    return State(permission.ours, permission.ours_ends_at)


def before_of(permission: Permission) -> State:
    """Return what stood on TradingView before our last write."""
    return State(permission.before, permission.before_ends_at)


def last_seen(permission: Permission) -> State:
    """Return what the last read showed."""
    return State(permission.seen, permission.seen_ends_at)


def want(reasons: Iterable[Entitlement]) -> State:
    """Return what the reasons give together: lifetime or open wins, else the latest end, else nothing.

    Grace days come on top of an end that was paid for; more time is counted from the paid end. What is
    paused gives nothing.
    """
    ends: list[datetime] = []
    kinds = set()
    for reason in reasons:
        if reason.ended_at is not None or reason.settled_at is None or reason.paused_at is not None:
            continue
        kinds.add(reason.kind)
        if reason.ends_at is not None:
            ends.append(_with_grace(reason.ends_at, reason))
    for forever in (EntitlementKind.LIFETIME, EntitlementKind.OPEN):
        if forever in kinds:
            return State(StateKind(forever))
    return State(StateKind.UNTIL, max(ends)) if ends else NOTHING


def given_by(reason: Entitlement) -> State:
    """Return what one settled reason gives by itself, without grace days."""
    return State(StateKind(reason.kind), reason.ends_at)


def known_to_member(reasons: Iterable[Entitlement]) -> list[Entitlement]:
    """Return these without what staff gave to a name that its member merely claims."""
    return [reason for reason in reasons if not reason.withheld]


def still_gives(reason: Entitlement, now: datetime) -> bool:
    """Return whether the person would lose something, grace days too, were that reason ended now."""
    if reason.ended_at is not None:
        return False
    return reason.ends_at is None or _with_grace(reason.ends_at, reason) > stopped_at(reason, now)


def stopped_at(reason: Entitlement, now: datetime) -> datetime:
    """Return that moment by the clock of one reason, which stands still while it is paused."""
    return now if reason.paused_at is None else min(now, reason.paused_at)


def paused_since(reasons: Iterable[Entitlement], now: datetime) -> datetime | None:
    """Return since when all that is there is paused; None where something runs, or nothing is left."""
    live = [reason for reason in reasons if still_gives(reason, now)]
    since = [reason.paused_at for reason in live if reason.paused_at is not None]
    return min(since) if since and len(since) == len(live) else None


def gives_more(state: State, other: State, now: datetime) -> bool:
    """Return whether `state` lasts longer than `other`."""
    if not state.gives_access(now) or state.agrees_with(other) or isinstance(other.end, Lifetime):
        return False
    return state.ends_at is None or other.ends_at is None or state.ends_at > other.ends_at


def is_ours(permission: Kept, seen: State) -> bool:
    """Return whether TradingView shows what Usher wrote, or what Usher wants anyway."""
    return seen.agrees_with(ours_of(permission)) or seen.agrees_with(wanted_of(permission))


@dataclass(frozen=True, slots=True)
class Settled:
    """The start and the absolute end of one order, fixed once."""

    entitlement_id: int
    start_at: datetime
    ends_at: datetime
    row_day: int
    grace_days: int


def settle(reasons: Sequence[Entitlement], *, since: datetime | None = None) -> list[Settled]:
    """Fix the ends of what was asked as a length, in the order asked.

    Time starts at the latest of: the moment of asking, every end among `reasons`, and `since`. An end
    on TradingView that Usher did not write is one of the reasons by then (source found). Time that
    is asked for in the grace days starts at the paid end before them. Time that starts at an end
    goes on with its row; time that starts later begins a row of its own. What is asked for during a
    pause counts from where the clock stands still.
    """
    active = [reason for reason in reasons if reason.ended_at is None]
    end = paid_end(active, *([RowEnd.begun(since)] if since else []))
    held = _held_until(active)
    settled: list[Settled] = []
    for reason in sorted(active, key=lambda reason: (reason.asked_at, reason.id)):
        if reason.settled_at is not None or reason.length is None:
            continue
        start = _start(end, held, stopped_at(reason, reason.asked_at))
        end = start.extended(parse_length(reason.length))
        settled.append(Settled(reason.id, start.at, end.at, end.row_day, reason.grace_days))
        held = _held_until([*active, *settled])
    return settled


def paid_end(reasons: Iterable[Entitlement | Settled], *others: RowEnd) -> RowEnd | None:
    """Return the latest end that is fixed by now, of the reasons and of `others`; None without any.

    Of two rows that end at the same moment the one goes on that gives more.
    """
    ends = list(others)
    for reason in reasons:
        if reason.ends_at is not None:
            end = RowEnd.begun(reason.ends_at)
            ends.append(end if reason.row_day is None else replace(end, row_day=reason.row_day))
    return max(ends, key=lambda end: (end.at, end.row_day), default=None)


def paid_until(reasons: Sequence[Entitlement]) -> datetime | None:
    """Return the paid end that grace days follow; None where access lasts no longer than was paid for."""
    running = [reason for reason in reasons if reason.paused_at is None]
    paid, held = paid_end(running), want(running).ends_at
    return paid.at if paid is not None and held is not None and held > paid.at else None


def lengths_after(reasons: Iterable[Entitlement], gone: Entitlement) -> tuple[int, ...]:
    """Return the reasons whose length was to begin at the end of another, or later: that time is gone."""
    if gone.ends_at is None:
        return ()
    return tuple(
        reason.id
        for reason in reasons
        if reason.length is not None
        and reason.start_at is not None
        and reason.start_at >= gone.ends_at
    )


def start_of(reasons: Sequence[Entitlement], asked_at: datetime) -> RowEnd:
    """Return where more time starts that is asked for at that moment, by the ends that are fixed."""
    return _start(paid_end(reasons), _held_until(reasons), asked_at)


def _held_until(reasons: Iterable[Entitlement | Settled]) -> datetime | None:
    """Return the latest fixed end with its grace days."""
    return max((_with_grace(each.ends_at, each) for each in reasons if each.ends_at), default=None)


def _with_grace(end: datetime, reason: Entitlement | Settled) -> datetime:
    """Return the end that a reason has on TradingView."""
    return plus(end, timedelta(days=reason.grace_days))


def _start(end: RowEnd | None, held_until: datetime | None, asked_at: datetime) -> RowEnd:
    """Return where time starts that is asked for at that moment, with `end` as the latest so far.

    Until `held_until`, the end of the grace days, it is that end, also when it lies in the past.
    """
    if end is None or max(end.at, held_until or end.at) < asked_at:
        return RowEnd.begun(asked_at)
    return end


def preview(reasons: Sequence[Entitlement], length: Length, now: datetime) -> End:
    """Return where that much more time would end, by what Usher knows (TradingView may know more).

    `reasons` are those that count now; what waits to be settled comes first.
    """
    if length.lifetime or isinstance(want(reasons).end, Lifetime):
        return LIFETIME
    known: list[Entitlement | Settled] = [*reasons, *settle(reasons)]
    return _start(paid_end(known), _held_until(known), now).extended(length).at


class Step(StrEnum):
    """What TradingView has to be told."""

    NOTHING = "nothing"
    ADD = "add"
    MODIFY = "modify"
    REMOVE = "remove"
    TOO_LATE = "too_late"  # the end passed while it waited: never sent


def next_step(permission: Permission, seen: State, now: datetime) -> Step:
    """Compare what should be with what was just read."""
    wanted = wanted_of(permission)
    if wanted.kind is StateKind.NOTHING:
        # Only an order removes; what Usher does not know, it does not touch.
        overruled = permission.replaces is not None
        return Step.REMOVE if overruled and seen.gives_access(now) else Step.NOTHING
    if seen.agrees_with(wanted):
        return Step.NOTHING
    if not wanted.gives_access(now):
        return Step.TOO_LATE
    return Step.ADD if seen.kind is StateKind.NOTHING else Step.MODIFY


def stands(permission: Permission, seen: State, now: datetime) -> bool:
    """Return whether TradingView shows what is wanted, to the second."""
    wanted = wanted_of(permission)
    if wanted.kind is StateKind.NOTHING:
        return not seen.gives_access(now)
    return seen.agrees_with(wanted)


def moved_by_us(permission: Permission, seen: State) -> bool:
    """Return whether our write took effect, but TradingView made another end of it.

    A row where none was may be another person's, made by hand meanwhile: it counts only when its end
    is near the wanted one, as after rounding.
    """
    wanted, before = wanted_of(permission), before_of(permission)
    if wanted.ends_at is None or seen.ends_at is None or before.kind is StateKind.UNKNOWN:
        return False
    if before.kind is StateKind.NOTHING:
        return abs(seen.ends_at - wanted.ends_at) <= ROUNDED
    return not seen.agrees_with(before)
