"""Lengths and ends as people type them: "7D", "1y 6M", "L", "2026-04-30"."""

import contextlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from bot.access.errors import DateAmbiguous, DatePast, DateUnreadable, DurationUnreadable, TooFar
from bot.tradingview.models import LIFETIME, End, Lifetime

FARTHEST_YEARS = 50

_UNITS = {
    "d": "days", "day": "days", "days": "days",
    "w": "weeks", "week": "weeks", "weeks": "weeks",
    "m": "months", "mo": "months", "month": "months", "months": "months",
    "y": "years", "yr": "years", "year": "years", "years": "years",
}  # fmt: skip
_LIFETIME = re.compile(r"(1\s*)?l(ifetime)?", re.IGNORECASE | re.ASCII)
_PART = re.compile(r"(\d{1,9})\s*([a-z]+)", re.IGNORECASE | re.ASCII)
_WHOLE = re.compile(r"(\d{1,9}\s*[a-z]+[\s,]*)+", re.IGNORECASE | re.ASCII)
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
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

    def add_to(self, moment: datetime) -> datetime:
        """Return the moment that much later; 31 January and a month is the last day of February.

        `moment` is aware; the calendar is that of UTC, whatever the machine's time zone.
        """
        if self.lifetime:
            raise ValueError("a lifetime has no end")
        return moment.astimezone(UTC) + relativedelta(
            years=self.years, months=self.months, weeks=self.weeks, days=self.days
        )


def parse_length(text: str) -> Length:
    """Read a length: units in any case, m is months, parts may be chained.

    Raises:
        DurationUnreadable: not a length, or no time at all.
        TooFar: more than `FARTHEST_YEARS` years.
    """
    typed = text.strip()
    if _LIFETIME.fullmatch(typed):
        return Length()
    if len(typed) > 60 or not _WHOLE.fullmatch(typed):
        raise DurationUnreadable(text)
    amounts = {"years": 0, "months": 0, "weeks": 0, "days": 0}
    for number, unit in _PART.findall(typed):
        field = _UNITS.get(unit.lower())
        if field is None:
            raise DurationUnreadable(text)
        amounts[field] += int(number)
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
    """Read an exact end: a date (the end of that day in UTC), a length from `now`, or lifetime.

    Raises:
        DateAmbiguous: a date that does not begin with the year.
        DateUnreadable: neither a date nor a length.
        DatePast: that day is over.
        TooFar: more than `FARTHEST_YEARS` years away.
    """
    typed = text.strip()
    if day := _DAY.fullmatch(typed):
        return _end_of_day(text, now, *(int(part) for part in day.groups()))
    if _OTHER_DATE.fullmatch(typed):
        raise _not_year_first(text, [int(part) for part in re.findall(r"\d+", typed)])
    try:
        length = parse_length(typed)
    except DurationUnreadable as error:
        raise DateUnreadable(text) from error
    return LIFETIME if length.lifetime else cut(length.add_to(now))


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


def _end_of_day(text: str, now: datetime, year: int, month: int, day: int) -> datetime:
    try:
        end = datetime.combine(datetime(year, month, day, tzinfo=UTC), time.max, UTC)
    except ValueError as error:
        raise DateUnreadable(text) from error
    end = cut(end)
    if end <= now:
        raise DatePast(end)
    if end > now + timedelta(days=FARTHEST_YEARS * 366):
        raise TooFar(text)
    return end


def cut(moment: datetime) -> datetime:
    """Return the moment in UTC, cut to milliseconds: what the wire carries."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def later(end: End, other: End) -> End:
    """Return the end that gives more."""
    if isinstance(end, Lifetime) or isinstance(other, Lifetime):
        return LIFETIME
    return max(end, other)
