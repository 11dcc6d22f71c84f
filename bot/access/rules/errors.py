# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about lengths and dates; `bot.replies` says it."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.errors import UserError


@dataclass(eq=False)
class DurationUnreadable(UserError):
    """The text is no duration."""

    text: str


@dataclass(eq=False)
class DateUnreadable(UserError):
    """The text is neither a date nor a duration."""

    text: str


@dataclass(eq=False)
class DateWithoutZone(DateUnreadable):
    """A day and a time of day without a time zone, which is no certain moment."""


@dataclass(eq=False)
class DateAmbiguous(UserError):
    """A date that does not begin with the year; `only` is what it must mean, None for 01/02/2026."""

    text: str
    only: date | None = None


@dataclass(eq=False)
class DatePast(UserError):
    """The date is over."""

    when: datetime


@dataclass(eq=False)
class TooFar(UserError):
    """The end would lie too far in the future."""

    text: str
