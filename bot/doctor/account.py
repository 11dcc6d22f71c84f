"""Opens the stored TradingView logins beside a running bot, as `usher check --tradingview` needs them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot import outgoing, tradingview_accounts
from bot.access.logins.account import AccountSession, LoginState
from bot.errors import StartupError
from bot.settings import Settings
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import Database, open_database
from bot.store.kinds import PermissionState, StateKind
from bot.store.ledger import permissions
from bot.store.logins import sessions as logins
from bot.store.maintenance.inspect import examine
from bot.store.maintenance.revision import Schema
from bot.store.records import Script
from bot.tradingview import Cookies, TradingViewClient

_NOTHING_THERE = (
    "There is no TradingView login in the database. Start Usher and run /session update in Discord, or "
    "run `usher session set`; then check again."
)


@dataclass(frozen=True, slots=True)
class Account:
    """One server's login, and the scripts it should own."""

    held: AccountSession
    username: str | None
    scripts: tuple[Script, ...]
    stranger: TradingViewClient  # a client with cookies of no account

    @property
    def client(self) -> TradingViewClient:
        """Return where to ask."""
        return self.held.tradingview

    @property
    def pine_ids(self) -> tuple[str, ...]:
        """Return its scripts that TradingView does not refuse."""
        return tuple(script.pine_id for script in self.scripts if script.paused_at is None)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Every stored login, and the database."""

    every: tuple[Account, ...]
    database: Database

    async def is_ours(self, script: Script, username: str) -> bool:
        """Return whether Usher has something to do with that person's access."""
        async with self.database.read() as connection:
            found = await permissions.by_name(connection, script.id, username)
        return found is not None and (
            found.wanted is not StateKind.NOTHING or found.state is not PermissionState.DONE
        )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Accounts]:
    """Open everything; a login that TradingView renews meanwhile is kept, and the bot takes it over.

    Raises StartupError when there is no login, or no database that this Usher can use as it is.
    """
    examined = await asyncio.to_thread(examine, settings.database_path)
    if examined.schema is Schema.ABSENT:
        raise StartupError(_NOTHING_THERE)
    if examined.schema is not Schema.CURRENT:
        raise StartupError(
            "The database is not of this version. Start this version of Usher once, then check again."
        )
    async with (
        open_database(settings.database_url) as database,
        outgoing.session(settings) as http,
    ):
        vault = await tradingview_accounts.vault_of(settings, database)
        connect = tradingview_accounts.connector(settings, http)
        held = tradingview_accounts.sessions(settings, database, vault, http)
        await held.open()
        # Invented, and of the right form.
        invented = Cookies("0" * 32, "v3:" + "0" * 43 + "=")
        every = [
            await _account(database, account, connect(account.limiter, lambda: invented))
            for account in held.every()
            if account.state is not LoginState.NONE
        ]
        if not every:
            raise StartupError(_NOTHING_THERE)
        try:
            yield Accounts(tuple(every), database)
        finally:
            await held.close()


async def _account(
    database: Database, held: AccountSession, stranger: TradingViewClient
) -> Account:
    async with database.read() as connection:
        server = await guilds.by_id(connection, held.guild_id)
        stored = await logins.account_of(connection, held.guild_id)
        listed = await scripts.listed(connection, held.guild_id) if server else []
    return Account(held, None if stored is None else stored.username, tuple(listed), stranger)
