"""Outages of logins, for those who tell of them."""

from bot.store.engine.database import Database
from bot.store.kinds import OutageStage
from bot.store.logins import outages
from bot.store.records import Outage


class Outages:
    """Knows which outages are still to be told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def untold(self) -> list[Outage]:
        """Return the outages of which whoever may renew the login is still to be told."""
        async with self._database.read() as connection:
            return await outages.untold(connection)

    async def latest(self, guild_id: int, limit: int) -> list[Outage]:
        """Return the last outages of a server's login, the newest first."""
        async with self._database.read() as connection:
            return await outages.latest(connection, guild_id, limit)

    async def waiting(self, guild_id: int) -> int:
        """Return how many orders wait in that server."""
        async with self._database.read() as connection:
            return await outages.waiting(connection, guild_id)

    async def told(self, outage_id: int, stage: OutageStage) -> None:
        """Record that whoever may renew the login was told of that."""
        async with self._database.write() as connection:
            await outages.told(connection, outage_id, stage)
