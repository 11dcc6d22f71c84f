"""Decides when which permission is synced: order, retries, pauses of a script or an account."""

import asyncio
import logging
import random
from collections.abc import Collection
from datetime import timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.asking import Asked
from bot.access.breaker import Breaker
from bot.access.items import find
from bot.access.news import News
from bot.access.session import AccountSession, LoginState, Sessions, Verdict
from bot.access.sync import NotYetError, StuckError, Sync
from bot.jobs import Jobs
from bot.store import events, permissions, scripts, shapes, wishes
from bot.store.database import Database
from bot.store.records import Permission
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

RETRIES = (2.0, 5.0, 15.0, 60.0, 300.0)
# Permissions at a time for each request that may be under way: the pace never waits for the database.
TOGETHER = 4
RESTING = 200  # more may rest until TradingView's list shows what was written
REFUSALS = 3  # the same refusal that often is no accident
AT_ONCE = 3  # that often in a row something is tried again without a pause


class Lane:
    """The queue of one server while the program runs."""

    def __init__(self, guild_id: int) -> None:
        self.guild_id = guild_id
        self.busy: set[int] = set()
        self.resting: set[int] = set()  # of the busy, those who need no request for now
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

    async def retry(self, asked: Asked, item: str) -> int:
        """Try now whatever waits or is stuck for one script; returns how many.

        Raises:
            ItemUnknown: no script has that short name.
        """
        async with self._database.write() as connection:
            script = await find(connection, asked.guild_id, item)
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
                pause = RETRIES[1]
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
            due = await self._due(connection, lane, session.pace.concurrency * TOGETHER)
            later = await permissions.next_try(connection, lane.guild_id, lane.busy | set(due))
        for permission_id in due:
            lane.busy.add(permission_id)
            _ = self._jobs.spawn(self._one(lane, session, permission_id), f"sync {permission_id}")
        if later is None or (later <= now and len(due) == 0):
            return None  # woken when there is room again
        return max(0.05, (later - now).total_seconds())

    async def _due(self, connection: AsyncConnection, lane: Lane, together: int) -> list[int]:
        """What to start now: first whatever somebody stands and waits for, beyond the usual number."""
        lane.preferred = self._news.awaited()
        lane.awaited = await permissions.of_wishes(connection, lane.guild_id, lane.preferred)
        due: list[int] = []

        async def start(limit: int, only: Collection[int] | None = None) -> None:
            if limit > len(due):
                due.extend(
                    await permissions.due(
                        connection,
                        lane.guild_id,
                        clock.now(),
                        busy=lane.busy.union(due),
                        limit=limit - len(due),
                        only=only,
                    )
                )

        if lane.breaker.is_open:
            together = 1
        elif lane.awaited:
            await start(RESTING - len(lane.busy), lane.awaited.values())
        working = len(lane.busy - lane.resting)
        await start(min(together - working, RESTING - len(lane.busy)))
        return due

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
        revision = 0
        try:
            revision = await self._revision_of(permission_id)
            await Sync(
                self._database,
                session,
                self._news.ended,
                urgent=partial(self._is_urgent, lane, permission_id),
                rest=partial(self._rest, lane, permission_id),
            ).run(permission_id)
        except StuckError as stuck:
            await self._stick(permission_id, revision, stuck.reason)
        except NotYetError:
            await self._again(permission_id, "unverified")
        except TradingViewError as error:
            version = session.version  # of the refused pair, unless the error says otherwise
            log.info("sync %s: %s", permission_id, error)
            await self._failed(lane, session, version, permission_id, revision, error)
        except Exception:  # an error of ours must not lose a wish
            log.exception("sync %s failed", permission_id)
            await self._again(permission_id, "trouble")
        else:
            lane.denied.discard(permission_id)
            lane.breaker.answered()
        finally:
            lane.busy.discard(permission_id)
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
                await self._again(permission_id, None, at_once=True)
            case SlowDown():
                # The pace holds everybody back; nobody need wait for longer than that.
                held_for = session.pace.held_for()
                await self._again(permission_id, "slow_down", at_least=held_for, counts=False)
            case SessionRefused() | Denied():
                await self._suspected(lane, session, version, permission_id, error)
            case NoSuchUser():
                await self._stick(permission_id, revision, "no_such_user", error.detail)
            case NoSuchScript():
                await self._pause_script(permission_id, error)
            case Refused():
                await self._refused(permission_id, revision, error)
            case _:
                lane.breaker.failed()
                await self._again(permission_id, "tradingview")

    async def _suspected(
        self,
        lane: Lane,
        session: AccountSession,
        version: int,
        permission_id: int,
        error: SessionRefused | Denied,
    ) -> None:
        """Perhaps the login is dead: only a probe tells."""
        permission, pine_id = await self._script_of(permission_id)
        match await session.suspect(version, pine_id):
            case Verdict.REPLACED:
                await self._again(permission_id, None, at_once=True)
            case Verdict.DEAD:
                await self._again(permission_id, "login", at_once=True)
            case Verdict.ALIVE if isinstance(error, Denied) and not error.page:
                if permission_id in lane.denied:
                    lane.denied.discard(permission_id)
                    await self._pause_script(permission.id, error)
                else:  # TradingView may have renewed the login at that very moment (wire §2)
                    lane.denied.add(permission_id)
                    await self._again(permission_id, None, at_once=True)
            case _:
                lane.breaker.failed()
                await self._again(permission_id, "tradingview")

    async def _script_of(self, permission_id: int) -> tuple[Permission, str]:
        async with self._database.read() as connection:
            permission = await permissions.by_id(connection, permission_id)
            script = await scripts.by_id(connection, permission.script_id)
        assert script is not None  # noqa: S101 - a foreign key
        return permission, script.pine_id

    # What becomes of one that did not work

    async def _again(
        self,
        permission_id: int,
        reason: str | None,
        *,
        at_least: float = 0,
        at_once: bool = False,
        counts: bool = True,
        detail: str | None = None,
    ) -> None:
        """Try again: after 2, 5, 15, 60 s, then every 5 minutes, with jitter.

        `at_once`: without a pause, the first times. What does not count is no failure.
        """
        async with self._database.write() as connection:
            permission = await permissions.by_id(connection, permission_id)
            pause = RETRIES[min(permission.attempts, len(RETRIES) - 1)]
            pause *= random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
            if not counts or (at_once and permission.attempts < AT_ONCE):
                pause = 0
            await permissions.change(
                connection,
                permission_id,
                state="waiting",
                reason=reason,
                detail=detail,
                attempts=permission.attempts + counts,
                next_try_at=clock.now() + timedelta(seconds=max(pause, at_least)),
            )

    async def _refused(self, permission_id: int, revision: int, error: Refused) -> None:
        permission, _ = await self._script_of(permission_id)
        if permission.reason == "refused" and permission.attempts >= REFUSALS:
            await self._stick(permission_id, revision, "refused", _words(error))
        else:
            await self._again(permission_id, "refused", detail=_words(error))

    async def _revision_of(self, permission_id: int) -> int:
        async with self._database.read() as connection:
            return (await permissions.by_id(connection, permission_id)).revision

    async def _stick(
        self, permission_id: int, revision: int, reason: str, detail: str | None = None
    ) -> None:
        """Nothing more happens by itself; whoever asked is told.

        What was recorded since `revision` has not been tried: then it is tried, and not stuck.
        """
        now = clock.now()
        async with self._database.write() as connection:
            permission = await permissions.by_id(connection, permission_id)
            if permission.revision != revision:
                return
            await permissions.change(
                connection,
                permission_id,
                state="stuck",
                reason=reason,
                detail=detail,
                next_try_at=None,
            )
            ended = await wishes.end(
                connection, permission_id, permission.revision, now, "stuck", reason
            )
            for wish_id in ended:
                await events.record(
                    connection,
                    permission.guild_id,
                    now,
                    "stuck",
                    script_id=permission.script_id,
                    customer_id=permission.customer_id,
                    permission_id=permission_id,
                    wish_id=wish_id,
                    after={"reason": reason},
                )
        self._news.ended(ended)

    async def _pause_script(self, permission_id: int, error: TradingViewError) -> None:
        """TradingView refuses the whole script: its wishes wait until staff have looked."""
        now = clock.now()
        async with self._database.write() as connection:
            permission = await permissions.by_id(connection, permission_id)
            script = await scripts.by_id(connection, permission.script_id)
            assert script is not None  # noqa: S101 - a foreign key
            await permissions.change(
                connection, permission_id, state="waiting", reason="script", next_try_at=now
            )
            if script.paused_at is not None:
                return
            await scripts.pause(connection, script.id, now, _words(error))
            await events.record(
                connection,
                permission.guild_id,
                now,
                "script_paused",
                script_id=script.id,
                after={"reason": _words(error)},
            )


def _words(error: TradingViewError) -> str:
    """TradingView's own words, for staff."""
    return " ".join(part for part in (error.code, error.detail) if part) or error.summary
