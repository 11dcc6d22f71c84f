"""Sees to it that this computer's clock is compared with others, and that a wrong one is said."""

import logging
from collections.abc import Awaitable, Callable

from bot import clock
from bot.access.ledger.announcements import Announcement
from bot.clock import Trust
from bot.jobs import Jobs
from bot.store.engine.database import Database

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds between looks
# Seconds after which somebody is asked for the time, when no other answer told it.
COMPARE_EVERY = {Trust.DOUBTFUL: EVERY, Trust.WRONG: 60.0, Trust.RIGHT: 600.0, Trust.UNKNOWN: EVERY}
_WRONG = Announcement(begins="clock_wrong", over="clock_right")


class ClockWatch:
    """Tells every server once when the clock is wrong, and once when it is right again.

    `ask` has somebody answer who tells the time, where anybody can be asked.
    """

    def __init__(self, database: Database, ask: Callable[[], Awaitable[None]]) -> None:
        self._database = database
        self._ask = ask
        self._is_wrong: bool | None = None  # as was said last

    def start(self, jobs: Jobs) -> None:
        """Begin; runs until the jobs end."""
        jobs.every(EVERY, "compare the clock", self.turn)

    async def turn(self) -> None:
        """Compare where it is time to, and say what is new."""
        if self._is_due():
            await self._ask()
        trust = clock.trust()
        is_wrong = trust is Trust.WRONG
        if is_wrong is not self._is_wrong and trust in (Trust.RIGHT, Trust.WRONG):
            if is_wrong:
                log.warning(
                    "this computer's clock is %s: ends that count from now wait until it is right. "
                    "Switch on automatic time (on Linux: timedatectl set-ntp true)",
                    clock.off_by(clock.skew()),
                )
            elif self._is_wrong:
                log.warning("this computer's clock is right again: what waited for it goes on")
            await self._tell(is_wrong=is_wrong)
            self._is_wrong = is_wrong

    def _is_due(self) -> bool:
        last = clock.compared_at()
        return last is None or clock.monotonic() - last >= COMPARE_EVERY[clock.trust()]

    async def _tell(self, *, is_wrong: bool) -> None:
        seconds = round(clock.skew().total_seconds())
        after = {"seconds": seconds} if is_wrong else None
        await _WRONG.say(self._database, begins=is_wrong, after=after)
