"""What a dry run says of all rows together: how many people, what they gain or lose, and how long it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from bot.access.rules.entitlements import State, gives_more
from bot.access.rules.seat_fee import Seated
from bot.access.sync.chunk import LARGEST, calls_of_chunk
from bot.store.kinds import BatchKind, RowState
from bot.store.records import BatchRow


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a dry run found; moments are aware, in UTC."""

    people: int  # who are ordered for, each once
    gains: int  # of whom so many have access longer, or for the first time
    newcomers: int  # and so many of these have none now
    shortens: int  # have it shorter, and still
    ends: int  # lose all of the item
    first_end: datetime | None = None  # of what they have then
    last_end: datetime | None = None
    endless: int = 0
    seats_now: int = 0  # people at the month's end, towards TradingView's fee
    seats_then: int = 0
    calls: int = 0  # of TradingView, about

    def to_json(self) -> dict[str, Any]:
        """Return it as the database keeps it."""
        kept = asdict(self)
        for name in ("first_end", "last_end"):
            kept[name] = None if kept[name] is None else kept[name].isoformat()
        return kept

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """Return what the database kept."""
        ends = {
            name: None if kept[name] is None else datetime.fromisoformat(kept[name])
            for name in ("first_end", "last_end")
        }
        return cls(**{**kept, **ends})


def before_of(row: BatchRow) -> State:
    """Return the most that the person of a row had at the dry run."""
    return State(row.before, row.before_ends_at)


def after_of(row: BatchRow) -> State:
    """Return the most that the person of a row has after it."""
    return State(row.after, row.after_ends_at)


def forecast(
    kind: BatchKind,
    rows: Sequence[BatchRow],
    now: datetime,
    seated: Seated,
    month_end: datetime,
    calls: int,
) -> Forecast:
    """Return what these rows of one batch come to; `month_end`: when TradingView counts for its fee, `seated`: whom.

    Somebody who loses one item may keep another: those who lose access are not taken off the seats.
    """
    people: dict[str, str] = {}  # one text for each of them, in all of these
    gains, nothing_yet, ends, shorter, coming = (set[str]() for _ in range(5))
    dates: list[datetime] = []
    endless = 0
    for row in rows:
        if row.state is not RowState.PLANNED:
            continue
        before, after = before_of(row), after_of(row)
        who = _who(row)
        who = people.setdefault(who, who)
        if gives_more(after, before, now):
            gains.add(who)
        if not before.gives_access(now):
            nothing_yet.add(who)
        if is_end(kind, before, after, now):
            ends.add(who)
        elif gives_more(before, after, now):
            shorter.add(who)
        if after.ends_at is not None:
            dates.append(after.ends_at)
        elif after.gives_access(now):
            endless += 1
        if after.gives_access(month_end) and not seated.has(row.tv_user_id, row.username or ""):
            coming.add(who)
    return Forecast(
        people=len(people),
        gains=len(gains),
        newcomers=len(nothing_yet & gains),
        shortens=len(shorter - ends),
        ends=len(ends),
        first_end=min(dates, default=None),
        last_end=max(dates, default=None),
        endless=endless,
        seats_now=seated.count,
        seats_then=seated.count + len(coming),
        calls=calls,
    )


def is_end(kind: BatchKind, before: State, after: State, now: datetime) -> bool:
    """Return whether somebody has access now and none after it.

    A revocation also takes what stands still, and what was promised and waits for TradingView.
    """
    had = before.gives_access(now) or kind is BatchKind.REVOKE
    return had and not after.gives_access(now)


def calls_for(changes: int, rows: int) -> int:
    """Return about how many calls it takes for so many changes of one script whose list has so many rows."""
    left, calls = changes, 0
    while left > 0:
        chunk = min(left, LARGEST)
        calls += calls_of_chunk(chunk, rows)
        left -= chunk
    return calls


def _who(row: BatchRow) -> str:
    return (row.username or "").casefold()
