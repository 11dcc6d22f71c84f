"""The wiring of batches: many orders from one file or filter."""

from dataclasses import dataclass

from bot.access.ledger.notifier import Notifier
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
from bot.access.orders.outcomes import Outcomes
from bot.access.sync.queue import Queue
from bot.jobs import Jobs
from bot.store.engine.database import Database
from bot.store.vault import Vault


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


def bulk(
    database: Database,
    vault: Vault,
    sessions: Sessions,
    queue: Queue,
    notifier: Notifier,
    jobs: Jobs,
    outcomes: Outcomes,
) -> Bulk:
    """Return the way of a batch, wired."""
    batches = Batches(database, vault, queue)
    runner = BatchRunner(database, vault, queue, notifier, jobs)
    lookups = Lookups(database, sessions, jobs)
    batches.on_change += [runner.wake, lookups.wake]
    return Bulk(
        batches,
        BatchViews(database, sessions, outcomes),
        RowResults(database),
        BatchMessages(database, vault),
        runner,
        lookups,
        SheetDrafts(database, batches),
        Selection(database, batches),
        Undo(database, batches),
        Approval(database),
    )
