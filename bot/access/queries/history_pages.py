"""The whole history of a server, newest first, to be searched and paged through."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot import clock
from bot.access.errors import ButtonGone
from bot.access.ledger.receipts import PUT_BACK_WITHIN, TAKES_AWAY, put_backs_among
from bot.access.queries.history import Entry, entries_of
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.ledger import events, history
from bot.store.ledger.history import Search
from bot.store.people import customers
from bot.store.records import Customer, Product, Script

PAGE = 50

__all__ = ["PAGE", "HistoryPage", "HistoryPages", "Search"]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some entries, whether there are older ones, and what can be put back of them."""

    entries: tuple[Entry, ...]
    more: bool
    can_put_back: Collection[int]  # of the entries
    customer: Customer | None  # whom all of them are about, where that was asked for
    items: tuple[Script | Product, ...]  # of the server, by short name
    members: tuple[int, ...]  # who made most of the newest entries


class HistoryPages:
    """Reads; changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, guild_id: int, search: Search, older_than: int | None) -> HistoryPage:
        """Return the newest entries that fit and are older than that one.

        Raises ButtonGone when the server has no such customer.
        """
        now, customer = clock.now(), None
        async with self._database.read() as connection:
            if search.customer_id is not None:
                known = await customers.by_ids(connection, {search.customer_id})
                customer = known.get(search.customer_id)
                if customer is None or customer.guild_id != guild_id:
                    raise ButtonGone
                search = replace(search, customer_id=customer.id)  # of one merged since
            ids = await history.find(connection, guild_id, search, older_than, PAGE + 1)
            found = await events.by_ids(connection, guild_id, ids[:PAGE])
            entries = await entries_of(connection, found)
            took = {
                entry.id: entry.order_id
                for entry in found
                if entry.order_id is not None
                and entry.action in TAKES_AWAY
                and now - entry.at <= PUT_BACK_WITHIN
            }
            back = await put_backs_among(connection, took.values(), now) if took else set()
            items: list[Script | Product] = [
                *await scripts.listed(connection, guild_id, archived=True),
                *await products.listed(connection, guild_id, archived=True),
            ]
            members = await history.busiest_members(connection, guild_id)
        return HistoryPage(
            tuple(entries),
            len(ids) > PAGE,
            {entry_id for entry_id, order_id in took.items() if order_id in back},
            customer,
            tuple(sorted(items, key=lambda item: item.slug)),
            tuple(members),
        )
