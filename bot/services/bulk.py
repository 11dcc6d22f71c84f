"""The wiring of batches: many orders from one file or filter."""

from dataclasses import dataclass

from bot.access.logins.sessions import Sessions
from bot.access.orders.bulk.approval import Approval
from bot.access.orders.bulk.batches import Batches
from bot.access.orders.bulk.lookups import Lookups
from bot.access.orders.bulk.messages import BatchMessages
from bot.access.orders.bulk.row_results import RowResults
from bot.access.orders.bulk.runner import BatchRunner
from bot.access.orders.bulk.selecting import Selection
from bot.access.orders.bulk.sheet_drafts import SheetDrafts
from bot.access.orders.bulk.undo import Undo
from bot.access.orders.bulk.views import BatchViews
from bot.services.opened import Opened
from bot.services.sync import Sync


@dataclass(frozen=True, slots=True)
class Bulk:
    """What makes, shows and carries out batches."""

    batches: Batches
    views: BatchViews
    results: RowResults
    messages: BatchMessages
    runner: BatchRunner
    lookups: Lookups
    sheets: SheetDrafts
    selection: Selection
    undo: Undo
    approval: Approval

    def start(self) -> None:
        """Go on with what was under way, until the jobs end."""
        self.runner.start()
        self.lookups.start()


def wire_bulk(opened: Opened, sessions: Sessions, sync: Sync) -> Bulk:
    """Return the way of a batch, wired."""
    database, vault, jobs = opened.database, opened.vault, opened.jobs
    batches = Batches(database, vault, sync.queue)
    runner = BatchRunner(database, vault, sync.queue, sync.notifier, jobs)
    lookups = Lookups(database, sessions, jobs)
    batches.on_change += [runner.wake, lookups.wake]
    return Bulk(
        batches,
        BatchViews(database, sessions, sync.outcomes),
        RowResults(database),
        BatchMessages(database, vault),
        runner,
        lookups,
        SheetDrafts(database, batches),
        Selection(database, batches),
        Undo(database, batches),
        Approval(database),
    )
