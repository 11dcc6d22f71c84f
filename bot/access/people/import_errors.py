# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What else can be refused about a list of people, beside what `errors` says of any file; `bot.replies` says it."""

from dataclasses import dataclass

from bot.access.people.errors import ColumnsMissing, FileUnreadable
from bot.errors import UserError


@dataclass(eq=False)
class LineTooLong(FileUnreadable):
    """That `line` of the file, counted from 1, is longer than any line of a table."""

    line: int


@dataclass(eq=False)
class TooManyColumns(FileUnreadable):
    """The line with their names has so many columns that it is no list of people; `number`: how many."""

    number: int


@dataclass(eq=False)
class WhoColumnMissing(ColumnsMissing):
    """No line near the top of a file of orders names a column that says who is meant."""


@dataclass(eq=False)
class NoRows(UserError):
    """The file has the names of its columns, and nothing below them."""
