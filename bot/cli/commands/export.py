"""`usher export`."""

import asyncio
from pathlib import Path

import click

from bot import logs
from bot.cli.usage import Command


@click.command(cls=Command)
@click.argument("target", required=False, default=".", type=click.Path(path_type=Path))
@click.option(
    "--guild",
    "server",
    type=int,
    metavar="NUMBER",
    help="Of which Discord server; needed only where there are several.",
)
@click.option("--item", metavar="SLUG", help="Of this script or product alone, by its short name.")
@click.option("--force", is_flag=True, help="Take the place of files that are there already.")
@click.pass_context
def export(
    context: click.Context, target: Path, server: int | None, *, item: str | None, force: bool
) -> None:
    """Write your customers to files, also while Usher runs.

    TARGET is a folder for all three files: customers, purchases, and what should be and is on
    TradingView; this folder where nothing is written. A name that ends with .csv, or - for the
    screen, gets the customers alone. They name people: only you may read them.

    \b
    Examples:
      usher export
      usher export --item gold /home/me/exports
      usher export gold.csv --item gold
      usher export - | less
    """  # noqa: D301 - click reads the \b, which keeps the lines apart
    from bot import settings

    found = settings.load()
    logs.set_up("error", found.log_format, found.secrets)
    from bot.cli import export as files

    context.exit(asyncio.run(files.export(found, server, item, target, force=force)))
