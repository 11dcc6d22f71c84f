"""The composition root: opens everything in order, wires it, runs it, and closes it in reverse."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

import cogs
from bot import clock, tradingview_accounts, web
from bot.access.catalogue.discovery import Discovery
from bot.access.catalogue.scripts import Scripts
from bot.access.errors import TradingViewSilent
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.seats import SeatCounts
from bot.access.logins.environment import Environment
from bot.access.logins.one_time_pages import OneTimePages
from bot.access.logins.outages import Outages
from bot.access.logins.spares import Spares
from bot.access.logins.watch import LoginMonitor
from bot.access.orders.grants import Grants
from bot.access.orders.outcomes import Outcomes
from bot.access.people.customers import Customers
from bot.access.people.guild_settings import GuildSettings
from bot.access.people.imports import Imports
from bot.access.queries.autocomplete import Suggesting
from bot.access.queries.history import HistoryTail
from bot.access.queries.overview import Overview
from bot.access.sweeps.adopt import Adoption
from bot.access.sweeps.drift import Drift
from bot.access.sweeps.recovery import Recovery
from bot.access.sweeps.repair import Repairs
from bot.access.sweeps.retry import Retries
from bot.access.sweeps.schedule import SweepSchedule
from bot.access.sweeps.sweep import Sweeps
from bot.access.sync.queue import Queue
from bot.access.sync.schema_guard import SchemaGuard
from bot.errors import StartupError
from bot.interactions.client import Usher
from bot.interactions.components import ComponentRouter
from bot.interactions.levels import may_manage
from bot.interactions.order_flow import OrderFlow
from bot.interactions.sweep_flow import SweepFlow
from bot.jobs import Jobs
from bot.notifications import login_alerts
from bot.notifications.log_channel import LogChannel
from bot.notifications.login_alerts import LoginAlerts
from bot.notifications.order_outcomes import OutcomeNotifier
from bot.settings import Settings
from bot.store.engine.database import open_database
from bot.store.engine.lock import alone_with
from bot.store.maintenance import backup
from bot.tradingview.signin import SignIn

log = logging.getLogger(__name__)

SEATS_EVERY = 900.0  # seconds between counts of the people with access
BACKUP_EVERY = 1800.0  # seconds between looks whether today's copy is there
ENVIRONMENT_AGAIN = 30.0  # seconds until a login that could not be tested is tried again
DISCORD_AGAIN = (5.0, 15.0, 60.0)  # pauses while Discord cannot be reached at the start
UNAVAILABLE = 69


@dataclass(frozen=True, slots=True)
class App:
    """The running program, as a test or the sandbox sees it."""

    client: Usher
    http_port: int
    _outcome_notifier: OutcomeNotifier
    _token: str

    async def serve(self) -> None:
        """Stay connected to Discord until cancelled.

        Raises:
            StartupError: Discord refuses the token or the intents.
        """
        await _log_in(self.client, self._token)
        self._outcome_notifier.start()
        try:
            await self.client.connect()
        except discord.PrivilegedIntentsRequired as error:
            raise StartupError(
                "Discord refuses the connection: this bot may not see the members of a server yet. "
                "In the Discord developer portal, open your application, choose Bot, and switch on "
                "Server Members Intent. Then start Usher again."
            ) from error


async def run(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C, then close everything.

    Raises:
        StartupError: it cannot start, or Discord refuses it.
    """
    stop = asyncio.Event()
    _stop_on_signals(stop)
    async with opened(settings) as app:
        serving = asyncio.ensure_future(app.serve())
        stopping = asyncio.ensure_future(stop.wait())
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
async def opened(settings: Settings) -> AsyncIterator[App]:
    """Everything open and wired, but not connected to Discord; closed in reverse at the end."""
    if settings.discord_token is None:
        raise StartupError("DISCORD_TOKEN is missing: put your bot's token into .env.")
    _point_at_discord(settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(alone_with(settings.database_url))
        database = await stack.enter_async_context(open_database(settings.database_url))
        vault = await tradingview_accounts.vault_of(settings, database)
        http = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        sessions = tradingview_accounts.sessions(settings, database, vault, http)
        stack.push_async_callback(sessions.close)
        jobs = await stack.enter_async_context(Jobs())

        # Strangers' questions have a budget of their own: they slow nobody's access.
        connect = tradingview_accounts.connector(settings, http)
        public = connect(tradingview_accounts.public_limiter(settings), lambda: None)
        spares = Spares(database, vault, sessions)
        await sessions.open()
        notifier = Notifier()
        queue = Queue(database, sessions, jobs, notifier)
        outcomes = Outcomes(database, sessions, vault, queue, notifier)
        guild_settings = GuildSettings(database, sessions)
        guild_settings.on_change.append(queue.wake)
        await guild_settings.open()
        scripts = Scripts(database, sessions)
        scripts.on_change.append(queue.wake)
        router = ComponentRouter(guild_settings)
        views = Overview(database, sessions, outcomes)
        sweeps, drift = Sweeps(database, sessions), Drift(database)
        await sweeps.open()

        async def say(guild_id: int, parts: dict[str, Any]) -> bool:
            return await log_channel.say(guild_id, parts)

        sweep_flow = SweepFlow(
            sweeps,
            drift,
            Adoption(database),
            Repairs(database, vault, queue, notifier),
            router,
            say=say,
        )

        links = OneTimePages(
            database,
            sessions,
            spares,
            SignIn(http, base=settings.tradingview_url),
            public_url=settings.public_url,
            may=lambda guild_id, member_id: may_manage(client, guild_settings, guild_id, member_id),
        )

        seat_counts = SeatCounts(database)

        def make_cogs(client: Usher) -> Iterable[commands.Cog]:
            return cogs.every(
                client=client,
                grants=Grants(database, sessions, vault, queue, notifier),
                retries=Retries(database, queue),
                views=views,
                suggesting=Suggesting(database),
                order_flow=OrderFlow(outcomes, notifier, router),
                router=router,
                sessions=sessions,
                spares=spares,
                links=links,
                scripts=scripts,
                discovering=Discovery(database, sessions, scripts),
                customers=Customers(database, sessions, public),
                matches=Imports(database),
                sweep_flow=sweep_flow,
                guild_settings=guild_settings,
                seat_counts=seat_counts,
            )

        port = await stack.enter_async_context(
            web.serve(
                web.make_app(
                    lookup=public.hints,
                    database=database.is_answering,
                    gateway=lambda: _is_connected(client),
                    jobs=jobs,
                    links=links,
                    trusted_proxies=settings.trusted_proxies,
                ),
                settings.http_host,
                settings.http_port,
            )
        )
        client = await stack.enter_async_context(
            Usher(
                guild_settings=guild_settings,
                router=router,
                make_cogs=make_cogs,
                guild_id=settings.discord_guild_id,
            )
        )
        log_channel = LogChannel(client, HistoryTail(database))
        outcome_notifier = OutcomeNotifier(client, outcomes, notifier, log_channel, jobs)
        await queue.start()
        recovery = Recovery(database, sweeps, lambda swept: drift.note(swept, None), queue.wake)
        await recovery.start(jobs)
        LoginMonitor(database, sessions, spares).start(jobs)
        SchemaGuard(database, sessions, queue.wake).start(jobs)
        SweepSchedule(database, sweeps, drift).start(jobs)
        jobs.every(SEATS_EVERY, "count seats", seat_counts.watch)
        jobs.every(BACKUP_EVERY, "daily backup", lambda: backup.keep_daily(settings.database_url))
        jobs.every(
            login_alerts.EVERY,
            "tell of logins that ended",
            LoginAlerts(client, Outages(database)).tell,
        )
        _ = jobs.spawn(
            _adopt_environment(settings, Environment(database, vault, sessions)),
            "login of the environment",
        )
        yield App(client, port, outcome_notifier, settings.discord_token.get_secret_value())


def _point_at_discord(settings: Settings) -> None:
    """Another Discord than the real one: these two are the only places discord.py asks."""
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
