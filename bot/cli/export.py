"""`usher export`: the customers of a server as files, beside a running bot; reads only."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from bot import tradingview_accounts
from bot.access.catalogue.errors import ItemUnknown
from bot.access.queries.exports import Exports, Page
from bot.cli import private_file
from bot.cli.servers import server
from bot.errors import StartupError
from bot.replies.exports import CUSTOMERS, Files
from bot.replies.message import Attached
from bot.replies.plain import plain
from bot.replies.text import count, did_you_mean
from bot.settings import Settings
from bot.store.maintenance.inspect import examine
from bot.store.maintenance.revision import Schema

DONE, NOT_DONE = 0, 1
_SCREEN = Path("-")
_ENDING = ".csv"


async def export(
    settings: Settings, guild_id: int | None, item: str | None, target: Path, *, force: bool
) -> int:
    """Write the files, and say which. Returns the exit code.

    Raises StartupError when it cannot be told which server is meant, there is no database, or the files
    cannot be written there.
    """
    examined = await asyncio.to_thread(examine, settings.database_path)
    if examined.schema is Schema.ABSENT:
        raise StartupError(
            f"There is no database at {settings.database_path}, so there is nothing to export."
        )
    await asyncio.to_thread(_check, target)
    guild_id = await server(settings, guild_id, "this export")
    is_folder = await asyncio.to_thread(target.is_dir)
    files = Files() if is_folder else Files(CUSTOMERS)
    try:
        shown = sys.stderr.isatty()
        with click.progressbar(length=1, label="Reading", file=sys.stderr, hidden=not shown) as bar:

            def take(page: Page) -> None:
                files.add(page)
                bar.length = page.total
                bar.update(page.done - bar.pos)

            async with tradingview_accounts.database_beside(settings) as database:
                found = await Exports(database).gather(guild_id, item, take)
    except ItemUnknown as error:
        near = plain(did_you_mean(error.near))
        click.echo(f"There is no script or product called {item}.{near}", err=True)
        return NOT_DONE
    written = await asyncio.to_thread(files.written, found)
    people = count(found.people, "person", "people")
    if target == _SCREEN:
        await asyncio.to_thread(_show, written)
        return DONE
    paths = [target / file.name if is_folder else target for file in written]
    contents = [file.content for file in written]
    await asyncio.to_thread(private_file.write_new, paths, contents, force=force)
    click.echo(
        f"{people} now. Written, for you alone to read:\n"
        + "\n".join(f"  {path}" for path in paths)
    )
    return DONE


def _check(target: Path) -> None:
    """Refuse a place where no file can be, before anything is read (blocking)."""
    if target == _SCREEN or target.is_dir():
        return
    if target.suffix.lower() != _ENDING:
        raise StartupError(
            f"There is no folder {target}. {private_file.NOTHING} Look for a typo, or make it first: mkdir -p "
            f"{target} (or write the name of a new file that ends with {_ENDING})."
        )
    private_file.refuse([target], force=True)


def _show(files: Sequence[Attached]) -> None:
    """Write to the screen, or to whatever reads from it (blocking)."""
    try:
        for file in files:
            sys.stdout.buffer.write(file.content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # who reads has enough; the end of the program would complain again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
