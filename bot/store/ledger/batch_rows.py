"""Queries about the rows of which batches consist."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TypedDict, Unpack

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import BatchState, Lookup, OrderState, RowProblem, RowState
from bot.store.ledger.batch_orders import WORST_LAST, worst
from bot.store.records import BatchRow
from bot.store.tables.batches import batch, batch_row

AT_ONCE = 250  # rows in one statement: what makes them ready holds the loop

_ORDERED = (  # made once: that takes longer than to run it
    update(batch_row)
    .where(batch_row.c.id == bindparam("of_id"), batch_row.c.state == RowState.PLANNED)
    .values(state=RowState.ORDERED, order_id=bindparam("lead"))
)


class _RowChange(TypedDict, total=False):
    state: RowState
    problem: RowProblem | None
    detail: str | None
    username: str
    tv_user_id: int | None
    lookup: Lookup


async def add(connection: AsyncConnection, batch_id: int, rows: Sequence[BatchRow]) -> None:
    """Add the rows of a batch, in their order."""
    names = [field.name for field in fields(BatchRow) if field.name != "id"]
    for start in range(0, len(rows), AT_ONCE):
        await connection.execute(
            insert(batch_row),
            [
                {"batch_id": batch_id} | {name: getattr(row, name) for name in names}
                for row in rows[start : start + AT_ONCE]
            ],
        )


async def listed(
    connection: AsyncConnection,
    batch_id: int,
    *states: RowState,
    orders: Collection[OrderState] = (),
    also: Collection[RowProblem] = (),
    but: Collection[RowProblem] = (),
    skip: int = 0,
    limit: int | None = None,
) -> list[BatchRow]:
    """Return rows of a batch in the order of the file; without states, of every state.

    With `orders`, those whose orders stand so, as `Numbers` counts them; a row without one yet waits.
    Rows with a problem in `also` come in whichever state, those with one in `but` never.
    """
    conditions: list[ColumnElement[bool]] = [batch_row.c.batch_id == batch_id]
    if states:
        wanted = batch_row.c.state.in_(states)
        conditions.append(or_(wanted, batch_row.c.problem.in_(tuple(also))) if also else wanted)
    if but:
        problem = batch_row.c.problem
        conditions.append(or_(problem.is_(None), problem.not_in(tuple(but))))
    query = select(batch_row).order_by(batch_row.c.id).offset(skip)
    if orders:
        placed = worst([batch_id])
        query = query.outerjoin(placed, placed.c.lead_id == batch_row.c.order_id)
        place = func.coalesce(placed.c.place, WORST_LAST.index(OrderState.WAITING))
        conditions.append(place.in_([WORST_LAST.index(each) for each in orders]))
    query = query.where(*conditions)
    found = await connection.execute(query if limit is None else query.limit(limit))
    return [BatchRow.of(row) for row in found]


async def in_turn(
    connection: AsyncConnection, batch_id: int, *states: RowState
) -> AsyncIterator[list[BatchRow]]:
    """Yield all rows of a batch in such a state, so many at a time that others get their turn."""
    after = 0
    while True:
        conditions = [batch_row.c.batch_id == batch_id, batch_row.c.id > after]
        if states:
            conditions.append(batch_row.c.state.in_(states))
        found = await connection.execute(
            select(batch_row).where(*conditions).order_by(batch_row.c.id).limit(AT_ONCE)
        )
        some = [BatchRow.of(row) for row in found]
        if not some:
            return
        yield some
        after = some[-1].id


async def change(
    connection: AsyncConnection, row_id: int, before: RowState, **values: Unpack[_RowChange]
) -> None:
    """Set these columns of one row; of one that stands otherwise than `before` by now, none."""
    await connection.execute(
        update(batch_row)
        .where(batch_row.c.id == row_id, batch_row.c.state == before)
        .values(**values)
    )


async def ordered(connection: AsyncConnection, order_ids: Mapping[int, int]) -> None:
    """Tie planned rows, by their id, to the orders that they led to."""
    if order_ids:
        await connection.execute(
            _ORDERED,
            [{"of_id": row_id, "lead": order_id} for row_id, order_id in order_ids.items()],
        )


async def change_all(
    connection: AsyncConnection,
    batch_id: int,
    *states: RowState,
    **values: Unpack[_RowChange],
) -> int:
    """Set these columns of all rows of a batch in such a state; return how many they are."""
    changed = await connection.execute(
        update(batch_row)
        .where(batch_row.c.batch_id == batch_id, batch_row.c.state.in_(states))
        .values(**values)
    )
    return changed.rowcount


async def to_look_up(
    connection: AsyncConnection, but: Collection[int], limit: int
) -> list[tuple[int, BatchRow]]:
    """Return planned rows of dry runs whose name TradingView was not asked for yet, each with its server.

    Servers in `but` are left out; the oldest dry run comes first.
    """
    found = await connection.execute(
        select(batch.c.guild_id, batch_row)
        .join(batch, batch.c.id == batch_row.c.batch_id)
        .where(
            batch.c.guild_id.not_in(list(but)),
            batch.c.state == BatchState.DRAFT,
            batch_row.c.state == RowState.PLANNED,
            batch_row.c.lookup == Lookup.OPEN,
        )
        .order_by(batch_row.c.batch_id, batch_row.c.id)
        .limit(limit)
    )
    return [(row.guild_id, BatchRow.of(row, batch_row)) for row in found]


async def open_lookups(connection: AsyncConnection, batch_ids: Collection[int]) -> dict[int, int]:
    """Count, by batch, the planned rows whose name TradingView was not asked for yet."""
    found = await connection.execute(
        select(batch_row.c.batch_id, func.count().label("number"))
        .where(
            batch_row.c.batch_id.in_(list(batch_ids)),
            batch_row.c.state == RowState.PLANNED,
            batch_row.c.lookup == Lookup.OPEN,
        )
        .group_by(batch_row.c.batch_id)
    )
    return {row.batch_id: row.number for row in found}


async def drop(connection: AsyncConnection, ended_before: datetime) -> None:
    """Drop the rows of batches that ended before then; the batches stay, as what they did stays in the history."""
    old = select(batch.c.id).where(batch.c.ended_at < ended_before)
    await connection.execute(delete(batch_row).where(batch_row.c.batch_id.in_(old)))
