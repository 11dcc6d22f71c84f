"""Lengths and ends as people type them: "7D", "1y 6M", "L", "2026-04-30", "<t:1777593599>"."""

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from dateutil.relativedelta import relativedelta

from bot.access.rules.errors import (
    DateAmbiguous,
    DatePast,
    DateUnreadable,
    DateWithoutZone,
    DurationUnreadable,
    TooFar,
)
from bot.tradingview.models import LIFETIME, End, Lifetime

FARTHEST_YEARS = 50
LAST = datetime.max.replace(tzinfo=UTC)  # some give "for ever" as the last day of the year 9999
_LAST_SECOND = 253_402_300_799  # of the year 9999, beyond which there is no date

_UNITS = {
    name: (field, times)
    for names, field, times in (
        ("d day days", "days", 1),
        ("w wk wks week weeks", "weeks", 1),
        ("m mo mos month months", "months", 1),
        ("q qtr qtrs quarter quarters", "months", 3),
        ("y yr yrs year years", "years", 1),
    )
    for name in names.split()
}
_LIFETIME = re.compile(r"(1\s*)?l(ifetime)?|forever|permanent(ly)?", re.IGNORECASE | re.ASCII)
_PART = re.compile(r"(\d{1,9})\s*([a-z]+)", re.IGNORECASE | re.ASCII)
_WHOLE = re.compile(r"(\d{1,9}\s*[a-z]+[\s,]*)+", re.IGNORECASE | re.ASCII)
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ]\s*(\d{2}:?\d{2}(?::?\d{2}(?:[.,]\d{1,9})?)?)\s*"
    r"(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE | re.ASCII,
)
_DISCORD = re.compile(r"<t:(-?\d{1,15})(?::[a-z])?>", re.IGNORECASE | re.ASCII)
_OTHER_DATE = re.compile(r"\d{1,4}\s*[/.\-]\s*\d{1,2}\s*[/.\-]\s*\d{1,4}")


