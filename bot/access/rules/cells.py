"""Cells of the CSV files that Usher writes: no spreadsheet calculates with one, and each reads back as it was.

A spreadsheet takes a cell that begins with certain signs for a formula, and keeps 15 digits of a number,
where a Discord id has up to 19. It takes a cell that begins with an apostrophe for text, so that one stands
before both; and before text that has one itself, or it could not be told from ours. Pure, no I/O.
"""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

# How a cell must not begin as it is: what a spreadsheet takes for a formula, the wide signs of Asian
# keyboards too, and our own mark.
MARKED = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")
_MARK = "'"
_KEPT = 10**15  # a spreadsheet keeps every digit of smaller numbers
# Readers of files stop at a NUL, and at an escape, with which old mail switched its letters and a terminal is told
# what to do; half a pair of surrogates cannot be written at all.
_UNWRITABLE = re.compile("[\x00\x1b\ud800-\udfff]")

Cell = str | int | datetime | None


def cell(value: Cell) -> str:
    """Return how a value is written: moments in UTC as ISO 8601, ids of Discord with a mark, None as nothing."""
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).isoformat()
        case int():
            return f"{_MARK}{value}" if abs(value) >= _KEPT else str(value)
        case str():
            text = _UNWRITABLE.sub("\ufffd", value)
            return f"{_MARK}{text}" if text.startswith(MARKED) else text


def plain(text: str) -> str:
    """Return the text of a cell of which `cell` may have made this: without the one mark before it."""
    return text[1:] if text.startswith(_MARK) and text[1:].startswith(MARKED) else text


class Table:
    """A CSV file on its way, as spreadsheets open it: UTF-8 that says so, and lines that end with CR LF."""

    def __init__(self, head: Sequence[str]) -> None:
        import csv  # noqa: PLC0415 - files are rarely asked for

        self._bytes = io.BytesIO()
        self._text = io.TextIOWrapper(self._bytes, "utf-8-sig", newline="")
        self._writer = csv.writer(self._text)
        self._writer.writerow(head)

    def add(self, rows: Iterable[Iterable[Cell]]) -> None:
        """Write these rows below the others (slow for many; call it in a thread)."""
        self._writer.writerows(map(cell, row) for row in rows)

    def content(self) -> bytes:
        """Return the file as far as it was written."""
        self._text.flush()
        return self._bytes.getvalue()


def table(head: Sequence[str], rows: Iterable[Iterable[Cell]]) -> bytes:
    """Return a whole CSV file."""
    file = Table(head)
    file.add(rows)
    return file.content()
