"""`usher sandbox`."""

import asyncio

import click

from bot import logs
from bot.cli.usage import Command

_MAX_PORT = 65535


def _port(_: click.Context, __: click.Parameter, text: str) -> int:
    if not text.isdecimal() or int(text) > _MAX_PORT:
        raise click.BadParameter(f"a port is a number from 0 to {_MAX_PORT}.")
    return int(text)


@click.command(cls=Command)
@click.option(
    "--port",
    default="8000",
    metavar="PORT",
    show_default=True,
    callback=_port,
    help="Where the sandbox's page is; 0 takes any free port.",
)
@click.option(
    "--empty",
    is_flag=True,
    help="Begin with an empty shop, for a vendor's first day: set up, discover, take over.",
)
@click.option(
    "--first-run",
    is_flag=True,
    help="Begin with nothing: a bot without a token, which asks for it in the browser.",
)
@click.option(
    "--dashboard-port",
    default="0",
    metavar="PORT",
    show_default=True,
    callback=_port,
    help="Where the bot's own pages are; 0 takes any free port.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    show_default=True,
    help="Where both listen. Others are for containers: the pages answer this computer alone.",
)
def sandbox(port: int, empty: bool, first_run: bool, dashboard_port: int, host: str) -> None:
    """Try everything on this computer, without accounts or network.

    The bot is the real one; TradingView and Discord are stand-ins, which a page in the browser shows.

    \b
    Examples:
      usher sandbox
      usher sandbox --port 9000
    """  # noqa: D301 - click reads the \b, which keeps the lines apart
    if empty and first_run:
        raise click.UsageError("choose --empty or --first-run: a sandbox begins with one shop.")
    logs.set_up()
    from bot import sandbox as stand_ins
    from bot.sandbox.shop import ShopKind

    kind: ShopKind = "new" if first_run else "empty" if empty else "busy"
    asyncio.run(stand_ins.run(port, kind, host=host, bot_port=dashboard_port))
