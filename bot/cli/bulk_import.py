"""`usher import --as`: a file of orders from the terminal, as `/bulk` takes it; beside a running bot too."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from bot import clock
from bot.access.ledger.errors import OverTheLine
from bot.access.orders.bulk.errors import NothingToDo
from bot.access.orders.bulk.records import LARGEST, Defaults
from bot.access.orders.bulk.row_results import RowResult
from bot.access.orders.bulk.views import BatchView
from bot.access.request import Consent, RequestContext
from bot.access.rules.duration import parse_length, parse_until
from bot.cli import batch_follow, bulk_words as words, office as offices, private_file
from bot.cli.discord_members import look_up
from bot.cli.office import Office
from bot.cli.progress import Bar
from bot.cli.prompts import agreed
from bot.cli.servers import server
from bot.errors import StartupError, UserError
from bot.replies import explain
from bot.replies.bulk_files import mistakes as mistakes_file
from bot.replies.plain import plain
from bot.settings import Settings
from bot.store.kinds import BatchKind, BatchState
from bot.store.records import OPERATOR, Batch

DONE, NOT_DONE = 0, 1
_LOOKED_UP = 60.0  # seconds at most for names that nobody here knows, before the dry run is shown
_LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed."""

    kind: BatchKind
    file: Path
    item: str | None = None
    duration: str | None = None
    until: str | None = None
    note: str | None = None
    yes: bool = False
    mistakes: Path | None = None
    results: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class _Dry:
    """A dry run, and the rows in it that are to be mended."""

    request: RequestContext
    view: BatchView
    mistakes: Sequence[RowResult]

    @property
    def number(self) -> int:
        return self.view.batch.id


def run(settings: Settings, guild_id: int | None, wish: Wish) -> int:
    """Say what a file comes to, ask, and carry it out. Returns the exit code.

    Raises StartupError when it cannot be told for which server, or a file or the database cannot be used.
    """
    private_file.refuse([path for path in (wish.mistakes, wish.results) if path], force=wish.force)
    guild_id = asyncio.run(server(settings, guild_id, "this file"))
    request = RequestContext(
        guild_id, OPERATOR, f"import {clock.now():%Y%m%d%H%M%S%f}", clock.now()
    )
    try:
        found = asyncio.run(_dry_run(settings, request, wish))
    except NothingToDo as error:
        click.echo(f"{plain(explain(error).sentence)}\n{words.LEFT}")
        return DONE
    except UserError as error:
        click.echo(f"{plain(explain(error).sentence)} {words.LEFT}")
        return NOT_DONE
    written = None
    if wish.mistakes is not None and found.mistakes:
        private_file.write_new([wish.mistakes], [mistakes_file(found.mistakes)], force=wish.force)
        written = wish.mistakes
    click.echo(words.dry_run(found.view, found.mistakes, written))
    if wish.mistakes is not None and written is None:
        click.echo(words.no_mistakes(wish.mistakes))
    if not found.view.forecast.people:
        _drop(settings, found)
        click.echo(words.nothing_to_start(has_mistakes=bool(found.mistakes)))
        return NOT_DONE
    if not wish.yes and not _is_asked():
        _drop(settings, found)
        click.echo(words.dry())
        return DONE
    if not wish.yes and not agreed(words.question(found.view)):
        _drop(settings, found)
        click.echo(words.LEFT)
        return DONE
    return _start(settings, found, wish)


def _start(settings: Settings, found: _Dry, wish: Wish) -> int:
    """Start it, and show how far it is until its end."""
    try:
        batch = _started(settings, found, wish)
    except UserError as error:
        _drop(settings, found)
        click.echo(f"{plain(explain(error).sentence)} {words.LEFT}")
        if isinstance(error, OverTheLine):
            click.echo(words.FEE)
        return NOT_DONE
    except StartupError:
        _drop(settings, found)
        raise
    if batch is None:
        _drop(settings, found)
        click.echo(words.LEFT)
        return NOT_DONE
    if batch.state is BatchState.APPROVAL:
        click.echo(words.approval(batch.id))
        return DONE
    code = batch_follow.run(
        settings, batch.guild_id, batch.id, results=wish.results, force=wish.force
    )
    return NOT_DONE if code == DONE and found.mistakes else code


def _started(settings: Settings, found: _Dry, wish: Wish) -> Batch | None:
    """Return the batch that was started; None after a no to TradingView's fee."""

    async def start(request: RequestContext) -> Batch:
        async with offices.opened(settings) as office:
            if not await office.has_login(request.guild_id):
                raise StartupError(words.NO_LOGIN)
            return await office.bulk.batches.start(request, found.number)

    request = replace(found.request, at=clock.now())
    try:
        return asyncio.run(start(request))
    except OverTheLine as error:
        if wish.yes or not _is_asked():  # --yes was typed before anybody saw the fee
            raise
        click.echo(plain(explain(error).sentence))
        if not agreed("Start all the same?"):
            return None
        return asyncio.run(start(replace(request, consent=Consent(seats=error.seats))))


async def _dry_run(settings: Settings, request: RequestContext, wish: Wish) -> _Dry:
    defaults = _defaults(wish, request)
    data = await asyncio.to_thread(_read, wish.file)
    async with offices.opened(settings) as office:
        if await office.server(request.guild_id) is None:
            raise StartupError(words.NOTHING_ON_SALE)
        asked = look_up(settings, office.database, office.vault, request.guild_id)
        number = await office.bulk.sheets.draft(
            request, wish.kind, wish.file.name, data, defaults, asked
        )
        await _look_up_names(office, request.guild_id, number)
        view = await office.bulk.views.view(request.guild_id, number)
        return _Dry(request, view, await office.bulk.results.mistakes(request.guild_id, number))


def _defaults(wish: Wish, request: RequestContext) -> Defaults:
    """Return what counts for rows that say nothing themselves. Raises UserError, and StartupError."""
    if wish.kind is BatchKind.REVOKE and (wish.duration or wish.until):
        raise StartupError(words.NO_TIME_TO_REVOKE)
    if wish.duration and wish.until:
        raise StartupError(words.TWO_TIMES)
    if wish.note and len(wish.note) > _LONGEST_NOTE:
        raise StartupError(words.NOTE_TOO_LONG)
    return Defaults(
        wish.item,
        parse_length(wish.duration) if wish.duration else None,
        parse_until(wish.until, request.at) if wish.until else None,
        wish.note or None,
    )


def _read(path: Path) -> bytes:
    """Return what is in a file, no more of it than it takes to refuse a larger one (blocking)."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise StartupError(f"{path} cannot be read: {error.strerror}. {words.LEFT}") from error


async def _look_up_names(office: Office, guild_id: int, number: int) -> None:
    """Ask TradingView for the names that nobody here knows, for a minute at most."""
    if not (left := (await office.bulk.views.view(guild_id, number)).open_lookups):
        return
    if not await office.has_login(guild_id):
        return
    until, at_first = clock.monotonic() + _LOOKED_UP, left
    with Bar("Asking TradingView for names") as bar:
        while left and clock.monotonic() < until and await office.bulk.lookups.look():
            now = (await office.bulk.views.view(guild_id, number)).open_lookups
            if now == left:  # TradingView does not answer, or another dry run has its turn
                await clock.sleep(1.0)
            left = now
            bar.at(at_first - left, at_first)


def _drop(settings: Settings, found: _Dry) -> None:
    """Forget the dry run: nobody else was shown it."""

    async def drop() -> None:
        async with offices.opened(settings) as office:
            await office.bulk.batches.drop(found.request, found.number)

    asyncio.run(drop())


def _is_asked() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
