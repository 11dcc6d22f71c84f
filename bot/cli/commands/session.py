"""`usher session set|sign-in|rekey|drop`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from bot import logs
from bot.cli.usage import SERVER_NUMBER, Group

if TYPE_CHECKING:
    from bot.settings import Settings


def _number(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal():
        raise click.BadParameter(f"the number of the server; {SERVER_NUMBER}")
    return int(text)


_server: Callable[[Callable[..., None]], Callable[..., None]] = click.argument(
    "server", required=False, callback=_number
)


@click.group(cls=Group)
def session() -> None:
    """The TradingView login, from this terminal.

    \b
    Examples:
      usher session set
      usher session drop
    """  # noqa: D301 - click reads the \b, which keeps the lines apart


@session.command("set")
@_server
@click.pass_context
def set_(context: click.Context, server: int | None) -> None:
    """Give the two cookies; nothing typed is shown.

    SERVER is the number of the Discord server; needed only where Usher does not know exactly one.

    \b
    Examples:
      usher session set
      usher session set 81384788765712384
    """  # noqa: D301 - click reads the \b, which keeps the lines apart
    found = _settings()
    from bot.cli import session as terminal

    context.exit(terminal.set_login(found, server))


@session.command("sign-in")
@_server
@click.pass_context
def sign_in(context: click.Context, server: int | None) -> None:
    """Sign in with name, password and code; only the cookies are kept.

    SERVER is the number of the Discord server; needed only where Usher does not know exactly one.

    \b
    Examples:
      usher session sign-in
      usher session sign-in 81384788765712384
    """  # noqa: D301 - as above
    found = _settings()
    from bot.cli import session as terminal

    context.exit(terminal.sign_in(found, server))


@session.command()
def rekey() -> None:
    """Encrypt everything anew with the first key of SECRET_KEY.

    Stop the bot before it, and start it afterwards.

    \b
    Example, once a new key stands in front of the old one in SECRET_KEY:
      usher session rekey
    """  # noqa: D301 - as above
    found = _settings()
    from bot.cli import session as terminal

    terminal.rekey(found)


@session.command()
@click.pass_context
def drop(context: click.Context) -> None:
    """Give up the logins whose key is lost; keep everything else.

    Stop the bot before it. It says what is lost, asks for a yes, and makes a copy first.

    \b
    Example, where the key file is gone and in no backup:
      usher session drop
    """  # noqa: D301 - as above
    found = _settings()
    from bot.cli import lost_key

    context.exit(lost_key.drop(found))


def _settings() -> "Settings":
    from bot import settings

    found = settings.load()
    logs.set_up("error", found.log_format, found.secrets)
    return found
