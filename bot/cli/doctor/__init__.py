"""`usher check`: says what is wrong, each with its repair, and prints the invite link."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
import click

from bot import logs, outgoing, settings
from bot.cli.doctor.clock_skew import compare
from bot.cli.doctor.database import examine_files
from bot.cli.doctor.discord_portal import NEEDED, ask_discord, invite_link
from bot.cli.doctor.findings import Finding
from bot.cli.doctor.login import ask_tradingview
from bot.cli.doctor.web_address import examine_web
from bot.errors import StartupError

__all__ = ["run"]

_TIMEOUT = aiohttp.ClientTimeout(total=10)


async def run(
    env_file: Path | None = Path(".env"),
    write: Callable[[str], object] = click.echo,
) -> int:
    """Look at everything and change nothing but a login that TradingView renews; returns 0 when nothing is wrong, else 1."""

    def say(line: object) -> None:
        write(logs.cleaned(str(line)))

    try:
        found = await asyncio.to_thread(settings.load, env_file, need_token=False)
    except StartupError as error:
        say(error)
        say("Mend these first; then check again.")
        return 1
    for secret in found.secrets:
        logs.keep_out(secret)
    findings = [Finding("Settings", "are understood.")]
    findings += examine_web(found)
    files = await asyncio.to_thread(examine_files, found)
    async with outgoing.session(found, timeout=_TIMEOUT) as http:
        portal = await ask_discord(http, found)
        upstream = await ask_tradingview(http, found, files.logins)
    findings += portal.findings
    findings += upstream.findings
    findings.append(compare({"Discord": portal.date, "TradingView": upstream.date}))
    findings += files.findings
    for finding in findings:
        say(finding)
    if portal.application_id is not None:
        say(
            f"\nInvite link (the bot's rights: {', '.join(NEEDED)}):\n{invite_link(portal.application_id)}"
        )
    wrong = sum(finding.wrong for finding in findings)
    say("\nNothing is wrong." if not wrong else f"\n{wrong} to mend.")
    return 1 if wrong else 0
