"""`usher backup` and `usher restore`."""

import asyncio
from pathlib import Path

import click

from bot.cli.usage import Command


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Copy the database to a file, also while Usher runs.

    FILE is a new file; none is overwritten.

    \b
    Example:
      usher backup before-moving.db
    """  # noqa: D301 - click reads the \b, which keeps the lines apart
    from bot import settings
    from bot.cli import backup as copies

    click.echo(copies.back_up(settings.load(), file))


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
def restore(file: Path) -> None:
    """Put a copy in place of the database, while Usher is stopped.

    FILE is the copy; it stays as it is.

    \b
    Example:
      usher restore before-moving.db
    """  # noqa: D301 - as above
    from bot import settings

    found = settings.load()
    from bot.cli import backup as copies

    click.echo(asyncio.run(copies.restore(found, file)))
