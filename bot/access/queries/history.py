"""The tail of each server's history, for its log channel, and what came of one interaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.people import customers
from bot.store.records import Customer, Event, Guild, Script


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
            return await _entries(connection, new)

    async def of_interaction(self, interaction_id: int) -> list[Entry]:
        """Return what a person did through one interaction, oldest first."""
        async with self._database.read() as connection:
            found = await events.of_interaction(connection, interaction_id)
            return await _entries(connection, found)

    async def posted(self, guild_id: int, event_id: int) -> None:
        """Note that the log channel shows everything up to that entry."""
        async with self._database.write() as connection:
            await guilds.set_posted(connection, guild_id, event_id)


async def _entries(connection: AsyncConnection, found: Sequence[Event]) -> list[Entry]:
    about = await scripts.by_ids(
        connection, {event.script_id for event in found if event.script_id}
    )
    people = await customers.by_ids(
        connection, {event.customer_id for event in found if event.customer_id}
    )
    return [
        Entry(event, about.get(event.script_id or 0), people.get(event.customer_id or 0))
        for event in found
    ]
