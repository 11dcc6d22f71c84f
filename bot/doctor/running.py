"""What a running bot knows of itself, and what it asks when somebody wants to know, for the page Checks.

Nothing is opened a second time: the bot's own login, connection and pace are asked, and one server at a
time. `whole` is for those who may see what belongs to the program, not to one server.
"""

import asyncio
from collections.abc import Awaitable
from pathlib import Path

from discord.http import Route

from bot import clock, outgoing, settings as reading
from bot.access.ledger.receipts import WaitingFor
from bot.access.logins.account import LoginState
from bot.access.logins.probe import LoginCheck
from bot.access.queries.overview import Status
from bot.doctor import database
from bot.doctor.discord_portal import of_application, of_server
from bot.doctor.findings import Finding, Place
from bot.doctor.updates import examine_updates
from bot.doctor.web_address import examine_web
from bot.errors import StartupError
from bot.notifications.trouble import TROUBLE, in_short
from bot.services import Services
from bot.settings import Settings
from bot.store.catalogue import guilds, products, scripts
from bot.store.kinds import RoleTrouble

ASK_TIMEOUT = (
    8.0  # seconds for everything together; what takes longer goes on, and is not waited for
)
_LOGIN = "TradingView login"
_BY_ITSELF = "Nothing is lost meanwhile; it goes on by itself."


async def look(
    services: Services, settings: Settings, guild_id: int, *, whole: bool
) -> list[Finding]:
    """Return what is known without asking anybody: it costs a few reads."""
    findings = _connection(services, guild_id)
    findings += await _login(services, guild_id)
    findings += await _orders(services, guild_id)
    findings += await _server(services, guild_id)
    findings.append(_clock())
    if whole:
        findings += examine_web(settings)
        findings += examine_updates(settings)
        findings += await _place(services, settings.database_path)
    return findings


async def ask(
    services: Services, settings: Settings, guild_id: int, *, whole: bool
) -> list[Finding]:
    """Return what Discord, TradingView and the whole of the files say; it takes a few seconds at most."""
    asked: dict[str, Awaitable[list[Finding]]] = {
        "Bot token": _application(services, settings),
        _LOGIN: _tested(services, guild_id),
    }
    if whole:
        asked["Database"] = asyncio.to_thread(_files, settings)
    tasks = {
        subject: services.jobs.spawn(_kept(work), f"check: {subject}")
        for subject, work in asked.items()
    }
    everything = asyncio.ensure_future(asyncio.wait(tasks.values()))
    try:
        await clock.within(ASK_TIMEOUT, everything)
    finally:
        everything.cancel()  # the waiting, and none of the tasks
    findings = []
    for subject, task in tasks.items():
        if not task.done():
            text = "it takes longer than usual to find out. Check again in a minute."
            findings.append(Finding(subject, text, note=True))
        elif task.cancelled() or task.exception() is not None:
            text = "it could not be found out, for a reason that the bot's log tells."
            findings.append(Finding(subject, text, "Check again; report it if it stays so."))
        else:
            findings += task.result()
    return findings


async def _kept(work: Awaitable[list[Finding]]) -> list[Finding]:
    return await work


# What is known already


def _connection(services: Services, guild_id: int) -> list[Finding]:
    client = services.client
    if left := services.blockade.left():
        return [Finding("Discord", outgoing.blocked(left), outgoing.BLOCKED_REMEDY)]
    if not client.is_ready() or client.is_closed():
        text = "the bot is not connected just now; it connects again by itself."
        return [Finding("Discord", text, note=True)]
    findings = [Finding("Discord", "the bot is connected.")]
    if (guild := client.get_guild(guild_id)) is not None:
        findings.append(of_server(guild.name, guild.me.guild_permissions.value))
    return findings


async def _login(services: Services, guild_id: int) -> list[Finding]:
    status = await services.sessions.status(guild_id)
    if status.state is LoginState.NONE:
        remedy = "Add it: two cookies, or a sign-in with name and password."
        return [Finding(_LOGIN, "there is none yet.", remedy, place=Place.LOGIN)]
    if status.state is LoginState.DEAD:
        text = "TradingView does not accept it any more. Orders wait; nobody lost access."
        remedy = "Renew it: two cookies, or a sign-in with name and password."
        return [Finding(_LOGIN, text, remedy, place=Place.LOGIN)]
    whose = f" ({status.username})" if status.username else ""
    findings = [Finding(_LOGIN, f"works{whose}.", place=Place.LOGIN)]
    if not status.has_sign:
        text = "its second cookie is missing; TradingView may ask for it at any time."
        findings.append(Finding(_LOGIN, text, note=True, place=Place.LOGIN))
    return findings


