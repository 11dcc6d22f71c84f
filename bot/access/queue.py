"""Decides when which permission is synced: order, retries, pauses of a script or an account."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Collection
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.aftermath import Aftermath
from bot.access.asking import Asked
from bot.access.batch import LARGEST, Batch, is_cheaper
from bot.access.breaker import Breaker
from bot.access.drift import Difference, Kind
from bot.access.entitlements import last_seen, wanted_of
from bot.access.items import find
from bot.access.news import News
from bot.access.session import AccountSession, LoginState, Sessions, Verdict
from bot.access.settling import StuckError
from bot.access.sync import NotYetError, Sync
from bot.access.takings import refuse_many
from bot.jobs import Jobs
from bot.store import events, permissions, scripts, shapes, wishes
from bot.store.database import Database
from bot.store.records import Script
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

STUMBLED = 5.0  # seconds before a lane that failed as a whole looks again
# Permissions at a time for each request that may be under way: the pace never waits for the database.
TOGETHER = 4
CROWDS = 3  # so that some are written while others are read back
RESTING = 200  # more may rest until TradingView's list shows what was written


class Lane:
    """The queue of one server while the program runs."""

    def __init__(self, guild_id: int) -> None:
        self.guild_id = guild_id
        self.busy: set[int] = set()
        self.crowd: set[int] = set()  # of the busy, those that are taken together
        self.crowded: Counter[int] = Counter()  # how many crowds are under way, by script
        self.resting: set[int] = set()  # of the busy, those who need no request for now
        self.writing = asyncio.Lock()  # of the crowds, one at a time
        self.preferred: Collection[int] = ()  # wishes for which somebody stands at the counter
        self.awaited: dict[int, int] = {}  # these, with the permission of each
        self.woken = asyncio.Event()
        self.breaker = Breaker()
        self.denied: set[int] = set()  # refused once although the login lives


class Queue:
    """Keeps every server's permissions moving until they agree with TradingView."""

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        jobs: Jobs,
        news: News,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._jobs = jobs
        self._news = news
        self._after = Aftermath(database, news)
        self._lanes: dict[int, Lane] = {}

    async def start(self) -> None:
        """Go on with everything that waits since the last run."""
        self._sessions.on_change.append(self._login_changed)
        async with self._database.read() as connection:
            waiting = await permissions.guilds_with_work(connection)
        for guild_id in waiting:
            self.wake(guild_id)

    def wake(self, guild_id: int) -> None:
        """Something in that server may be due."""
        lane = self._lanes.get(guild_id)
        if lane is None:
            lane = self._lanes[guild_id] = Lane(guild_id)
            _ = self._jobs.spawn(self._run(lane), f"sync of server {guild_id}")
        lane.woken.set()

    def prefer(self, guild_id: int, wish_id: int) -> None:
        """Somebody stands at the counter for that wish: it goes before others from now on."""
        lane = self._lanes.get(guild_id)
        if lane is None or wish_id not in lane.preferred:
            self.wake(guild_id)

    def is_blocked(self, guild_id: int) -> bool:
        """Whether TradingView failed so often that only a probe goes out."""
        lane = self._lanes.get(guild_id)
        return lane is not None and lane.breaker.is_open

    async def retry(self, asked: Asked, item: str, *, agreed: int = 0) -> int:
        """Try now whatever waits or is stuck for one script; returns how many.

        Raises:
            ItemUnknown: no script has that short name.
            TakesFromMany: it wakes orders that take access or time from more people than `agreed`.
        """
        async with self._database.write() as connection:
            script = await find(connection, asked.guild_id, item)
            await self._ask_about_many(connection, script, agreed)
            await scripts.unpause(connection, script.id)
            if await shapes.accept(connection, asked.guild_id):
                await events.record(
                    connection, asked.guild_id, asked.at, "shape_accepted", actor_id=asked.by
                )
            tried = await permissions.retry(connection, script.id, clock.now())
            await wishes.wait_again(connection, tried)
            await events.record(
                connection,
                asked.guild_id,
                asked.at,
                "retry",
                actor_id=asked.by,
                script_id=script.id,
            )
        self.wake(asked.guild_id)
        return len(tried)

    async def _ask_about_many(
        self, connection: AsyncConnection, script: Script, agreed: int
    ) -> None:
        """What waits goes on by itself, unless the script or the form of the answers holds it up."""
        asleep = {"stuck"}
        if script.paused_at is not None or await shapes.is_paused(connection, script.guild_id):
            asleep |= {"waiting", "working"}
        woken = [
            Difference(Kind.STUCK, one.username, wanted_of(one), last_seen(one), one)
            for one in await permissions.unfinished(connection, script.guild_id)
            if one.script_id == script.id and one.state in asleep
        ]
        await refuse_many(connection, script, woken, clock.now(), agreed=agreed)

    def _login_changed(self, guild_id: int) -> None:
        _ = self._jobs.spawn(self._hurry(guild_id), f"hurry server {guild_id}")

    async def _hurry(self, guild_id: int) -> None:
        session = await self._sessions.of(guild_id)
        if session.state is LoginState.ALIVE:
            async with self._database.write() as connection:
                await permissions.hurry(connection, guild_id, clock.now())
            if lane := self._lanes.get(guild_id):
                lane.breaker.answered()
        self.wake(guild_id)

    # One server's lane

    async def _run(self, lane: Lane) -> None:
        while True:
            lane.woken.clear()
            try:
                pause = await self._start_due(lane)
            except Exception:  # a lane never ends; what failed is tried again
                log.exception("the queue of server %s stumbled", lane.guild_id)
                pause = STUMBLED
            woken = asyncio.ensure_future(lane.woken.wait())
            try:
                if pause is None:
                    await woken
                else:
                    await clock.within(pause, woken)
            finally:
                woken.cancel()

    async def _start_due(self, lane: Lane) -> float | None:
        """Start what is due; returns seconds until the next look, None: when woken."""
        session = await self._sessions.of(lane.guild_id)
        if session.state is not LoginState.ALIVE:
            return None
        if wait := lane.breaker.wait():
            return wait
        now = clock.now()
        async with self._database.read() as connection:
            lane.preferred = self._news.awaited()
            lane.awaited = await permissions.of_wishes(connection, lane.guild_id, lane.preferred)
            if lane.awaited and not lane.breaker.is_open:  # beyond the usual number, and at once
                room = RESTING - len(lane.busy - lane.crowd)
                self._start(lane, session, await self._due(connection, lane, room, awaited=True))
            later = await permissions.next_try(connection, lane.guild_id, lane.busy)
            if later is not None and later <= now:
                async for script_id, crowd in self._crowds(connection, lane):
                    _ = self._jobs.spawn(
                        self._many(lane, session, script_id, crowd), f"sync {len(crowd)} at once"
                    )
                due = await self._due(connection, lane, self._room(lane, session))
                self._start(lane, session, due)
                later = await permissions.next_try(connection, lane.guild_id, lane.busy)
                if later is not None and later <= now and not due:
                    return None  # woken when there is room again
        return None if later is None else max(0.05, (later - now).total_seconds())

    def _start(self, lane: Lane, session: AccountSession, permission_ids: list[int]) -> None:
        for permission_id in permission_ids:
            lane.busy.add(permission_id)
            _ = self._jobs.spawn(self._one(lane, session, permission_id), f"sync {permission_id}")

    def _room(self, lane: Lane, session: AccountSession) -> int:
        """How many more may be begun for themselves."""
        together = 1 if lane.breaker.is_open else session.pace.concurrency * TOGETHER
        alone = lane.busy - lane.crowd
        return min(together - len(alone - lane.resting), RESTING - len(alone))

    async def _due(
        self, connection: AsyncConnection, lane: Lane, room: int, *, awaited: bool = False
    ) -> list[int]:
        """What may be begun now; with `awaited` only that for which somebody stands and waits."""
        if room <= 0:
            return []
        return await permissions.due(
            connection,
            lane.guild_id,
            clock.now(),
            busy=lane.busy,
            limit=room,
            only=lane.awaited.values() if awaited else None,
        )

    async def _crowds(
        self, connection: AsyncConnection, lane: Lane
    ) -> AsyncIterator[tuple[int, list[int]]]:
        """Many due permissions of one script, where full reads of its list are worth it for them."""
        while not lane.breaker.is_open and sum(lane.crowded.values()) < CROWDS:
            busy = lane.busy.union(lane.awaited.values())
            script_id, crowd = await permissions.crowd(
                connection, lane.guild_id, clock.now(), busy, LARGEST
            )
            if not is_cheaper(len(crowd), await permissions.rows_known(connection, script_id)):
                return
            lane.crowded[script_id] += 1
            lane.crowd.update(crowd)
            lane.busy.update(crowd)
            yield script_id, crowd

    def _is_urgent(self, lane: Lane, permission_id: int) -> bool:
        """Whether somebody stands at the counter for it."""
        return any(
            permission_id == about and self._news.is_awaited(wish_id)
            for wish_id, about in lane.awaited.items()
        )

    async def _rest(self, lane: Lane, permission_id: int, seconds: float) -> None:
        """Wait without keeping others from their turn."""
        lane.resting.add(permission_id)
        lane.woken.set()
        try:
            await clock.sleep(seconds)
        finally:
            lane.resting.discard(permission_id)

    async def _one(self, lane: Lane, session: AccountSession, permission_id: int) -> None:
        revision, failure = 0, None
        try:
            revision = await self._after.revision_of(permission_id)
            await Sync(
                self._database,
                session,
                self._news.ended,
                urgent=partial(self._is_urgent, lane, permission_id),
                rest=partial(self._rest, lane, permission_id),
            ).run(permission_id)
        except Exception as error:  # noqa: BLE001 - looked at below
            failure = error
        await self._ended(lane, session, permission_id, revision, failure)

    async def _many(
        self, lane: Lane, session: AccountSession, script_id: int, crowd: list[int]
    ) -> None:
        """The same for many permissions of one script."""
        left = set(crowd)
        revisions = {each: await self._after.revision_of(each) for each in crowd}

        async def report(permission_id: int, error: Exception | None) -> None:
            left.discard(permission_id)
            await self._ended(lane, session, permission_id, revisions[permission_id], error)

        _, script = await self._after.script_of(crowd[0])
        sync = Sync(self._database, session, self._news.ended, urgent=lambda: False)
        try:
            await Batch(sync, session.tradingview, report, lane.writing).run(script, crowd)
        except Exception as error:  # noqa: BLE001 - looked at for one of them; the others wait for it
            first, *others = crowd
            await report(first, error)
            for permission_id in others:
                await self._after.again(permission_id, _why_all(error))
        finally:
            lane.crowded -= Counter([script_id])
            lane.crowd.difference_update(crowd)
            lane.busy.difference_update(left)
            lane.woken.set()

    async def _ended(
        self,
        lane: Lane,
        session: AccountSession,
        permission_id: int,
        revision: int,
        failure: Exception | None,
    ) -> None:
        """What becomes of one that was tried; it is free for another try afterwards."""
        try:
            match failure:
                case None:
                    lane.denied.discard(permission_id)
                    lane.breaker.answered()
                case StuckError():
                    await self._after.stick(permission_id, revision, failure.reason)
                case NotYetError():
                    await self._after.not_shown(permission_id)
                case TradingViewError():
                    # Of the refused pair, unless the error says otherwise.
                    version = session.version
                    log.info("sync %s: %s", permission_id, failure)
                    await self._failed(lane, session, version, permission_id, revision, failure)
                case _:  # an error of ours must not lose a wish
                    log.error("sync %s failed", permission_id, exc_info=failure)
                    await self._after.again(permission_id, "trouble")
        finally:
            lane.busy.discard(permission_id)
            lane.crowd.discard(permission_id)
            lane.woken.set()

    async def _failed(
        self,
        lane: Lane,
        session: AccountSession,
        version: int,
        permission_id: int,
        revision: int,
        error: TradingViewError,
    ) -> None:
        match error:
            case SessionRefused(outdated=True) | Denied(outdated=True):
                await self._after.again(permission_id, None, at_once=True)
            case SlowDown():
                # The pace holds everybody back; nobody need wait for longer than that.
                held_for = session.pace.held_for()
                await self._after.again(permission_id, "slow_down", at_least=held_for, counts=False)
            case SessionRefused() | Denied():
                await self._suspected(lane, session, version, permission_id, error)
            case NoSuchUser():
                await self._after.stick(permission_id, revision, "no_such_user", error.detail)
            case NoSuchScript():
                await self._after.pause_script(permission_id, error)
            case Refused():
                await self._after.refused(permission_id, revision, error)
            case _:
                lane.breaker.failed()
                await self._after.again(permission_id, "tradingview")

    async def _suspected(
        self,
        lane: Lane,
        session: AccountSession,
        version: int,
        permission_id: int,
        error: SessionRefused | Denied,
    ) -> None:
        """Perhaps the login is dead: only a probe tells."""
        permission, script = await self._after.script_of(permission_id)
        match await session.suspect(version, script.pine_id):
            case Verdict.REPLACED:
                await self._after.again(permission_id, None, at_once=True)
            case Verdict.DEAD:
                await self._after.again(permission_id, "login", at_once=True)
            case Verdict.ALIVE if isinstance(error, Denied) and not error.page:
                if permission_id in lane.denied:
                    lane.denied.discard(permission_id)
                    await self._after.pause_script(permission.id, error)
                else:  # TradingView may have renewed the login at that very moment (wire §2)
                    lane.denied.add(permission_id)
                    await self._after.again(permission_id, None, at_once=True)
            case _:
                lane.breaker.failed()
                await self._after.again(permission_id, "tradingview")


def _why_all(error: Exception) -> str:
    """Why a crowd has to wait whose list could not be read."""
    return "slow_down" if isinstance(error, SlowDown) else "tradingview"
