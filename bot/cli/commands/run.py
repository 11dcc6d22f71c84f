"""`usher run`."""

import asyncio

import click

from bot import logs, memory
from bot.cli.usage import Command


@click.command(cls=Command)
def run() -> None:
    """Start the bot and its web endpoint.

    It reads its settings from the environment and from .env in this folder; neither is needed. Where there
    is no bot token yet, it prints a link to a page that asks for it and leads on. Ctrl-C stops it.

    \b
    Example:
      usher run
    """  # noqa: D301 - click reads the \b, which keeps the lines apart
    memory.hold_little()
    from bot import settings

    found = settings.load()
    logs.set_up(found.log_level, found.log_format, found.secrets)
    memory.load_program()
    from bot import app  # mistakes in the settings come first

    asyncio.run(app.run(found))
