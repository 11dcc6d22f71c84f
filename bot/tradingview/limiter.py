"""Limits how fast one account's requests go out: so many a second and at once, the urgent first.

Through an account's limiter goes what carries its cookies, what its orders ask of TradingView without
them (how a name is spelled), and its sign-ins. What members and strangers ask before there is an order
(the public name check, `/link`) belongs to no account, and has a limiter of its own.

Of the libraries, aiolimiter, pyrate-limiter and limits keep to a given rate, aiometer to a rate and a
concurrency within one batch of calls, and tenacity pauses between the tries of one call. None of them
lets what is urgent go first, holds every caller for as long as an answer asked, and finds the rate
from what is refused, all at once.
"""

import asyncio
import heapq
import itertools
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot import clock

NEVER = float("-inf")
BURST = 2
MAX_HOLD = 24 * 3600.0
# TradingView asked to slow down without saying for how long (wire §12): doubled at each refusal in
# a row, and lengthened by chance so that nobody comes back in step with others.
USUAL_HOLD, MAX_USUAL_HOLD = 2.0, 60.0
JITTER = 0.5
IN_A_ROW = 4  # of those that go before bulk; then one of bulk, if any waits
# After a refusal: what of late got through, though between half of the rate and a little less than it.
DEEPEST_CUT, LEAST_CUT = 0.5, 0.95
RECENT = 20  # requests that tell what got through
LEAST = 0.25  # requests a second: anything slower is for a hold to do
# From there the rate rises, by a hundredth within the first seconds, and by twice as much in each as many
# after: a limit that is known is approached slowly, and one that is gone is noticed before long.
STEP, DOUBLED_AFTER = 0.01, 12.0
# TradingView may end a cookie pair at the very answer that brings the next one (wire §2): after that was
# seen, what carries cookies goes one at a time for so many seconds.
SINGLE_FILE_FOR = 3600.0
_SHORTEST = 0.05
_CLOSE_ENOUGH = 1e-5  # seconds; a timer may wake a hair early
_URGENT, _HELPFUL, _BULK = range(3)


class ClosedError(RuntimeError):
    """No permit is given any more: the program is closing."""


class Permit:
    """Leave to send one request."""

    def __init__(
        self, refuse: Callable[["Permit", float | None], None], *, with_login: bool
    ) -> None:
        self.began = clock.monotonic()
        self.refused = False
        self.with_login = with_login
        self._refuse = refuse

    def slow_down(self, retry_after: float | None) -> None:
        """Hold everything for as long as TradingView said, in seconds: it answered with 429."""
        self.refused = True
        self._refuse(self, retry_after)


@dataclass(order=True, slots=True)
class Waiter:
    """Somebody in a line, in the order asked."""

    asked_at: float
    number: int
    permit: "asyncio.Future[Permit]" = field(compare=False)
    with_login: bool = field(compare=False)


@dataclass(slots=True)
class _Lines:
    """Those of one rank; what carries a login may have to wait while the rest goes on."""

    with_login: list[Waiter] = field(default_factory=list)
    without: list[Waiter] = field(default_factory=list)

    def push(self, waiter: Waiter) -> None:
        heapq.heappush(self.with_login if waiter.with_login else self.without, waiter)

    def waiting(self) -> Iterator[list[Waiter]]:
        """Yield each line in which somebody waits; those who gave up at its head are dropped."""
        for line in (self.with_login, self.without):
            while line and line[0].permit.done():
                heapq.heappop(line)
            if line:
                yield line

    def count(self) -> int:
        """Return how many wait."""
        return sum(
            not waiter.permit.done() for line in (self.with_login, self.without) for waiter in line
        )


