"""Reads a list of people as a table, whatever program wrote it; pure, no I/O.

It finds the delimiter, the line with the names of the columns and the lines below it. Which names
those are is for the caller to say: a vendor's list of customers has others than a file of orders.
Each call into the reader of CSV is kept short, so that a thread never keeps the others waiting.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Protocol, TypeVar

from bot.access.people.import_encoding import decode
from bot.access.people.import_errors import (
    ColumnsMissing,
    FileTooLarge,
    FileUnreadable,
    LinesRunTogether,
    LineTooLong,
)
from bot.access.people.import_records import LARGEST, MAX_LINES
from bot.access.rules.cells import plain
from bot.tradingview import visible

_DELIMITERS = (",", ";", "\t", "|")
_HEADER_WITHIN = 20  # lines; titles may stand above it
# A longer cell names nobody, and some take minutes to compare, with the whole program standing still.
_LONGEST_CELL = 1_000
_LONGEST_LINE = 200_000  # characters; of a longer one the reader makes cells for too long in one go
_MOST_LINES = 10  # for each that may be filled: with the empty ones, and those inside of cells
_SEPARATOR = re.compile(r"\s*\"?sep=[^\r\n]*(\r\n|\r|\n)?", re.IGNORECASE)  # for spreadsheets only


class Titled(Protocol):
    """The columns of a table, by their titles."""

    @property
    def titles(self) -> tuple[str, ...]:
        """Return what stands above the columns."""

    @property
    def doubt(self) -> int:
        """Return how far from what is certain they are; less is better."""


C = TypeVar("C", bound=Titled)
# Returns the columns that a line names; `above`: the most cells that are filled in a line above it.
Find = Callable[[Sequence[str], int], C | None]


@dataclass(frozen=True, slots=True)
class Table(Generic[C]):
    """A file whose columns are known; `header` is the number of their line."""

    lines: list[str]
    first: int  # the number of the first one
    delimiter: str
    header: int
    columns: C
    largest: int  # bytes that the file may have
    most: int  # lines below the names of the columns


def open_table(
    data: bytes, find: Find[C], largest: int = LARGEST, most: int = MAX_LINES
) -> Table[C]:
    """Return the table in a file, whatever wrote it (slow for a large one; call it in a thread).

    Raises:
        FileTooLarge: more than `largest` bytes, or far more than the `most` lines.
        FileUnreadable: no text, or no table; EncodingUnclear: text in letters that are uncertain;
            LineTooLong: a line that is longer than any of a table.
        ColumnsMissing: no line near its top names the columns that are looked for.
    """
    if len(data) > largest:
        raise FileTooLarge(largest >> 20)
    text = decode(data)
    first = 1
    if above := _SEPARATOR.match(text):
        text, first = text[above.end() :], 2
    if not text.strip():
        raise FileUnreadable
    lines = _lines(text, first, most * _MOST_LINES)
    found = [
        Table(lines, first, delimiter, number, named, largest, most)
        for delimiter in _DELIMITERS
        for number, named in _headers(lines, delimiter, first, find)
    ]
    if not found:
        raise ColumnsMissing(_titles(lines, first))
    if len(lines) > most * _MOST_LINES:
        raise FileTooLarge(largest >> 20)
    # A title above may mention some, too: the line that names them best counts.
    return min(found, key=lambda table: table.columns.doubt)


def rows(table: Table[C], naming: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines below the names of the columns, but for empty ones, each with its number.

    `naming`: the places of the columns whose cells have no line breaks in them. Raises:
        FileTooLarge: more lines than the file may have.
        LinesRunTogether: a quotation mark swallows the lines after it.
    """
    number = 0
    for start, row in _records(table.lines, table.delimiter, table.first):
        if start <= table.header or not any(cell.strip() for cell in row):
            continue
        if number == table.most:
            raise FileTooLarge(table.largest >> 20)
        if _swallowed(row, naming, table):
            raise LinesRunTogether(start)
        number += 1
        yield start, row


