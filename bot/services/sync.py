"""The wiring of the way of an order to TradingView."""

from dataclasses import dataclass

from bot.access.ledger.notifier import Notifier
from bot.access.logins.sessions import Sessions
from bot.access.orders.outcomes import Outcomes
from bot.access.orders.present import Presence
from bot.access.orders.purchases import Purchases
from bot.access.sweeps.retry import Retries
from bot.access.sync.queue import Queue
from bot.access.sync.schema_guard import SchemaGuard
from bot.services.opened import Opened


@dataclass(frozen=True)
class Sync:
    """What carries recorded orders to TradingView, and tells what came of them."""

    notifier: Notifier
    queue: Queue
    outcomes: Outcomes
    purchases: Purchases
    presence: Presence
    retries: Retries
    schema_guard: SchemaGuard


def wire_sync(opened: Opened, sessions: Sessions) -> Sync:
    """Return the way of an order, wired."""
    database, vault = opened.database, opened.vault
    notifier = Notifier()
    queue = Queue(database, sessions, opened.jobs, notifier)
    return Sync(
        notifier=notifier,
        queue=queue,
        outcomes=Outcomes(database, sessions, vault, queue, notifier),
        purchases=Purchases(database, vault, queue, notifier),
        presence=Presence(database, sessions),
        retries=Retries(database, queue),
        schema_guard=SchemaGuard(database, sessions, queue.wake),
    )
