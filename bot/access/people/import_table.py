"""Reads a vendor's list of customers as a table, whatever wrote it; pure, no I/O.

It finds the delimiter, the line with the names of the columns and the lines below it.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.access.people.errors import ColumnsMissing, FileTooLarge, FileUnreadable, LinesRunTogether
from bot.access.people.import_columns import find_columns
from bot.access.people.import_encoding import decode
from bot.access.people.import_records import BEST, LARGEST, MAX_LINES, Columns, Line, Taken
from bot.tradingview import visible

_DELIMITERS = (",", ";", "\t", "|")
_HEADER_WITHIN = 20  # lines; titles may stand above it
# A longer cell names nobody, and some take minutes to compare, with the whole program standing still.
_LONGEST_CELL = 1_000
_SEPARATOR = re.compile(r"\s*\"?sep=[^\r\n]*(\r\n|\r|\n)?", re.IGNORECASE)  # for spreadsheets only


@dataclass(frozen=True, slots=True)
class _Table:
    """A file whose columns are known; `header` is the number of their line."""

    text: list[str]
    first: int  # the number of the first line in `text`
    delimiter: str
    header: int
    columns: Columns


def columns(data: bytes) -> Columns:
    """Return the columns of a CSV file. Raises as `read`."""
    return _table(data).columns


def read(data: bytes, taken: Taken = BEST) -> list[Line]:
    """Return the lines of a CSV file, whatever wrote it (slow for a large one; call it in a thread).

    Raises:
        FileTooLarge: more than `LARGEST` bytes or `MAX_LINES` lines.
        FileUnreadable: no text, or no table; EncodingUnclear: text in letters that are uncertain.
        ColumnsMissing: no line near its top names both columns.
        LinesRunTogether: a quotation mark swallows the lines after it.
    """
    table = _table(data)
    username, members = table.columns.of_username(taken), table.columns.of_member(taken)
    lines: list[Line] = []
    for start, row in _records(table.text, table.delimiter, table.first):
        if start <= table.header or not any(cell.strip() for cell in row):
            continue
        if len(lines) == MAX_LINES:
            raise FileTooLarge
        cells = [_cell(row[place]) if place < len(row) else "" for place in (username, *members)]
        if _swallowed(row, cells, table):
            raise LinesRunTogether(start)
        name, *found = cells
        member, also = [*(cell for cell in found if cell), "", ""][:2]
        lines.append(Line(start, member, name, also))
    return lines


def _table(data: bytes) -> _Table:
    if len(data) > LARGEST:
        raise FileTooLarge
    text = decode(data)
    first = 1
    if above := _SEPARATOR.match(text):
        text, first = text[above.end() :], 2
    if not text.strip():
        raise FileUnreadable
    lines = list(io.StringIO(text, newline=""))
    found = [
        _Table(lines, first, delimiter, number, named)
        for delimiter in _DELIMITERS
        for number, named in _headers(lines, delimiter, first)
    ]
    if not found:
        raise ColumnsMissing
    # A title above may mention both, too: the line that names them best counts.
    return min(found, key=lambda table: table.columns.doubt)


def _headers(lines: list[str], delimiter: str, first: int) -> Iterator[tuple[int, Columns]]:
    """Yield the lines near the top that name both columns; none below a mark that is never closed."""
    records = _records(lines, delimiter, first)
    try:
        for number, row in islice(records, _HEADER_WITHIN):
            if named := find_columns(row):
                yield number, named
    except LinesRunTogether:
        return


def _records(lines: list[str], delimiter: str, first: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each line with its number; a quotation mark that is never closed would swallow the rest."""
    reader = csv.reader(lines, delimiter=delimiter)
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


def _is_legal(lines: list[str], delimiter: str) -> bool:
    """Return whether a quoted cell with line breaks in it is closed as it should be."""
    try:
        next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def _swallowed(row: Sequence[str], cells: Sequence[str], table: _Table) -> bool:
    """Return whether a cell with line breaks holds other lines: two stray marks can look legal."""
    if not any("\n" in cell or "\r" in cell for cell in row):
        return False
    return len(row) < len(table.columns.titles) or any(
        table.delimiter in cell and ("\n" in cell or "\r" in cell) for cell in cells
    )


def _cell(text: str) -> str:
    """Return a cell without what keeps a spreadsheet from calculating with it: ="1", '1."""
    cell = text.strip()
    if cell.startswith('="') and cell.endswith('"'):
        cell = cell[2:-1]
    cell = _shortened(cell.removeprefix("'").strip())
    return cell if visible(cell).strip() else ""


def _shortened(cell: str) -> str:
    """Return a cell, one that is too long with a mark by which it cannot pass for a name."""
    return cell if len(cell) <= _LONGEST_CELL else f"{cell[:_LONGEST_CELL]}…"
