"""Queries about batches: many orders from one file or filter, and the rows of which they consist."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import (
    ColumnElement,
    Subquery,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import (
    ActorKind,
    BatchKind,
    BatchState,
    Lookup,
    OrderState,
    PermissionState,
    Reason,
    RowProblem,
    RowState,
)
from bot.store.parts import parts
from bot.store.records import Actor, Batch, BatchRow
from bot.store.tables.batches import batch, batch_row
from bot.store.tables.ledger import order, permission

# How the row stands of which one script is so, and another one otherwise.
WORST_LAST = (OrderState.SUPERSEDED, OrderState.DONE, OrderState.STUCK, OrderState.WAITING)
MARK = "mark"  # of what is chosen: to whom the rows give what, in short
AT_ONCE = 250  # rows in one statement: what makes them ready holds the loop


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many rows of a batch stand how."""

    rows: Mapping[RowState, int]
    problems: Mapping[RowProblem, int]
    orders: Mapping[OrderState, int]  # of the ordered rows; one of several scripts as its worst

    @property
    def waiting(self) -> int:
        """Count the ordered rows whose order has not ended yet."""
        return self.orders.get(OrderState.WAITING, 0)

    @property
    def total(self) -> int:
        """Count all rows."""
        return sum(self.rows.values())


class _BatchChange(TypedDict, total=False):
    state: BatchState
    seats: int
    forecast: Mapping[str, Any]
    started_at: datetime
    actor_kind: ActorKind
    actor_id: str | None
    approved_by: int
    approved_at: datetime
    ended_at: datetime
    channel_id: int | None
    message_id: int | None
    answer_token: bytes | None
    told_at: datetime


class _RowChange(TypedDict, total=False):
    state: RowState
    problem: RowProblem | None
    detail: str | None
    customer_id: int
    username: str
    tv_user_id: int | None
    lookup: Lookup
    order_id: int


async def add(
    connection: AsyncConnection,
    guild_id: int,
    *,
    kind: BatchKind,
    idempotency_key: str,
    actor: Actor,
    made_at: datetime,
    note: str | None,
    file_name: str | None,
    chosen: Mapping[str, Any],
    forecast: Mapping[str, Any],
    undoes_id: int | None = None,
) -> Batch:
    """Add a batch of which nothing is ordered yet."""
    newest = await connection.execute(
        select(func.max(order.c.id)).where(order.c.guild_id == guild_id)
    )
    row = await connection.execute(
        insert(batch)
        .values(
            guild_id=guild_id,
            kind=kind,
            state=BatchState.DRAFT,
            idempotency_key=idempotency_key,
            actor_kind=actor.kind,
            actor_id=actor.id,
            made_at=made_at,
            note=note,
            file_name=file_name,
            chosen=chosen,
            forecast=forecast,
            newest_order_id=newest.scalar_one() or 0,
            undoes_id=undoes_id,
        )
        .returning(batch)
    )
    return Batch.of(row.one())


async def add_rows(connection: AsyncConnection, batch_id: int, rows: Sequence[BatchRow]) -> None:
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


async def by_id(connection: AsyncConnection, guild_id: int, batch_id: int) -> Batch | None:
    """Return that batch of that server."""
    found = await connection.execute(
        select(batch).where(batch.c.id == batch_id, batch.c.guild_id == guild_id)
    )
    row = found.one_or_none()
    return None if row is None else Batch.of(row)


async def by_key(connection: AsyncConnection, guild_id: int, key: str) -> Batch | None:
    """Return the batch that a request made."""
    found = await connection.execute(
        select(batch).where(batch.c.guild_id == guild_id, batch.c.idempotency_key == key)
    )
    row = found.one_or_none()
    return None if row is None else Batch.of(row)


async def under_way(connection: AsyncConnection) -> list[Batch]:
    """Return the batches of all servers that were started and have not ended, oldest first."""
    started = (BatchState.RUNNING, BatchState.PAUSED, BatchState.CANCELLED)
    found = await connection.execute(
        select(batch)
        .where(batch.c.state.in_(started), batch.c.ended_at.is_(None))
        .order_by(batch.c.id)
    )
    return [Batch.of(row) for row in found]


async def drafts(connection: AsyncConnection, made_before: datetime) -> list[int]:
    """Return the dry runs made before then that were never started."""
    found = await connection.execute(
        select(batch.c.id).where(batch.c.state == BatchState.DRAFT, batch.c.made_at < made_before)
    )
    return list(found.scalars())


async def unapproved(connection: AsyncConnection, asked_before: datetime) -> list[Batch]:
    """Return what was asked for before then and still waits for a second manager."""
    found = await connection.execute(
        select(batch).where(batch.c.state == BatchState.APPROVAL, batch.c.started_at < asked_before)
    )
    return [Batch.of(row) for row in found]


