# ruff: noqa: N818 - they are named for what they say; all of them are UserErrors
"""What can be refused about a file of customers or of orders; `bot.replies` says it."""

from dataclasses import dataclass

from bot.errors import UserError


@dataclass(eq=False)
class FileTooLarge(UserError):
    """The file is larger, or longer, than anybody's list of customers."""

    most: int = 2  # megabytes


@dataclass(eq=False)
class FileUnreadable(UserError):
    """The file is no text with lines and columns."""


@dataclass(eq=False)
class EncodingUnclear(FileUnreadable):
    """The file is text in an encoding that cannot be told from others, so its letters are uncertain."""


@dataclass(eq=False)
class MembersUnseen(UserError):
    """Discord does not show the members of the server, so no name or id can be looked up there."""


@dataclass(eq=False)
class LinesRunTogether(UserError):
    """A quotation mark opens in that `line` of a file, counted from 1, and spans the next one."""

    line: int


@dataclass(eq=False)
class ColumnsMissing(UserError):
    """No line near the top names the columns that are needed; `titles`: what the first one holds."""

    titles: tuple[str, ...] = ()


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
