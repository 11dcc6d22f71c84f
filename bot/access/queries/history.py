"""The tail of each server's history, for its log channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot import clock
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import Database
from bot.store.kinds import Otherwise
from bot.store.ledger import direct_messages, events, log_entries
from bot.store.people import customers
from bot.store.records import Customer, Event, Guild, LogEntry, Script


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry with what it is about, as far as that is known."""

    event: Event
    script: Script | None
    customer: Customer | None


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
            about = await scripts.by_ids(
                connection, {event.script_id for event in new if event.script_id}
            )
            people = await customers.by_ids(
                connection, {event.customer_id for event in new if event.customer_id}
            )
        return [
            Entry(event, about.get(event.script_id or 0), people.get(event.customer_id or 0))
            for event in new
        ]

    async def of_order(self, entry: Event) -> list[Event]:
        """Return the entries about the order that this one is about, oldest first; none without an order."""
        if entry.order_id is None or entry.customer_id is None:
            return []
        async with self._database.read() as connection:
            return await events.of_order(
                connection, entry.guild_id, entry.customer_id, entry.order_id
            )

    async def log_entry(self, order_id: int) -> LogEntry | None:
        """Return which message of the log channel shows that order."""
        async with self._database.read() as connection:
            return await log_entries.of_order(connection, order_id)

    async def keep_log_entry(self, entry: LogEntry) -> None:
        """Note which message of the log channel shows an order, and up to which event."""
        async with self._database.write() as connection:
            await log_entries.keep(connection, entry)

    async def posted(self, guild_id: int, event_id: int) -> None:
        """Note that the log channel shows everything up to that entry."""
        async with self._database.write() as connection:
            await guilds.set_posted(connection, guild_id, event_id)

    # A channel that takes nothing

    async def chosen_by(self, guild_id: int) -> int | None:
        """Return the member who chose the log channel, where that is known."""
        async with self._database.read() as connection:
            chosen = await events.last_of(connection, guild_id, ("setup_log",))
        return None if chosen is None else chosen.actor.member_id

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
