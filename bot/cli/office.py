"""What makes and carries out batches, opened by a command of the terminal; beside a running bot too."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot import outgoing, tradingview_accounts
from bot.access.ledger.notifier import Notifier
from bot.access.logins.sessions import LoginState, Sessions
from bot.access.orders.outcomes import Outcomes
from bot.access.sources import REGISTRY
from bot.access.sync.queue import Queue
from bot.jobs import Jobs
from bot.services.bulk import Bulk, bulk
from bot.settings import Settings
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.ledger import entitlements
from bot.store.records import Guild
from bot.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Office:
    """The way of a batch, with what belongs to it; without Discord."""

    database: Database
    vault: Vault
    bulk: Bulk
    _sessions: Sessions
    _queue: Queue

    async def server(self, guild_id: int) -> Guild | None:
        """Return what is set for a server; None where Usher never was in it."""
        async with self.database.read() as connection:
            return await guilds.by_id(connection, guild_id)

    async def has_login(self, guild_id: int) -> bool:
        """Return whether TradingView can be asked for anything."""
        return (await self._sessions.of(guild_id)).state is LoginState.ALIVE

    async def carry_out(self) -> None:
        """Go on with all that waits, as the bot does; for who is alone with the database."""
        await self._queue.start()
        self.bulk.runner.start()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Office]:
    """Yield it, and close it in reverse. Raises StartupError where the database cannot be opened."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(tradingview_accounts.database_beside(settings))
        http = await stack.enter_async_context(outgoing.session(settings))
        vault = await tradingview_accounts.vault_of(settings, database)
        sessions = tradingview_accounts.sessions(settings, database, vault, http)
        stack.push_async_callback(sessions.close)  # when no job uses them any more
        jobs = await stack.enter_async_context(Jobs())
        await sessions.open()
        async with database.write() as connection:  # also where Usher has not run with it yet
            await entitlements.know_sources(connection, REGISTRY)
        notifier = Notifier()
        queue = Queue(database, sessions, jobs, notifier)
        outcomes = Outcomes(database, sessions, vault, queue, notifier)
        office = bulk(database, vault, sessions, queue, notifier, jobs, outcomes)
        yield Office(database, vault, office, sessions, queue)
