"""Undoes a whole batch: what each of its orders comes to, put back; worked out first as any other dry run."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.receipts import put_back_key
from bot.access.ledger.seats import seated_at
from bot.access.orders.bulk.actions import Action, refuse
from bot.access.orders.bulk.batches import Batches, one
from bot.access.orders.bulk.dry_run import calls_of
from bot.access.orders.bulk.errors import UndoTooEarly
from bot.access.orders.bulk.facts import OfScript, barred, most_of
from bot.access.orders.bulk.forecast import forecast
from bot.access.orders.bulk.records import Draft
from bot.access.orders.put_backs import Undone, after_undoing, resolved
from bot.access.request import RequestContext
from bot.access.rules.entitlements import State, want
from bot.access.rules.seat_fee import month_end
from bot.memory import without_full_collections
from bot.store.engine.database import Database
from bot.store.kinds import BatchKind, OrderKind, RowProblem, RowState
from bot.store.ledger import (
    batch_orders,
    batch_rows,
    batches,
    entitlements,
    orders,
    permissions,
    purchases,
    put_backs,
)
from bot.store.people import customers
from bot.store.records import Batch, BatchRow, Customer, Entitlement, Order, Permission, Purchase
from bot.store.sweeps.standing import Held


class Undo:
    """Makes dry runs of what puts a batch back."""

    def __init__(self, database: Database, made: Batches) -> None:
        self._database = database
        self._batches = made

    async def draft(self, request: RequestContext, batch_id: int) -> int:
        """Work out what undoing that batch comes to; nothing is ordered yet.

        Returns the number of the new batch, the same one when a request is delivered twice.

        Raises:
            BatchGone: there is no such batch.
            UndoTooEarly: it has not ended; one that runs or stands still is cancelled first.
            UndoOfUndo: it undoes another batch.
            UndoTooLate: it ended more than a day ago.
            NothingToDo: nothing of it is left to put back.
        """
        with without_full_collections():
            return await self._drafted(request, batch_id)

    async def _drafted(self, request: RequestContext, batch_id: int) -> int:
        async with self._database.read() as connection:
            known = await batches.by_key(connection, request.guild_id, request.idempotency_key)
            if known is not None:
                return known.id
            batch = await one(connection, request.guild_id, batch_id)
            refuse(Action.UNDO, batch, request.at, request.actor)
            if batch.ended_at is None and await _is_withdrawing(connection, batch):
                raise UndoTooEarly(batch.state)
            newest_order_id = await orders.newest_id(connection, request.guild_id)
            end = month_end(request.at).start
            seated = await seated_at(connection, request.guild_id, end)
            rows: list[BatchRow] = []
            changes: dict[int, int] = {}
            async for some in batch_rows.in_turn(connection, batch.id, RowState.ORDERED):
                found = await _facts(connection, batch, some)
                made = await asyncio.to_thread(_rows, some, found, request.at)
                rows += made
                for row in made:
                    if row.state is RowState.PLANNED:
                        for script_id in found.scripts_of(row):
                            changes[script_id] = changes.get(script_id, 0) + 1
            calls = await calls_of(connection, changes)
        # What the batch ordered last is put back first.
        rows.sort(key=lambda row: -(row.undoes_order_id or 0))
        whole = await asyncio.to_thread(
            forecast, BatchKind.UNDO, rows, request.at, seated, end, calls
        )
        draft = Draft(BatchKind.UNDO, (), chosen={"undoes": batch.id, "kind": batch.kind})
        return await self._batches.keep(request, draft, rows, whole, newest_order_id, batch.id)


async def _is_withdrawing(connection: AsyncConnection, batch: Batch) -> bool:
    """Return whether a batch has rows yet that were not sent; what was sent is taken back with the rest."""
    if await batch_rows.listed(connection, batch.id, RowState.PLANNED, limit=1):
        return True
    return bool(await batch_orders.unsent(connection, batch.id, 1))


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known about some rows of the batch that is undone."""

    batch: Batch
    leads: dict[int, Order]
    led: dict[int, list[Order]]
    permissions: dict[int, Permission]
    people: dict[int, Customer]
    active: dict[int, list[Entitlement]]  # by permission
    taken: dict[int, list[Entitlement]]  # by order
    bought: dict[int, Purchase]
    later: dict[int, list[int]]  # by permission, what changed it since
    undone: frozenset[int]  # orders that were put back

    def orders_of(self, row: BatchRow) -> list[Order]:
        """Return the orders that a row led to."""
        lead_id = row.undoes_order_id or row.order_id or 0
        return [self.leads[lead_id], *self.led[lead_id]]

    def scripts_of(self, row: BatchRow) -> list[int]:
        """Return the scripts that a row was about."""
        return [self.permissions[each.permission_id].script_id for each in self.orders_of(row)]