class Rate:
    """Additive increase and multiplicative decrease, at most `most` requests a second."""

    def __init__(self, most: float) -> None:
        self._most = most
        self._least = min(LEAST, most)
        self._passed: deque[float] = deque(maxlen=RECENT)
        self._start_from(most, clock.monotonic())

    def now(self) -> float:
        """Return how many requests a second may go out at present."""
        doublings = max(clock.monotonic() - self._since, 0.0) / DOUBLED_AFTER
        risen = self._base * (1 + STEP * (2 ** min(doublings, 60) - 1))
        return min(self._most, max(self._least, risen))

    def learned(self) -> float | None:
        """Return the rate where refusals keep it below the one that was set."""
        return rate if (rate := self.now()) < self._most else None

    def resume(self, rate: float) -> None:
        """Go on from what another program learned."""
        self._start_from(rate, clock.monotonic())

    def passed(self) -> None:
        """Count a request that was not too fast."""
        self._passed.append(clock.monotonic())

    def refused(self, hold: float) -> None:
        """Slow down, after the hold of so many seconds: a request was too fast."""
        now, rate = clock.monotonic(), self.now()
        first = self._passed[0] if len(self._passed) == RECENT else self._since
        through = len(self._passed) / max(now - first, _SHORTEST)
        self._start_from(min(max(through, rate * DEEPEST_CUT), rate * LEAST_CUT), now + hold)

    def _start_from(self, rate: float, since: float) -> None:
        self._base, self._since = rate, since
        self._passed.clear()


