"""Opens TradingView accounts as the settings say: for the bot, the terminal and `usher check` alike."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp

from bot import logs
from bot.access.logins.account import Connect
from bot.access.logins.sessions import Sessions
from bot.settings import Settings
from bot.store.engine.database import Database, open_database
from bot.store.engine.lock import alone_with
from bot.store.maintenance.files import file_of
from bot.store.maintenance.inspect import Schema, examine
from bot.store.vault import Vault, open_vault
from bot.tradingview import Cookies, Pace, TradingViewClient
from bot.tradingview.book import Book, open_book


def connector(settings: Settings, http: aiohttp.ClientSession) -> Connect:
    """Return a function that makes clients of TradingView; `http` needs a `DummyCookieJar`."""
    return lambda pace, cookies: TradingViewClient(
        http,
        base=settings.tradingview_url,
        pine_facade=settings.pine_facade_url,
        pace=pace,
        cookies=cookies,
    )


def public(settings: Settings, http: aiohttp.ClientSession) -> TradingViewClient:
    """Return a client without a login; strangers' questions have a budget of their own."""
    pace = Pace(settings.tv_pace, settings.tv_concurrency)
    return connector(settings, http)(pace, lambda: None)


def sessions(
    settings: Settings, database: Database, vault: Vault, http: aiohttp.ClientSession
) -> Sessions:
    """Return every server's login, not loaded yet; each account's pace is shared with other programs."""
    return Sessions(
        database,
        vault,
        connector(settings, http),
        pace=settings.tv_pace,
        concurrency=settings.tv_concurrency,
        book=partial(_book, settings),
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
    return await open_vault(key, settings.key_file, database)


def pair_of(settings: Settings) -> Cookies | None:
    """Return the login that stands in the environment."""
    if settings.tv_sessionid is None:
        return None
    sign = settings.tv_sessionid_sign
    return Cookies(
        settings.tv_sessionid.get_secret_value(), sign.get_secret_value() if sign else None
    )


async def pace_of(settings: Settings, guild_id: int | None = None) -> Pace:
    """Return the pace of that server's account; without one, a pace that is not shared."""
    book = None if guild_id is None else await _book(settings, guild_id)
    return Pace(settings.tv_pace, settings.tv_concurrency, book=book)


async def _book(settings: Settings, guild_id: int) -> Book:
    database = file_of(settings.database_url)
    return Book() if database is None else await asyncio.to_thread(_beside, database, guild_id)


def _beside(database: Path, guild_id: int) -> Book:
    if not database.exists():  # where there is none, no bot is at work, and nothing is left behind
        return Book()
    return open_book(Path(f"{database}.pace-{guild_id}"), beside=database)
