"""`usher session set|sign-in|rekey`: the TradingView login from the terminal, without echo.

They work beside a running bot, which takes a new login over within five seconds; only changing the key
asks for it to be stopped first.
"""

import asyncio
from collections.abc import Callable

import click

from bot import outgoing, tradingview_accounts
from bot.access.logins.account import Updated, soon
from bot.access.logins.cookies import read_cookies
from bot.access.logins.errors import CodeUnreadable, CookiesOfOther
from bot.access.logins.renewal import CandidateLogin
from bot.cli.prompts import agreed, hidden, line, need_hidden_typing
from bot.cli.servers import server
from bot.errors import StartupError, UserError
from bot.replies import explain, login as login_replies
from bot.replies.plain import plain
from bot.settings import Settings
from bot.store.engine.database import open_database
from bot.store.engine.lock import InUseError, alone_with
from bot.store.vault import rekey as renew_keys
from bot.tradingview import Cookies
from bot.tradingview.errors import TradingViewError
from bot.tradingview.signin import Halfway, SecondFactorNeeded, SignIn, clean_code

DONE, NOT_DONE = 0, 1
_NOTE = "from the terminal"


def set_login(settings: Settings, guild_id: int | None) -> int:
    """Ask for the two cookies, test them, and keep them. Returns the exit code.

    Raises StartupError when it cannot be told for which server, or the database cannot be opened.
    """
    guild_id = asyncio.run(server(settings, guild_id, "this login"))
    need_hidden_typing()
    click.echo(
        "In a private browser window, log in at tradingview.com and copy two cookies (F12, "
        "Application or Storage, Cookies). Close the window without logging out.\n"
        "What you type or paste here is not shown."
    )
    first = hidden("sessionid")
    second = hidden("sessionid_sign")
    return keep_login(settings, guild_id, lambda: read_cookies(first, second))


def keep_login(settings: Settings, guild_id: int, found: Callable[[], Cookies]) -> int:
    """Test a login, and keep it. Returns the exit code."""
    return _explained(lambda: _keep(settings, guild_id, found()))


def sign_in(settings: Settings, guild_id: int | None) -> int:
    """Sign in with name, password and second factor, one attempt; only the cookies are kept.

    Returns and raises as `set_login`.
    """
    guild_id = asyncio.run(server(settings, guild_id, "this login"))
    need_hidden_typing()
    click.echo("One attempt is made. What you type is not shown, and the password is not kept.")
    name = line("TradingView name or e-mail")
    password = hidden("Password")
    if not name or not password:
        click.echo("Nothing was typed, so nothing was done.")
        return NOT_DONE

    def run() -> int:
        try:
            cookies = asyncio.run(_password(settings, guild_id, name, password))
        except SecondFactorNeeded as needed:
            if needed.halfway is None:
                raise
            code = hidden("Code from your authenticator app")
            try:
                code = clean_code(code)
            except ValueError:
                raise CodeUnreadable from None
            cookies = asyncio.run(_second_factor(settings, guild_id, needed.halfway, code))
        return _keep(settings, guild_id, cookies)

    return _explained(run)


def rekey(settings: Settings) -> None:
    """Encrypt everything anew with the first key.

    Raises StartupError while a bot runs, and when anything cannot be read with the keys at hand.
    """
    number = asyncio.run(_rekey(settings))
    if not number:
        click.echo("There is nothing to encrypt anew. Nothing was changed.")
        return
    click.echo(
        f"{number} encrypted {'value opens' if number == 1 else 'values open'} with the first key "
        "now. Take the other keys out of SECRET_KEY and start Usher again. Keep the earlier keys for "
        "as long as you keep backups from before: those still need them."
    )


def _explained(run: Callable[[], int]) -> int:
    try:
        return run()
    except (UserError, TradingViewError) as error:
        click.echo(plain(explain(error).sentence))
        return NOT_DONE


def _keep(settings: Settings, guild_id: int, cookies: Cookies) -> int:
    click.echo("Testing the login with TradingView…")
    candidate = CandidateLogin(cookies)  # TradingView may renew the pair before the yes
    try:
        updated = asyncio.run(_use(settings, guild_id, candidate, anyway=False))
    except CookiesOfOther as question:
        if not agreed(plain(explain(question).sentence)):
            click.echo("Left as it was.")
            return NOT_DONE
        updated = asyncio.run(_use(settings, guild_id, candidate, anyway=True))
    click.echo(plain(login_replies.updated(updated).text))
    click.echo("A running bot uses it within five seconds.")
    return DONE


async def _use(
    settings: Settings, guild_id: int, candidate: CandidateLogin, *, anyway: bool
) -> Updated:
    async with (
        tradingview_accounts.database_beside(settings) as database,
        outgoing.session(settings) as http,
    ):
        vault = await tradingview_accounts.vault_of(settings, database)
        sessions = tradingview_accounts.sessions(settings, database, vault, http)
        try:
            await sessions.open()
            return await sessions.take_over(guild_id, candidate, by=None, anyway=anyway, note=_NOTE)
        finally:
            await sessions.close()


async def _password(settings: Settings, guild_id: int, name: str, password: str) -> Cookies:
    async with (
        tradingview_accounts.limiter_of(settings, guild_id) as limiter,
        outgoing.session(settings) as http,
        soon(limiter),
    ):
        return await SignIn(http, base=settings.tradingview_url).password(name, password)


async def _second_factor(settings: Settings, guild_id: int, halfway: Halfway, code: str) -> Cookies:
    async with (
        tradingview_accounts.limiter_of(settings, guild_id) as limiter,
        outgoing.session(settings) as http,
        soon(limiter),
    ):
        return await SignIn(http, base=settings.tradingview_url).second_factor(halfway, code)


async def _rekey(settings: Settings) -> int:
    try:
        async with alone_with(settings.database_url), open_database(settings.database_url) as there:
            return await renew_keys(there, await tradingview_accounts.vault_of(settings, there))
    except InUseError as error:
        raise StartupError(
            "Usher is running with this database. Stop it, run this command again, then start it: a "
            "running bot would go on with the earlier key. Nothing was changed."
        ) from error
