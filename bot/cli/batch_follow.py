"""Shows on the terminal how far a batch is, and carries it out where no bot does."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path

import click

from bot import clock
from bot.access.orders.bulk.errors import BatchGone
from bot.access.orders.bulk.views import BatchView
from bot.cli import bulk_words as words, office as offices, private_file
from bot.cli.office import Office
from bot.cli.progress import Bar
from bot.cli.servers import server
from bot.replies import explain
from bot.replies.bulk_files import results as results_file
from bot.replies.plain import plain
from bot.settings import Settings
from bot.store.engine.lock import InUseError, alone_with
from bot.store.kinds import BatchState, OrderState, RowState

DONE, NOT_DONE, INTERRUPTED = 0, 1, 130
EVERY = 1.0  # seconds between two looks


def run(
    settings: Settings,
    guild_id: int,
    batch_id: int,
    *,
    results: Path | None = None,
    force: bool = False,
) -> int:
    """Follow a batch to its end, and say what became of it. Returns the exit code.

    Raises StartupError where the database or the file cannot be used.
    """
    following = _Following(settings, guild_id, batch_id)
    try:
        with _ended_alike():
            view, file = asyncio.run(following.to_the_end(wants_file=results is not None))
    except KeyboardInterrupt:
        click.echo(words.interrupted(batch_id, alone=following.is_alone))
        return INTERRUPTED
    except BatchGone as error:
        click.echo(plain(explain(error).sentence))
        return NOT_DONE
    if view.batch.ended_at is None:
        click.echo(following.why_not)
        return DONE if view.batch.state is BatchState.APPROVAL else NOT_DONE
    if results is not None and file is not None:
        private_file.write_new([results], [file], force=force)
    click.echo(words.result(view, results if file is not None else None))
    return DONE if _is_all_done(view) else NOT_DONE


def follow(
    settings: Settings,
    guild_id: int | None,
    batch_id: int,
    *,
    results: Path | None,
    force: bool,
) -> int:
    """Do the same for a batch that was started before. Raises StartupError too for an unclear server."""
    if results is not None:
        private_file.refuse([results], force=force)
    guild_id = asyncio.run(server(settings, guild_id, "this batch"))
    return run(settings, guild_id, batch_id, results=results, force=force)


class _Following:
    """One batch, looked at until it ends or cannot go on; `why_not` says why it cannot."""

    def __init__(self, settings: Settings, guild_id: int, batch_id: int) -> None:
        self._settings = settings
        self._guild_id = guild_id
        self._batch_id = batch_id
        self.is_alone = False  # no bot runs: it is carried out here
        self.why_not = ""

    async def to_the_end(self, *, wants_file: bool) -> tuple[BatchView, bytes | None]:
        """Return how the batch stands in the end, with a file of its rows. Raises BatchGone."""
        async with AsyncExitStack() as stack:
            with suppress(InUseError):
                await stack.enter_async_context(alone_with(self._settings.database_url))
                self.is_alone = True
            office = await stack.enter_async_context(offices.opened(self._settings))
            view = await self._look(office)
            if view.batch.ended_at is None and not await self._stands_still(office, view):
                view = await self._follow(office)
            file = None
            if wants_file and view.batch.ended_at is not None and view.numbers.total:
                rows = await office.bulk.results.every(self._guild_id, self._batch_id)
                file = await asyncio.to_thread(results_file, view.batch.kind, rows)
        return view, file

    async def _look(self, office: Office) -> BatchView:
        view = await office.bulk.views.view(self._guild_id, self._batch_id)
        if view.batch.state is BatchState.DRAFT:
            raise BatchGone
        return view

    async def _follow(self, office: Office) -> BatchView:
        """Show how far it is, until it has ended or cannot go on."""
        click.echo(words.begins(self._batch_id, alone=self.is_alone), err=True)
        if self.is_alone:
            await office.carry_out()
        moved_at, stood = clock.monotonic(), -1
        with Bar(f"Batch {self._batch_id}") as bar:
            while True:
                view = await self._look(office)
                rows = view.numbers.rows
                total = rows.get(RowState.ORDERED, 0) + rows.get(RowState.PLANNED, 0)
                done = round(view.done_share * total)
                if done != stood:
                    moved_at, stood = clock.monotonic(), done
                still = 0.0 if self.is_alone else clock.monotonic() - moved_at
                bar.at(done, total, words.bar_text(view, still))
                if view.batch.ended_at is not None or await self._stands_still(office, view):
                    return view
                await clock.sleep(EVERY)

    async def _stands_still(self, office: Office, view: BatchView) -> bool:
        """Return whether it goes on only when somebody does something first."""
        state = view.batch.state
        if state is BatchState.APPROVAL:
            self.why_not = words.approval(self._batch_id)
        elif not self.is_alone:
            return False
        elif state is BatchState.PAUSED:
            self.why_not = words.paused(self._batch_id)
        elif not await office.has_login(self._guild_id):
            self.why_not = words.login_ended(self._batch_id)
        elif (found := await office.server(self._guild_id)) and found.restored_at is not None:
            self.why_not = words.RESTORED
        return bool(self.why_not)


def _is_all_done(view: BatchView) -> bool:
    failed = view.numbers.orders.get(OrderState.STUCK, 0)
    return view.batch.state is BatchState.DONE and not failed


@contextmanager
def _ended_alike() -> Iterator[None]:
    """Let SIGTERM end what is inside as Ctrl-C does: in order, and with a word of what becomes of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
