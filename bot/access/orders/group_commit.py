"""Commits messages that wait together in one transaction: each commit waits for the disk."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from bot.errors import DatabaseBusyError, DiskFullError
from bot.jobs import Jobs
from bot.store.engine.database import Database
from bot.store.sales import deliveries
from bot.store.sales.deliveries import NewDelivery

log = logging.getLogger(__name__)

_MOST = 200  # messages in one transaction

_Waiting = tuple[NewDelivery, "asyncio.Future[None]"]


class GroupCommit:
    """Stores messages, those that came during one commit with the next."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database = database
        self._jobs = jobs
        self._waiting: deque[_Waiting] = deque()
        self._is_writing = False
        self.on_new: list[Callable[[], None]] = []

    def put(self, new: NewDelivery) -> "asyncio.Future[None]":
        """Return a future that is done once it is committed; a cancelled one leaves the queue."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((new, stored))
        if not self._is_writing:
            self._is_writing = True
            _ = self._jobs.spawn(self._write_all(), "store messages of shops")
        return stored

    async def _write_all(self) -> None:
        try:
            while batch := self._next():
                await self._write(batch)
        finally:
            self._is_writing = False

    def _next(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < _MOST:
            waiting = self._waiting.popleft()
            if not waiting[1].done():  # nobody waits for it any more
                batch.append(waiting)
        return batch

    async def _write(self, batch: list[_Waiting]) -> None:
        try:
            async with self._database.write() as connection:
                await deliveries.add(connection, [new for new, _ in batch])
        except (DatabaseBusyError, DiskFullError) as error:
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - whoever waits is told; one must not fail the others
            if len(batch) == 1:
                _fail(batch, error)
            else:
                for waiting in batch:
                    await self._write([waiting])
        else:
            for _, stored in batch:
                if not stored.done():
                    stored.set_result(None)
            for listener in self.on_new:
                listener()


def _fail(batch: list[_Waiting], error: Exception) -> None:
    for _, stored in batch:
        if not stored.done():
            stored.set_exception(error)
