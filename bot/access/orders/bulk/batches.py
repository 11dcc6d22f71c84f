"""Batches: a dry run first, then hundreds of orders that can be paused, cancelled and undone."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Unpack

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.access.ledger.seats import is_agreed, note_agreed
from bot.access.orders.bulk.actions import STATES, Action, refuse
from bot.access.orders.bulk.approval import above_in, takes_two
from bot.access.orders.bulk.dry_run import DryRun, compare
from bot.access.orders.bulk.errors import (
    BatchGone,
    BatchMovedOn,
    NothingToDo,
    SameStarted,
)
from bot.access.orders.bulk.forecast import Forecast
from bot.access.orders.bulk.records import Draft
from bot.access.request import RequestContext
from bot.access.sync.queue import Queue
from bot.memory import without_full_collections
from bot.store.engine.database import Database
from bot.store.kinds import BatchState, RowState
from bot.store.ledger import batch_rows, batches, events
from bot.store.ledger.batches import BatchChange
from bot.store.records import USHER, Batch, BatchRow
from bot.store.sweeps import seats
from bot.store.vault import Vault


class Batches:
    """Makes, starts and stops batches; `bot.access.orders.bulk.runner` carries them out.

    What is in `on_change` is called after one was started, went on or was cancelled.
    """

    def __init__(self, database: Database, vault: Vault, queue: Queue) -> None:
        self._database = database
        self._vault = vault
        self._queue = queue
        self.on_change: list[Callable[[], None]] = []

    async def draft(self, request: RequestContext, draft: Draft) -> int:
        """Compare what is asked for with what people have, and keep it; nothing is ordered yet.

        Returns the batch's number, the same one when a request is delivered twice. Raises NothingToDo.
        """
        with without_full_collections():
            return await self._drafted(request, draft)

    async def _drafted(self, request: RequestContext, draft: Draft) -> int:
        async with self._database.read() as connection:
            known = await batches.by_key(connection, request.guild_id, request.idempotency_key)
        if known is not None:
            return known.id
        compared = await compare(self._database, request, draft)
        return await self.keep_compared(request, draft, compared)

    async def keep_compared(self, request: RequestContext, draft: Draft, compared: DryRun) -> int:
        """Keep what a dry run found. Returns the batch's number. Raises NothingToDo."""
        draft = replace(draft, chosen=compared.chosen)
        return await self.keep(
            request, draft, compared.rows, compared.whole, compared.newest_order_id
        )

    async def keep(
        self,
        request: RequestContext,
        draft: Draft,
        rows: Sequence[BatchRow],
        whole: Forecast,
        newest_order_id: int,
        undoes_id: int | None = None,
    ) -> int:
        """Keep the rows of a dry run; `newest_order_id` is of when their facts were read.

        Returns the batch's number. Raises NothingToDo.
        """
        if not any(row.state in (RowState.PLANNED, RowState.FAULTY) for row in rows):
            counted = Counter(row.problem for row in rows if row.problem is not None)
            raise NothingToDo(tuple(counted.most_common()))
        async with self._database.write() as connection:
            known = await batches.by_key(connection, request.guild_id, request.idempotency_key)
            if known is not None:
                return known.id
            batch = await batches.add(
                connection,
                request.guild_id,
                kind=draft.kind,
                idempotency_key=request.idempotency_key,
                actor=request.actor,
                made_at=request.at,
                note=draft.note,
                file_name=draft.file_name,
                chosen=dict(draft.chosen or {}),
                forecast=whole.to_json(),
                newest_order_id=newest_order_id,
                undoes_id=undoes_id,
            )
            await batch_rows.add(connection, batch.id, rows)
        self._changed()
        return batch.id

    async def start(self, request: RequestContext, batch_id: int) -> Batch:
        """Start what a dry run showed, or have it wait for a second manager; pressed twice, it counts once.

        Whoever starts it is who it is by, whoever made the dry run: another one approves it.

        Raises:
            BatchGone: there is no such dry run, or it is older than a day.
            NothingToDo: not one row would change anything.
            SameStarted: one that gives the same people the same was started since the dry run.
            OverTheLine: a manager must agree to so many seats first.
        """
        async with self._database.write() as connection:
            batch = await one(connection, request.guild_id, batch_id)
            if batch.state is not BatchState.DRAFT:
                return batch
            refuse(Action.START, batch, request.at, request.actor)
            whole = Forecast.of(batch.forecast)
            if same := await batches.alike(connection, batch, batch.made_at):
                raise SameStarted(same[0].id)
            await _keep_to_line(connection, request, whole)
            waits = takes_two(whole.ends, await above_in(connection, request.guild_id))
            state = BatchState.APPROVAL if waits else BatchState.RUNNING
            action = "batch_asked" if waits else "batch_started"
            await self._move(
                connection,
                request,
                batch,
                action,
                STATES[Action.START],
                state=state,
                actor_kind=request.actor.kind,
                actor_id=request.actor.id,
                answer_token=None if request.token is None else self._vault.seal(request.token),
            )
            batch = await one(connection, request.guild_id, batch_id)
        self._changed()
        return batch

    async def approve(self, request: RequestContext, batch_id: int) -> Batch:
        """Let a batch start that another manager asked for.

        Raises:
            SecondManagerNeeded: whoever started it cannot approve it.
            BatchMovedOn: it does not wait for anybody.
            BatchGone: it was asked for more than a day ago, so that its dry run is old.
        """
        async with self._database.write() as connection:
            batch = await one(connection, request.guild_id, batch_id)
            if batch.approved_by == request.member_id:
                return batch
            refuse(Action.APPROVE, batch, request.at, request.actor)
            await self._move(
                connection,
                request,
                batch,
                "batch_approved",
                STATES[Action.APPROVE],
                state=BatchState.RUNNING,
                approved_by=request.member_id,
                approved_at=request.at,
            )
        self._changed()
        return replace(batch, state=BatchState.RUNNING, approved_by=request.member_id)

    async def pause(self, request: RequestContext, batch_id: int) -> Batch:
        """Let a batch stand still: what was not sent to TradingView yet waits. Raises BatchMovedOn."""
        batch = await self._switch(
            request, batch_id, Action.PAUSE, BatchState.PAUSED, "batch_paused"
        )
        self._queue.wake(request.guild_id)
        return batch

    async def resume(self, request: RequestContext, batch_id: int) -> Batch:
        """Let a paused batch go on. Raises BatchMovedOn."""
        batch = await self._switch(
            request, batch_id, Action.RESUME, BatchState.RUNNING, "batch_resumed"
        )
        self._queue.wake(request.guild_id)
        return batch

    async def cancel(self, request: RequestContext, batch_id: int) -> Batch:
        """End a batch before its end: what TradingView was not asked for yet is withdrawn, the rest stays.

        Raises BatchMovedOn.
        """
        return await self._switch(
            request, batch_id, Action.CANCEL, BatchState.CANCELLED, "batch_cancelled"
        )

    async def drop(self, request: RequestContext, batch_id: int) -> None:
        """Forget a dry run that nobody wants to start; pressed twice, it counts once."""
        async with self._database.write() as connection:
            batch = await batches.by_id(connection, request.guild_id, batch_id)
            if batch is None:
                return
            refuse(Action.DISCARD, batch, request.at, request.actor)
            await batches.drop(connection, [batch.id])

    async def _switch(
        self,
        request: RequestContext,
        batch_id: int,
        action: Action,
        state: BatchState,
        entry: str,
    ) -> Batch:
        async with self._database.write() as connection:
            batch = await one(connection, request.guild_id, batch_id)
            if batch.state is state:
                return batch
            refuse(action, batch, request.at, request.actor)
            await self._move(connection, request, batch, entry, STATES[action], state=state)
        self._changed()
        return replace(batch, state=state)

    async def _move(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        batch: Batch,
        action: str,
        before: Sequence[BatchState],
        **values: Unpack[BatchChange],
    ) -> None:
        """Change the state, with an entry in the history. Raises BatchMovedOn unless it is one of `before`."""
        if batch.started_at is None:
            values["started_at"] = request.at
        if not await batches.change(connection, batch.id, *before, **values):
            raise BatchMovedOn(batch.state)
        await note(connection, batch, request.at, action, request)

    def _changed(self) -> None:
        for listener in self.on_change:
            listener()


