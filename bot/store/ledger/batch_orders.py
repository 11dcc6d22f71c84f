"""Queries about the orders of batches: how they stand, row by row, and what came in between."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Exists, FromClause, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.kinds import OrderKind, OrderState, PermissionState, Reason, RowProblem, RowState
from bot.store.parts import parts
from bot.store.records import BatchRow
from bot.store.tables.batches import batch_row
from bot.store.tables.catalogue import script
from bot.store.tables.ledger import order, permission

# How the row stands of which one script is so, and another one otherwise.
WORST_LAST = (OrderState.SUPERSEDED, OrderState.DONE, OrderState.STUCK, OrderState.WAITING)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many rows of a batch stand how."""

    rows: Mapping[RowState, int]
    left_out: Mapping[RowProblem, int]
    mistakes: Mapping[RowProblem, int]
    orders: Mapping[OrderState, int]  # of the ordered rows; one of several scripts as its worst

    @property
    def waiting(self) -> int:
        """Count the ordered rows whose order has not ended yet."""
        return self.orders.get(OrderState.WAITING, 0)

    @property
    def problems(self) -> Mapping[RowProblem, int]:
        """Return the rows for which nothing is ordered by what is the matter with them."""
        return Counter(self.left_out) + Counter(self.mistakes)

    @property
    def total(self) -> int:
        """Count all rows."""
        return sum(self.rows.values())


_Counts = tuple[Counter[RowState], Counter[RowProblem], Counter[RowProblem], Counter[OrderState]]


async def numbers(connection: AsyncConnection, batch_id: int) -> Numbers:
    """Count the rows of one batch by how they stand."""
    return (await numbers_of(connection, [batch_id]))[batch_id]


async def numbers_of(connection: AsyncConnection, batch_ids: Collection[int]) -> dict[int, Numbers]:
    """Count, by batch, its rows by how they stand."""
    lead = order.alias()
    place = worst(lead).label("place")
    found = await connection.execute(
        select(
            batch_row.c.batch_id,
            batch_row.c.state,
            batch_row.c.problem,
            place,
            func.count().label("number"),
        )
        .outerjoin(lead, lead.c.id == batch_row.c.order_id)
        .where(batch_row.c.batch_id.in_(list(batch_ids)))
        .group_by(batch_row.c.batch_id, batch_row.c.state, batch_row.c.problem, "place")
    )
    counted: dict[int, _Counts] = {
        each: (Counter(), Counter(), Counter(), Counter()) for each in batch_ids
    }
    for row in found:
        states, left_out, mistakes, ended = counted[row.batch_id]
        states[row.state] += row.number
        if row.problem is not None:
            problems = mistakes if row.state is RowState.FAULTY else left_out
            problems[row.problem] += row.number
        if row.place is not None and row.state is RowState.ORDERED:
            ended[WORST_LAST[row.place]] += row.number
    return {each: Numbers(*counts) for each, counts in counted.items()}


def worst(lead: FromClause) -> "ColumnElement[int]":
    """Return how an order stands worst of itself and all that it leads, as a place in WORST_LAST.

    One look at an index for each row: a subquery of them all would be looked through for each.
    """
    led = order.alias()
    of_led = select(func.max(_place(led))).where(led.c.lead_id == lead.c.id).scalar_subquery()
    return func.max(_place(lead), func.coalesce(of_led, 0))


def _place(of: FromClause) -> "ColumnElement[int]":
    return case({state: place for place, state in enumerate(WORST_LAST)}, value=of.c.state)


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


async def is_stopping(connection: AsyncConnection, batch_id: int) -> bool:
    """Return whether any row of a batch is under way; one about a script that is paused is not."""
    lead, led = order.alias(), order.alias()
    found = await connection.execute(
        select(batch_row.c.id)
        .join(lead, lead.c.id == batch_row.c.order_id)
        .join(led, or_(led.c.id == lead.c.id, led.c.lead_id == lead.c.id))
        .join(permission, permission.c.id == led.c.permission_id)
        .join(script, script.c.id == permission.c.script_id)
        .where(
            batch_row.c.batch_id == batch_id,
            batch_row.c.state == RowState.ORDERED,
            led.c.state == OrderState.WAITING,
            script.c.paused_at.is_(None),
        )
        .limit(1)
    )
    return found.scalar_one_or_none() is not None


async def unsent(connection: AsyncConnection, batch_id: int, limit: int) -> list[BatchRow]:
    """Return ordered rows none of whose orders TradingView was asked to carry out yet.

    What a row undoes counts again as soon as it is ordered, and is not taken away a second time.
    """
    mine = order.alias()
    found = await connection.execute(
        select(batch_row)
        .join(mine, mine.c.id == batch_row.c.order_id)
        .where(
            batch_row.c.batch_id == batch_id,
            batch_row.c.state == RowState.ORDERED,
            batch_row.c.undoes_order_id.is_(None),
            ~_is_begun(mine.c.id),
        )
        .order_by(batch_row.c.id)
        .limit(limit)
    )
    return [BatchRow.of(row) for row in found]


def is_unsent(permission_id: "ColumnElement[int]", batch_id: "ColumnElement[int]") -> Exists:
    """Return whether what a permission waits for is a row of that batch as `unsent` finds them."""
    waiting, row = order.alias(), batch_row.alias()
    lead_id = func.coalesce(waiting.c.lead_id, waiting.c.id)
    return (
        exists()
        .where(
            waiting.c.permission_id == permission_id,
            waiting.c.batch_id == batch_id,
            waiting.c.state == OrderState.WAITING,
            row.c.order_id == lead_id,
            row.c.state == RowState.ORDERED,
            row.c.undoes_order_id.is_(None),
            ~_is_begun(lead_id),
        )
        .correlate_except(waiting, row)
    )


def _is_begun(lead_id: "ColumnElement[int]") -> Exists:
    """Return whether TradingView was asked for an order, or for one that it leads, or one of them ended."""
    led, held = order.alias(), permission.alias()
    return (
        exists()
        .where(
            or_(led.c.id == lead_id, led.c.lead_id == lead_id),
            held.c.id == led.c.permission_id,
            or_(
                led.c.state != OrderState.WAITING,
                and_(held.c.sent_revision.is_not(None), held.c.sent_revision >= led.c.revision),
            ),
        )
        .correlate_except(led, held)
    )


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
