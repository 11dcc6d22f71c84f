"""The wiring of what people order."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bot.access.logins.sessions import Sessions
from bot.access.orders.api_requests import ApiRequests
from bot.access.orders.codes import Codes
from bot.access.orders.endings import Endings
from bot.access.orders.erasure import Erasures
from bot.access.orders.grants import Grants
from bot.access.orders.moves import Moves
from bot.access.orders.moving.shop_lists import Read, ShopLists
from bot.access.orders.pauses import Pauses
from bot.access.orders.product_scripts import ProductScripts
from bot.access.orders.setup_proof import SetupProof
from bot.access.orders.ties import Ties
from bot.access.orders.trials import Trials
from bot.access.sources import REGISTRY
from bot.interactions.client import Usher
from bot.notifications import kept_messages
from bot.services.opened import Opened
from bot.services.sales import Sales
from bot.services.sync import Sync


@dataclass(frozen=True)
class Orders:
    """What decides of access, and records it: commands, codes, trials, and lists of other shops."""

    grants: Grants
    api_requests: ApiRequests
    setup_proof: SetupProof
    endings: Endings
    moves: Moves
    pauses: Pauses
    product_scripts: ProductScripts
    ties: Ties
    erasures: Erasures
    codes: Codes
    trials: Trials
    shop_lists: ShopLists


def wire_orders(
    opened: Opened,
    sessions: Sessions,
    sync: Sync,
    client: Usher,
    sales: Sales,
    read: Read,
    tell: Callable[[], None],
    decided: Callable[[], None],
) -> Orders:
    """Return what orders access, wired; `tell` has people told, `decided` gives what waited too."""
    database, vault = opened.database, opened.vault
    queue, notifier, purchases = sync.queue, sync.notifier, sync.purchases
    presence = sync.presence
    endings = Endings(database, vault, queue, notifier)
    shop_lists = ShopLists(database, vault, opened.jobs, read)
    shop_lists.on_taken += [
        lambda guild_id: purchases.go_on(guild_id, ()),
        lambda _: sales.deliveries.wake(),
        lambda _: decided(),
    ]
    return Orders(
        grants=Grants(database, presence, vault, queue, notifier),
        api_requests=ApiRequests(database, vault, sessions, presence, queue, notifier),
        setup_proof=SetupProof(database, sessions, presence, vault, queue, notifier),
        endings=endings,
        moves=Moves(database, vault, queue, notifier, presence),
        pauses=Pauses(database, vault, queue, notifier),
        product_scripts=ProductScripts(
            database,
            queue,
            notifier,
            [source.name for source in REGISTRY.values() if source.returns_by_itself],
        ),
        ties=Ties(database, queue, purchases.wake),
        erasures=Erasures(database, vault, endings, kept_messages.to_eraser, tell),
        codes=Codes(database, vault, purchases, sales.contracts),
        trials=Trials(database, vault, purchases, partial(kept_messages.of_trial, client)),
        shop_lists=shop_lists,
    )
