"""Direct messages that wait for Discord, and whether Discord lets the bot send any."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from bot import clock
from bot.access.ledger.announcements import Announcement
from bot.store.engine.database import Database
from bot.store.kinds import Otherwise
from bot.store.ledger import direct_messages
from bot.store.records import DirectMessage

_STOPPED = Announcement(begins="messages_stopped", over="messages_resumed")


class WaitingMessages:
    """Keeps messages that no other row stands for until Discord took them, also across a restart.

    What is in `on_new` is called when there is a new one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.on_new: list[Callable[[], None]] = []

    async def add(
        self,
        guild_id: int,
        user_id: int,
        content: Mapping[str, Any],
        otherwise: Otherwise = Otherwise.NOWHERE,
    ) -> None:
        """Keep a message for that person, about that server."""
        async with self._database.write() as connection:
            await direct_messages.add(
                connection, guild_id, user_id, content, otherwise, clock.now()
            )
        for tell in self.on_new:
            tell()

    async def waiting(self, but: Collection[int] = ()) -> list[DirectMessage]:
        """Return the messages that wait, oldest first, without those in `but`."""
        async with self._database.read() as connection:
            return await direct_messages.waiting(connection, but)

    async def readdress(self, message_id: int, user_id: int) -> None:
        """Let a message go to another person, and nowhere else."""
        async with self._database.write() as connection:
            await direct_messages.readdress(connection, message_id, user_id, Otherwise.NOWHERE)

    async def refuse(self, message_id: int) -> None:
        """Keep a message of somebody who takes none, until they are called with others."""
        async with self._database.write() as connection:
            await direct_messages.refuse(connection, message_id, clock.now())

    async def remove(self, message_id: int) -> None:
        """Forget a message that was taken, or never will be."""
        async with self._database.write() as connection:
            await direct_messages.remove(connection, message_id)

    # Discord stops the bot's direct messages, all of them

    async def stopped(self) -> None:
        """Record in every server's history that Discord takes none, once until it does again."""
        await _STOPPED.say(self._database, begins=True)

    async def resumed(self) -> None:
        """Record that Discord takes them again, where it was said that it takes none."""
        await _STOPPED.say(self._database, begins=False)
