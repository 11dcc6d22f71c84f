"""Time, in one place, so that tests can move it, and so that a wrong clock of the machine does no harm.

Discord and TradingView tell the time with every answer. Each such comparison is kept as a moment of theirs
beside one of `monotonic()`, which nobody can set: when the machine's clock is set, all of them show it at
once. While two of them agree that it is off by more than `MAX_SKEW`, `now()` goes by theirs.
"""

import asyncio
import enum
import itertools
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

MAX_SKEW = timedelta(minutes=1)  # a clock that is off by more is wrong
_ALIKE = timedelta(seconds=10)  # two comparisons that differ by no more agree
_FRESH = 120.0  # seconds for which one's agreement with the machine outweighs what another shows
_SET = timedelta(seconds=30)  # a machine's clock that moved by more beside monotonic() was set
_LONGEST = 20.0  # seconds that an answer may have taken: its moment lies somewhere within
_KEPT = 4  # comparisons with each


class Source(Protocol):
    """Where time comes from: the machine, or a test."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class _Machine:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Trust(enum.Enum):
    """What the comparisons say of the machine's clock."""

    UNKNOWN = "there was none yet"
    RIGHT = "it agrees with another clock"
    DOUBTFUL = "one says that it is off, or it was just set: the next ones tell"
    WRONG = "two say the same: that it is off"


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What another's clock showed at one moment of `monotonic()`."""

    name: str
    shown: datetime
    at: float
    began: datetime  # the machine's time at which monotonic() was 0: moves when the clock is set

    def skew(self, now: datetime, monotonic: float) -> timedelta:
        """Return how far ahead the machine's clock is now."""
        return now - self.shown - timedelta(seconds=monotonic - self.at)


class _Comparisons:
    """The latest comparisons with each of those who tell the time."""

    def __init__(self) -> None:
        self._by_name: dict[str, deque[_Comparison]] = {}
        self.newest: _Comparison | None = None
        self.trusted: datetime | None = None  # the time at which monotonic() was 0, when last known

    def add(self, comparison: _Comparison) -> None:
        kept = self._by_name.setdefault(comparison.name, deque(maxlen=_KEPT))
        kept.append(comparison)
        self.newest = comparison

    def judge(self, now: datetime, monotonic: float) -> tuple[Trust, timedelta]:
        """Return what they say together, and how far ahead the machine's clock is by the newest."""
        newest = self.newest
        if newest is None:
            return Trust.UNKNOWN, timedelta()
        skew = newest.skew(now, monotonic)
        if abs(skew) <= MAX_SKEW:  # two clocks that agree are right
            return Trust.RIGHT, skew
        others = [
            other
            for other in itertools.chain(*self._by_name.values())
            # One and the same answer, as from a cache, proves nothing twice.
            if other.name != newest.name or other.shown != newest.shown
        ]
        for other in others:
            is_fresh = other.name != newest.name and monotonic - other.at <= _FRESH
            if is_fresh and abs(other.skew(now, monotonic)) <= MAX_SKEW:
                return Trust.RIGHT, skew
        agreed = any(abs(other.skew(now, monotonic) - skew) <= _ALIKE for other in others)
        # After a sleep of the computer, too, the two seem to have moved: only a new look tells.
        was_set = abs(_began(now, monotonic) - newest.began) > _SET
        return Trust.WRONG if agreed and not was_set else Trust.DOUBTFUL, skew


_source: Source = _Machine()
_comparisons = _Comparisons()


def now() -> datetime:
    """The present moment, aware, in UTC: the machine's, or that of others while it is known to be wrong.

    While it is in doubt, time goes on from what was known before.
    """
    moment, seconds = _source.now(), _source.monotonic()
    if _comparisons.newest is None:
        return moment
    found, ahead = _comparisons.judge(moment, seconds)
    if found is Trust.DOUBTFUL:
        known = _comparisons.trusted
        return moment if known is None else known + timedelta(seconds=seconds)
    if found is Trust.WRONG:
        moment -= ahead
    _comparisons.trusted = _began(moment, seconds)
    return moment