def cell_in(row: Sequence[str], place: int) -> str:
    """Return a cell without what keeps a spreadsheet from calculating with it: ="1", '1."""
    cell = row[place].strip() if place < len(row) else ""
    if cell.startswith('="') and cell.endswith('"'):
        cell = cell[2:-1]
    cell = _shortened(cell.removeprefix("'").strip())
    return cell if visible(cell).strip() else ""


def text_in(row: Sequence[str], place: int) -> str:
    """Return a cell of free text: as it was before an export kept spreadsheets from calculating with it."""
    cell = row[place] if place < len(row) else ""
    if (unmarked := plain(cell)) != cell:
        return _shortened(unmarked)
    cell = cell.strip()
    if cell.startswith('="') and cell.endswith('"'):
        cell = cell[2:-1]
    return _shortened(cell) if visible(cell).strip() else ""


def _lines(text: str, first: int, most: int) -> list[str]:
    lines: list[str] = []
    for number, line in enumerate(io.StringIO(text, newline=""), first):
        if len(line) > _LONGEST_LINE:
            raise LineTooLong(number)
        lines.append(line)
        if len(lines) > most:
            break
    return lines


def _headers(
    lines: list[str], delimiter: str, first: int, find: Find[C]
) -> Iterator[tuple[int, C]]:
    """Yield the lines near the top that name the columns; none below a mark that is never closed."""
    records = _records(lines, delimiter, first)
    above = 0
    try:
        for number, row in islice(records, _HEADER_WITHIN):
            if named := find(row, above):
                yield number, named
            above = max(above, sum(1 for cell in row if cell.strip()))
    except LinesRunTogether:
        return


def _titles(lines: list[str], first: int) -> tuple[str, ...]:
    """Return what the first line holds that is not empty, split where that gives the most."""
    start = next(place for place, line in enumerate(lines) if line.strip())
    titles: list[str] = []
    for delimiter in _DELIMITERS:
        try:
            _, row = next(_records(lines[start:], delimiter, first))
        except LinesRunTogether:
            continue
        titles = max(titles, [cell.strip() for cell in row if cell.strip()], key=len)
    return tuple(_shortened(title) for title in titles)


def _records(lines: list[str], delimiter: str, first: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each line with its number; a quotation mark that is never closed would swallow the rest."""
    reader = csv.reader(_one_by_one(lines), delimiter=delimiter)
    while True:
        start = reader.line_num
        try:
            row = next(reader, None)
        except csv.Error as error:  # the cell grows beyond what the reader takes
            raise LinesRunTogether(start + first) from error
        if row is None:
            return
        if reader.line_num - start > 1 and not _is_legal(lines[start : reader.line_num], delimiter):
            raise LinesRunTogether(start + first)
        yield start + first, row


def _one_by_one(lines: list[str]) -> Iterator[str]:
    """Yield the lines, and let other threads have their turn between them."""
    for line in lines:  # noqa: UP028 - neither a list's own iterator nor `yield from` does
        yield line


def _is_legal(lines: list[str], delimiter: str) -> bool:
    """Return whether a quoted cell with line breaks in it is closed as it should be."""
    try:
        next(csv.reader(_one_by_one(lines), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def _swallowed(row: Sequence[str], naming: Sequence[int], table: Table[C]) -> bool:
    """Return whether a cell with line breaks holds other lines: two stray marks can look legal."""
    if not any("\n" in cell or "\r" in cell for cell in row):
        return False
    # Around a cell they are nothing.
    cells = [row[place].strip() for place in naming if place < len(row)]
    return len(row) < len(table.columns.titles) or any(
        table.delimiter in cell and ("\n" in cell or "\r" in cell) for cell in cells
    )


def _shortened(cell: str) -> str:
    """Return a cell, one that is too long with a mark by which it cannot pass for a name."""
    return cell if len(cell) <= _LONGEST_CELL else f"{cell[:_LONGEST_CELL]}…"
