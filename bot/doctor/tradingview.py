"""`usher check --tradingview`: is it still the TradingView that Usher knows?

Reads alone, unless a tester is named. It runs beside a bot at work, and shows no name, cookie or source.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from bot import clock, logs, settings
from bot.doctor.account import Account, Accounts, opened
from bot.doctor.findings import Finding
from bot.doctor.login import said_pause
from bot.doctor.observations import Observations
from bot.doctor.open_questions import ask_all
from bot.doctor.write_trial import WriteTrial
from bot.errors import StartupError
from bot.settings import Settings
from bot.store.records import Script
from bot.tradingview import TradingViewError, clean_username
from bot.tradingview.response_schema import Endpoint, Seen, look

_CONFIRM_AFTER = 5.0  # seconds; a difference counts when it is seen twice
_REPORT = (
    "Usher does not know this form. Look for a newer Usher, and report these lines there. Orders wait as "
    "soon as the bot has noticed it too; /sync retry lets them go on."
)


class _NoTrialError(Exception):
    """The tester's grant was not begun; the text says why."""


def _no(_: str) -> bool:
    return False


async def run(
    env_file: Path | None = Path(".env"),
    write: Callable[[str], object] = print,
    *,
    tester: str | None = None,
    slug: str | None = None,
    ask: Callable[[str], bool] = _no,
) -> int:
    """Compare, look, and report; returns 0 when everything is as known, else 1.

    With `tester`, one grant and one removal on the script of that short name, after `ask` said yes.
    """

    def say(line: object) -> None:
        write(logs.cleaned(str(line)))

    try:
        found = await asyncio.to_thread(settings.load, env_file)
        for secret in found.secrets:
            logs.keep_out(secret)
        return await _run(found, say, tester, slug, ask)
    except StartupError as error:
        say(error)
        return 1


async def _run(
    found: Settings,
    say: Callable[[object], None],
    tester: str | None,
    slug: str | None,
    ask: Callable[[str], bool],
) -> int:
    observations, wrong, as_known = Observations(), False, True
    async with opened(found) as accounts:
        for account in accounts.every:
            if asked := said_pause(account.held.limiter):
                raise StartupError(f"{asked} Check again after that; the bot waits for it too.")
            say(f"The TradingView account of server {account.held.guild_id}:")
            seen = await _seen(account)
            findings = _findings(seen)
            for finding in findings:
                say(finding)
            wrong |= any(finding.wrong for finding in findings)
            as_known &= not seen.differs
            await ask_all(account, observations)
        if tester is not None:
            try:
                trial = await _agreed(
                    accounts, observations, tester, slug, ask, say, as_known=as_known
                )
                wrong |= not await trial.run()
            except _NoTrialError as why:
                say(f"\nNothing was written: {why}")
                wrong = True
    say("\nWhat was seen of the questions that nobody has answered for certain yet:")
    for line in observations.lines():
        say(line)
    say(
        "\nThese lines hold no name, no date and no cookie: please report them, with the day, where you "
        "got Usher from."
    )
    return 1 if wrong else 0


async def _seen(account: Account) -> Seen:
    """Return what one comparison finds; where something differs, what the next one finds too."""
    first = await look(account.client, account.username, account.pine_ids)
    if not first.differs:
        return first
    await clock.sleep(_CONFIRM_AFTER)
    again = await look(account.client, account.username, account.pine_ids)
    return again.confirmed(first.differences)


def _findings(seen: Seen) -> list[Finding]:
    findings = []
    for subject in Endpoint:
        name = subject.value[:1].upper() + subject.value[1:]
        if differences := seen.differences.get(subject):
            findings.append(Finding(name, f"{'; '.join(differences)}.", _REPORT))
        elif subject in seen.differences:
            findings.append(Finding(name, "answers in the known form."))
        if subject in seen.unclear:
            findings.append(
                Finding(name, f"could not be compared: {seen.unclear[subject]}.", note=True)
            )
        findings += [
            Finding(name, f"{difference}.", note=True) for difference in seen.news.get(subject, ())
        ]
    return findings


async def _agreed(
    accounts: Accounts,
    observations: Observations,
    tester: str,
    slug: str | None,
    ask: Callable[[str], bool],
    say: Callable[[object], None],
    *,
    as_known: bool,
) -> WriteTrial:
    """Return the tester's grant, agreed upon and not begun. Raises _NoTrialError when it may not begin."""
    if not as_known:
        raise _NoTrialError("TradingView answers in another form than the known one.")
    account, script = _chosen(accounts.every, slug)
    username = await _found(account, tester)
    await _refuse_customers(accounts, account, script, username)
    # Nothing else happens in this program, so the answer may keep it waiting.
    if not ask(
        f"\n{username} gets access to “{script.title}” on TradingView for about a minute; its end is "
        "changed a few times, for moments to no end at all, and then the access is removed. "
        "Do you have that person's consent, and shall it begin?"
    ):
        raise _NoTrialError("you did not say yes.")
    return WriteTrial(account.client, observations, script.pine_id, username, say)


def _chosen(every: tuple[Account, ...], slug: str | None) -> tuple[Account, Script]:
    able = [
        (account, script)
        for account in every
        for script in account.scripts
        if script.paused_at is None
    ]
    if not able:
        raise _NoTrialError("there is no script in the database; /script add adds one.")
    known = ", ".join(script.slug for _, script in able)
    if slug is not None:
        able = [(account, script) for account, script in able if script.slug == slug.casefold()]
        if not able:
            raise _NoTrialError(f"there is no script {slug}. There are: {known}.")
    if len(able) > 1:
        raise _NoTrialError(f"there are several scripts. Add --script and one of these: {known}.")
    return able[0]


async def _found(account: Account, tester: str) -> str:
    """Return the tester's name as TradingView spells it."""
    try:
        name = clean_username(tester)
        suggested = await account.client.hints(name, urgent=True)
    except ValueError:
        raise _NoTrialError("that is no TradingView name.") from None
    except TradingViewError as error:
        raise _NoTrialError(f"TradingView could not be asked for that name ({error}).") from None
    for hint in suggested:
        if hint.username.casefold() == name.casefold():
            return hint.username
    raise _NoTrialError("TradingView knows nobody of that name.")


async def _refuse_customers(
    accounts: Accounts, account: Account, script: Script, username: str
) -> None:
    """Refuse a person who has, had or is to get access there: nothing is tried on customers."""
    if await accounts.is_ours(script, username):
        raise _NoTrialError("Usher looks after that person's access to this script.")
    try:
        row = await account.client.find_row(script.pine_id, username, urgent=True)
    except TradingViewError as error:
        raise _NoTrialError(f"the script's list could not be read ({error}).") from None
    if row is not None:
        raise _NoTrialError("that person is on the script's list already.")
