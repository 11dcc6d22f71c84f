"""How fast one account's requests go out, whoever asks and from whichever program.

Through an account's pace goes what carries its cookies, what its orders ask of TradingView without them
(how a name is spelled), and its sign-ins. What members and strangers ask before there is an order (the
public name check, `/link`) belongs to no account, and has a pace of its own.

Of the libraries, aiolimiter, pyrate-limiter and limits keep to a given rate, aiometer to a rate and a
concurrency within one batch of calls, and tenacity pauses between the tries of one call. None of them
lets what is urgent go first, holds every caller for as long as an answer asked, and finds the rate
from what is refused, all at once.
"""

import asyncio
import heapq
import itertools
import math
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot import clock
from bot.tradingview.book import NEVER, OVERTAKEN, Book
from bot.tradingview.rate import Rate

BURST = 2
MAX_HOLD = 24 * 3600.0
# TradingView asked to slow down without saying for how long (wire §12): doubled at each refusal in
# a row, and lengthened by chance so that nobody comes back in step with others.
USUAL_HOLD, MAX_USUAL_HOLD = 2.0, 60.0
JITTER = 0.5
IN_A_ROW = 4  # of those that go before bulk; then one of bulk, if any waits
_CLOSE_ENOUGH = 1e-5  # seconds; a timer may wake a hair early
# Seconds: how often to look whether another program is done; how long one that shows no sign of it may
# keep everybody waiting (it was stopped: no request lasts that long); the longest sleep without a look.
LOOK_AGAIN, MAX_STANDSTILL, MAX_SLEEP = 0.02, 60.0, 60.0
# Seconds: how long a turn is left to another program, which looks more often unless it was stopped; how
# much longer one with bulk must have waited than one where somebody waits, to go before it.
MAX_COURTESY, HEAD_START = 0.25, 5.0


class Turn:
    """Leave to send one request."""

    def __init__(self, slot: int, refuse: Callable[["Turn", float | None], None]) -> None:
        self.began = clock.monotonic()
        self.slot = slot
        self.refused = False
        self._refuse = refuse

    def slow_down(self, retry_after: float | None) -> None:
        """TradingView answered this request with 429: hold everything for as long as it said, in seconds."""
        self.refused = True
        self._refuse(self, retry_after)


