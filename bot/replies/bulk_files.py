"""The files of a batch: its mistakes, to be mended and sent again, and what became of every row."""

from collections.abc import Sequence
from datetime import datetime

from bot.access.orders.bulk.row_results import Outcome, RowResult
from bot.access.rules.cells import Cell, table
from bot.access.rules.entitlements import State
from bot.replies.bulk_problems import mend, what, why
from bot.store.kinds import BatchKind, EntitlementKind, RowState, StateKind
from bot.store.records import BatchRow

_WHO = ("username", "discord_id", "item")
_REST = ("duration", "until", "note")
_MAX_DIGITS = 20
_OUTCOMES = {Outcome.WITHDRAWN: "cancelled"}  # as everywhere else that people read of it
_NAME = "discord"  # a member's name, or their id: only where the file had such a column


def mistakes(found: Sequence[RowResult]) -> bytes:
    """Return the rows that have to be mended, as CSV that is read again once mended (slow for many)."""
    has_names = any(each.row.written and _NAME in each.row.written for each in found)
    columns = (*_WHO, *_REST, *((_NAME,) if has_names else ()))
    return table(
        ("line", "what", "mend", *columns),
        (
            (each.row.line, what(each.row), mend(each.row), *map(_cells(each).get, columns))
            for each in found
        ),
    )


def results(kind: BatchKind, found: Sequence[RowResult]) -> bytes:
    """Return what became of every row, as CSV (slow for many)."""
    return table(
        ("line", *_WHO, "asked", "before", "after", "state", "why", "order"),
        (_result(kind, each) for each in found),
    )


def mistakes_name(batch_id: int) -> str:
    """Return the name of the file with the mistakes."""
    return f"batch-{batch_id}-mistakes.csv"


def result_name(batch_id: int) -> str:
    """Return the name of the file with the results."""
    return f"batch-{batch_id}.csv"


def _result(kind: BatchKind, found: RowResult) -> tuple[Cell, ...]:
    row = found.row
    states: tuple[Cell, Cell] = (None, None)
    if row.state is not RowState.FAULTY:
        states = (
            _state(State(row.before, row.before_ends_at)),
            _state(State(row.after, row.after_ends_at)),
        )
    said = why(row, found.reason, is_overtaken=found.is_overtaken)
    who = map(_cells(found).get, _WHO)
    outcome = _OUTCOMES.get(found.outcome, found.outcome.value)
    return (row.line, *who, _asked(kind, row), *states, outcome, said, row.order_id)


def _cells(found: RowResult) -> dict[str, Cell]:
    """Return the cells of a row as they stood in the file, or as they would stand there."""
    row = found.row
    if row.written is not None:
        return {name: _number_or(cell) for name, cell in row.written.items()}
    until: Cell = None
    if row.length is None and row.kind is not None:
        until = "lifetime" if row.ends_at is None else row.ends_at
    return {
        "username": row.username,
        "discord_id": row.member_id,
        "item": found.item,
        "duration": row.length,
        "until": until,
        "note": row.note,
    }


def _number_or(text: str) -> Cell:
    """Return a cell as a number where it is one, so that no spreadsheet shortens an id in it."""
    is_number = text.isascii() and text.isdecimal() and not text.startswith("0")
    return int(text) if is_number and len(text) <= _MAX_DIGITS else text


def _asked(kind: BatchKind, row: BatchRow) -> Cell:
    """Return what a row asks for: so much more, or until then."""
    if kind is BatchKind.REVOKE:
        return "end it"
    if kind is BatchKind.UNDO:
        return "put back"
    if row.length is not None:
        return f"{row.length} more"
    return "lifetime" if row.kind is EntitlementKind.LIFETIME else row.ends_at


def _state(state: State) -> str | datetime | None:
    match state.kind:
        case StateKind.UNTIL:
            return state.ends_at
        case StateKind.LIFETIME:
            return "lifetime"
        case StateKind.OPEN:
            return "no end date"
        case _:
            return "no access"
