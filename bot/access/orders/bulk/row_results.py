"""What became of each row of a batch, for its files and its lists."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.catalogue.lookup import every_item, item_of
from bot.access.orders.bulk.batches import one
from bot.access.orders.bulk.errors import RowsForgotten
from bot.store.engine.database import Database
from bot.store.kinds import OrderState, Reason, RowProblem, RowState
from bot.store.ledger import batch_orders, batch_rows
from bot.store.ledger.batch_orders import WORST_LAST, Numbers, OrderEnd
from bot.store.records import BatchRow

ROWS = 50  # of a page


class RowGroup(enum.StrEnum):
    """Which rows of a batch are shown."""

    ALL = "all"
    PLANNED = "planned"
    FAILED = "failed"
    WAITING = "waiting"
    DONE = "done"
    MISTAKES = "mistakes"
    LEFT_OUT = "left-out"
    WITHDRAWN = "withdrawn"


class Outcome(enum.Enum):
    """How one row stands."""

    DONE = "done"
    WAITING = "waiting"
    FAILED = "failed"
    LEFT_OUT = "left out"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class RowResult:
    """A row with the short name of its item, and what became of it."""

    row: BatchRow
    item: str
    outcome: Outcome
    reason: Reason | None = None  # of what failed
    is_overtaken: bool = False  # a later order took its place


@dataclass(frozen=True, slots=True)
class RowPage:
    """Some rows of one group; pages are numbered from 0."""

    group: RowGroup
    rows: Sequence[RowResult]
    page: int
    pages: int
    counts: Mapping[RowGroup, int]


class RowResults:
    """Reads what became of the rows of a batch, a few at a time, so that nobody waits for a long list."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def mistakes(self, guild_id: int, batch_id: int) -> list[RowResult]:
        """Return the rows with a mistake, and those whose name TradingView does not know. Raises BatchGone."""
        found = await self._read(guild_id, batch_id, RowState.FAULTY, RowState.LEFT_OUT)
        return [each for each in found if is_mistake(each.row)]

    async def every(self, guild_id: int, batch_id: int) -> list[RowResult]:
        """Return all rows, in the order of the file. Raises BatchGone, and RowsForgotten."""
        found = await self._read(guild_id, batch_id)
        if not found:  # no batch begins without one
            raise RowsForgotten(batch_id)
        return found

    async def first(self, guild_id: int, batch_id: int, limit: int) -> list[RowResult]:
        """Return the first rows for which something is ordered. Raises BatchGone."""
        states = (RowState.PLANNED, RowState.ORDERED, RowState.WITHDRAWN)
        async with self._database.read() as connection:
            batch = await one(connection, guild_id, batch_id)
            rows = await batch_rows.listed(connection, batch.id, *states, limit=limit)
            return await _results(connection, rows, {})

    async def page(self, guild_id: int, batch_id: int, group: RowGroup, page: int) -> RowPage:
        """Return one page of a group's rows, the last one where there are not so many. Raises BatchGone."""
        async with self._database.read() as connection:
            batch = await one(connection, guild_id, batch_id)
            counts = _counts(await batch_orders.numbers(connection, batch.id))
            pages = max(1, -(-counts[group] // ROWS))
            page = min(page, pages - 1)
            of = _GROUPS[group]
            rows = await batch_rows.listed(
                connection, batch.id, *of.states,
                orders=of.orders, also=of.also, but=of.but, skip=page * ROWS, limit=ROWS,
            )  # fmt: skip
            sold = await every_item(connection, guild_id)
            slugs = {(item.product_id, item.script_id): slug for slug, item in sold.items()}
            return RowPage(group, await _results(connection, rows, slugs), page, pages, counts)

    async def _read(self, guild_id: int, batch_id: int, *states: RowState) -> list[RowResult]:
        found: list[RowResult] = []
        items: dict[tuple[int | None, int | None], str] = {}
        async with self._database.read() as connection:
            batch = await one(connection, guild_id, batch_id)
            async for rows in batch_rows.in_turn(connection, batch.id, *states):
                found += await _results(connection, rows, items)
        return found


@dataclass(frozen=True, slots=True)
class _Of:
    """Which rows a group has; of a name that TradingView does not know, the row is a mistake too."""

    states: tuple[RowState, ...] = ()
    orders: tuple[OrderState, ...] = ()
    also: tuple[RowProblem, ...] = ()
    but: tuple[RowProblem, ...] = ()


_UNKNOWN = (RowProblem.USER_UNKNOWN,)
_GROUPS: Mapping[RowGroup, _Of] = {
    RowGroup.ALL: _Of(),
    RowGroup.PLANNED: _Of((RowState.PLANNED,)),
    RowGroup.FAILED: _Of((RowState.ORDERED,), (OrderState.STUCK,)),
    RowGroup.WAITING: _Of((RowState.PLANNED, RowState.ORDERED), (OrderState.WAITING,)),
    RowGroup.DONE: _Of((RowState.ORDERED,), (OrderState.DONE,)),
    RowGroup.MISTAKES: _Of((RowState.FAULTY,), also=_UNKNOWN),
    RowGroup.LEFT_OUT: _Of((RowState.LEFT_OUT,), but=_UNKNOWN),
    RowGroup.WITHDRAWN: _Of((RowState.WITHDRAWN,)),
}


def _counts(numbers: Numbers) -> dict[RowGroup, int]:
    """Return how many rows each group has."""
    rows, orders = numbers.rows, numbers.orders
    planned = rows.get(RowState.PLANNED, 0)
    unknown = numbers.problems.get(RowProblem.USER_UNKNOWN, 0)
    return {
        RowGroup.ALL: numbers.total,
        RowGroup.PLANNED: planned,
        RowGroup.FAILED: orders.get(OrderState.STUCK, 0),
        RowGroup.WAITING: orders.get(OrderState.WAITING, 0) + planned,
        RowGroup.DONE: orders.get(OrderState.DONE, 0),
        RowGroup.MISTAKES: rows.get(RowState.FAULTY, 0) + unknown,
        RowGroup.LEFT_OUT: rows.get(RowState.LEFT_OUT, 0) - unknown,
        RowGroup.WITHDRAWN: rows.get(RowState.WITHDRAWN, 0),
    }


def is_mistake(row: BatchRow) -> bool:
    """Return whether a row has to be mended before it can be carried out."""
    return row.state is RowState.FAULTY or row.problem is RowProblem.USER_UNKNOWN


async def _results(
    connection: AsyncConnection,
    rows: Sequence[BatchRow],
    items: dict[tuple[int | None, int | None], str],
) -> list[RowResult]:
    ends = await batch_orders.ends(connection, [row.order_id for row in rows if row.order_id])
    return [await _result(connection, row, items, ends) for row in rows]


async def _result(
    connection: AsyncConnection,
    row: BatchRow,
    items: dict[tuple[int | None, int | None], str],
    ends: Mapping[int, Sequence[OrderEnd]],
) -> RowResult:
    key = row.product_id, row.script_id
    if key not in items and key != (None, None):
        items[key] = (await item_of(connection, *key)).slug
    item = items.get(key, "")
    if row.state in (RowState.FAULTY, RowState.LEFT_OUT):
        return RowResult(row, item, Outcome.LEFT_OUT)
    if row.state is RowState.WITHDRAWN:
        return RowResult(row, item, Outcome.WITHDRAWN)
    orders = ends.get(row.order_id or 0, ())
    state = max((each.state for each in orders), key=WORST_LAST.index, default=OrderState.WAITING)
    match state:
        case OrderState.STUCK:
            reason = next(each.reason for each in orders if each.state is state)
            return RowResult(row, item, Outcome.FAILED, reason)
        case OrderState.SUPERSEDED:
            return RowResult(row, item, Outcome.LEFT_OUT, is_overtaken=True)
        case OrderState.DONE:
            return RowResult(row, item, Outcome.DONE)
        case OrderState.WAITING:
            return RowResult(row, item, Outcome.WAITING)