async def note(
    connection: AsyncConnection,
    batch: Batch,
    at: datetime,
    action: str,
    request: RequestContext | None = None,
    **more: int,
) -> None:
    """Add the history's entry about a whole batch."""
    whole = Forecast.of(batch.forecast)
    await events.record(
        connection,
        batch.guild_id,
        at,
        action,
        actor=USHER if request is None else request.actor,
        note=batch.note,
        after={
            "batch": batch.id,
            "kind": batch.kind,
            "people": whole.people,
            "ends": whole.ends,
            **({} if batch.undoes_id is None else {"undoes": batch.undoes_id}),
            **more,
        },
    )


async def one(connection: AsyncConnection, guild_id: int, batch_id: int) -> Batch:
    """Return that batch of that server. Raises BatchGone."""
    batch = await batches.by_id(connection, guild_id, batch_id)
    if batch is None:
        raise BatchGone
    return batch


async def _keep_to_line(
    connection: AsyncConnection, request: RequestContext, whole: Forecast
) -> None:
    """Refuse what gives too many people time, where managers want to be asked first; note their yes."""
    watch = await seats.watch(connection, request.guild_id)
    more = whole.seats_then - whole.seats_now
    if watch.guard and is_agreed(whole.seats_then, more, request.consent.seats):
        await note_agreed(connection, request, whole.seats_then, more)
