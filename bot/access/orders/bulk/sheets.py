"""Reads a file of orders: what each of its rows asks for, or what is wrong with it; pure, no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.access.orders.bulk import columns as bulk_columns
from bot.access.orders.bulk.dates import DateColumn, may_need_proof, readings
from bot.access.orders.bulk.members import MAX_ID, number_of
from bot.access.orders.bulk.records import LARGEST, Defaults, Entry, Sheet, faulty
from bot.access.people.import_csv import read_name
from bot.access.people.import_errors import ColumnsMissing, NoRows, WhoColumnMissing
from bot.access.people.import_records import Outcome
from bot.access.people.import_table import Table, cell_in, open_table, rows, text_in
from bot.access.rules.duration import Length, cut, parse_length, parse_until
from bot.access.rules.errors import (
    DateAmbiguous,
    DatePast,
    DateUnreadable,
    DateWithoutZone,
    DurationUnreadable,
    TooFar,
)
from bot.errors import UserError
from bot.store.kinds import BatchKind, EntitlementKind, RowProblem
from bot.store.records import BatchRow
from bot.tradingview import LIFETIME, End

_MAX_NOTE = 200
_MARK = "\ufeff"  # at the beginning of a file
_KINDS = frozenset(EntitlementKind)
_TIME_PROBLEMS: dict[type[UserError], RowProblem] = {
    DurationUnreadable: RowProblem.DURATION_UNREADABLE,
    DateUnreadable: RowProblem.DATE_UNREADABLE,
    DateWithoutZone: RowProblem.DATE_WITHOUT_ZONE,
    DateAmbiguous: RowProblem.DATE_AMBIGUOUS,
    DatePast: RowProblem.DATE_PAST,
    TooFar: RowProblem.TOO_FAR,
}


class _Fault(Exception):  # noqa: N818 - of the file, not of the program
    """What is wrong with a row."""

    def __init__(self, problem: RowProblem, detail: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.detail = detail


def read(data: bytes, kind: BatchKind, defaults: Defaults, now: datetime) -> Sheet:
    """Return what a file asks for (slow for a large one; call it in a thread).

    What a cell says counts before the defaults. Of an id that a spreadsheet shortened the row says
    nothing but its cell: `members.resolve` comes next. Raises:
        FileTooLarge: more than `LARGEST` bytes, or 20,000 rows; NoRows: none.
        FileUnreadable: no text, or no table; EncodingUnclear, LineTooLong, TooManyColumns: why.
        WhoColumnMissing: no line near its top names a column that says who is meant.
        LinesRunTogether: a quotation mark swallows the lines after it.
    """
    try:
        table = open_table(data, bulk_columns.find, LARGEST)
    except ColumnsMissing as error:
        raise WhoColumnMissing(error.titles) from error
    places = bulk_columns.taken(table.columns, kind)
    reader = _Reader(kind, defaults, now, _dates(table, places))
    kind_at = table.columns.places.get("kind")
    titles, width = list(table.columns.titles), len(table.columns.titles)
    for line, row in rows(table, table.columns.naming):
        if [cell.lstrip(_MARK) for cell in row] == titles:  # files that were put behind one another
            continue
        cells = {
            word: cell
            for word, place in places.items()
            if (cell := text_in(row, place) if word == "note" else cell_in(row, place))
        }
        reader.take(
            Entry(line, written=cells, is_exported=_is_exported(row, kind_at)),
            has_more=any(cell.strip() for cell in row[width:]),
        )
    if not reader.entries and not reader.faulty:
        raise NoRows
    unread = bulk_columns.unread(table.columns, kind)
    return Sheet(tuple(reader.entries), tuple(reader.faulty), unread)


def _dates(table: Table[bulk_columns.BulkColumns], places: Mapping[str, int]) -> DateColumn:
    """Return what the column of ends proves; it is only looked through where there is something to prove."""
    place = places.get("until")
    if place is None or not may_need_proof(table.lines):
        return DateColumn()
    return DateColumn.of(cell_in(row, place) for _, row in rows(table, table.columns.naming))


def _is_exported(row: Sequence[str], place: int | None) -> bool:
    """Return whether a row stood in an export: its cell says of which kind the access is."""
    return place is not None and cell_in(row, place).casefold() in _KINDS


class _Reader:
    """Understands one row after another; it remembers who and what was in those before."""

    def __init__(
        self, kind: BatchKind, defaults: Defaults, now: datetime, dates: DateColumn
    ) -> None:
        self._kind = kind
        self._defaults = defaults
        self._now = now
        self._dates = dates
        self._lines: dict[tuple[str | int, str], int] = {}  # by person and item
        self.entries: list[Entry] = []
        self.faulty: list[BatchRow] = []

    def take(self, entry: Entry, *, has_more: bool) -> None:
        """Read a row of which the cells are known; `has_more` than columns, they may be shifted."""
        cells = entry.written
        try:
            if has_more:
                raise _Fault(RowProblem.TOO_MANY_CELLS)  # noqa: TRY301 - as the other faults are
            entry = replace(entry, username=_name(cells.get("username", "")))
            entry = replace(entry, member_id=_member(entry))
            entry = replace(entry, item=self._item(cells))
            length, until = self._time(entry)
            entry = replace(entry, length=length, until=until, note=self._note(cells))
            self._once(entry)
        except _Fault as fault:
            self.faulty.append(faulty(entry, fault.problem, fault.detail))
        else:
            self.entries.append(entry)

    def _item(self, cells: Mapping[str, str]) -> str:
        item = cells.get("item") or (self._defaults.item or "").strip()
        if not item:
            raise _Fault(RowProblem.NO_ITEM)
        return item

    def _time(self, entry: Entry) -> tuple[Length | None, End | None]:
        """Return how much is given, or until when; for an exact end a length counts from now."""
        cells = entry.written
        if self._kind is BatchKind.REVOKE:
            return None, None
        length = _length(cells["duration"]) if "duration" in cells else None
        until = self._until(entry, cells["until"]) if "until" in cells else None
        if length is None and until is None:
            length, until = self._defaults.length, self._defaults.until
        if length is None and until is None:
            if entry.is_exported and self._kind is BatchKind.SET:
                return None, None
            raise _Fault(RowProblem.NO_TIME)
        if length is not None and until is not None:
            raise _Fault(RowProblem.TWO_TIMES)
        if length is not None and self._kind is BatchKind.SET:
            return None, LIFETIME if length.lifetime else cut(length.add_to(self._now))
        return length, until

    def _until(self, entry: Entry, typed: str) -> End:
        try:
            return parse_until(self._dates.iso(typed), self._now)
        except DatePast as error:
            if entry.is_exported and self._kind is BatchKind.SET:  # so it may be already
                return error.when
            raise _time_fault(error) from error
        except UserError as error:
            raise _time_fault(error) from error

    def _note(self, cells: Mapping[str, str]) -> str | None:
        note = cells.get("note") or self._defaults.note
        if note is not None and len(note) > _MAX_NOTE:
            raise _Fault(RowProblem.NOTE_TOO_LONG)
        return note

    def _once(self, entry: Entry) -> None:
        """Refuse a row about a person and item that another one before it is about."""
        item = entry.item.casefold()
        people: list[str | int] = []
        if entry.username is not None:
            people.append(entry.username.casefold())
        if entry.member_id is not None:
            people.append(entry.member_id)
        first = min((self._lines.get((person, item), entry.line) for person in people), default=0)
        if people and first != entry.line:
            raise _Fault(RowProblem.TWICE, str(first))
        for person in people:
            self._lines[person, item] = entry.line


def _name(typed: str) -> str | None:
    """Return the TradingView name in a cell; None for an empty one."""
    if not typed:
        return None
    name = read_name(typed)
    if isinstance(name, Outcome):
        raise _Fault(RowProblem(name.value))
    return name


def _member(entry: Entry) -> int | None:
    """Return the Discord id in the cells, where it is whole; a name on Discord names nobody for certain."""
    number = number_of(entry)
    has_id = "discord_id" in entry.written
    if number is None:
        if has_id or (entry.username is None and "discord" in entry.written):
            raise _Fault(RowProblem.ID_UNREADABLE)
        if entry.username is None:
            raise _Fault(RowProblem.NOBODY_NAMED)
        return None
    if number.damaged:
        return None
    if number.value > MAX_ID:
        raise _Fault(RowProblem.ID_UNREADABLE)
    return number.value


def _length(typed: str) -> Length:
    try:
        return parse_length(typed)
    except UserError as error:
        raise _time_fault(error) from error


def _time_fault(error: UserError) -> _Fault:
    days = readings(error.text) if isinstance(error, DateAmbiguous) else ()
    detail = ", ".join(day.isoformat() for day in days)
    return _Fault(_TIME_PROBLEMS[type(error)], detail or None)