async def listed(
    connection: AsyncConnection, guild_id: int, *states: BatchState, skip: int = 0, limit: int
) -> list[Batch]:
    """Return a server's batches in such a state, newest first; without states, those that were started."""
    wanted = states or tuple(each for each in BatchState if each is not BatchState.DRAFT)
    found = await connection.execute(
        select(batch)
        .where(batch.c.guild_id == guild_id, batch.c.state.in_(wanted))
        .order_by(batch.c.id.desc())
        .offset(skip)
        .limit(limit)
    )
    return [Batch.of(row) for row in found]


async def alike(connection: AsyncConnection, of: Batch, since: datetime) -> list[Batch]:
    """Return the batches started after that moment that give the same people the same as that one, newest first.

    What was undone is none of them.
    """
    mark = of.chosen.get(MARK)
    if mark is None:
        return []
    undo = batch.alias()
    is_undone = (
        select(undo.c.id)
        .where(undo.c.undoes_id == batch.c.id, undo.c.state != BatchState.DRAFT)
        .exists()
    )
    found = await connection.execute(
        select(batch)
        .where(
            batch.c.guild_id == of.guild_id,
            batch.c.kind == of.kind,
            batch.c.id != of.id,
            batch.c.started_at > since,
            ~is_undone,
            batch.c.chosen[MARK].as_string() == mark,
        )
        .order_by(batch.c.id.desc())
    )
    return [Batch.of(row) for row in found]


async def count(connection: AsyncConnection, guild_id: int) -> int:
    """Count a server's batches that were started."""
    found = await connection.execute(
        select(func.count())
        .select_from(batch)
        .where(batch.c.guild_id == guild_id, batch.c.state != BatchState.DRAFT)
    )
    return int(found.scalar_one())


async def untold(connection: AsyncConnection) -> list[tuple[Batch, bytes | None]]:
    """Return the batches that were started and whose end was not told yet, oldest first, each with its token."""
    found = await connection.execute(
        select(batch)
        .where(batch.c.state != BatchState.DRAFT, batch.c.told_at.is_(None))
        .order_by(batch.c.id)
    )
    return [(Batch.of(row), row.answer_token) for row in found]


async def change(
    connection: AsyncConnection,
    batch_id: int,
    *states: BatchState,
    **values: Unpack[_BatchChange],
) -> bool:
    """Set these columns; False where the batch is in none of these states, when they are given."""
    conditions = [batch.c.id == batch_id]
    if states:
        conditions.append(batch.c.state.in_(states))
    changed = await connection.execute(update(batch).where(*conditions).values(**values))
    return changed.rowcount > 0


async def undone_by(
    connection: AsyncConnection, batch_ids: Collection[int]
) -> dict[int, list[Batch]]:
    """Return, by batch, those that undo it, oldest first; drafts that were never started too."""
    found = await connection.execute(
        select(batch).where(batch.c.undoes_id.in_(list(batch_ids))).order_by(batch.c.id)
    )
    undoing: dict[int, list[Batch]] = {each: [] for each in batch_ids}
    for row in found:
        undoing[row.undoes_id].append(Batch.of(row))
    return undoing


# Rows


