"""The tail of each server's history, for its log channel, and what came of one interaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.orders.price_questions import PriceQuestion, is_open, question_in
from bot.access.people.claims import Question, question
from bot.store.catalogue import guilds, products, scripts
from bot.store.engine.database import Database
from bot.store.kinds import ClaimState, Otherwise
from bot.store.ledger import direct_messages, events, log_entries, orders
from bot.store.people import claims, customers
from bot.store.records import Claim, Customer, Event, Guild, LogEntry, Product, Script


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry with what it is about, as far as that is known."""

    event: Event
    item: Script | Product | None
    customer: Customer | None
    script: Script | None = None  # of the order, where the item is a product


@dataclass(frozen=True, slots=True)
class Asked:
    """One request in the history: what was asked, and how its orders stand, one for each script."""

    order_id: int  # the one that leads
    entry: Event
    item: Script | Product | None
    customer: Customer | None
    parts: tuple[Entry, ...]  # the newest entry about each order, the leading one first
    newest_id: int  # of all entries about it


class HistoryTail:
    """Reads what a log channel does not show yet, and notes what it shows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def servers(self) -> list[Guild]:
        """Return the servers that chose a log channel."""
        async with self._database.read() as connection:
            return [server for server in await guilds.listed(connection) if server.log_channel_id]

    async def log_channel(self, guild_id: int) -> int | None:
        """Return the id of a server's log channel; None when it chose none."""
        async with self._database.read() as connection:
            server = await guilds.by_id(connection, guild_id)
        return None if server is None else server.log_channel_id

    async def since(self, guild_id: int, event_id: int, limit: int) -> list[Entry]:
        """Return what was recorded after that entry, oldest first; of many alike only what counts them."""
        async with self._database.read() as connection:
            new = await events.since(
                connection, guild_id, event_id, limit=limit, without=events.QUIET
            )
            return await entries_of(connection, new)

    async def of_interaction(self, interaction_id: int) -> list[Entry]:
        """Return what a person did through one interaction, oldest first."""
        async with self._database.read() as connection:
            found = await events.of_interaction(connection, interaction_id)
            return await entries_of(connection, found)

    async def asked(self, entry: Event) -> Asked | None:
        """Return the request that this entry is about, with all that became of it; None without an order."""
        if entry.order_id is None or entry.customer_id is None:
            return None
        async with self._database.read() as connection:
            order = await orders.by_id(connection, entry.order_id)
            lead_id = entry.order_id if order is None else order.lead_id or order.id
            led = (await orders.led_by(connection, [lead_id]))[lead_id]
            ids = [lead_id, *(each.id for each in led)]
            found = await events.of_orders(connection, entry.guild_id, entry.customer_id, ids)
            if not found:
                return None
            entries = await entries_of(connection, found)
        last = {each.event.order_id: each for each in entries}
        first = entries[0]
        parts = tuple(last[each] for each in ids if each in last)
        return Asked(lead_id, first.event, first.item, first.customer, parts, found[-1].id)

    async def log_entry(self, order_id: int) -> LogEntry | None:
        """Return which message of the log channel shows that order."""
        async with self._database.read() as connection:
            return await log_entries.of_order(connection, order_id)

    async def keep_log_entry(self, entry: LogEntry) -> None:
        """Note which message of the log channel shows an order, and up to which event."""
        async with self._database.write() as connection:
            await log_entries.keep(connection, entry)

    async def question(self, guild_id: int, claim_id: int) -> Question | None:
        """Return what staff must know about a claim; None when it is decided or withdrawn already."""
        async with self._database.read() as connection:
            claim = await claims.by_id(connection, guild_id, claim_id)
            if claim is None or claim.state is not ClaimState.WAITING:
                return None
            return await question(connection, claim)

    async def price_question(self, guild_id: int, price_id: int) -> PriceQuestion | None:
        """Return what a price may be; None when somebody said it already, or its shop was removed."""
        async with self._database.read() as connection:
            asked = await question_in(connection, guild_id, price_id)
        return asked if asked is not None and is_open(asked.price) else None

    async def question_asked(self, claim_id: int, channel_id: int, message_id: int) -> None:
        """Note which message asks staff about a claim."""
        async with self._database.write() as connection:
            await claims.set_question(connection, claim_id, channel_id, message_id)

    async def answered(self, guild_id: int) -> list[Claim]:
        """Return the claims that need no answer any more, while a message still asks about them."""
        async with self._database.read() as connection:
            return await claims.answered_questions(connection, guild_id)

    async def question_closed(self, claim_id: int) -> None:
        """Note that no message asks about a claim any more."""
        async with self._database.write() as connection:
            await claims.set_question(connection, claim_id, None, None)

    async def posted(self, guild_id: int, event_id: int) -> None:
        """Note that the log channel shows everything up to that entry."""
        async with self._database.write() as connection:
            await guilds.set_posted(connection, guild_id, event_id)

    # A channel that takes nothing

    async def chosen_by(self, guild_id: int) -> int | None:
        """Return the member who chose the log channel, where that is known and was not forgotten."""
        async with self._database.read() as connection:
            chosen = await events.newest(connection, guild_id, ("setup_log",))
        member_id = None if chosen is None else chosen.actor.member_id
        return member_id if member_id is not None and member_id > 0 else None

    async def closed(self, guild_id: int, user_id: int, content: Mapping[str, Any]) -> None:
        """Note that the log channel takes nothing, with the message that says so to that person."""
        now = clock.now()
        async with self._database.write() as connection:
            await guilds.set_log_closed(connection, guild_id, now)
            await direct_messages.add(connection, guild_id, user_id, content, Otherwise.OWNER, now)

    async def open_again(self, guild_id: int) -> None:
        """Note that the log channel takes messages again."""
        async with self._database.write() as connection:
            await guilds.set_log_closed(connection, guild_id, None)


async def entries_of(connection: AsyncConnection, found: Sequence[Event]) -> list[Entry]:
    """Return these entries with what they are about, in as many statements for many as for one."""
    about = await scripts.by_ids(
        connection, {event.script_id for event in found if event.script_id}
    )
    sold = await products.by_ids(
        connection, {event.product_id for event in found if event.product_id}
    )
    people = await customers.by_ids(
        connection, {event.customer_id for event in found if event.customer_id}
    )
    return [
        Entry(
            event,
            sold.get(event.product_id or 0) or about.get(event.script_id or 0),
            people.get(event.customer_id or 0),
            about.get(event.script_id or 0),
        )
        for event in found
    ]