class _Line:
    """Those who wait for a turn, in the order asked; who gave up is skipped."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, asyncio.Future[Turn]]] = []
        self._order = itertools.count()

    def join(self, asked_at: float) -> "asyncio.Future[Turn]":
        waiter: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._heap, (asked_at, next(self._order), waiter))
        return waiter

    def is_empty(self) -> bool:
        while self._heap and self._heap[0][2].done():
            heapq.heappop(self._heap)
        return not self._heap

    def next(self) -> "asyncio.Future[Turn]":
        return heapq.heappop(self._heap)[2]


class Pace:
    """Turns to send a request: at most `rate` a second and `concurrency` at once.

    One for each account, shared by everything that calls TradingView for it; programs that share the
    `book` keep to it together, and a hold of one holds all. It goes slower where TradingView says so,
    and finds the way up again. Urgent turns come first, then those that are only
    helpful, then bulk, which gets one in five all the same; otherwise it is the order asked. After a
    pause the first two go at once.

    Programs take turns: the one goes that has waited for longest since it last had one. For one that
    was stopped while it waited, the others lose a moment at each turn; one that was stopped with
    requests on their way keeps their slots, and where these are all, whoever waits in vain for a
    minute sends one request at a time beyond `concurrency`.
    """

    def __init__(
        self,
        rate: float,
        concurrency: int,
        *,
        book: Book | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if not rate > 0 or concurrency < 1:
            raise ValueError("a pace needs a rate above 0 and a concurrency of at least 1")
        self._rate = Rate(rate)
        self.concurrency = concurrency
        self._chance = chance
        self._running = 0
        self._urgent, self._helpful, self._bulk = _Line(), _Line(), _Line()
        self._in_a_row = 0
        # Its `due` is the moment when the next request would be due if all came evenly spaced; how far
        # now may run ahead of it is the burst.
        self._book = book or Book()
        self._interval = 1 / rate  # as of the last turn
        self._standstill: float | None = None  # since when others alone keep everybody waiting
        self._since: float | None = None  # somebody waits, and had no turn
        self._place: float | None = None  # among the programs, as the book knows it
        self._courteous: float | None = None  # since when a turn is left to another program
        self._slowed_at = NEVER
        self._refusals = 0  # in a row
        self._timer: asyncio.Future[None] | None = None

    @asynccontextmanager
    async def turn(
        self, *, urgent: bool = False, helpful: bool = False, asked_at: float | None = None
    ) -> AsyncIterator[Turn]:
        """Wait for a turn; it ends with the block. Somebody waits for what is `urgent`.

        What is `helpful` serves somebody too, who goes on without it after a moment: so many of these
        may come that what is urgent has to go before them. `asked_at` (`clock.monotonic()`) keeps the place in the line of who was refused and comes again.
        """
        line = self._urgent if urgent else self._helpful if helpful else self._bulk
        turn = await self._take(line, asked_at)
        try:
            yield turn
        finally:
            self._give_back(turn)

    @property
    def rate(self) -> float:
        """Requests a second that go out at present, at most."""
        return self._rate.now()

    def hold(self, seconds: float) -> None:
        """Give no turn for that many seconds; never shortens a hold.

        A day at most: an absurd order of TradingView must not switch the bot off for ever.
        """
        until = clock.monotonic() + min(max(seconds, 0.0), MAX_HOLD)
        book = self._book
        book.begin()  # whether or not another program is at it: this must not be lost
        if until > book.held_until:
            book.held_until = until
            # No burst straight after being told off.
            self._interval = 1 / self.rate
            book.due = max(book.due, until + (BURST - 1) * self._interval)
        book.end()
        self._serve()

    def held_for(self) -> float:
        """Seconds until turns are given again; 0 when nothing is held."""
        self._book.look()
        return max(0.0, self._book.held_until - clock.monotonic())

    def _slow_down(self, turn: Turn, retry_after: float | None) -> None:
        if turn.began >= self._slowed_at:  # else it was on its way when another was refused
            self._refusals += 1
            self._slowed_at = clock.monotonic()
            self._rate.refused()
        self.hold(retry_after or self._usual_hold())

    def _usual_hold(self) -> float:
        doublings = max(self._refusals - 1, 0)
        hold = min(USUAL_HOLD * math.pow(2, min(doublings, 10)), MAX_USUAL_HOLD)
        return hold * (1 + JITTER * self._chance())

    async def _take(self, line: _Line, asked_at: float | None) -> Turn:
        waiter = line.join(clock.monotonic() if asked_at is None else asked_at)
        self._serve()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                self._serve()  # the one behind may be first now, or nobody is left to wait for
            else:
                self._leave(waiter.result())  # the turn came in the same moment as the cancellation
            raise

    def _give_back(self, turn: Turn) -> None:
        if not turn.refused:
            self._rate.passed()
            if turn.began >= self._slowed_at:
                self._refusals = 0
        self._leave(turn)

    def _leave(self, turn: Turn) -> None:
        self._running -= 1
        self._book.free(turn.slot)
        self._serve()

    def _serve(self) -> None:
        """Give turns to all who may have one now; see to it that the next is not forgotten."""
        while not all(line.is_empty() for line in (self._urgent, self._helpful, self._bulk)):
            if self._since is None:
                self._since = clock.monotonic()
            if self._running >= self.concurrency:
                break  # whoever gives a turn back serves again
            slot, pause = self._slot(self._since)
            if slot is None:
                self._wake_in(pause)
                return
            self._running += 1
            self._rate.sent()
            self._first().set_result(Turn(slot, self._slow_down))
            self._since = clock.monotonic()
        else:
            self._since = None
        self._stand(None)
        self._standstill = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _first(self) -> "asyncio.Future[Turn]":
        """Whose turn it is: the urgent first, but nobody waits for ever."""
        ahead = self._helpful if self._urgent.is_empty() else self._urgent
        if self._bulk.is_empty():
            self._in_a_row = 0
            return ahead.next()
        if ahead.is_empty() or self._in_a_row >= IN_A_ROW:
            self._in_a_row = 0
            return self._bulk.next()
        self._in_a_row += 1
        return ahead.next()

    def _slot(self, since: float) -> tuple[int | None, float]:
        """A slot for a turn that begins now; or none, and the seconds until another look is worth it."""
        book, now = self._book, clock.monotonic()
        place = since if self._urgent.is_empty() else since - HEAD_START
        if place != self._place:
            self._stand(None)
        is_alone = book.begin()
        try:
            pause = max(book.due - (BURST - 1) * self._interval, book.held_until) - now
            slot = None
            if pause > _CLOSE_ENOUGH:
                self._courteous = None
            else:
                slot, pause = self._slot_from(place, now, is_alone), LOOK_AGAIN
            if slot is None:
                if is_alone:
                    self._stand(place)
                return None, min(pause, MAX_SLEEP if is_alone else LOOK_AGAIN)
            self._stand(None)
            self._standstill = self._courteous = None
            self._interval = 1 / self.rate
            book.due = max(book.due, now) + self._interval
            return slot, 0.0
        finally:
            book.end()

    def _slot_from(self, place: float, now: float, is_alone: bool) -> int | None:
        """A slot, if one is free and no other program has waited for longer than since `place`."""
        slot = self._book.take(self.concurrency) if is_alone else None
        if slot is None:
            self._courteous = None
            if self._standstill is None or self._running:
                self._standstill = now
            return OVERTAKEN if now - self._standstill >= MAX_STANDSTILL else None
        self._standstill = None
        if self._book.is_next(place):
            return slot
        if self._courteous is None:
            self._courteous = now
        # Where the other knows a longer burst or a shorter, both may go once it is due.
        if now >= max(self._courteous, self._book.due) + MAX_COURTESY:
            return slot
        self._book.free(slot)
        return None

    def _stand(self, place: float | None) -> None:
        """Have that place in the line of the programs; None is not to stand in it."""
        if place == self._place:
            return
        if self._place is not None:
            self._book.wait_no_more(self._place)
        if place is not None:
            self._book.wait(place)
        self._place = place

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