async def _orders(services: Services, guild_id: int) -> list[Finding]:
    """Return what holds orders up, or keeps full checks from being done."""
    status = await services.overview.status(guild_id)
    async with services.database.read() as connection:
        listed = await scripts.listed(connection, guild_id)
    slug = listed[0].slug if listed else None
    findings = _held_up(status, slug)
    findings += [
        Finding(
            "Scripts",
            f"TradingView refuses {script.title}, so its orders wait.",
            "Look on TradingView whether the script is still yours and invite-only; then try again.",
            retry=script.slug,
        )
        for script in status.paused
    ]
    if stuck := len(status.stuck) + status.more_stuck:
        text = f"{stuck} {'is' if stuck == 1 else 'are'} stuck."
        remedy = "Look at each: the page says why, and what helps."
        findings.append(Finding("Orders", text, remedy, place=Place.STUCK))
    if status.unchecked:
        titles = ", ".join(check.script.title for check in status.unchecked[:5])
        text = f"the last full check failed for {len(status.unchecked)}: {titles}."
        remedy = "Check them again; the page says why it failed."
        findings.append(Finding("Full checks", text, remedy, place=Place.DIFFERENCES))
    return findings or [Finding("Orders", "nothing holds them up.")]


def _held_up(status: Status, slug: str | None) -> list[Finding]:
    if status.holdup is WaitingFor.CHANGED:
        text = (
            "it answers in another form than Usher knows, so nothing is changed there. Orders wait; "
            "nobody lost access."
        )
        remedy = "Look for a newer Usher first; trying again goes on all the same."
        return [Finding("TradingView", text, remedy, retry=slug)]
    if status.holdup is WaitingFor.TRADINGVIEW:
        text = f"it does not answer properly just now, so orders wait. {_BY_ITSELF}"
        return [Finding("TradingView", text, note=True)]
    if status.holdup is WaitingFor.FULL_CHECK:
        text = (
            "the database was restored, and not every script's list is read yet. Orders wait. "
            f"{_BY_ITSELF}"
        )
        return [Finding("Full checks", text, note=True)]
    if status.quiet_until is not None:
        text = (
            f"it asked to be left alone until {status.quiet_until:%Y-%m-%d %H:%M} UTC. {_BY_ITSELF}"
        )
        return [Finding("TradingView", text, note=True)]
    return []


async def _server(services: Services, guild_id: int) -> list[Finding]:
    """Return what is wrong with the log channel, and with the roles of products."""
    async with services.database.read() as connection:
        guild = await guilds.by_id(connection, guild_id)
        listed = await products.listed(connection, guild_id)
    findings = []
    if guild is None or guild.log_channel_id is None:
        text = "there is none, so nobody in Discord is told when something goes wrong."
        findings.append(Finding("Log channel", text, note=True, place=Place.SETTINGS))
    elif guild.log_closed_at is not None:
        text = "it takes no messages from the bot."
        remedy = "Give the bot the rights to write there, or choose another channel."
        findings.append(Finding("Log channel", text, remedy, place=Place.SETTINGS))
    return findings + [
        database.role(product.title, RoleTrouble(product.role_trouble))
        for product in listed
        if product.role_trouble is not None
    ]


def _clock() -> Finding:
    trust = clock.trust()
    if trust is clock.Trust.UNKNOWN:
        return Finding("Clock", "nobody answered yet to compare it with.", note=True)
    if trust is clock.Trust.RIGHT:
        return Finding("Clock", "agrees with that of others.")
    return Finding(
        "Clock",
        f"the clock of the bot's computer is {clock.off_by(clock.skew())}.",
        "Switch on automatic time (on Linux: timedatectl set-ntp true). Ends that count from now wait "
        "until it is right.",
    )


async def _place(services: Services, path: Path) -> list[Finding]:
    if not await services.database.is_answering():
        text = "nothing can be written to it just now."
        remedy = "Make room on the disk, and look whether something else keeps the file open."
        return [Finding("Database", text, remedy)]

    def stands() -> list[Finding]:
        return [database.space(path), database.backups(path)]

    return await asyncio.to_thread(stands)


# What has to be asked


async def _application(services: Services, settings: Settings) -> list[Finding]:
    """Ask Discord what it knows of the bot, with the connection and the token that the bot has."""
    client = services.client
    if services.blockade.left() or client.user is None:
        return []  # nothing may be asked, or with nothing to ask with; `look` tells
    try:
        told = await client.http.request(Route("GET", "/applications/@me"))
    except TROUBLE as error:
        services.blockade.note(error)
        text = f"could not be asked ({in_short(error)})."
        return [Finding("Discord", text, "Wait a few minutes, then check again.")]
    return [
        Finding("Bot token", f"Discord knows the bot as {client.user.name}."),
        *of_application(told, settings),
    ]


async def _tested(services: Services, guild_id: int) -> list[Finding]:
    """Test the login as `/session status` does; what it is found to be, `look` tells."""
    status = await services.sessions.status(guild_id)
    if status.state is LoginState.NONE:
        return []
    check = await services.sessions.test(guild_id)
    if check is LoginCheck.ALIVE:
        return [Finding("TradingView", "answers.")]
    if check in (LoginCheck.DEAD, LoginCheck.REPLACED):
        return []
    text = "it gave no clear answer about the login."
    return [Finding("TradingView", text, "Wait a few minutes, then check again. Nothing is lost.")]


def _files(settings: Settings) -> list[Finding]:
    """Read the settings anew, as the next start will, and the whole database (blocking)."""
    env_file = Path(".env")
    try:
        reading.load(env_file)
        findings = [Finding("Settings", "are understood.")]
    except StartupError:
        text = "they were changed since the start, and the next start will not understand them."
        remedy = "Run `usher check` on the bot's computer: it names each one that is wrong."
        findings = [Finding("Settings", text, remedy)]
    return findings + database.examine_whole(settings, env_file)
