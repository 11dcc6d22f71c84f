"""Opens TradingView accounts as the settings say: for the bot, the terminal and `usher check` alike."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import aiohttp
from sqlalchemy.exc import SQLAlchemyError

from bot import logs
from bot.access.logins.account import Connect
from bot.access.logins.sessions import Sessions
from bot.errors import DiskFullError, StartupError
from bot.settings import Settings
from bot.store.engine.database import Database, open_database
from bot.store.engine.lock import alone_with
from bot.store.logins import leases
from bot.store.maintenance.ground import on_other_disk
from bot.store.maintenance.inspect import examine
from bot.store.maintenance.revision import Schema
from bot.store.vault import Vault, key_in_use, open_vault
from bot.tradingview import Cookies, Limiter, TradingViewClient
from bot.tradingview.shared_limiter import Lease, Share, SharedLimiter

log = logging.getLogger(__name__)

_ALONE = "the database cannot be used: programs beside this one do not count with it"


def connector(settings: Settings, http: aiohttp.ClientSession) -> Connect:
    """Return a function that makes clients of TradingView; `http` needs a `DummyCookieJar`."""
    return lambda limiter, cookies: TradingViewClient(
        http,
        base=settings.tradingview_url,
        pine_facade=settings.pine_facade_url,
        limiter=limiter,
        cookies=cookies,
    )


def public(settings: Settings, http: aiohttp.ClientSession) -> TradingViewClient:
    """Return a client without a login; strangers' questions have a budget of their own."""
    return connector(settings, http)(public_limiter(settings), lambda: None)


def sessions(
    settings: Settings,
    database: Database,
    vault: Vault,
    http: aiohttp.ClientSession,
    *,
    shared: bool = True,
) -> Sessions:
    """Return every server's login, not loaded yet; each account's limiter is `shared` with other programs."""
    return Sessions(
        database,
        vault,
        connector(settings, http),
        pace=settings.tv_pace,
        concurrency=settings.tv_concurrency,
        share=partial(share, database) if shared else None,
        hide=logs.keep_out,
    )


@asynccontextmanager
async def database_beside(settings: Settings) -> AsyncIterator[Database]:
    """Open the database, also beside a running bot; only a change of its tables needs to be alone."""
    url = settings.database_url
    examined = await asyncio.to_thread(examine, settings.database_path)
    if examined.schema is not Schema.CURRENT:
        async with alone_with(url), open_database(url):
            pass
    async with open_database(url) as database:
        yield database


async def vault_of(settings: Settings, database: Database) -> Vault:
    """Return the vault that opens the secrets in it, with the keys of the settings."""
    key = settings.secret_key.get_secret_value() if settings.secret_key else None
    return await open_vault(key, settings.key_file, database, settings.earlier_key_file)


def key_on_other_disk(settings: Settings) -> tuple[str, str] | None:
    """Return that key and database lie on two disks, and what to do (blocking); None: they do not."""
    if settings.secret_keys:
        return None
    key = key_in_use(settings.key_file, settings.earlier_key_file)
    if not on_other_disk(settings.database_path, key):
        return None
    wrong = (
        f"the key {key} and the database {settings.database_path} lie on two different disks. Where "
        "only one of them is kept, the other is useless."
    )
    return wrong, "Keep both on the disk that stays, or set SECRET_KEY."


def pair_of(settings: Settings) -> Cookies | None:
    """Return the login that stands in the environment."""
    if settings.tv_sessionid is None:
        return None
    sign = settings.tv_sessionid_sign
    return Cookies(
        settings.tv_sessionid.get_secret_value(), sign.get_secret_value() if sign else None
    )


def public_limiter(settings: Settings) -> Limiter:
    """Return a limiter of no account, which nobody shares."""
    return Limiter(settings.tv_pace, settings.tv_concurrency)


@asynccontextmanager
async def limiter_of(settings: Settings, guild_id: int | None) -> AsyncIterator[Limiter]:
    """Open the limiter of that server's account, beside a running bot too.

    Where there is no server, or no database of this version that can be opened, it is shared with nobody.
    """
    async with AsyncExitStack() as stack:
        limiter = public_limiter(settings)
        examined = await asyncio.to_thread(examine, settings.database_path)
        if guild_id is not None and examined.schema is Schema.CURRENT:
            try:
                database = await stack.enter_async_context(open_database(settings.database_url))
            except (SQLAlchemyError, OSError, StartupError) as error:
                log.warning("%s (%s)", _ALONE, error)
            else:
                limiter = SharedLimiter(
                    settings.tv_pace, settings.tv_concurrency, share(database, guild_id)
                )
        stack.push_async_callback(limiter.close)
        await limiter.refresh()
        yield limiter


def share(database: Database, guild_id: int) -> Share:
    """Return what the limiter of that server's account shares with other programs of this database."""
    is_broken = False

    async def changed(change: Callable[[Lease], Lease]) -> Lease:
        nonlocal is_broken
        try:
            async with database.write() as connection:
                lease = await leases.changed(connection, guild_id, Lease(), change)
        except (
            SQLAlchemyError,
            OSError,
            DiskFullError,
            ValueError,
        ) as error:  # ValueError: it was closed
            if not is_broken:
                log.warning("%s (%s)", _ALONE, getattr(error, "orig", error))
            is_broken = True
            return change(Lease())
        is_broken = False
        return lease

    return changed
