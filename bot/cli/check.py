"""`usher check`: says what is wrong, each with its repair, and prints the invite link."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
import click

from bot import logs, outgoing, settings
from bot.doctor.clock_skew import compare
from bot.doctor.database import Files, examine_files
from bot.doctor.discord_portal import ask_discord
from bot.doctor.findings import Finding
from bot.doctor.login import ask_tradingview
from bot.doctor.updates import examine_updates
from bot.doctor.web_address import examine_web
from bot.errors import StartupError
from bot.interactions.portal import NEEDED, invite_link

_TIMEOUT = aiohttp.ClientTimeout(total=10)


async def run(
    env_file: Path | None = Path(".env"),
    write: Callable[[str], object] = click.echo,
) -> int:
    """Look at everything and change nothing but a login that TradingView renews; returns 0 when nothing is wrong, else 1."""

    def say(line: object) -> None:
        write(logs.cleaned(str(line)))

    try:
        found = await asyncio.to_thread(settings.load, env_file)
    except StartupError as error:
        say(error)
        say("\nNext: mend these, then run: usher check")
        return 1
    for secret in found.secrets:
        logs.keep_out(secret)
    findings = [Finding("Settings", "are understood.")]
    findings += examine_web(found)
    findings += examine_updates(found)
    remarks = await asyncio.to_thread(settings.remarks, env_file)
    findings += [Finding("Settings", remark, note=True) for remark in remarks]
    files = await asyncio.to_thread(examine_files, found, env_file)
    async with outgoing.session(found, timeout=_TIMEOUT) as http:
        portal = await ask_discord(http, found, files.token)
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
    say(f"Next: {_next(wrong, files)}")
    return 1 if wrong else 0


def _next(wrong: int, files: Files) -> str:
    """Return the one thing to do now."""
    if wrong:
        return "do what stands behind “What to do”, then run: usher check"
    if files.is_new:
        return (
            "open the invite link, choose your server, and run: usher run\n"
            "      Then type /setup show in Discord; it leads on."
        )
    if not files.logins:
        return (
            "run usher run if it does not run yet, and give the TradingView login: /session update"
        )
    return "nothing to do. If Usher does not run yet: usher run"
