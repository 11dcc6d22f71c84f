"""When somebody is reminded that what they paid for ends: so many days before, and when it has ended."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

ENDED = 0  # the reminder for when it has ended, beside the numbers of days before
ENDED_WITHIN = timedelta(days=3)  # later, the news is too old
MAX_DAYS = 90
_NIGHT, _MORNING = time(22), time(8)  # of the server: nobody is written to in between
_LONGEST_DAY = timedelta(hours=26)  # of a calendar, where clocks are set back, and some


@dataclass(frozen=True, slots=True)
class Ending:
    """Something of one person that ends."""

    customer_id: int
    member_id: int
    purchase_id: int
    product_id: int | None
    script_ids: frozenset[int]
    ends_at: datetime  # what was paid for
    held_until: datetime  # with the grace days
    fixed_at: datetime  # when that end became known: then the person was told of it
    reminded: int | None = None  # the nearest reminder of this end that they got


@dataclass(frozen=True, slots=True)
class Policy:
    """What a server set: how many days before the end, in which time zone its day is, and since when."""

    days: tuple[int, ...]
    zone: tzinfo
    since: datetime | None = None  # what was due before is not made up for

    @property
    def range(self) -> tuple[timedelta, timedelta]:
        """Return how long after its end, and before it, something may concern a reminder."""
        return ENDED_WITHIN, timedelta(days=max(self.days, default=0)) + _LONGEST_DAY


@dataclass(frozen=True, slots=True)
class Reminder:
    """One message to one person: what ends on one day, so many days before, or what has ended."""

    guild_id: int
    days: int
    endings: tuple[Ending, ...] = field(repr=False)

    @property
    def customer_id(self) -> int:
        """Return whom it is for."""
        return self.endings[0].customer_id

    @property
    def member_id(self) -> int:
        """Return who that is in Discord."""
        return self.endings[0].member_id


def is_night(moment: datetime, zone: tzinfo) -> bool:
    """Return whether people sleep there then."""
    there = moment.astimezone(zone).time()
    return there >= _NIGHT or there < _MORNING


def by_day(moment: datetime, zone: tzinfo) -> datetime:
    """Return the moment, or the next morning where it lies in the night."""
    there = moment.astimezone(zone)
    if not is_night(moment, zone):
        return moment
    morning = there.date() + timedelta(days=1 if there.time() >= _NIGHT else 0)
    return datetime.combine(morning, _MORNING, zone).astimezone(moment.tzinfo)


def due(guild_id: int, endings: Iterable[Ending], policy: Policy, now: datetime) -> list[Reminder]:
    """Return what has to be said now of these endings: one message for each person and day of ends.

    Only the nearest one that is due is meant: what was missed before it, as while Usher was off or as
    the clock jumped, is not made up for, and none further off follows a nearer one.
    """
    if is_night(now, policy.zone):
        return []
    groups: dict[tuple[int, date], list[Ending]] = {}
    for ending in endings:
        day = ending.ends_at.astimezone(policy.zone).date()
        groups.setdefault((ending.customer_id, day), []).append(ending)
    found = []
    for together in groups.values():
        together.sort(key=lambda ending: (ending.ends_at, ending.purchase_id))
        days = _nearest(together, policy, now)
        told = () if days is None else tuple(_concerned(together, days, now))
        if days is not None and told:
            found.append(Reminder(guild_id, days, told))
    return found


def _nearest(together: Sequence[Ending], policy: Policy, now: datetime) -> int | None:
    """Return the nearest reminder that is due of what ends on one day; None where none is."""
    first, last = together[0].ends_at, together[-1].ends_at
    for days in sorted({ENDED, *policy.days}):
        raw = last if days == ENDED else first - timedelta(days=days)
        at = by_day(raw, policy.zone)
        if at > now:
            continue
        if policy.since is not None and at <= policy.since:
            return None
        return None if days == ENDED and now - last > ENDED_WITHIN else days
    return None


def _concerned(together: Iterable[Ending], days: int, now: datetime) -> Iterable[Ending]:
    """Yield what such a reminder is about: not what it was said of, nor what was given later than due."""
    for ending in together:
        if ending.reminded is not None and ending.reminded <= days:
            continue
        is_over = ending.ends_at <= now
        if is_over == (days == ENDED) and ending.fixed_at < ending.ends_at - timedelta(days=days):
            yield ending


def read_days(text: str) -> tuple[int, ...] | None:
    """Read "7, 3, 1" as numbers of days, the largest first; empty for none. None for anything else."""
    parts = text.replace(",", " ").replace(";", " ").split()
    if not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        return None
    days = {int(part) for part in parts}
    if len(days) > 10 or any(not 1 <= day <= MAX_DAYS for day in days):
        return None
    return tuple(sorted(days, reverse=True))


def days_text(days: Collection[int]) -> str:
    """Return the numbers as `read_days` reads them."""
    return ", ".join(str(day) for day in sorted(days, reverse=True))
