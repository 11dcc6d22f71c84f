"""`usher session set|sign-in|rekey`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from bot import logs
from bot.cli.usage import Group

if TYPE_CHECKING:
    from bot.settings import Settings


def _number(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal():
        raise click.BadParameter(
            "the number of the server; in Discord, switch on Developer Mode, right-click the server, "
            "Copy Server ID."
        )
    return int(text)


_server: Callable[[Callable[..., None]], Callable[..., None]] = click.argument(
    "server", required=False, callback=_number
)


@click.group(cls=Group)
def session() -> None:
    """The TradingView login, from this terminal."""


@session.command("set")
@_server
@click.pass_context
def set_(context: click.Context, server: int | None) -> None:
    """Give the two cookies; nothing typed is shown.

    SERVER is the number of the Discord server; needed only where there are several.
    """
    found = _settings()
    from bot.cli import session as terminal

    context.exit(terminal.set_login(found, server))


@session.command("sign-in")
@_server
@click.pass_context
def sign_in(context: click.Context, server: int | None) -> None:
    """Sign in with name, password and code; only the cookies are kept.

    SERVER is the number of the Discord server; needed only where there are several.
    """
    found = _settings()
    from bot.cli import session as terminal

    context.exit(terminal.sign_in(found, server))


@session.command()
def rekey() -> None:
    """Encrypt everything anew with the first key of SECRET_KEY.

    Stop the bot before it, and start it afterwards.
    """
    found = _settings()
    from bot.cli import session as terminal

    terminal.rekey(found)


def _settings() -> "Settings":
    from bot import settings

    found = settings.load(need_token=False)
    logs.set_up("error", found.log_format, found.secrets)
    return found
