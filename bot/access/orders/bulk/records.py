"""What a file or a filter asks for, row by row, before it is compared with what anybody has.

They stand apart from the reading of files, which is imported only where one is read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.access.people.import_records import MAX_LINES
from bot.access.rules.duration import Length
from bot.store.kinds import BatchKind, RowProblem, RowState
from bot.store.records import BatchRow
from bot.tradingview import End

MAX_ROWS = MAX_LINES
TAKING = (BatchKind.SET, BatchKind.REVOKE)  # they may leave somebody with less
LARGEST = 5 * 1024 * 1024  # bytes of a file
_NO_CELLS: Mapping[str, str] = {}  # of what no file says: one for all of some ten thousand


@dataclass(frozen=True, slots=True)
class Defaults:
    """What counts for every row that says nothing itself: the options of the command."""

    item: str | None = None  # its short name, as typed
    length: Length | None = None
    until: End | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: who, which item, and how much time or which end; at least one of the two names somebody."""

    line: int  # in the file, from 1; by a filter: its place
    member_id: int | None = None
    username: str | None = None  # as TradingView can have it, in any case
    item: str = ""  # the short name, as typed
    length: Length | None = None
    until: End | None = None
    note: str | None = None
    is_exported: bool = False  # it stood in an export, where an end may lack and is no mistake
    # Its cells, by the column's word.
    written: Mapping[str, str] = field(default_factory=lambda: _NO_CELLS)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file, read: what could be understood, and the rows that could not be."""

    entries: tuple[Entry, ...]
    faulty: tuple[BatchRow, ...]
    unread: tuple[str, ...] = ()  # the titles of its columns that do not count


@dataclass(frozen=True, slots=True)
class Draft:
    """What a batch is to be, before it is compared with what anybody has."""

    kind: BatchKind
    entries: Sequence[Entry]
    faulty: Sequence[BatchRow] = ()
    chosen: Mapping[str, Any] | None = None  # the filter and the defaults, for those who read of it
    file_name: str | None = None
    note: str | None = None


def faulty(entry: Entry, problem: RowProblem, detail: str | None = None) -> BatchRow:
    """Return a row that could not be understood, with its cells, so that the file can be mended."""
    return BatchRow(
        entry.line,
        RowState.FAULTY,
        problem,
        detail,
        entry.written,
        member_id=entry.member_id,
        username=entry.username,
        note=entry.note,
    )


def left_out(
    entry: Entry, problem: RowProblem, detail: str | None = None, product_id: int | None = None
) -> BatchRow:
    """Return a row that is understood, and for which there is nothing to do."""
    return BatchRow(
        entry.line,
        RowState.LEFT_OUT,
        problem,
        detail,
        member_id=entry.member_id,
        username=entry.username,
        product_id=product_id,
        note=entry.note,
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """Who is meant without a file; what is None, anybody may be. `item` is also what is given or taken."""

    item: str | None = None
    ends_before: datetime | None = None
    role_id: int | None = None
    everyone: bool = False  # with access to anything
