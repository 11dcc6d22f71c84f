"""Asks TradingView whether the logins work: reads alone, though it may renew a login at any."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aiohttp

from bot import clock, logs, tradingview_accounts
from bot.access.logins.account import TEST_TIMEOUT
from bot.access.logins.probe import LoginCheck, examine
from bot.access.logins.renewal import CandidateLogin, Keep
from bot.doctor.findings import Finding
from bot.doctor.unreachable import remedy_for, why_not
from bot.settings import Settings
from bot.tradingview import Cookies, Limiter

ENVIRONMENT = "from the environment"

_COPY = (
    "In a private window sign in at tradingview.com, copy the cookies sessionid and "
    "sessionid_sign, close the window without signing out, and give both to "
)


@dataclass(frozen=True, slots=True)
class Held:
    """A login to be tested: where it lies, and the scripts it should own."""

    where: str
    guild_id: int | None  # whose account's limiter it keeps to
    cookies: Cookies
    pine_ids: tuple[str, ...] = ()
    # Told of the pair that took this one's place meanwhile: without it the bot's own login would end.
    keep: Keep | None = None
    # Reads the pair that a running bot was answered with meanwhile; None where it is still this one.
    follow: Callable[[], Awaitable[Cookies | None]] | None = None


@dataclass
class Upstream:
    """What TradingView told."""

    findings: list[Finding] = field(default_factory=list)
    date: datetime | None = None  # the moment by TradingView's clock


async def ask_tradingview(
    http: aiohttp.ClientSession, settings: Settings, logins: Sequence[Held]
) -> Upstream:
    """Return findings about TradingView and each login."""
    upstream = Upstream()
    await _reach(http, settings, upstream)
    for held in logins:
        upstream.findings.append(await _tested(http, settings, held))
    if not logins:
        upstream.findings.append(
            Finding(
                "TradingView login",
                "there is none yet. Once the bot runs: /session update in Discord.",
                note=True,
            )
        )
    return upstream


async def _reach(http: aiohttp.ClientSession, settings: Settings, upstream: Upstream) -> None:
    url = f"{settings.tradingview_url}/username_hint/?s=tradingview"
    remedy = "Look at this computer's internet connection and TRADINGVIEW_URL; then check again."
    try:
        async with http.get(url, allow_redirects=False) as response:
            upstream.date = clock.shown_in(response.headers)
            if response.ok:
                upstream.findings.append(Finding("TradingView", "answers."))
                return
            trouble = f"answered with an error ({response.status})."
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        trouble, remedy = why_not(error), remedy_for(error, remedy)
    upstream.findings.append(Finding("TradingView", trouble, remedy))


def said_pause(limiter: Limiter) -> str | None:
    """Return, as the end of a sentence, that TradingView asked for a long pause; None without one."""
    pause = limiter.held_for()
    if pause <= TEST_TIMEOUT:
        return None
    until = clock.now() + timedelta(seconds=pause)
    return f"TradingView asked to be left alone until {until:%Y-%m-%d %H:%M} UTC."


async def _tested(http: aiohttp.ClientSession, settings: Settings, held: Held) -> Finding:
    candidate = CandidateLogin(held.cookies, held.keep)

    async def renewed(used: Cookies, fresh: Cookies) -> None:
        logs.keep_out(fresh.sessionid)
        logs.keep_out(fresh.sessionid_sign)
        await candidate.renew(used, fresh)

    async def taken() -> None:
        if held.follow is not None and (present := await held.follow()) is not None:
            candidate.cookies = present

    subject = f"TradingView login ({held.where})"
    async with tradingview_accounts.limiter_of(settings, held.guild_id) as limiter:
        client = tradingview_accounts.connector(settings, http)(limiter, lambda: candidate.cookies)
        client.rotated, limiter.taken = renewed, taken
        if asked := said_pause(limiter):
            return Finding(subject, f"was not tested: {asked}", note=True)
        try:
            facts = await examine(client, held.pine_ids)
        finally:
            await client.settled()  # also when somebody presses Ctrl-C just then
    environment = held.where == ENVIRONMENT
    receiver = "TV_SESSIONID and TV_SESSIONID_SIGN." if environment else "/session update."
    match facts.check:
        case LoginCheck.ALIVE if facts.missing:
            return Finding(
                subject,
                f"works, but {len(facts.missing)} of {len(held.pine_ids)} scripts are not its own.",
                f"Use the account that published them. {_COPY}{receiver}",
            )
        case LoginCheck.ALIVE:
            return Finding(subject, f"works{f' ({facts.username})' if facts.username else ''}.")
        case LoginCheck.DEAD:
            return Finding(subject, "TradingView does not accept it.", f"{_COPY}{receiver}")
        case _:
            return Finding(
                subject,
                "TradingView gave no clear answer.",
                "Wait a few minutes, then check again. Nothing is lost meanwhile.",
            )
