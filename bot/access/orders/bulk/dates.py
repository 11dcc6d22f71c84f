"""Dates as a spreadsheet rewrites them in a column, read where they can mean one day alone; pure, no I/O.

Dots always have the day first. With slashes or dashes the whole column has to prove the order, by a date
that is one in that order alone; what is no day in either proves nothing. Midnight is what a spreadsheet adds
to a day, and no time of day.
"""

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Self

_MIDNIGHT = r"(?:\s+(?:0?0:00(?::00)?|12:00(?::00)? ?AM))?"
_DOTS = re.compile(rf"(\d{{1,2}})\.\s?(\d{{1,2}})\.\s?(\d{{4}}){_MIDNIGHT}", re.ASCII)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([/-])(\d{{1,2}})\2(\d{{4}}){_MIDNIGHT}", re.ASCII)
_YEAR_FIRST = re.compile(rf"(\d{{4}})([/.])\s?(\d{{1,2}})\2\s?(\d{{1,2}})\.?{_MIDNIGHT}", re.ASCII)
_ISO = re.compile(rf"(\d{{4}}-\d{{1,2}}-\d{{1,2}}){_MIDNIGHT}", re.ASCII)
# What a line of a file has in it where the order may have to be proven.
_PERHAPS = re.compile(r"(?<!\d)\d{1,2}[/-]\d{1,2}[/-]\d{4}|\d{4}[/.]\s?\d{1,2}[/.]", re.ASCII)


class _First(enum.Flag):
    """What stands first in some dates: both of them, where the column contradicts itself."""

    UNKNOWN = 0
    DAY = 1
    MONTH = 2


@dataclass(frozen=True, slots=True)
class DateColumn:
    """What a column of dates proves of their order."""

    year_last: _First = _First.UNKNOWN
    year_first: _First = _First.UNKNOWN

    @classmethod
    def of(cls, cells: Iterable[str]) -> Self:
        """Return what these cells prove together."""
        year_last = year_first = _First.UNKNOWN
        for cell in cells:
            if found := _YEAR_LAST.fullmatch(cell):
                year_last |= _proof(int(found[4]), int(found[1]), int(found[3]))
            elif found := _YEAR_FIRST.fullmatch(cell):
                year_first |= _proof(int(found[1]), int(found[3]), int(found[4]))
        return cls(year_last, year_first)

    def iso(self, typed: str) -> str:
        """Return a date with its year first, where it is certain; anything else as it was typed."""
        if found := _DOTS.fullmatch(typed):
            return f"{found[3]}-{found[2]}-{found[1]}"
        if found := _YEAR_LAST.fullmatch(typed):
            first, second, year = found[1], found[3], found[4]
            if self.year_last is _First.DAY:
                return f"{year}-{second}-{first}"
            if self.year_last is _First.MONTH:
                return f"{year}-{first}-{second}"
            return f"{first}/{second}/{year}"
        if found := _YEAR_FIRST.fullmatch(typed):
            if _First.DAY not in self.year_first:
                return f"{found[1]}-{found[3]}-{found[4]}"
            return f"{found[1]}/{found[3]}/{found[4]}"
        if found := _ISO.fullmatch(typed):
            return found[1]
        return typed


def may_need_proof(lines: Iterable[str]) -> bool:
    """Return whether a file has dates in it whose order the whole column has to prove."""
    return any(_PERHAPS.search(line) for line in lines)


def readings(typed: str) -> list[date]:
    """Return the days that such a date can mean, the day first before the month first."""
    parts = [int(part) for part in re.findall(r"\d+", typed)[:3]]
    if len(parts) < 3 or max(parts) < 100:
        return []
    year, *rest = parts if parts[0] == max(parts) else (parts[2], *parts[:2])
    first, second = rest
    found = (_day(year, second, first), _day(year, first, second))
    return list(dict.fromkeys(day for day in found if day is not None))


def _proof(year: int, first: int, second: int) -> _First:
    """Return the order in which alone these numbers are a day; unknown where they are one in both, or none."""
    day_first, month_first = _day(year, second, first), _day(year, first, second)
    if (day_first is None) == (month_first is None):
        return _First.UNKNOWN
    return _First.MONTH if day_first is None else _First.DAY


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
