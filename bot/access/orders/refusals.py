"""Counts messages that were refused; an attack costs one write in some seconds, however many it sends."""

import logging
from dataclasses import dataclass
from datetime import datetime

from bot import clock
from bot.errors import DatabaseBusyError, DiskFullError
from bot.jobs import Jobs
from bot.store.engine.database import Database
from bot.store.sales import deliveries

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds between two writes
_MAX_WHY = 100


@dataclass(slots=True)
class _Count:
    number: int
    at: datetime
    why: str


class Refusals:
    """Refused messages by connection, of which there are few; kept in memory until they are written."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database = database
        self._jobs = jobs
        self._counts: dict[int, _Count] = {}
        self._is_writing = False

    def note(self, connection_id: int, why: str) -> None:
        """Count one, and why it was refused."""
        count = self._counts.setdefault(connection_id, _Count(0, clock.now(), ""))
        count.number += 1
        count.at, count.why = clock.now(), why[:_MAX_WHY]
        if not self._is_writing:
            self._is_writing = True
            _ = self._jobs.spawn(self._write_all(), "count refused messages of shops")

    async def _write_all(self) -> None:
        try:
            while self._counts:
                await clock.sleep(EVERY)
                await self._write()
        finally:
            self._is_writing = False

    async def _write(self) -> None:
        counts, self._counts = self._counts, {}
        try:
            async with self._database.write() as connection:
                for connection_id, count in counts.items():
                    await deliveries.note_refused(
                        connection, connection_id, count.number, count.at, count.why
                    )
        except (DatabaseBusyError, DiskFullError) as error:
            log.warning("refused messages are counted later (%s)", type(error).__name__)
            for connection_id, count in counts.items():
                newer = self._counts.setdefault(connection_id, count)
                if newer is not count:
                    newer.number += count.number
