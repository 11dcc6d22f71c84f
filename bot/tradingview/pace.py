"""How fast one account's requests go out, whoever asks."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot import clock

BURST = 2
LONGEST_HOLD = 15 * 60.0
# TradingView asked to slow down without saying for how long (wire §12).
USUAL_HOLD = 2.0
_CLOSE_ENOUGH = 1e-5  # seconds; a timer may wake a hair early

_Waiter = tuple[int, int, "asyncio.Future[None]"]


class Pace:
    """Turns to send a request: at most `rate` a second and `concurrency` at once.

    One for each account, shared by everything that calls TradingView for it. Urgent turns come
    first, otherwise in the order asked. After a pause the first two go at once.
    """

    def __init__(self, rate: float, concurrency: int) -> None:
        if not rate > 0 or concurrency < 1:
            raise ValueError("a pace needs a rate above 0 and a concurrency of at least 1")
        self._interval = 1 / rate
        self._concurrency = concurrency
        self._running = 0
        self._queue: list[_Waiter] = []
        self._order = itertools.count()
        # The moment when the next request would be due if all came evenly spaced; how far now
        # may run ahead of it is the burst.
        self._due = float("-inf")
        self._held_until = float("-inf")
        self._timer: asyncio.Future[None] | None = None

    @asynccontextmanager
    async def turn(self, *, urgent: bool = False) -> AsyncIterator[None]:
        """Wait for a turn; it ends with the block."""
        await self._take(urgent=urgent)
        try:
            yield
        finally:
            self._give_back()

    def slow_down(self, retry_after: float | None) -> None:
        """TradingView answered 429: hold everything for as long as it said, in seconds."""
        self.hold(USUAL_HOLD if retry_after is None else retry_after)

    def hold(self, seconds: float) -> None:
        """Give no turn for that many seconds (15 minutes at most); never shortens a hold."""
        until = clock.monotonic() + min(max(seconds, 0.0), LONGEST_HOLD)
        if until > self._held_until:
            self._held_until = until
            # No burst straight after being told off.
            self._due = max(self._due, until + (BURST - 1) * self._interval)
        self._serve()

    def held_for(self) -> float:
        """Seconds until turns are given again; 0 when nothing is held."""
        return max(0.0, self._held_until - clock.monotonic())

    async def _take(self, *, urgent: bool) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (0 if urgent else 1, next(self._order), waiter))
        self._serve()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                self._serve()  # the one behind may be first now, or nobody is left to wait for
            else:
                self._give_back()  # the turn came in the same moment as the cancellation
            raise

    def _give_back(self) -> None:
        self._running -= 1
        self._serve()

    def _serve(self) -> None:
        """Give turns to all who may have one now; see to it that the next is not forgotten."""
        while self._queue:
            waiter = self._queue[0][2]
            if waiter.done():
                heapq.heappop(self._queue)
                continue
            if self._running >= self._concurrency:
                break  # whoever gives a turn back serves again
            now = clock.monotonic()
            pause = self._pause(now)
            if pause > _CLOSE_ENOUGH:
                self._wake_in(pause)
                return
            heapq.heappop(self._queue)
            self._running += 1
            self._due = max(self._due, now) + self._interval
            waiter.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _pause(self, now: float) -> float:
        return max(self._due - (BURST - 1) * self._interval, self._held_until) - now

    def _wake_in(self, seconds: float) -> None:
        if self._timer is not None:
            return  # turns only ever move later, and waking early means looking again
        # Not a job: it lives only while somebody waits for a turn, and cannot fail.
        self._timer = asyncio.ensure_future(clock.sleep(seconds))
        self._timer.add_done_callback(self._woken)

    def _woken(self, timer: "asyncio.Future[None]") -> None:
        if timer is self._timer:
            self._timer = None
            self._serve()
