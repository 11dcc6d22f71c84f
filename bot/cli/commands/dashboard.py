"""`usher dashboard`."""

import asyncio

import click

from bot import logs
from bot.cli.usage import Command


@click.command(cls=Command)
@click.option(
    "--guild",
    "server",
    type=int,
    metavar="NUMBER",
    help="Of which Discord server; needed only where there are several.",
)
def dashboard(server: int | None) -> None:
    """Print a one-time link to the web pages, for whoever sits at this computer.

    The bot must be running. The link works once, for ten minutes.

    \b
    Examples:
      usher dashboard
      usher dashboard --guild 81384788765712384
    """  # noqa: D301 - click reads the \b, which keeps the lines apart
    from bot import settings

    found = settings.load()
    logs.set_up("error", found.log_format, found.secrets)
    from bot.cli import dashboard as pages

    click.echo(asyncio.run(pages.link(found, server)))