class Limiter:
    """Gives permits to send a request: at most `rate` a second and `concurrency` at once.

    One for each account, shared by everything that calls TradingView for it. It goes slower where
    TradingView says so, and finds the way up again. Urgent ones come first, then those that are only
    helpful, then bulk, which gets one in five all the same; otherwise it is the order asked. After a
    pause the first two go at once.
    """

    def __init__(
        self, rate: float, concurrency: int, *, chance: Callable[[], float] = random.random
    ) -> None:
        if not rate > 0 or concurrency < 1:
            raise ValueError("a limiter needs a rate above 0 and a concurrency of at least 1")
        self.concurrency = concurrency
        # Awaited when the account comes over from other programs, before anything is sent.
        self.taken: Callable[[], Awaitable[None]] | None = None
        self._rate = Rate(rate)
        self._chance = chance
        self._running = 0
        self._logins = 0  # of the running, the ones that carry a login
        self._single_file_until = NEVER
        self._is_closed = False
        self._lines = (_Lines(), _Lines(), _Lines())
        self._order = itertools.count()
        self._in_a_row = 0
        # When the next request would be due if all came evenly spaced; now may run ahead by the burst.
        self._due = self._held_until = self._slowed_at = NEVER
        self._refusals = 0  # in a row
        self._timer: asyncio.Future[None] | None = None

    @asynccontextmanager
    async def permit(
        self,
        *,
        urgent: bool = False,
        helpful: bool = False,
        with_login: bool = False,
        asked_at: float | None = None,
    ) -> AsyncIterator[Permit]:
        """Wait for a permit; it ends with the block. Somebody waits for what is `urgent`.

        What is `helpful` serves somebody too, who goes on without it after a moment: so many of these
        may come that what is urgent has to go before them. What goes out `with_login` waits for others
        of its kind while they go in single file. `asked_at` (`clock.monotonic()`) keeps the place in
        the line of a request that was refused and comes again.

        Raises ClosedError once it is closed.
        """
        rank = _URGENT if urgent else _HELPFUL if helpful else _BULK
        permit = await self._take(rank, asked_at, with_login=with_login)
        try:
            yield permit
        finally:
            if not permit.refused:
                self._rate.passed()
                if permit.began >= self._slowed_at:
                    self._refusals = 0
            self._give_back(permit)

    @property
    def rate(self) -> float:
        """Return how many requests a second go out at present, at most."""
        return self._rate.now()

    def hold(self, seconds: float) -> None:
        """Give no permit for that many seconds; never shortens a hold.

        A day at most: an absurd order of TradingView must not switch the bot off for ever.
        """
        until = clock.monotonic() + min(max(seconds, 0.0), MAX_HOLD)
        if until > self._held_until:
            self._held_until = until
            # No burst straight after being told off.
            self._due = max(self._due, until + (BURST - 1) / self.rate)
        self._serve()

    def held_for(self) -> float:
        """Return the seconds until permits are given again; 0 when nothing is held."""
        return max(0.0, self._held_until - clock.monotonic())

    def expected_wait(self) -> float:
        """Return the seconds until one more request would go out; 0 where only TradingView is slow."""
        rate, now = self.rate, clock.monotonic()
        ahead = max(self._due - (BURST - 1) / rate, self._held_until) - now
        waiting = sum(lines.count() for lines in self._lines)
        return ahead + waiting / rate if ahead > 0 else 0.0

    def go_single_file(self) -> None:
        """Let what carries a login go one at a time: an answer brought the cookies for the next."""
        self._single_file_until = clock.monotonic() + SINGLE_FILE_FOR

    async def refresh(self) -> None:
        """Learn what other programs of the account were told; a limiter by itself has none."""

    async def close(self) -> None:
        """Give no permit any more; those who wait for one, or come later, are refused."""
        self._is_closed = True
        for lines in self._lines:
            for line in lines.waiting():
                for waiter in line:
                    if not waiter.permit.done():
                        waiter.permit.set_exception(ClosedError())

    def _slow_down(self, permit: Permit, retry_after: float | None) -> None:
        is_first = (
            permit.began >= self._slowed_at
        )  # else it was on its way when another was refused
        self._refusals += is_first
        hold = min(retry_after or self._usual_hold(), MAX_HOLD)
        if is_first:
            self._slowed_at = clock.monotonic()
            self._rate.refused(hold)
        self.hold(hold)

    def _usual_hold(self) -> float:
        doublings = min(max(self._refusals - 1, 0), 10)
        return min(USUAL_HOLD * 2.0**doublings, MAX_USUAL_HOLD) * (1 + JITTER * self._chance())

    async def _take(self, rank: int, asked_at: float | None, *, with_login: bool) -> Permit:
        if self._is_closed:
            raise ClosedError
        waiter: asyncio.Future[Permit] = asyncio.get_running_loop().create_future()
        place = clock.monotonic() if asked_at is None else asked_at
        self._lines[rank].push(Waiter(place, next(self._order), waiter, with_login))
        self._serve()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                self._serve()  # nobody may be left to wait for
            elif waiter.exception() is None:
                # The permit came in the same moment as the cancellation.
                self._give_back(waiter.result())
            raise

    def _give_back(self, permit: Permit) -> None:
        self._running -= 1
        self._logins -= permit.with_login
        self._serve()

    def _serve(self) -> None:
        """Give permits to all who may have one now; see to it that the next is not forgotten."""
        pause = None
        while self._running < self.concurrency and (line := self._next_line()) and self._may_send():
            now = clock.monotonic()
            ahead = max(self._due - (BURST - 1) / self.rate, self._held_until) - now
            if ahead > _CLOSE_ENOUGH:
                pause = ahead
                break
            self._due = max(self._due, now) + 1 / self.rate
            self._give(line)
        self._wake_in(pause)

    def _may_send(self) -> bool:
        return True

    def _is_waited_for(self) -> bool:
        return any(line for lines in self._lines for line in lines.waiting())

    def _next_line(self) -> list[Waiter] | None:
        """Return the line whose first has its turn: the urgent, but nobody waits for ever."""
        urgent, helpful, bulk = (self._first_of(lines) for lines in self._lines)
        if bulk and self._in_a_row >= IN_A_ROW:
            return bulk
        return urgent or helpful or bulk

    def _first_of(self, lines: _Lines) -> list[Waiter] | None:
        waits = self._logins > 0 and clock.monotonic() < self._single_file_until
        open_lines = [line for line in lines.waiting() if not (waits and line[0].with_login)]
        return min(open_lines, key=lambda line: line[0], default=None)

    def _give(self, line: list[Waiter]) -> None:
        """Give the first of that line its permit."""
        bulk = self._first_of(self._lines[_BULK])
        self._in_a_row = self._in_a_row + 1 if bulk and line is not bulk else 0
        waiter = heapq.heappop(line)
        self._running += 1
        self._logins += waiter.with_login
        waiter.permit.set_result(Permit(self._slow_down, with_login=waiter.with_login))

    def _wake_in(self, pause: float | None) -> None:
        if pause is None and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if pause is not None and self._timer is None:  # permits only ever move later
            # Not a job: it lives only while somebody waits for a permit, and cannot fail.
            self._timer = asyncio.ensure_future(clock.sleep(pause))
            self._timer.add_done_callback(self._woken)

    def _woken(self, timer: "asyncio.Future[None]") -> None:
        if timer is self._timer:
            self._timer = None
            self._serve()
