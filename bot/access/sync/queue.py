"""Every server's lane of orders, and what moves them on: a restart, a new login, staff who try again."""

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.lookup import find
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.seats import within_the_line
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.request import RequestContext
from bot.access.rules.entitlements import last_seen, wanted_of
from bot.access.sweeps.drift import Difference, Kind
from bot.access.sweeps.removal_limit import refuse_many
from bot.access.sync.worker import AccountWorker
from bot.jobs import Jobs
from bot.store.catalogue import scripts
from bot.store.engine.database import Database
from bot.store.ledger import events, orders, permissions, shapes
from bot.store.records import Script


class Queue:
    """Keeps every server's permissions moving until they agree with TradingView."""

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        jobs: Jobs,
        notifier: Notifier,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._jobs = jobs
        self._notifier = notifier
        self._workers: dict[int, AccountWorker] = {}

    async def start(self) -> None:
        """Go on with everything that waits since the last run."""
        self._sessions.on_change.append(self._login_changed)
        async with self._database.read() as connection:
            waiting = await permissions.guilds_with_work(connection)
        for guild_id in waiting:
            self.wake(guild_id)

    def wake(self, guild_id: int) -> None:
        """Something in that server may be due."""
        worker = self._workers.get(guild_id)
        if worker is None:
            worker = AccountWorker(
                guild_id, self._database, self._sessions, self._jobs, self._notifier
            )
            self._workers[guild_id] = worker
            _ = self._jobs.spawn(worker.run(), f"sync of server {guild_id}")
        worker.wake()

    def prefer(self, guild_id: int, order_id: int) -> None:
        """Somebody stands at the counter for that order: it goes before others from now on."""
        worker = self._workers.get(guild_id)
        if worker is None or order_id not in worker.preferred:
            self.wake(guild_id)

    def is_blocked(self, guild_id: int) -> bool:
        """Whether TradingView failed so often that only a probe goes out."""
        worker = self._workers.get(guild_id)
        return worker is not None and worker.breaker.is_open

    async def retry(
        self, request: RequestContext, item: str, *, agreed: int = 0, seats: int = 0
    ) -> int:
        """Try now whatever waits or is stuck for one script; returns how many.

        Raises:
            ItemUnknown: no script has that short name.
            TakesFromMany: it wakes orders that take access or time from more people than `agreed`.
            OverTheLine: a manager must say yes to so many `seats` first.
        """
        async with (
            self._database.write() as connection,
            within_the_line(connection, request, agreed=seats),
        ):
            script = await find(connection, request.guild_id, item)
            await self._ask_about_many(connection, script, agreed)
            await scripts.unpause(connection, script.id)
            if await shapes.accept(connection, request.guild_id):
                await events.record(
                    connection, request.guild_id, request.at, "shape_accepted", actor_id=request.by
                )
            tried = await permissions.retry(connection, script.id, clock.now())
            await orders.wait_again(connection, tried)
            await events.record(
                connection,
                request.guild_id,
                request.at,
                "retry",
                actor_id=request.by,
                script_id=script.id,
            )
        self.wake(request.guild_id)
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
            if one.script_id == script.id
            and one.state in asleep
            and not (one.state == "stuck" and one.reason in orders.PARKED)
        ]
        await refuse_many(connection, script, woken, clock.now(), agreed=agreed)

    def _login_changed(self, guild_id: int) -> None:
        _ = self._jobs.spawn(self._hurry(guild_id), f"hurry server {guild_id}")

    async def _hurry(self, guild_id: int) -> None:
        session = await self._sessions.of(guild_id)
        if session.state is LoginState.ALIVE:
            async with self._database.write() as connection:
                await permissions.hurry(connection, guild_id, clock.now())
            if worker := self._workers.get(guild_id):
                worker.breaker.answered()
        self.wake(guild_id)
