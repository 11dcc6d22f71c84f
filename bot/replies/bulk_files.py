"""The files of a batch: its mistakes, to be mended and sent again, and what became of every row."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bot.access.orders.bulk.row_results import RowResult
from bot.access.rules.entitlements import State
from bot.replies.bulk_problems import mend, what, why
from bot.store.kinds import BatchKind, EntitlementKind, RowState, StateKind
from bot.store.records import BatchRow

_WRITTEN = ("username", "discord_id", "item", "duration", "until", "note")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")  # a mark of ours is told from one that stood there


def mistakes(found: Sequence[RowResult]) -> bytes:
    """Return the rows that have to be mended, as CSV; mended, it is read again as it is."""
    return _table(
        ("line", "what", "mend", *_WRITTEN),
        ((each.row.line, what(each.row), mend(each.row), *_cells(each)) for each in found),
    )


def results(kind: BatchKind, found: Sequence[RowResult]) -> bytes:
    """Return what became of every row, as CSV."""
    return _table(
        (
            *("line", "username", "discord_id", "item", "asked", "before", "after"),
            *("state", "why", "order"),
        ),
        (_result(kind, each) for each in found),
    )


def _result(kind: BatchKind, found: RowResult) -> tuple[object, ...]:
    row = found.row
    if row.state is RowState.FAULTY:
        written = dict(zip(_WRITTEN, _cells(found), strict=True))
        who = written["username"], written["discord_id"], written["item"]
        states = "", ""
    else:
        who = row.username or "", str(row.member_id or ""), found.item
        states = (
            _state(State(row.before, row.before_ends_at)),
            _state(State(row.after, row.after_ends_at)),
        )
    return (
        *(row.line, *who, _asked(kind, row), *states, found.outcome.value),
        *(why(row, found.reason, is_overtaken=found.is_overtaken), row.order_id or ""),
    )


def _cells(found: RowResult) -> tuple[str, ...]:
    """Return the cells of a row as they stood in the file, or as they would stand there."""
    row = found.row
    if row.written is not None:
        return tuple(row.written.get(name, "") for name in _WRITTEN)
    until = ""
    if row.length is None and row.kind is not None:
        until = "lifetime" if row.ends_at is None else _iso(row.ends_at)
    return (
        *(row.username or "", str(row.member_id or ""), found.item),
        *(row.length or "", until, row.note or ""),
    )


def _asked(kind: BatchKind, row: BatchRow) -> str:
    """Return what a row asks for: so much more, or until then."""
    if kind is BatchKind.REVOKE:
        return "end it"
    if kind is BatchKind.UNDO:
        return "put back"
    if row.length is not None:
        return f"{row.length} more"
    if row.kind is EntitlementKind.LIFETIME:
        return "lifetime"
    return "" if row.ends_at is None else f"until {_moment(row.ends_at)}"


def _state(state: State) -> str:
    match state.kind:
        case StateKind.UNTIL:
            return "" if state.ends_at is None else _moment(state.ends_at)
        case StateKind.LIFETIME:
            return "lifetime"
        case StateKind.OPEN:
            return "no end date"
        case _:
            return "no access"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _iso(moment: datetime) -> str:
    """Return a moment as a file to be read again has it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(titles)
    writer.writerows([_harmless(str(cell)) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, and that is read back equal."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
