"""Reads a shop's list as rows that are asked by the titles of their columns; pure, no I/O.

Of its own, as a shop's list is known by many columns, and a vendor's list of names by two
(`bot.access.people.import_table`): what is the same for both, the letters, is read by the same `decode`.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
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
from bot.access.people.errors import EncodingUnclear, FileUnreadable, NameUnreadable
from bot.access.people.import_columns import fold
from bot.access.people.import_encoding import decode
from bot.access.people.import_ids import read_number
from bot.access.people.username_lookup import clean

_DELIMITERS = (",", ";", "\t", "|")
_SEPARATOR = re.compile(r"\s*\"?sep=[^\r\n]*(\r\n|\r|\n)?", re.IGNORECASE)
_LONGEST_CELL = 2_000
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
    text = _text(data)
    titles: list[str] = []
    found: list[tuple[int, dict[str, str]]] = []
    for line, cells in _records(text, _delimiter(text)):
        if not titles:
            titles = [_title(cell) for cell in cells[:_MAX_COLUMNS]]
            if not all(set(titles).intersection(each) for each in needs):
                raise ListUnreadable(Wrong.COLUMNS)
            continue
        if len(found) == MAX_ROWS:
            raise ListUnreadable(Wrong.TOO_LARGE)
        row: dict[str, str] = {}
        for title, cell in zip(titles, cells, strict=False):
            if title and not row.get(title):  # of two columns of one name the first that is filled
                row[title] = cell
        found.append((line, row))
    day_first = is_day_first(cell for _, row in found for cell in row.values())
    return [Row(line, row, day_first) for line, row in found]


def _text(data: bytes) -> str:
    if len(data) > LARGEST:
        raise ListUnreadable(Wrong.TOO_LARGE)
    try:
        text = decode(data)
    except EncodingUnclear as error:
        raise ListUnreadable(Wrong.ENCODING) from error
    except FileUnreadable as error:
        raise ListUnreadable(Wrong.NO_TEXT) from error
    if above := _SEPARATOR.match(text):
        text = text[above.end() :]
    if not text.strip():
        raise ListUnreadable(Wrong.EMPTY)
    return text


def _delimiter(text: str) -> str:
    head = next(line for line in io.StringIO(text) if line.strip())[:20_000]
    return max(_DELIMITERS, key=head.count)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:  # a cell grows beyond what the reader takes
            raise ListUnreadable(Wrong.CUT, line) from error
        if cells is None:
            return
        if any(len(cell) > _LONGEST_CELL and "\n" in cell for cell in cells):
            raise ListUnreadable(Wrong.CUT, line)
        if any(cell.strip() for cell in cells):
            yield line, [_cell(cell) for cell in cells]


def _title(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(text[:300]))


def _cell(text: str) -> str:
    """Return a cell without what keeps a spreadsheet from calculating with it: ="1", '1."""
    cell = text.strip()
    if cell.startswith('="') and cell.endswith('"'):
        cell = cell[2:-1]
    return shown(cell.removeprefix("'").strip()[:_LONGEST_CELL])


def shown(text: str) -> str:
    """Return a text without what a terminal would obey."""
    return text if text.isprintable() else "".join(sign for sign in text if sign.isprintable())
