"""The running program: opens everything in order, starts it, and closes it in reverse."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from aiohttp.web import Application

import cogs
from bot import clock, memory, outgoing, premises, tradingview_accounts, web
from bot.access.errors import TradingViewSilent
from bot.access.orders import api_requests, connections, contracts, erasure
from bot.access.people import api_keys
from bot.first_run import TokenAtHand
from bot.interactions.client import Usher
from bot.interactions.connection import (
    TokenRefusedError,
    guard,
    log_in,
    point_at_discord,
    stay_connected,
)
from bot.jobs import Jobs
from bot.notifications import disk_alarm, login_alerts, releases
from bot.premises import Premises
from bot.services import Services, build
from bot.settings import Settings
from bot.store.maintenance import backup
from bot.web import dashboard, first_run as first_run_pages
from bot.web.first_run import FirstRun

log = logging.getLogger(__name__)

SEATS_EVERY = 900.0  # seconds between counts of the people with access
SPARE_AFTER = 2.0  # seconds from the first connection until its memory is given back
BACKUP_EVERY = 1800.0  # seconds between looks whether today's copy is there
LEFT_EVERY = 3600.0  # seconds between looks for logins of servers that the bot left
ENVIRONMENT_AGAIN = 30.0  # seconds until a login that could not be tested is tried again


async def run(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C, then close everything.

    Raises:
        StartupError: it cannot start, or Discord refuses it.
    """
    stop = asyncio.Event()
    with _stopped_by_signals(stop):
        running = asyncio.create_task(_open_and_serve(settings))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            if not running.done():
                log.info("stopping")
                running.cancel()
        try:
            await running
        except asyncio.CancelledError:
            if not stop.is_set():
                raise


async def _open_and_serve(settings: Settings) -> None:
    """Serve with the token at hand; where one that was given in the browser is refused, with the next one."""
    point_at_discord(settings)
    async with premises.opened(settings) as opened_premises:
        at_hand = TokenAtHand(opened_premises)
        while True:
            token = await at_hand.get()
            try:
                async with _at_work(opened_premises, at_hand.first_run) as services:
                    memory.spare_what_is_loaded()
                    return await _serve(services, token)
            except TokenRefusedError:
                if not at_hand.refuse(token):
                    raise
                log.warning(
                    "Discord does not accept the bot's token any more; a new one can be given in the browser"
                )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Services]:
    """Yield everything open and at work, but not connected to Discord; close it in reverse."""
    point_at_discord(settings)
    async with (
        premises.opened(settings) as opened_premises,
        _at_work(opened_premises, None) as services,
    ):
        yield services


@asynccontextmanager
async def _at_work(base: Premises, first_run: FirstRun | None) -> AsyncIterator[Services]:
    settings, listener = base.settings, base.listener
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(outgoing.session(settings))
        jobs = Jobs()
        services = build(settings, base.database, base.vault, http, jobs)
        stack.push_async_callback(services.sessions.close)  # when no job uses them any more
        stack.push_async_callback(services.unanswered.close)
        await stack.enter_async_context(jobs)
        await services.open()
        await cogs.load(services)
        # Also while Discord cannot be reached.
        await listener.show(web_application(settings, services, first_run))
        stack.push_async_callback(listener.clear)
        await stack.enter_async_context(services.client)
        await _start(settings, services)
        yield services


def web_application(
    settings: Settings, services: Services, first_run: FirstRun | None = None
) -> Application:
    """Return what the web endpoint serves: every address that there is."""
    if first_run is not None:
        first_run.is_connected = services.client.is_ready
    return web.make_app(
        lookup=services.public.hints,
        expected_wait=services.public.expected_wait,
        database=services.database.is_answering,
        gateway=lambda: _is_connected(services.client),
        jobs=services.jobs,
        links=services.one_time_pages,
        keys=services.api_keys,
        figures=services.figures,
        intake=services.intake,
        requests=services.api_requests,
        outcomes=services.outcomes,
        dashboard=lambda app: dashboard.add_to(app, services, settings),
        setup=lambda app: first_run_pages.add_to(app, first_run, settings.public_url),
        trusted_proxies=settings.trusted_proxies,
        public_url=settings.public_url,
    )


