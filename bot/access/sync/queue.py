"""Every server's worker, and what moves its orders on: a restart, a new login, staff who try again."""

from bot import clock
from bot.access.ledger.notifier import Notifier
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.sync.failures import longest_pause
from bot.access.sync.worker import AccountWorker
from bot.jobs import Jobs
from bot.store.engine.database import Database
from bot.store.ledger import permissions, work


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
            waiting = await work.guilds(connection)
        for guild_id in waiting:
            await self._bring_forward(guild_id)
            self.wake(guild_id)

    async def _bring_forward(self, guild_id: int) -> None:
        """Let be tried now what a clock that was set back since the last run left for far too late."""
        limiter = (await self._sessions.of(guild_id)).limiter
        async with self._database.write() as connection:
            await permissions.bring_forward(
                connection,
                guild_id,
                clock.now(),
                lambda permission: longest_pause(permission, limiter.held_for()),
            )

    def wake(self, guild_id: int) -> None:
        """Have that server's worker look for what may be due."""
        worker = self._workers.get(guild_id)
        if worker is None:
            worker = AccountWorker(
                guild_id, self._database, self._sessions, self._jobs, self._notifier
            )
            self._workers[guild_id] = worker
            _ = self._jobs.spawn(worker.run(), f"sync of server {guild_id}")
        worker.wake()

    def hurry(self, guild_id: int) -> None:
        """Have what is due tried at once, although TradingView failed lately."""
        if worker := self._workers.get(guild_id):
            worker.breaker.probe_now()
        self.wake(guild_id)

    def prefer(self, guild_id: int, order_id: int) -> None:
        """Have an order go before others from now on: the person who asked waits for the answer."""
        worker = self._workers.get(guild_id)
        if worker is None or order_id not in worker.preferred:
            self.wake(guild_id)

    def is_blocked(self, guild_id: int) -> bool:
        """Return whether TradingView failed so often that only a probe goes out."""
        worker = self._workers.get(guild_id)
        return worker is not None and worker.breaker.is_open

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
