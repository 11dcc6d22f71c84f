"""Keeps one account's limits together with other programs: whichever has the lease may send.

The lease is a row that all of them read and write. A program takes it for what it has to send, renews it
meanwhile, and hands it on to the next that waits once it had its share. That of a program which was killed
or stopped ends by its time. What TradingView asked for goes along in the row.
"""

import asyncio
import logging
import random
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot import clock
from bot.tradingview.limiter import MAX_HOLD, NEVER, Limiter, Permit, Waiter

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=5)
RENEW, POLL = 1.0, 0.2  # seconds between two looks at the row: with the lease, and waiting for it
NOT_YET = float("inf")
_SAME = 0.001  # seconds: two clocks are read one after the other
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lease:
    """The row of one account. What is `held_for` and `due_in` seconds counts from `written_at`."""

    holder: str | None = None
    leased_until: datetime = _LONG_AGO
    wanted_by: str | None = None
    held_for: float = 0.0
    due_in: float = 0.0
    rate: float | None = None  # where refusals keep it below the one that was set
    written_at: datetime = _LONG_AGO

    @property
    def age(self) -> float:
        """Return the seconds since it was written; none where the clock was put back since."""
        return max(0.0, (clock.now() - self.written_at).total_seconds())

    def is_free(self, now: datetime) -> bool:
        """Return whether nobody has it; one that ends too far ahead is of a clock put back since."""
        return self.holder is None or not now < self.leased_until <= now + LEASE


# Changes the row in one transaction, and returns it as it is then.
Share = Callable[[Callable[[Lease], Lease]], Awaitable[Lease]]


class SharedLimiter(Limiter):
    """Gives permits while it has the account's lease, which it takes and leaves by itself.

    Where the row cannot be changed it goes on alone. `taken` is awaited whenever it takes the lease,
    before anything is sent: another program may have had it meanwhile.
    """

    def __init__(
        self,
        rate: float,
        concurrency: int,
        share: Share,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(rate, concurrency, chance=chance)
        self._share = share
        self._is_alone = False
        self._name = secrets.token_hex(8)
        self._row = Lease()  # as last seen
        self._taken_at = NOT_YET  # while it has the lease
        self._ends_at = self._used_at = NEVER
        self._closing = False
        self._keeping: asyncio.Task[None] | None = None
        self._nudge = asyncio.Event()

    def hold(self, seconds: float) -> None:
        """Give no permit for that many seconds, in any program; never shortens a hold."""
        super().hold(seconds)
        self._look(at_once=True)

    async def refresh(self) -> None:
        """Learn what other programs of the account were told."""

        def heard(row: Lease) -> Lease:
            self._hear(row)
            return self._telling(row)

        self._row = await self._change(heard)
        self._serve()

    async def close(self) -> None:
        """Leave the account to other programs, and give no permit any more."""
        self._closing = True
        await super().close()
        if self._keeping is not None and not self._keeping.done():
            self._nudge.set()
            await self._keeping

    def _may_send(self) -> bool:
        if self._is_quiet():
            return True  # but for the hold
        now = clock.monotonic()
        if self._ends_at > now and not self._had_its_share(self._row):
            return True
        self._look(at_once=NEVER < self._ends_at <= now)  # it ended while the computer slept
        return False

    def _give(self, line: list[Waiter]) -> None:
        self._used_at = clock.monotonic()
        super()._give(line)

    def _give_back(self, permit: Permit) -> None:
        super()._give_back(permit)
        if not self._running and self._had_its_share(self._row):
            self._look(at_once=True)

    def _is_quiet(self) -> bool:
        """Whether no program may send for so long that none needs the lease."""
        return self.held_for() > LEASE.total_seconds()

    def _others(self, row: Lease) -> str | None:
        return row.wanted_by if row.wanted_by != self._name else None

    def _had_its_share(self, row: Lease) -> bool:
        return self._others(row) is not None and self._used_at >= self._taken_at

    def _needs_lease(self) -> bool:
        if self._closing:
            return False
        is_waited_for = self._is_waited_for() and not self._is_quiet()
        return is_waited_for or self._running > 0 or clock.monotonic() - self._used_at < RENEW

    def _look(self, *, at_once: bool = False) -> None:
        """See to it that the row is looked at."""
        if at_once:
            self._nudge.set()
        if self._keeping is None or self._keeping.done():
            # Not a job: it lives only while there is something to send or to tell.
            self._keeping = asyncio.ensure_future(self._keep())

    async def _keep(self) -> None:
        """Take the lease, renew it and leave it."""
        while True:
            self._nudge.clear()
            self._row = await self._change(self._changed)
            has = self._row.holder == self._name
            if has and self._taken_at == NOT_YET:
                await self._tell_taken()
            now = clock.monotonic()
            left = (self._row.leased_until - clock.now()).total_seconds()
            self._ends_at = now + left if has else NEVER
            self._taken_at = min(self._taken_at, now) if has else NOT_YET
            self._serve()
            if not (has or self._needs_lease() or self._nudge.is_set()):
                return
            await clock.set_within(RENEW if has else POLL, self._nudge)

    async def _change(self, change: Callable[[Lease], Lease]) -> Lease:
        try:
            row = await self._share(change)
        except Exception:  # whatever it is: nobody may be left waiting for a permit
            if not self._is_alone:
                log.exception("an account's limits are not shared: its row cannot be changed")
            self._is_alone = True
            return change(Lease())
        self._is_alone = False
        return row

    async def _tell_taken(self) -> None:
        try:
            if self.taken is not None:
                await self.taken()
        except Exception:  # the lease runs, and others wait for permits
            log.exception("what another program of the account did meanwhile could not be read")

    def _changed(self, row: Lease) -> Lease:
        """Return the row with what this program has to say and wants."""
        self._hear(row)
        now, others = clock.now(), self._others(row)
        has = row.holder == self._name
        needs = self._needs_lease()
        if has and (not needs or (self._had_its_share(row) and not self._running)):
            self._ends_at = NEVER  # nothing is sent while this is being written
            row = replace(row, holder=others, leased_until=now + LEASE, wanted_by=None)
            return self._telling(row, always=True)
        if needs and (has or row.is_free(now)):
            if row.is_free(now) or row.leased_until - now < LEASE / 2:
                row = replace(row, holder=self._name, leased_until=now + LEASE, wanted_by=others)
        elif needs:
            row = replace(row, wanted_by=row.wanted_by or self._name)
        else:
            row = replace(row, wanted_by=others)
        return self._telling(row)

    def _hear(self, row: Lease) -> None:
        """Keep to what others wrote; what this program knows already is kept by its own seconds."""
        if (row.written_at, row.held_for) == (self._row.written_at, self._row.held_for):
            return
        now = clock.monotonic() - row.age
        self._held_until = max(self._held_until, now + min(row.held_for, MAX_HOLD))
        self._due = max(self._due, now + min(row.due_in, MAX_HOLD))
        if row.rate is not None:
            self._rate.resume(row.rate)

    def _telling(self, row: Lease, *, always: bool = False) -> Lease:
        """Return the row with what this program knows, where that is not what it says."""
        held_for = self.held_for()
        if not always and abs(held_for - max(0.0, row.held_for - row.age)) <= _SAME:
            return row
        due_in = max(0.0, self._due - clock.monotonic())
        return replace(
            row,
            held_for=held_for,
            due_in=due_in,
            rate=self._rate.learned(),
            written_at=clock.now(),
        )
