"""The daily round: every script's list is read once a day, and what is new in it is told."""

import logging
import random
from datetime import datetime, timedelta

from bot import clock
from bot.access.sweeps.reports import Drift
from bot.access.sweeps.sweep import Sweeps
from bot.errors import UserError
from bot.jobs import Jobs
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.kinds import SweepState
from bot.store.records import Script
from bot.store.sweeps import sweeps
from bot.store.sweeps.sweeps import Sweep

log = logging.getLogger(__name__)

LOOK_EVERY = 600.0  # seconds between looks for scripts whose day is over
_DAY = timedelta(hours=23)
_JITTER = timedelta(hours=2)  # so that many servers do not ask at the same time
_AGAIN = timedelta(hours=1)  # after one that did not finish


class SweepSchedule:
    """Finds scripts that are due, and reads them one after the other."""

    def __init__(self, database: Database, sweeps: Sweeps, drift: Drift) -> None:
        self._database = database
        self._sweeps = sweeps
        self._drift = drift
        self._jitter: dict[int, timedelta] = {}

    def start(self, jobs: Jobs) -> None:
        """Begin, ten minutes after the program did: a start has more urgent things to ask."""
        _ = jobs.spawn(self._run(), "full checks")

    async def _run(self) -> None:
        while True:
            await clock.sleep(LOOK_EVERY)
            try:
                await self.turn()
            except Exception:  # tomorrow's round comes all the same
                log.exception("the daily round failed; it goes on in %s s", LOOK_EVERY)

    async def turn(self) -> None:
        """Read every script whose day is over; one that fails holds up no other."""
        for script in await self._due(clock.now()):
            try:
                swept = await self._sweeps.of_script(script, by=None)
                self._jitter.pop(script.id, None)
                await self._drift.note(swept, None)
            except UserError as refusal:
                log.info("the list of script %s: %s", script.id, type(refusal).__name__)
            except Exception:  # the other scripts are read all the same
                log.exception("reading the list of script %s failed", script.id)

    async def _due(self, now: datetime) -> list[Script]:
        async with self._database.read() as connection:
            listed = await scripts.everywhere(connection)
            ids = [script.id for script in listed]
            last = await sweeps.last_of(connection, ids)
            newest = await sweeps.newest_of(connection, ids)
        return [
            script
            for script in listed
            if script.paused_at is None  # else TradingView refuses it until staff have looked
            and not _failed_lately(newest.get(script.id), now)
            and self._is_over(script, last.get(script.id), now)
        ]

    def _is_over(self, script: Script, last: Sweep | None, now: datetime) -> bool:
        """Return whether the day since its last complete read is over."""
        day = _DAY + self._spread(script.id)
        return last is None or clock.has_passed(day, last.started_at, now)

    def _spread(self, script_id: int) -> timedelta:
        return self._jitter.setdefault(script_id, _JITTER * random.random())  # noqa: S311 - jitter


def _failed_lately(newest: Sweep | None, now: datetime) -> bool:
    if newest is None or newest.state is not SweepState.FAILED:
        return False
    return not clock.has_passed(_AGAIN, newest.started_at, now)
