"""Asks TradingView whether the logins work: reads alone, though it may renew a login at any."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from bot import logs
from bot.access.probe import Verdict, examine
from bot.access.renewal import Trial
from bot.check.findings import Finding
from bot.check.moments import date_of
from bot.settings import Settings
from bot.tradingview import Cookies, Pace, TradingView

ENVIRONMENT = "from the environment"

_COPY = (
    "In a private window sign in at tradingview.com, copy the cookies sessionid and "
    "sessionid_sign, close the window without signing out, and give both to "
)


@dataclass(frozen=True, slots=True)
class Held:
    """A login to be tested: where it lies, and the scripts it should own."""

    where: str
    cookies: Cookies
    pine_ids: tuple[str, ...] = ()
    # Told of the pair that took this one's place meanwhile: without it the bot's own login would end.
    keep: Callable[[Cookies], Awaitable[None]] | None = None


@dataclass
class Upstream:
    """What TradingView told."""

    findings: list[Finding] = field(default_factory=list)
    date: datetime | None = None  # the moment by TradingView's clock


async def ask_tradingview(
    http: aiohttp.ClientSession, settings: Settings, logins: Sequence[Held]
) -> Upstream:
    """Findings about TradingView and each login."""
    upstream = Upstream()
    await _reach(http, settings, upstream)
    pace = Pace(settings.tv_pace, settings.tv_concurrency)
    for held in logins:
        upstream.findings.append(await _tested(http, settings, pace, held))
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
    try:
        async with http.get(url, allow_redirects=False) as response:
            upstream.date = date_of(response)
            if response.ok:
                upstream.findings.append(Finding("TradingView", "answers."))
                return
            trouble = f"answered with an error ({response.status})."
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        trouble = f"cannot be asked ({type(error).__name__})."
    upstream.findings.append(
        Finding(
            "TradingView",
            trouble,
            "Look at this computer's internet connection and TRADINGVIEW_URL; then check again.",
        )
    )


async def _tested(
    http: aiohttp.ClientSession, settings: Settings, pace: Pace, held: Held
) -> Finding:
    trial = Trial(held.cookies)

    async def renewed(used: Cookies, fresh: Cookies) -> None:
        logs.keep_out(fresh.sessionid)
        logs.keep_out(fresh.sessionid_sign)
        trial.renew(used, fresh)

    door = TradingView(
        http,
        base=settings.tradingview_url,
        pine_facade=settings.pine_facade_url,
        pace=pace,
        cookies=lambda: trial.cookies,
        rotated=renewed,
    )
    try:
        facts = await examine(door, held.pine_ids)
    finally:
        if trial.is_renewed and held.keep is not None:
            await held.keep(trial.cookies)
    subject = f"TradingView login ({held.where})"
    environment = held.where == ENVIRONMENT
    receiver = "TV_SESSIONID and TV_SESSIONID_SIGN." if environment else "/session update."
    match facts.verdict:
        case Verdict.ALIVE if facts.missing:
            return Finding(
                subject,
                f"works, but {len(facts.missing)} of {len(held.pine_ids)} scripts are not its own.",
                f"Use the account that published them. {_COPY}{receiver}",
            )
        case Verdict.ALIVE:
            return Finding(subject, f"works{f' ({facts.username})' if facts.username else ''}.")
        case Verdict.DEAD:
            return Finding(subject, "TradingView does not accept it.", f"{_COPY}{receiver}")
        case _:
            return Finding(
                subject,
                "TradingView gave no clear answer.",
                "Wait a few minutes, then check again. Nothing is lost meanwhile.",
            )
