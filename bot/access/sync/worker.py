"""One server's orders: what is begun when, what goes together, and what becomes of what fails."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Collection
from datetime import timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.settle import StuckError
from bot.access.logins.sessions import AccountSession, LoginCheck, LoginState, Sessions
from bot.access.sync.breaker import Breaker
from bot.access.sync.chunk import LARGEST, Chunk, is_cheaper
from bot.access.sync.failures import FailureRecorder
from bot.access.sync.reconcile import ClockDoubtError, NotYetError, Sync
from bot.errors import DiskFullError
from bot.jobs import Jobs
from bot.store.engine.database import Database
from bot.store.kinds import Reason
from bot.store.ledger import permissions, work
from bot.tradingview import (
    Denied,
    NoSuchScript,
    NoSuchUser,
    Refused,
    SessionRefused,
    SlowDown,
    TradingViewError,
)

log = logging.getLogger(__name__)

CLOCK_AGAIN = 3.0  # seconds until a clock in doubt is looked at again: by then it was compared
SET_BACK = timedelta(seconds=30)
STUMBLED = 5.0  # seconds before a worker that failed as a whole looks again
# Permissions at a time for each request that may be under way: the limiter never waits for the database.
TOGETHER = 4
CHUNKS = 3  # so that some are written while others are read back
RESTING = 200  # more may rest until TradingView's list shows what was written


class AccountWorker:
    """The orders of one server while the program runs: how many at once, and in which order."""

    def __init__(
        self, guild_id: int, database: Database, sessions: Sessions, jobs: Jobs, notifier: Notifier
    ) -> None:
        self.guild_id = guild_id
        self.breaker = Breaker()
        self.preferred: Collection[int] = ()  # orders for which an asker waits
        self._database = database
        self._sessions = sessions
        self._jobs = jobs
        self._notifier = notifier
        self._failures = FailureRecorder(database, notifier)
        self._awaited: dict[int, int] = {}  # the preferred, with the permission of each
        self._busy: set[int] = set()
        self._in_chunks: set[int] = set()  # of the busy, the ones that are in a chunk
        self._chunks: Counter[int] = Counter()  # how many are under way, by script
        self._resting: set[int] = set()  # of the busy, the ones that need no request for now
        self._writing = asyncio.Lock()  # of the chunks, one at a time
        self._woken = asyncio.Event()
        # The moment at which clock.monotonic() was 0: earlier once the clock was set back.
        self._clock_began = clock.now() - timedelta(seconds=clock.monotonic())
        self._denied: set[int] = set()  # refused once although the login lives
        self._full_until = 0.0  # by clock.monotonic(); while the disk has no room

    def wake(self) -> None:
        """Look again for what may be due."""
        self._woken.set()

    async def run(self) -> None:
        """Begin whatever is due, for ever; a failure delays it and never ends it."""
        while True:
            self._woken.clear()
            was_wrong = clock.is_wrong()
            try:
                pause = await self._start_due()
            except Exception:  # a worker never ends; what failed is tried again
                log.exception("the queue of server %s stumbled", self.guild_id)
                pause = STUMBLED
            if was_wrong or clock.is_wrong():  # nobody tells when it is right again
                pause = CLOCK_AGAIN if pause is None else min(pause, CLOCK_AGAIN)
            await clock.set_within(pause, self._woken)

    async def _start_due(self) -> float | None:
        """Start what is due; returns seconds until the next look, None: when woken."""
        session = await self._sessions.of(self.guild_id)
        if session.state is not LoginState.ALIVE:
            return None
        if wait := self.breaker.wait():
            return wait
        if (wait := self._full_until - clock.monotonic()) > 0:
            return wait
        await self._keep_to_clock()
        now = clock.now()
        async with self._database.read() as connection:
            self.preferred = self._notifier.awaited()
            self._awaited = await work.of_orders(connection, self.guild_id, self.preferred)
            if self._awaited and not self.breaker.is_open:  # beyond the usual number, and at once
                room = RESTING - len(self._busy - self._in_chunks)
                self._start(session, await self._due(connection, room, awaited=True))
            later = await work.next_try(connection, self.guild_id, self._busy)
            if later is not None and later <= now:
                async for script_id, chunk_ids in self._new_chunks(connection):
                    _ = self._jobs.spawn(
                        self._sync_chunk(session, script_id, chunk_ids),
                        f"sync {len(chunk_ids)} at once",
                    )
                due = await self._due(connection, self._room(session))
                self._start(session, due)
                later = await work.next_try(connection, self.guild_id, self._busy)
                if later is not None and later <= now and not due:
                    return None  # woken when there is room again
        return None if later is None else max(0.05, (later - now).total_seconds())

    async def _keep_to_clock(self) -> None:
        """Have what waits tried now where the clock was set back: its moments lie too far ahead."""
        now = clock.now()
        began = now - timedelta(seconds=clock.monotonic())
        if began < self._clock_began - SET_BACK:
            async with self._database.write() as connection:
                await permissions.bring_forward(connection, self.guild_id, now)
        self._clock_began = began

    def _start(self, session: AccountSession, permission_ids: list[int]) -> None:
        for permission_id in permission_ids:
            self._busy.add(permission_id)
            _ = self._jobs.spawn(self._sync(session, permission_id), f"sync {permission_id}")

    def _room(self, session: AccountSession) -> int:
        """Return how many more permissions may be begun outside of chunks."""
        together = 1 if self.breaker.is_open else session.limiter.concurrency * TOGETHER
        alone = self._busy - self._in_chunks
        return min(together - len(alone - self._resting), RESTING - len(alone))

    async def _due(
        self, connection: AsyncConnection, room: int, *, awaited: bool = False
    ) -> list[int]:
        """Return what may be begun now; with `awaited` only that for which an asker waits."""
        if room <= 0:
            return []
        return await work.due(
            connection,
            self.guild_id,
            clock.now(),
            busy=self._busy,
            limit=room,
            only=self._awaited.values() if awaited else None,
        )

    async def _new_chunks(
        self, connection: AsyncConnection
    ) -> AsyncIterator[tuple[int, list[int]]]:
        """Yield scripts with many due permissions, where full reads of the list are worth it."""
        while not self.breaker.is_open and sum(self._chunks.values()) < CHUNKS:
            busy = self._busy.union(self._awaited.values())
            script_id, chunk_ids = await work.chunk(
                connection, self.guild_id, clock.now(), busy, LARGEST
            )
            if not is_cheaper(len(chunk_ids), await work.rows_known(connection, script_id)):
                return
            self._chunks[script_id] += 1
            self._in_chunks.update(chunk_ids)
            self._busy.update(chunk_ids)
            yield script_id, chunk_ids

    def _is_urgent(self, permission_id: int) -> bool:
        """Return whether the person who asked for it waits for the answer."""
        return any(
            permission_id == about and self._notifier.is_awaited(order_id)
            for order_id, about in self._awaited.items()
        )

    async def _rest(self, permission_id: int, seconds: float) -> None:
        """Wait without keeping others from their turn."""
        self._resting.add(permission_id)
        self.wake()
        try:
            await clock.sleep(seconds)
        finally:
            self._resting.discard(permission_id)

    async def _sync(self, session: AccountSession, permission_id: int) -> None:
        revision, failure = 0, None
        try:
            revision = await self._failures.revision_of(permission_id)
            await Sync(
                self._database,
                session,
                self._notifier.ended,
                urgent=partial(self._is_urgent, permission_id),
                rest=partial(self._rest, permission_id),
            ).run(permission_id)
        except Exception as error:  # noqa: BLE001 - looked at below
            failure = error
        await self._ended(session, permission_id, revision, failure)

    async def _sync_chunk(
        self, session: AccountSession, script_id: int, chunk_ids: list[int]
    ) -> None:
        """Bring many permissions of one script to agreement."""
        left = set(chunk_ids)
        revisions = await self._failures.revisions_of(chunk_ids)

        async def report(permission_id: int, error: Exception | None) -> None:
            left.discard(permission_id)
            await self._ended(session, permission_id, revisions[permission_id], error)

        _, script = await self._failures.script_of(chunk_ids[0])
        sync = Sync(self._database, session, self._notifier.ended, urgent=lambda: False)
        try:
            await Chunk(sync, session.tradingview, report, self._writing).run(script, chunk_ids)
        except Exception as error:  # noqa: BLE001 - looked at for the first; the others wait for it
            first, *others = chunk_ids
            await report(first, error)
            for permission_id in others:
                await self._failures.again(permission_id, _why_all(error))
        finally:
            self._chunks -= Counter([script_id])
            self._in_chunks.difference_update(chunk_ids)
            self._busy.difference_update(left)
            self.wake()

    async def _ended(
        self,
        session: AccountSession,
        permission_id: int,
        revision: int,
        failure: Exception | None,
    ) -> None:
        """Record how a try ended; the permission is free for another one afterwards."""
        try:
            match failure:
                case None:
                    self._denied.discard(permission_id)
                    self.breaker.answered()
                    log.info("permission %s agrees with TradingView", permission_id)
                case StuckError():
                    await self._failures.park(permission_id, revision, failure.reason)
                case NotYetError():
                    await self._failures.not_shown(permission_id)
                case ClockDoubtError():
                    await self._failures.again(
                        permission_id, Reason.CLOCK, at_least=CLOCK_AGAIN, counts=False
                    )
                case TradingViewError():
                    # Of the refused pair, unless the error says otherwise.
                    version = session.version
                    log.info("sync %s: %s", permission_id, failure)
                    await self._failed(session, version, permission_id, revision, failure)
                case DiskFullError():
                    raise failure
                case _:  # an error of ours must not lose an order
                    log.error("sync %s failed", permission_id, exc_info=failure)
                    await self._failures.again(permission_id, Reason.TROUBLE)
        except (
            DiskFullError
        ):  # what TradingView answered cannot be noted: nothing more is asked for now
            log.info("sync %s waits until the disk has room", permission_id)
            self._full_until = clock.monotonic() + STUMBLED
        finally:
            self._busy.discard(permission_id)
            self._in_chunks.discard(permission_id)
            self.wake()

    async def _failed(
        self,
        session: AccountSession,
        version: int,
        permission_id: int,
        revision: int,
        error: TradingViewError,
    ) -> None:
        match error:
            case SessionRefused(outdated=True) | Denied(outdated=True):
                await self._failures.again(permission_id, None, at_once=True)
            case SlowDown():
                # The limiter holds back every request; none has to wait for longer than that.
                held_for = session.limiter.held_for()
                await self._failures.again(
                    permission_id, Reason.SLOW_DOWN, at_least=held_for, counts=False
                )
            case SessionRefused() | Denied():
                await self._suspected(session, version, permission_id, error)
            case NoSuchUser():
                await self._failures.park(
                    permission_id, revision, Reason.NO_SUCH_USER, error.detail
                )
            case NoSuchScript():
                await self._failures.pause_script(permission_id, error)
            case Refused():
                await self._failures.refused(permission_id, revision, error)
            case _:
                await self._unanswered(permission_id)

    async def _suspected(
        self,
        session: AccountSession,
        version: int,
        permission_id: int,
        error: SessionRefused | Denied,
    ) -> None:
        """Find out by a probe whether the login is dead."""
        permission, script = await self._failures.script_of(permission_id)
        match await session.suspect(version, script.pine_id):
            case LoginCheck.REPLACED:
                await self._failures.again(permission_id, None, at_once=True)
            case LoginCheck.DEAD:
                await self._failures.again(permission_id, Reason.LOGIN, at_once=True)
            case LoginCheck.ALIVE if isinstance(error, Denied) and not error.page:
                if permission_id in self._denied:
                    self._denied.discard(permission_id)
                    await self._failures.pause_script(permission.id, error)
                else:  # TradingView may have renewed the login at that very moment (wire §2)
                    self._denied.add(permission_id)
                    await self._failures.again(permission_id, None, at_once=True)
            case _:
                await self._unanswered(permission_id)

    async def _unanswered(self, permission_id: int) -> None:
        """Try again later; when too many went unanswered, everything waits."""
        self.breaker.failed()
        if self.breaker.is_open:
            wait = self.breaker.wait()
            log.info(
                "server %s: TradingView does not answer; next try in %.0f s", self.guild_id, wait
            )
        await self._failures.again(permission_id, Reason.TRADINGVIEW)


def _why_all(error: Exception) -> Reason:
    """Return why a chunk has to wait whose list could not be read."""
    return Reason.SLOW_DOWN if isinstance(error, SlowDown) else Reason.TRADINGVIEW