async def _start(settings: Settings, services: Services) -> None:
    """Start everything that happens by itself, Discord or no Discord."""
    jobs = services.jobs
    services.clock_watch.start(jobs)
    await services.queue.start()
    services.purchases.start(jobs)
    services.bulk.start()
    services.deliveries.start()
    services.role_rounds.start(jobs)
    services.premium_rounds.start(jobs)
    await services.recovery.start(jobs)
    services.login_monitor.start(jobs)
    services.schema_guard.start(jobs)
    services.sweep_schedule.start(jobs)
    jobs.every(contracts.EVERY, "give again what staff granted again", services.contracts.look)
    jobs.every(SEATS_EVERY, "count seats", services.seat_counts.watch)
    jobs.every(BACKUP_EVERY, "daily backup", lambda: _keep_daily(settings.database_url))
    jobs.every(LEFT_EVERY, "delete logins of left servers", lambda: _forget_left(services))
    jobs.every(erasure.EVERY, "forget customers", services.erasures.carry_out)
    jobs.every(api_keys.EVERY, "watch over keys of the API", services.api_keys.watch)
    jobs.every(api_requests.FORGET_EVERY, "forget old requests", services.api_requests.forget_old)
    jobs.every(connections.EVERY, "forget old secrets", services.connections.forget_old_secrets)
    jobs.every(disk_alarm.EVERY, "watch the disk", services.disk_alarm.look)
    jobs.every(login_alerts.EVERY, "tell of logins that ended", services.login_alerts.tell)
    services.outgoing_webhooks.start()
    if looks_for_newer(settings):
        jobs.every(releases.EVERY, "look for a newer Usher", services.update_check.look)
    adopting = _adopt_environment(settings, services)
    _ = jobs.spawn(adopting, "login of the environment")


def looks_for_newer(settings: Settings) -> bool:
    """Return whether an address is asked for newer releases of Usher."""
    return settings.update_check == "on" and settings.update_url is not None


async def _keep_daily(url: str) -> None:
    try:
        await backup.keep_daily(url)
    except backup.CopyError as error:  # most often a full disk, which has an alarm of its own
        log.warning("today's copy of the database could not be made (%s); tried again later", error)


async def _serve(services: Services, token: str) -> None:
    """Stay connected to Discord until cancelled.

    Raises:
        StartupError: Discord refuses the token or the connection, or its certificate cannot be verified.
    """
    guard(services.client, services.blockade)
    await log_in(services.client, token, services.blockade)
    if clock.compared_at() is None:  # else its answers told the time, before anybody can order
        await services.client.ask_the_time()
    services.outcome_notifier.start()
    services.batch_progress.start()
    services.holder_role_giver.start()
    _ = services.jobs.spawn(_spare_once_ready(services.client), "give memory back")
    await stay_connected(services.client, services.blockade)


async def _spare_once_ready(client: Usher) -> None:
    """Give back what the first connection needed: all that Discord tells of its servers comes in it."""
    await client.wait_until_ready()
    await clock.sleep(SPARE_AFTER)
    memory.spare_what_is_loaded()


async def _forget_left(services: Services) -> None:
    """Delete the logins of servers left long ago; only Discord knows whether the bot is back there."""
    if services.client.is_ready():
        await services.login_monitor.forget_left()


async def _is_connected(client: Usher) -> bool:
    return client.is_ready() and not client.is_closed() and client.ws.open


async def _adopt_environment(settings: Settings, services: Services) -> None:
    """Use the login of the environment once it could be tested; not for a server that the bot left."""
    cookies = tradingview_accounts.pair_of(settings)
    if cookies is None or settings.discord_guild_id is None:
        return
    moved = asyncio.Event()
    services.guild_settings.on_change.append(lambda _: moved.set())
    while True:
        moved.clear()
        if await services.guild_settings.has_left(settings.discord_guild_id):
            await moved.wait()
            continue
        try:
            await services.environment.adopt(settings.discord_guild_id, cookies)
        except TradingViewSilent:
            log.warning("the login of the environment could not be tested; trying again")
            await clock.sleep(ENVIRONMENT_AGAIN)
        else:
            return


@contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on SIGTERM and Ctrl-C inside the block.

    Not by the loop's own handlers: with those, a signal that comes when the loop has closed ends the
    process as if killed.
    """
    loop = asyncio.get_running_loop()
    before = {sign: signal.getsignal(sign) for sign in (signal.SIGTERM, signal.SIGINT)}
    for sign in before:
        signal.signal(sign, lambda *_: loop.call_soon_threadsafe(stop.set))
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler or signal.SIG_DFL)
