"""What concerns every server and lasts: said in each history once when it begins, and once when it is over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot import clock
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.ledger.events import NewEvent
from bot.store.records import Guild


@dataclass(frozen=True, slots=True)
class Announcement:
    """The two actions of the history by which such a thing begins and is over."""

    begins: str
    over: str

    async def say(
        self,
        database: Database,
        *,
        begins: bool,
        after: Mapping[str, Any] | None = None,
        hears: Callable[[Guild], bool] = lambda _: True,
    ) -> None:
        """Record the one or the other for each server that did not hear it last, also from an earlier run.

        Only for those that can hear it; the others do the next time.
        """
        action, now = self.begins if begins else self.over, clock.now()
        async with database.write() as connection:
            said = await events.last_said(connection, (self.begins, self.over))
            new = [
                NewEvent(guild_id=server.id, at=now, action=action, after=after)
                for server in await guilds.listed(connection)
                if said.get(server.id, self.over) != action and hears(server)
            ]
            await events.record_all(connection, new)
