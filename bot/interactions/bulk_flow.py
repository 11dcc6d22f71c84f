"""From a batch to what is shown of it, in whichever state it is."""

import asyncio

from bot.access.orders.bulk.row_results import RowResults
from bot.access.orders.bulk.views import BatchView, BatchViews
from bot.replies import Message, bulk as replies, bulk_progress as progress_replies
from bot.replies.message import Attached
from bot.store.kinds import BatchState, RowProblem, RowState

_FIRST = 10  # rows that stand in the answer itself, beside the file


class BulkFlow:
    """Reads a batch and words it, with the files that belong to it."""

    def __init__(self, views: BatchViews, results: RowResults) -> None:
        self._views = views
        self._results = results

    async def shown(self, guild_id: int, batch_id: int) -> Message:
        """Return a batch as it stands: its dry run, how far it is, or what became of it. Raises BatchGone."""
        view = await self._views.view(guild_id, batch_id)
        if view.batch.state is BatchState.DRAFT:
            return replies.dry_run(view, await self._mistakes(view))
        if view.batch.ended_at is None:
            return progress_replies.progress(view)
        return progress_replies.result(view)

    async def rows(self, guild_id: int, batch_id: int) -> Message:
        """Return the first rows of a batch, and all of them in a file. Raises BatchGone."""
        view = await self._views.view(guild_id, batch_id)
        first = await self._results.first(guild_id, batch_id, _FIRST)
        return replies.first_rows(view, first, await self._file(view))

    async def file(self, guild_id: int, batch_id: int) -> Message:
        """Return the file with what became of every row. Raises BatchGone."""
        view = await self._views.view(guild_id, batch_id)
        return progress_replies.with_file(view, await self._file(view))

    async def _file(self, view: BatchView) -> Attached:
        from bot.replies import bulk_files  # noqa: PLC0415 - rarely needed

        batch = view.batch
        found = await self._results.every(batch.guild_id, batch.id)
        content = await asyncio.to_thread(bulk_files.results, batch.kind, found)
        return Attached(bulk_files.result_name(batch.id), content)

    async def _mistakes(self, view: BatchView) -> tuple[Attached, ...]:
        """Return the file of what has to be mended, where there is any."""
        numbers, batch = view.numbers, view.batch
        if not (RowState.FAULTY in numbers.rows or RowProblem.USER_UNKNOWN in numbers.problems):
            return ()
        from bot.replies import bulk_files  # noqa: PLC0415 - rarely needed

        found = await self._results.mistakes(batch.guild_id, batch.id)
        content = await asyncio.to_thread(bulk_files.mistakes, found)
        return (Attached(bulk_files.mistakes_name(batch.id), content),)