async def rows(
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
        worst = _worst([batch_id])
        query = query.outerjoin(worst, worst.c.lead_id == batch_row.c.order_id)
        place = func.coalesce(worst.c.place, WORST_LAST.index(OrderState.WAITING))
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


async def change_row(
    connection: AsyncConnection, row_id: int, **values: Unpack[_RowChange]
) -> None:
    """Set these columns of one row."""
    await connection.execute(update(batch_row).where(batch_row.c.id == row_id).values(**values))


async def change_rows(
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


async def numbers(connection: AsyncConnection, batch_id: int) -> Numbers:
    """Count the rows of one batch by how they stand."""
    return (await numbers_of(connection, [batch_id]))[batch_id]


async def numbers_of(connection: AsyncConnection, batch_ids: Collection[int]) -> dict[int, Numbers]:
    """Count, by batch, its rows by how they stand."""
    worst = _worst(batch_ids)
    found = await connection.execute(
        select(
            batch_row.c.batch_id,
            batch_row.c.state,
            batch_row.c.problem,
            worst.c.place,
            func.count().label("number"),
        )
        .outerjoin(worst, worst.c.lead_id == batch_row.c.order_id)
        .where(batch_row.c.batch_id.in_(list(batch_ids)))
        .group_by(batch_row.c.batch_id, batch_row.c.state, batch_row.c.problem, worst.c.place)
    )
    counted: dict[int, tuple[Counter[RowState], Counter[RowProblem], Counter[OrderState]]] = {
        each: (Counter(), Counter(), Counter()) for each in batch_ids
    }
    for row in found:
        states, problems, ended = counted[row.batch_id]
        states[row.state] += row.number
        if row.problem is not None:
            problems[row.problem] += row.number
        if row.place is not None and row.state is RowState.ORDERED:
            ended[WORST_LAST[row.place]] += row.number
    return {each: Numbers(*counts) for each, counts in counted.items()}


def _worst(batch_ids: Collection[int]) -> Subquery:
    """Return, by the order that leads, how that stands worst of all that it leads, as a place in WORST_LAST."""
    places = {state: place for place, state in enumerate(WORST_LAST)}
    lead_id = func.coalesce(order.c.lead_id, order.c.id)
    return (
        select(lead_id.label("lead_id"), func.max(case(places, value=order.c.state)).label("place"))
        .where(order.c.batch_id.in_(list(batch_ids)))
        .group_by(lead_id)
        .subquery()
    )


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


async def ahead(connection: AsyncConnection, batch_id: int) -> int:
    """Count the permissions that wait for a batch alone and were not tried in vain."""
    found = await connection.execute(
        select(func.count())
        .select_from(permission)
        .where(
            permission.c.batch_id == batch_id,
            permission.c.state.in_((PermissionState.WAITING, PermissionState.WORKING)),
            permission.c.attempts == 0,
        )
    )
    return int(found.scalar_one())


async def is_waiting(connection: AsyncConnection, batch_id: int) -> bool:
    """Return whether any order of a batch has not ended yet."""
    found = await connection.execute(
        select(order.c.id)
        .where(order.c.batch_id == batch_id, order.c.state == OrderState.WAITING)
        .limit(1)
    )
    return found.scalar_one_or_none() is not None


async def unsent(connection: AsyncConnection, batch_id: int, limit: int) -> list[BatchRow]:
    """Return ordered rows none of whose orders TradingView was asked to carry out yet."""
    mine, led = order.alias(), order.alias()
    begun = (
        select(led.c.id)
        .join(permission, permission.c.id == led.c.permission_id)
        .where(
            or_(led.c.id == mine.c.id, led.c.lead_id == mine.c.id),
            or_(
                led.c.state != OrderState.WAITING,
                and_(
                    permission.c.sent_revision.is_not(None),
                    permission.c.sent_revision >= led.c.revision,
                ),
            ),
        )
        .exists()
    )
    found = await connection.execute(
        select(batch_row)
        .join(mine, mine.c.id == batch_row.c.order_id)
        .where(batch_row.c.batch_id == batch_id, batch_row.c.state == RowState.ORDERED, ~begun)
        .order_by(batch_row.c.id)
        .limit(limit)
    )
    return [BatchRow.of(row) for row in found]


@dataclass(frozen=True, slots=True)
class OrderEnd:
    """How one order of a row stands, and why, where only a person can help."""

    state: OrderState
    reason: Reason | None


async def order_ends(
    connection: AsyncConnection, lead_ids: Collection[int]
) -> dict[int, list[OrderEnd]]:
    """Return, by the order that leads, how it and those that it leads stand."""
    found: dict[int, list[OrderEnd]] = {each: [] for each in lead_ids}
    lead_id = func.coalesce(order.c.lead_id, order.c.id).label("lead_id")
    for some in parts(lead_ids):
        rows_found = await connection.execute(
            select(lead_id, order.c.state, permission.c.reason)
            .join(permission, permission.c.id == order.c.permission_id)
            .where(or_(order.c.id.in_(some), order.c.lead_id.in_(some)))
            .order_by(order.c.id)
        )
        for row in rows_found:
            found[row.lead_id].append(OrderEnd(row.state, row.reason))
    return found


@dataclass(frozen=True, slots=True)
class Since:
    """An order that came after a dry run, by somebody else: of whom, about which script, and what it asks."""

    order_id: int
    customer_id: int
    script_id: int
    kind: str


async def others_since(
    connection: AsyncConnection, batch_id: int, newest_order_id: int, people: Collection[int]
) -> list[Since]:
    """Return the orders for these customers that are newer than that one, and not of this batch."""
    found: list[Since] = []
    for some in parts(people):
        rows_found = await connection.execute(
            select(order.c.id, permission.c.customer_id, permission.c.script_id, order.c.kind)
            .join(permission, permission.c.id == order.c.permission_id)
            .where(
                permission.c.customer_id.in_(some),
                order.c.id > newest_order_id,
                order.c.batch_id.is_distinct_from(batch_id),
            )
        )
        found += [Since(*row) for row in rows_found]
    return found


async def drop(connection: AsyncConnection, batch_ids: Collection[int]) -> None:
    """Drop batches that were never started, with their rows."""
    for some in parts(batch_ids):
        await connection.execute(delete(batch_row).where(batch_row.c.batch_id.in_(some)))
        await connection.execute(delete(batch).where(batch.c.id.in_(some)))


async def drop_rows(connection: AsyncConnection, ended_before: datetime) -> None:
    """Drop the rows of batches that ended before then; the batches stay, as what they did stays in the history."""
    old = select(batch.c.id).where(batch.c.ended_at < ended_before)
    await connection.execute(delete(batch_row).where(batch_row.c.batch_id.in_(old)))