def by_machine() -> datetime:
    """Return the present moment by the machine's clock, right or wrong."""
    moment = now()
    found, ahead = _comparisons.judge(_source.now(), _source.monotonic())
    return moment + ahead if found is Trust.WRONG else moment


def has_passed(span: timedelta, since: datetime, at: datetime) -> bool:
    """Return whether so much time has passed between a stored moment and `at`.

    One that lies ahead was stored by a clock that has been set back since: nobody knows when it was.
    """
    passed = at - since
    return passed >= span or passed < timedelta()


def monotonic() -> float:
    """Seconds since some fixed moment; never goes back."""
    return _source.monotonic()


def trust() -> Trust:
    """Return what the comparisons say of the machine's clock."""
    return _comparisons.judge(_source.now(), _source.monotonic())[0]


def is_wrong() -> bool:
    """Return whether the machine's clock is known or thought to be wrong: what counts from it has to wait."""
    return trust() in (Trust.DOUBTFUL, Trust.WRONG)


def skew() -> timedelta:
    """Return how far ahead the machine's clock is, by the newest comparison."""
    return _comparisons.judge(_source.now(), _source.monotonic())[1]


def off_by(ahead: timedelta) -> str:
    """Return how wrong a clock is: "20 minutes fast", "14 days slow"."""
    seconds = abs(ahead.total_seconds())
    units = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
    name = next((name for name, unit in units.items() if seconds >= 2 * unit), "seconds")
    return f"{seconds / units[name]:.0f} {name} {'fast' if ahead > timedelta() else 'slow'}"


def compared_at() -> float | None:
    """Return the moment of `monotonic()` of the newest comparison; None before the first."""
    return None if _comparisons.newest is None else _comparisons.newest.at


def compare(name: str, headers: Mapping[str, str], asked_at: float) -> None:
    """Compare with the clock of whoever answered just now what was asked at that moment of `monotonic()`."""
    answered_at = monotonic()
    date = shown_in(headers)
    if date is None or answered_at - asked_at > _LONGEST:
        return
    middle = timedelta(seconds=0.5)  # of the second that the header names
    _note(name, date + middle, (asked_at + answered_at) / 2)


def moment_of(sent_at: datetime) -> datetime:
    """Return when something was asked: now, or by the sender's clock where ours is wrong or far from it.

    It proves nothing about ours: it may have been long on its way.
    """
    present = now()
    return sent_at if is_wrong() or abs(present - sent_at) > MAX_SKEW else present


def shown_in(headers: Mapping[str, str]) -> datetime | None:
    """Return the moment that an answer's header shows; None without one, and for what a cache kept."""
    if "Age" in headers:
        return None
    try:
        date = parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, OverflowError):  # the latter for an absurd zone
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _note(name: str, shown: datetime, at: float) -> None:
    began = _began(_source.now(), _source.monotonic())
    _comparisons.add(_Comparison(name, shown, at, began))


def _began(now: datetime, monotonic: float) -> datetime:
    return now - timedelta(seconds=monotonic)


async def sleep(seconds: float) -> None:
    """Wait that many seconds."""
    await _source.sleep(seconds)


async def within(seconds: float, future: "asyncio.Future[Any]") -> bool:
    """Wait at most that many seconds; True when `future` is done. It is never cancelled here."""
    pause = asyncio.create_task(sleep(seconds))
    try:
        await asyncio.wait({pause, future}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        pause.cancel()
    return future.done()


async def set_within(seconds: float | None, event: asyncio.Event) -> None:
    """Wait until `event` is set, at most that many seconds; None waits without an end."""
    if seconds is None:
        await event.wait()
        return
    waiting = asyncio.ensure_future(event.wait())
    try:
        await within(seconds, waiting)
    finally:
        waiting.cancel()


@contextmanager
def taken_from(source: Source) -> Iterator[None]:
    """Take time from `source` inside the block, without what was compared before (tests)."""
    global _source, _comparisons
    before, _source, _comparisons = (_source, _comparisons), source, _Comparisons()
    try:
        yield
    finally:
        _source, _comparisons = before
