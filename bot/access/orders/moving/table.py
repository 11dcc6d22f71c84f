"""Reads a shop's list as rows that are asked by the titles of their columns; pure, no I/O."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from bot.access.orders.moving.dates import is_day_first, moment
from bot.access.orders.moving.records import (
    LARGEST,
    MAX_ROWS,
    BadRow,
    Fault,
    ListUnreadable,
    Wrong,
)
from bot.access.people.errors import NameUnreadable
from bot.access.people.import_columns import fold
from bot.access.people.import_errors import (
    ColumnsMissing,
    EncodingUnclear,
    FileTooLarge,
    FileUnreadable,
    LinesRunTogether,
    LineTooLong,
)
from bot.access.people.import_ids import read_number
from bot.access.people.import_table import cell_in, open_table, rows as table_rows
from bot.access.people.username_lookup import clean

_LONGEST_CELL = 2_000  # with line breaks in it; a longer one has swallowed other lines
_NOTHING = b"\xef\xbb\xbf \t\r\n"
_MAX_COLUMNS = 300
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,200}\.[^\s@.]{2,}")
_TRADINGVIEW = re.compile(r"tradingview|^tv(user)?(name|handle)?$")
_NO_NAME = re.compile(r"date|access|plan|until|expir|status|price")
_YES = frozenset({"1", "true", "yes", "y", "t"})


class RowUnread(Exception):  # noqa: N818 - named for what it says
    """A row of which nothing can be taken."""

    def __init__(self, fault: Fault, column: str = "") -> None:
        super().__init__(fault)
        self.fault = fault
        self.column = column


@dataclass(frozen=True, slots=True)
class Row:
    """One row, with its cells by the folded titles of their columns."""

    line: int
    cells: dict[str, str] = field(repr=False)
    day_first: bool = False
    bad: list[BadRow] = field(default_factory=list)  # what was left of it

    def first(self, *titles: str) -> str:
        """Return the first of these cells that holds something."""
        return next((self.cells[each] for each in titles if self.cells.get(each)), "")

    def id_like(self, *beginnings: str) -> str | None:
        """Return the first id in any cell that begins so, as "sub_"."""
        for beginning in beginnings:
            for cell in self.cells.values():
                if cell.startswith(beginning) and re.fullmatch(r"[\w-]{4,200}", cell, re.ASCII):
                    return cell
        return None

    def is_yes(self, *titles: str) -> bool:
        """Return whether one of these cells says yes."""
        return self.first(*titles).casefold() in _YES

    def moment(self, *titles: str) -> datetime | None:
        """Return the date in the first of these cells that holds something. Raises RowUnread for what is none."""
        for title in titles:
            if text := self.cells.get(title, ""):
                found = moment(text, day_first=self.day_first)
                if found is None:
                    raise RowUnread(Fault.DATE_UNREADABLE, title)
                return found
        return None

    def email(self, *titles: str) -> str | None:
        """Return the e-mail address, in small letters."""
        found = self.first(*titles).casefold()
        return found if _EMAIL.fullmatch(found) else None

    def username(self) -> str | None:
        """Return the TradingView name, where the shop asked for it."""
        for title, cell in self.cells.items():
            if cell and _TRADINGVIEW.search(title) and not _NO_NAME.search(title):
                try:
                    return clean(cell)
                except NameUnreadable:
                    self.bad.append(BadRow(self.line, Fault.NAME_UNREADABLE, title, is_left=False))
        return None

    def discord_id(self) -> int | None:
        """Return the Discord id; one that a spreadsheet rounded is left, and noted."""
        for title, cell in self.cells.items():
            if not cell or not title.startswith("discord"):
                continue
            number = read_number(cell)
            if number is None:
                continue
            if number.damaged or not 10**14 < number.value < 2**63:
                self.bad.append(BadRow(self.line, Fault.ID_DAMAGED, title, is_left=False))
                return None
            return number.value
        return None

    def discord_name(self) -> str | None:
        """Return the name on Discord, as the shop has it."""
        found = self.first("discordusername", "discordname", "discordtag", "discorduser", "discord")
        return None if not found or read_number(found) else found[:100]


def rows(data: bytes, *, needs: Sequence[Sequence[str]]) -> list[Row]:
    """Return the rows of a list; of each of `needs` it has one of the titles (slow: call it in a thread).

    Raises ListUnreadable.
    """
    if not data.strip(_NOTHING):
        raise ListUnreadable(Wrong.EMPTY)

    def named(cells: Sequence[str], _: int) -> _Titles | None:
        titles = tuple(_title(cell) for cell in cells[:_MAX_COLUMNS])
        return _Titles(titles) if all(set(titles).intersection(each) for each in needs) else None

    found: list[tuple[int, dict[str, str]]] = []
    with _explained():
        table = open_table(data, named, LARGEST, MAX_ROWS)
        for line, cells in table_rows(table, ()):
            if any(len(cell) > _LONGEST_CELL and "\n" in cell for cell in cells):
                raise LinesRunTogether(line)
            row: dict[str, str] = {}
            for place, title in enumerate(table.columns.titles):
                if title and not row.get(
                    title
                ):  # of two columns of one name the first that is filled
                    row[title] = shown(cell_in(cells, place))
            found.append((line, row))
    day_first = is_day_first(cell for _, row in found for cell in row.values())
    return [Row(line, row, day_first) for line, row in found]


@dataclass(frozen=True, slots=True)
class _Titles:
    """The titles of a list, folded; the line that has all that are needed is the one."""

    titles: tuple[str, ...]
    doubt: int = 0


@contextmanager
def _explained() -> Iterator[None]:
    """Let what the reader of tables refuses be said as of a shop's list."""
    try:
        yield
    except FileTooLarge as error:
        raise ListUnreadable(Wrong.TOO_LARGE) from error
    except EncodingUnclear as error:
        raise ListUnreadable(Wrong.ENCODING) from error
    except (LineTooLong, LinesRunTogether) as error:
        raise ListUnreadable(Wrong.CUT, error.line) from error
    except FileUnreadable as error:
        raise ListUnreadable(Wrong.NO_TEXT) from error
    except ColumnsMissing as error:
        raise ListUnreadable(Wrong.COLUMNS) from error


def _title(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(text[:300]))


def shown(text: str) -> str:
    """Return a text without what a terminal would obey."""
    return text if text.isprintable() else "".join(sign for sign in text if sign.isprintable())
