"""A clock that only moves when told to, and how to wait for what needs no time."""

import asyncio
import heapq
import itertools
import math
from datetime import UTC, datetime, timedelta

from bot import clock

START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


class FakeTime:
    """Stands still until `advance`; sleepers wake in the order of their moments.

    The machine's clock may be `ahead` of the time; what is counted in seconds goes on evenly.
    """

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._start = start
        self.ahead = timedelta()
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now + self.ahead

    def true_now(self) -> datetime:
        """The time by everybody else's clock."""
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        if seconds < 0.001:  # a pause too short to wait for, as of a pace that is not to matter
            self._now += timedelta(seconds=max(0, seconds))
            await asyncio.sleep(0)
            return
        wake = asyncio.get_running_loop().create_future()
        moment = self._now + timedelta(seconds=seconds)
        heapq.heappush(self._sleepers, (moment, next(self._order), wake))
        await wake

    def set(self, moment: datetime) -> None:
        """Jump there; only for use before anything sleeps."""
        self._now = moment

    async def advance(self, seconds: float) -> None:
        """Let that much time pass, waking sleepers on the way."""
        target = self._now + timedelta(seconds=seconds)
        await settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            moment, _, wake = heapq.heappop(self._sleepers)
            self._now = max(self._now, moment)
            if not wake.done():
                wake.set_result(None)
                await settle()
        self._now = target
        await settle()

    def wakes(self, seconds: float) -> int:
        """Return how many wake within that much time."""
        by = self._now + timedelta(seconds=seconds)
        return sum(moment <= by and not wake.done() for moment, _, wake in self._sleepers)

    async def to_the_next(self, most: int) -> int:
        """Let whole seconds pass until one in which somebody wakes, at most so many; returns how many."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        seconds = most
        if self._sleepers:
            left = (self._sleepers[0][0] - self._now).total_seconds()
            seconds = max(1, min(most, math.ceil(left)))
        await self.advance(seconds)
        return seconds


def world_now() -> datetime:
    """The time by the clocks of Discord and TradingView, which are right."""
    source = clock._source
    return source.true_now() if isinstance(source, FakeTime) else source.now()


async def settle(rounds: int = 10) -> None:
    """Let everything that is ready run."""
    for _ in range(rounds):
        await asyncio.sleep(0)


async def eventually(check, *, seconds=60, pause=0.005):
    """Wait until `check()` (plain or async) is true; returns what it returned. Real sockets need it.

    The seconds are real and only ever pass where it fails: a busy machine may need many of them.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        result = check()
        if asyncio.iscoroutine(result):
            result = await result
        if result:
            return result
        if loop.time() > end:
            raise AssertionError(f"never became true: {check}")
        await asyncio.sleep(pause)