async def _facts(connection: AsyncConnection, batch: Batch, rows: Sequence[BatchRow]) -> _Facts:
    lead_ids = [row.order_id for row in rows if row.order_id is not None]
    leads = {order.id: order for order in await orders.by_ids(connection, lead_ids)}
    led = await orders.led_by(connection, lead_ids)
    every = [*leads.values(), *(each for some in led.values() for each in some)]
    held = await permissions.by_ids(connection, {order.permission_id for order in every})
    about = {permission.id: permission for permission in held}
    taken = await entitlements.ended_by_any(connection, [order.id for order in every])
    changed = await put_backs.decisions(connection, about)
    mine = {order.id for order in every}
    mine |= await put_backs.of_batch(connection, batch.id, about)
    later = {
        permission_id: [each for each in found if each not in mine]
        for permission_id, found in changed.items()
    }
    asked = mine.union(*later.values())
    return _Facts(
        batch,
        leads,
        led,
        about,
        await customers.by_ids(connection, {permission.customer_id for permission in held}),
        await entitlements.active_of(connection, about),
        taken,
        await purchases.by_ids(
            connection, {reason.purchase_id for some in taken.values() for reason in some}
        ),
        later,
        frozenset(await _undone(connection, batch.guild_id, asked)),
    )


async def _undone(
    connection: AsyncConnection, guild_id: int, order_ids: Collection[int]
) -> set[int]:
    by_key = {put_back_key(each): each for each in order_ids}
    return {by_key[key] for _, key in await put_backs.known_keys(connection, [guild_id], by_key)}


def _rows(rows: Sequence[BatchRow], found: _Facts, now: datetime) -> list[BatchRow]:
    return [_row(row, found, now) for row in rows]


def _row(row: BatchRow, found: _Facts, now: datetime) -> BatchRow:
    """Return what undoing one row comes to, or why it stays as it is."""
    undone = found.orders_of(row)
    permission = found.permissions[undone[0].permission_id]
    person = found.people.get(permission.customer_id)
    before = most_of(_before(order, found, now) for order in undone)
    problem = _problem(undone, person, found)
    after = before
    if problem is None:
        after = most_of(_after(order, found, now) for order in undone)
    return BatchRow(
        row.line,
        RowState.PLANNED if problem is None else RowState.LEFT_OUT,
        problem,
        customer_id=permission.customer_id,
        member_id=None if person is None else person.member_id,
        username=permission.username,
        tv_user_id=permission.tv_user_id,
        product_id=row.product_id,
        script_id=row.script_id,
        before=before.kind,
        before_ends_at=before.ends_at,
        after=after.kind,
        after_ends_at=after.ends_at,
        undoes_order_id=undone[0].id,
    )


def _problem(undone: Sequence[Order], person: Customer | None, found: _Facts) -> RowProblem | None:
    """Return why what a row led to stays as it is."""
    if undone[0].id in found.undone:
        return RowProblem.UNDONE_ALREADY
    for order in undone:
        if any(
            each > order.id and each not in found.undone
            for each in found.later[order.permission_id]
        ):
            return RowProblem.CHANGED_SINCE
        if order.kind is OrderKind.GRANT and not _stands(order, found):
            return RowProblem.CHANGED_SINCE
    return None if undone[0].kind is OrderKind.GRANT else barred(person)


def _stands(order: Order, found: _Facts) -> bool:
    """Return whether what an order gave still counts."""
    return any(each.id == order.entitlement_id for each in found.active[order.permission_id])


def _before(order: Order, found: _Facts, now: datetime) -> State:
    """Return what somebody has of one script now; what the batch gives and did not settle is not there yet."""
    reasons = [
        each
        for each in resolved(_counted(order, found, now))
        if each.id != order.entitlement_id or _is_settled(order, found)
    ]
    return want(reasons)


def _is_settled(order: Order, found: _Facts) -> bool:
    return any(
        each.id == order.entitlement_id and each.settled_at is not None
        for each in found.active[order.permission_id]
    )


def _after(order: Order, found: _Facts, now: datetime) -> State:
    """Return what somebody has of one script once the order is put back."""
    undone = Undone(order, found.taken[order.id], found.bought)
    return want(resolved(after_undoing(undone, _counted(order, found, now))))


def _counted(order: Order, found: _Facts, now: datetime) -> list[Entitlement]:
    """Return the reasons that count, with what TradingView showed beyond them."""
    permission = found.permissions[order.permission_id]
    reasons = found.active[permission.id]
    held = Held(
        permission.id,
        permission.script_id,
        permission.customer_id,
        permission.checked,
        permission.wanted,
        permission.wanted_ends_at,
        permission.seen,
        permission.seen_ends_at,
        permission.ours,
        permission.ours_ends_at,
        permission.replaces,
    )
    of_script = OfScript(permission.script_id, held, tuple((None, each) for each in reasons))
    return of_script.counted(now)