@dataclass(frozen=True, slots=True)
class Length:
    """An amount of calendar time, or lifetime when every number is 0."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0

    @property
    def lifetime(self) -> bool:
        """Return whether it never ends."""
        return not (self.years or self.months or self.weeks or self.days)

    @property
    def text(self) -> str:
        """Return the text that is stored and shown: "1Y 6M", "L"."""
        parts = ((self.years, "Y"), (self.months, "M"), (self.weeks, "W"), (self.days, "D"))
        return " ".join(f"{number}{unit}" for number, unit in parts if number) or "L"

    @property
    def whole_months(self) -> bool:
        """Return whether it is months and years alone."""
        return not (self.lifetime or self.weeks or self.days)

    def add_to(self, moment: datetime, row_day: int | None = None) -> datetime:
        """Return the moment that much later; 31 January and a month is the last day of February.

        `moment` is aware; the calendar is that of UTC, whatever the machine's time zone. Its months
        lead to the day `row_day` of a month, or to the month's last day where that comes earlier; by
        default that is the day of `moment`. Beyond the last moment that a date can name it is that.
        """
        if self.lifetime:
            raise ValueError("a lifetime has no end")
        more = relativedelta(
            years=self.years,
            months=self.months,
            weeks=self.weeks,
            days=self.days,
            day=row_day if self.years or self.months else None,
        )
        try:
            return moment.astimezone(UTC) + more
        except (OverflowError, ValueError):
            return LAST


def plus(moment: datetime, span: timedelta) -> datetime:
    """Return that much later, at most the last moment that a date can name."""
    return moment + min(span, LAST - moment)


@dataclass(frozen=True, slots=True)
class RowEnd:
    """Where time in a row ends so far; the months after it are counted from the day it began on.

    Of a row that began on 31 January that is the 31st, also where February ended it on the 28th.
    """

    at: datetime
    row_day: int  # of the month, in UTC

    @classmethod
    def begun(cls, at: datetime) -> Self:
        """Return the row that begins at that moment."""
        return cls(at, at.astimezone(UTC).day)

    def extended(self, length: Length) -> Self:
        """Return the row with that much more time; what is not whole months begins a new row at its end."""
        end = replace(self, at=cut(length.add_to(self.at, self.row_day)))
        return end if length.whole_months else self.begun(end.at)


def parse_length(text: str) -> Length:
    """Read a length: units in any case, m is months, parts may be chained.

    Raises:
        DurationUnreadable: not a length, or no time at all.
        TooFar: more than `FARTHEST_YEARS` years.
    """
    typed = text.strip().removeprefix("+").strip()
    if _LIFETIME.fullmatch(typed):
        return Length()
    if len(typed) > 60 or not _WHOLE.fullmatch(typed):
        raise DurationUnreadable(text)
    amounts = {"years": 0, "months": 0, "weeks": 0, "days": 0}
    for number, unit in _PART.findall(typed):
        if unit.lower() not in _UNITS:
            raise DurationUnreadable(text)
        field, times = _UNITS[unit.lower()]
        amounts[field] += int(number) * times
    if not any(amounts.values()):
        raise DurationUnreadable(text)
    rough_days = (
        amounts["years"] * 365
        + amounts["months"] * 365 / 12
        + amounts["weeks"] * 7
        + amounts["days"]
    )
    if rough_days > FARTHEST_YEARS * 365:
        raise TooFar(text)
    return Length(**amounts)


def parse_until(text: str, now: datetime) -> End:
    """Read an exact end: a date (the end of that day in UTC), a moment, a length from `now`, or lifetime.

    A moment is ISO 8601 with a time zone, or as Discord writes it: `<t:1777593599:f>`.

    Raises:
        DateAmbiguous: a date that does not begin with the year.
        DateWithoutZone: a time of day without a time zone.
        DateUnreadable: neither a date nor a length.
        DatePast: that day or moment is over.
        TooFar: more than `FARTHEST_YEARS` years away.
    """
    typed = text.strip()
    if day := _DAY.fullmatch(typed):
        return _checked(text, now, lambda: _end_of_day(*(int(part) for part in day.groups())))
    if moment := _MOMENT.fullmatch(typed):
        return _checked(text, now, lambda: _moment(text, *moment.groups()))
    if discord := _DISCORD.fullmatch(typed):
        return _checked(text, now, lambda: _of_seconds(text, int(discord[1])))
    if _OTHER_DATE.fullmatch(typed):
        raise _not_year_first(text, [int(part) for part in re.findall(r"\d+", typed)])
    try:
        length = parse_length(typed)
    except DurationUnreadable as error:
        raise DateUnreadable(text) from error
    return LIFETIME if length.lifetime else cut(length.add_to(now))


def read_until(text: str, now: datetime) -> End | Length:
    """Read an exact end as `parse_until` does, but leave a length one: it counts from when the clock is right."""
    end = parse_until(text, now)
    if isinstance(end, Lifetime):
        return end
    try:
        return parse_length(text)
    except DurationUnreadable:
        return end


def read_end_before(text: str, now: datetime) -> datetime:
    """Read the last moment by which an end counts, as `read_until` does; lifetime is none. Raises as it does."""
    end = absolute(read_until(text, now), now)
    if end is None:
        raise DateUnreadable(text)
    return end.at


def _not_year_first(text: str, parts: list[int]) -> DateAmbiguous | DateUnreadable:
    """Return why such a date is not taken; with a year of two digits it is never certain."""
    first, second, third = parts
    year, *rest = (first, second, third) if first > 99 else (third, first, second)
    if year <= 99:
        return DateAmbiguous(text)
    found = set()
    for month, day in (rest, reversed(rest)):
        with contextlib.suppress(ValueError):
            found.add(date(year, month, day))
    if not found:
        return DateUnreadable(text)
    return DateAmbiguous(text, found.pop() if len(found) == 1 else None)


def _checked(text: str, now: datetime, read: Callable[[], datetime]) -> datetime:
    """Return the moment that was typed, when it is one and lies ahead."""
    try:
        end = cut(read())
    except (ValueError, OverflowError) as error:
        raise DateUnreadable(text) from error
    if is_end_of_day(end):  # typed from what is shown, it is still the whole day
        end = cut(datetime.combine(end, time.max, UTC))
    if end <= now:
        raise DatePast(end)
    if end > now + timedelta(days=FARTHEST_YEARS * 366):
        raise TooFar(text)
    return end


def _end_of_day(year: int, month: int, day: int) -> datetime:
    return datetime.combine(datetime(year, month, day, tzinfo=UTC), time.max, UTC)


def _moment(text: str, day: str, hour: str, zone: str | None) -> datetime:
    if zone is None:
        raise DateWithoutZone(text)
    offset = "Z" if zone[0] not in "+-" else zone
    compact = hour.replace(":", "").replace(",", ".")
    return datetime.fromisoformat(f"{day.replace('-', '')}T{compact}{offset.replace(':', '')}")


def _of_seconds(text: str, seconds: int) -> datetime:
    if seconds > _LAST_SECOND:
        raise TooFar(text)
    return datetime.fromtimestamp(seconds, UTC)


def is_end_of_day(moment: datetime) -> bool:
    """Return whether the moment is the last second of a day in UTC: it was meant as that day."""
    return moment.astimezone(UTC).time().replace(microsecond=0) == time(23, 59, 59)


def cut(moment: datetime) -> datetime:
    """Return the moment in UTC, cut to milliseconds: what the wire carries."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def later(end: End, other: End) -> End:
    """Return the end that gives more."""
    if isinstance(end, Lifetime) or isinstance(other, Lifetime):
        return LIFETIME
    return max(end, other)


def absolute(until: End | Length | RowEnd, now: datetime) -> RowEnd | None:
    """Return the end that is meant at that moment; None: lifetime."""
    match until:
        case RowEnd():
            return until
        case Length():
            return None if until.lifetime else RowEnd.begun(now).extended(until)
        case Lifetime():
            return None
        case _:
            return RowEnd.begun(until)
