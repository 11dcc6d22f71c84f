"""Carries out batches: records their rows a few at a time, so that people's orders go first all the while."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.ledger.notifier import Notifier
from bot.access.orders.bulk.actions import DRAFT_LIFE, KEEP_ROWS
from bot.access.orders.bulk.batches import note
from bot.access.orders.bulk.recording import RowRecorder
from bot.access.orders.put_backs import put_back_in
from bot.access.request import RequestContext
from bot.access.sync.chunk import LARGEST
from bot.access.sync.queue import Queue
from bot.errors import DiskFullError, UserError
from bot.jobs import Jobs
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.kinds import BatchState, OrderState, RowState
from bot.store.ledger import (
    batch_orders,
    batch_rows,
    batches,
    order_outcomes,
    orders,
    put_backs,
)
from bot.store.records import Batch, BatchRow
from bot.store.vault import Vault

log = logging.getLogger(__name__)

EVERY = 10.0  # seconds between looks, when nothing ends; what ends wakes it
AT_LEAST = 0.5  # seconds between two looks
IDLE = 5.0  # seconds between looks for what another program started, as `usher import` does
# Rows that may wait for TradingView; they are refilled by as many as whole lists are read for.
AHEAD, REFILL = 2 * LARGEST, LARGEST
AT_ONCE = 50  # rows in one transaction: somebody else's order waits for no longer than that


class BatchRunner:
    """Keeps running batches moving, until every row has ended; safe to kill at any moment."""

    def __init__(
        self, database: Database, vault: Vault, queue: Queue, notifier: Notifier, jobs: Jobs
    ) -> None:
        self._database = database
        self._vault = vault
        self._queue = queue
        self._notifier = notifier
        self._jobs = jobs
        self.on_found: list[Callable[[], None]] = []  # called when some are under way, and none was
        self._is_busy = False
        self._woken = asyncio.Event()
        notifier.listeners.append(self.wake)

    def wake(self) -> None:
        """Look soon for what can go on."""
        self._woken.set()

    def start(self) -> None:
        """Begin to carry out batches, until the jobs end."""
        _ = self._jobs.spawn(self._run(), "batches")
        self._jobs.every(3600.0, "old batches", self.tidy)

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            busy = True
            try:
                busy = await self.look()
            except DiskFullError:  # said once, by the database
                log.info("batches wait until the disk has room")
            except Exception:  # the next look goes on
                log.exception("batches could not be looked for; again in %s s", EVERY)
            await clock.sleep(AT_LEAST)
            await clock.set_within(EVERY if busy else IDLE, self._woken)

    async def look(self) -> bool:
        """Take every batch as far as it can go now; returns whether any is under way."""
        async with self._database.read() as connection:
            found = await batches.under_way(connection)
            still = await guilds.standing_still(connection) if found else set()
        if found and not self._is_busy:
            for listener in self.on_found:
                listener()
        self._is_busy = bool(found)
        for batch in found:
            if batch.guild_id in still:
                continue
            try:
                await self._go_on(batch)
            except DiskFullError:  # no other can be kept either
                raise
            except Exception:  # the others go on meanwhile
                log.exception("batch %s stumbled; again in %s s", batch.id, EVERY)
        return bool(found)

    async def _go_on(self, batch: Batch) -> None:
        if batch.state is BatchState.RUNNING:
            await self._feed(batch)
        elif batch.state is BatchState.CANCELLED:
            await self._withdraw(batch)

    async def _feed(self, batch: Batch) -> None:
        """Record rows while TradingView has not enough to do; the last one done, the batch is."""
        async with self._database.read() as connection:
            room = AHEAD - await batch_orders.ahead(connection, batch.id)
        if room < REFILL:
            return
        while True:
            async with self._database.write() as connection:
                current = await batches.by_id(connection, batch.guild_id, batch.id)
                if current is None or current.state is not BatchState.RUNNING:
                    return
                rows = await batch_rows.listed(
                    connection, batch.id, RowState.PLANNED, limit=AT_ONCE
                )
                recorder = RowRecorder(connection, self._vault, current)
                await recorder.record(rows, _request(current))
                if not rows and not await batch_orders.is_waiting(connection, batch.id):
                    await self._end(connection, current, BatchState.DONE, "batch_done")
            self._notifier.ended(recorder.superseded)
            room -= AT_ONCE
            if not rows or room < AT_ONCE:
                break
        self._queue.wake(batch.guild_id)

    async def _withdraw(self, batch: Batch) -> None:
        """Take back what TradingView was not asked for yet; the end comes when the rest has its answers.

        What an undo has put back already stays so, sent or not: nothing says any more what it was before.
        """
        while True:
            superseded: list[int] = []
            async with self._database.write() as connection:
                await batch_rows.change_all(
                    connection, batch.id, RowState.PLANNED, state=RowState.WITHDRAWN
                )
                rows = await batch_orders.unsent(connection, batch.id, AT_ONCE)
                for row in rows:
                    superseded += await self._take_back(connection, batch, row)
                    await batch_rows.change(
                        connection, row.id, RowState.ORDERED, state=RowState.WITHDRAWN
                    )
                if not rows and not await batch_orders.is_stopping(connection, batch.id):
                    await self._end(connection, batch, BatchState.CANCELLED, "batch_ended")
            self._notifier.ended(superseded)
            if not rows:
                break
        self._queue.wake(batch.guild_id)

    async def _take_back(
        self, connection: AsyncConnection, batch: Batch, row: BatchRow
    ) -> Sequence[int]:
        """Put back what was not sent of a row; returns the orders whose place that took."""
        lead = await orders.by_id(connection, row.order_id or 0)
        assert lead is not None  # noqa: S101 - a foreign key
        try:
            async with connection.begin_nested():
                recorded = await put_back_in(
                    connection,
                    self._vault,
                    _request(batch),
                    lead,
                    batch_id=batch.id,
                    unless=put_backs.removals_by_somebody,
                )
        except UserError:  # a later order decides: nothing is left to take back
            return ()
        led = await orders.led_by(connection, [recorded.order.id])
        every = [recorded.order.id, *(each.id for each in led[recorded.order.id])]
        # Nothing was changed for them, so there is nothing to tell them.
        await order_outcomes.no_news(connection, every, clock.now())
        return recorded.superseded

    async def _end(
        self, connection: AsyncConnection, batch: Batch, state: BatchState, action: str
    ) -> None:
        now = clock.now()
        await batches.change(connection, batch.id, state=state, ended_at=now)
        counted = await batch_orders.numbers(connection, batch.id)
        await note(
            connection,
            batch,
            now,
            action,
            done=counted.orders.get(OrderState.DONE, 0),
            failed=counted.orders.get(OrderState.STUCK, 0),
            waiting=counted.waiting,
            left_out=sum(
                counted.rows.get(each, 0) for each in (RowState.LEFT_OUT, RowState.FAULTY)
            ),
            withdrawn=counted.rows.get(RowState.WITHDRAWN, 0),
        )

    async def tidy(self) -> None:
        """Forget dry runs that were never started, and the rows of batches that ended long ago.

        What waited a day for a second manager is cancelled.
        """
        now = clock.now()
        async with self._database.write() as connection:
            for batch in await batches.unapproved(connection, now - DRAFT_LIFE):
                await batches.change(
                    connection, batch.id, BatchState.APPROVAL, state=BatchState.CANCELLED
                )
                await note(connection, batch, now, "batch_cancelled")
            await batches.drop(connection, await batches.drafts(connection, now - DRAFT_LIFE))
            await batch_rows.drop(connection, now - KEEP_ROWS)
        self.wake()


def _request(batch: Batch) -> RequestContext:
    """Return the request of whoever started the batch, as of now."""
    return RequestContext(batch.guild_id, batch.actor, f"batch {batch.id}", clock.now())
