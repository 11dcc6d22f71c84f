"""Queries about the orders of batches: how they stand, row by row, and what came in between."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Integer, Subquery, and_, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import OrderKind, OrderState, PermissionState, Reason, RowProblem, RowState
from bot.store.parts import parts
from bot.store.records import BatchRow
from bot.store.tables.batches import batch_row
from bot.store.tables.ledger import order, permission

# How the row stands of which one script is so, and another one otherwise.
WORST_LAST = (OrderState.SUPERSEDED, OrderState.DONE, OrderState.STUCK, OrderState.WAITING)


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


async def numbers(connection: AsyncConnection, batch_id: int) -> Numbers:
    """Count the rows of one batch by how they stand."""
    return (await numbers_of(connection, [batch_id]))[batch_id]


async def numbers_of(connection: AsyncConnection, batch_ids: Collection[int]) -> dict[int, Numbers]:
    """Count, by batch, its rows by how they stand."""
    placed = worst(batch_ids)
    found = await connection.execute(
        select(
            batch_row.c.batch_id,
            batch_row.c.state,
            batch_row.c.problem,
            placed.c.place,
            func.count().label("number"),
        )
        .outerjoin(placed, placed.c.lead_id == batch_row.c.order_id)
        .where(batch_row.c.batch_id.in_(list(batch_ids)))
        .group_by(batch_row.c.batch_id, batch_row.c.state, batch_row.c.problem, placed.c.place)
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


def worst(batch_ids: Collection[int]) -> Subquery:
    """Return, by the order that leads, how that stands worst of all that it leads, as a place in WORST_LAST."""
    places = {state: place for place, state in enumerate(WORST_LAST)}
    # Without a type of its own SQLite makes no index of it: each row would be looked for among all.
    lead_id = cast(func.coalesce(order.c.lead_id, order.c.id), Integer)
    return (
        select(lead_id.label("lead_id"), func.max(case(places, value=order.c.state)).label("place"))
        .where(order.c.batch_id.in_(list(batch_ids)))
        .group_by(lead_id)
        .subquery()
    )


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


async def ends(connection: AsyncConnection, lead_ids: Collection[int]) -> dict[int, list[OrderEnd]]:
    """Return, by the order that leads, how it and those that it leads stand."""
    found: dict[int, list[OrderEnd]] = {each: [] for each in lead_ids}
    lead_id = func.coalesce(order.c.lead_id, order.c.id).label("lead_id")
    for some in parts(lead_ids):
        rows = await connection.execute(
            select(lead_id, order.c.state, permission.c.reason)
            .join(permission, permission.c.id == order.c.permission_id)
            .where(or_(order.c.id.in_(some), order.c.lead_id.in_(some)))
            .order_by(order.c.id)
        )
        for row in rows:
            found[row.lead_id].append(OrderEnd(row.state, row.reason))
    return found


@dataclass(frozen=True, slots=True)
class Since:
    """An order that came after a dry run, by somebody else: of whom, about which script, and what it asks."""

    customer_id: int
    script_id: int
    kind: OrderKind


async def others_since(
    connection: AsyncConnection, batch_id: int, newest_order_id: int, people: Collection[int]
) -> list[Since]:
    """Return the orders for these customers that are newer than that one, and not of this batch."""
    found: list[Since] = []
    for some in parts(people):
        rows = await connection.execute(
            select(permission.c.customer_id, permission.c.script_id, order.c.kind)
            .join(permission, permission.c.id == order.c.permission_id)
            .where(
                permission.c.customer_id.in_(some),
                order.c.id > newest_order_id,
                order.c.batch_id.is_distinct_from(batch_id),
            )
        )
        found += [Since(*row) for row in rows]
    return found
