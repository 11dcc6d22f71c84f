"""The running program: opens everything in order, starts it, and closes it in reverse."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

import cogs
from bot import clock, tradingview_accounts, web
from bot.access.errors import TradingViewSilent
from bot.access.logins.environment import Environment
from bot.errors import StartupError
from bot.interactions.client import Usher
from bot.jobs import Jobs
from bot.notifications import login_alerts
from bot.services import Services, build
from bot.settings import Settings
from bot.store.engine.database import open_database
from bot.store.engine.lock import alone_with
from bot.store.maintenance import backup

log = logging.getLogger(__name__)

SEATS_EVERY = 900.0  # seconds between counts of the people with access
BACKUP_EVERY = 1800.0  # seconds between looks whether today's copy is there
ENVIRONMENT_AGAIN = 30.0  # seconds until a login that could not be tested is tried again
DISCORD_AGAIN = (5.0, 15.0, 60.0)  # pauses while Discord cannot be reached at the start


async def run(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C, then close everything.

    Raises:
        StartupError: it cannot start, or Discord refuses it.
    """
    if settings.discord_token is None:
        raise StartupError("DISCORD_TOKEN is missing: put your bot's token into .env.")
    token = settings.discord_token.get_secret_value()
    stop = asyncio.Event()
    _stop_on_signals(stop)
    async with opened(settings) as services:
        serving = asyncio.create_task(_serve(services, token))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if not serving.done():
                log.info("stopping")
                serving.cancel()
        try:
            await serving
        except asyncio.CancelledError:
            if not stop.is_set():
                raise


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Services]:
    """Yield everything open and at work, but not connected to Discord; close it in reverse."""
    _point_at_discord(settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(alone_with(settings.database_url))
        database = await stack.enter_async_context(open_database(settings.database_url))
        vault = await tradingview_accounts.vault_of(settings, database)
        http = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        jobs = Jobs()
        services = build(settings, database, vault, http, jobs)
        stack.push_async_callback(services.sessions.close)  # when no job uses them any more
        stack.push_async_callback(services.unanswered.close)
        await stack.enter_async_context(jobs)
        await services.open()
        await cogs.load(services)
        await stack.enter_async_context(_endpoint(settings, services))
        await stack.enter_async_context(services.client)
        await _start(settings, services)
        yield services


def _endpoint(settings: Settings, services: Services) -> AbstractAsyncContextManager[int]:
    """Serve the web endpoint; also while Discord cannot be reached."""
    app = web.make_app(
        lookup=services.public.hints,
        database=services.database.is_answering,
        gateway=lambda: _is_connected(services.client),
        jobs=services.jobs,
        links=services.one_time_pages,
        trusted_proxies=settings.trusted_proxies,
    )
    return web.serve(app, settings.http_host, settings.http_port)


async def _start(settings: Settings, services: Services) -> None:
    """Start everything that happens by itself, Discord or no Discord."""
    jobs = services.jobs
    await services.queue.start()
    await services.recovery.start(jobs)
    services.login_monitor.start(jobs)
    services.schema_guard.start(jobs)
    services.sweep_schedule.start(jobs)
    jobs.every(SEATS_EVERY, "count seats", services.seat_counts.watch)
    jobs.every(BACKUP_EVERY, "daily backup", lambda: backup.keep_daily(settings.database_url))
    jobs.every(login_alerts.EVERY, "tell of logins that ended", services.login_alerts.tell)
    adopting = _adopt_environment(settings, services.environment)
    _ = jobs.spawn(adopting, "login of the environment")


async def _serve(services: Services, token: str) -> None:
    """Stay connected to Discord until cancelled.

    Raises:
        StartupError: Discord refuses the token or the intents.
    """
    await _log_in(services.client, token)
    services.outcome_notifier.start()
    try:
        await services.client.connect()
    except discord.PrivilegedIntentsRequired as error:
        raise StartupError(
            "Discord refuses the connection: this bot may not see the members of a server yet. "
            "In the Discord developer portal, open your application, choose Bot, and switch on "
            "Server Members Intent. Then start Usher again."
        ) from error


def _point_at_discord(settings: Settings) -> None:
    """Use another Discord than the real one: these two are the only places discord.py asks."""
    if settings.discord_api_url:
        Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)


async def _log_in(client: Usher, token: str) -> None:
    """Log in; a Discord that cannot be reached is tried again, since access goes on without it."""
    tries = 0
    while True:
        try:
            await client.login(token)
        except discord.LoginFailure as error:
            raise StartupError(
                "Discord does not accept DISCORD_TOKEN. In the Discord developer portal, open your "
                "application, choose Bot, press Reset Token, and put the new one into .env."
            ) from error
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            pause = DISCORD_AGAIN[min(tries, len(DISCORD_AGAIN) - 1)]
            log.warning("Discord cannot be reached (%s); next try in %s s", error, pause)
            tries += 1
            await clock.sleep(pause)
        else:
            return


async def _is_connected(client: Usher) -> bool:
    return client.is_ready() and not client.is_closed() and client.ws.open


async def _adopt_environment(settings: Settings, environment: Environment) -> None:
    """Use the login of the environment once it could be tested."""
    cookies = tradingview_accounts.pair_of(settings)
    if cookies is None or settings.discord_guild_id is None:
        return
    while True:
        try:
            await environment.adopt(settings.discord_guild_id, cookies)
        except TradingViewSilent:
            log.warning("the login of the environment could not be tested; trying again")
            await clock.sleep(ENVIRONMENT_AGAIN)
        else:
            return


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(sign, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(sign, lambda *_: loop.call_soon_threadsafe(stop.set))
