"""What a dry run says of all rows together: how many people, what they gain or lose, and how long it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from bot.access.rules.entitlements import State, gives_more
from bot.access.rules.seat_fee import Census
from bot.access.sync.chunk import LARGEST, calls_of_chunk
from bot.store.kinds import RowState
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
    rows: Sequence[BatchRow], now: datetime, census: Census, month_end: datetime, calls: int
) -> Forecast:
    """Return what these rows come to; `month_end`: when TradingView counts for its fee.

    Somebody who loses one item may keep another: those who lose access are not taken off the seats.
    """
    planned = [row for row in rows if row.state is RowState.PLANNED]
    states = [(row, before_of(row), after_of(row)) for row in planned]
    gains = {_who(row) for row, before, after in states if gives_more(after, before, now)}
    ends = {_who(row) for row, before, after in states if is_end(before, after, now)}
    shorter = {_who(row) for row, before, after in states if gives_more(before, after, now)}
    dates = [after.ends_at for _, _, after in states if after.ends_at is not None]
    coming = {
        _who(row)
        for row, _, after in states
        if after.gives_access(month_end)
        and not census.has(row.tv_user_id, row.username or "", month_end)
    }
    seats = census.count(month_end)
    return Forecast(
        people=len({_who(row) for row in planned}),
        gains=len(gains),
        newcomers=len(
            {_who(row) for row, before, _ in states if not before.gives_access(now)} & gains
        ),
        shortens=len(shorter - ends),
        ends=len(ends),
        first_end=min(dates, default=None),
        last_end=max(dates, default=None),
        endless=sum(after.gives_access(now) and after.ends_at is None for _, _, after in states),
        seats_now=seats,
        seats_then=seats + len(coming),
        calls=calls,
    )


def is_end(before: State, after: State, now: datetime) -> bool:
    """Return whether somebody has access now and none after it."""
    return before.gives_access(now) and not after.gives_access(now)


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
