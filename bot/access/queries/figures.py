"""How the program stands, in numbers for what watches over it: no names, and servers by their ids."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot import clock
from bot.access.logins.sessions import Sessions
from bot.access.sync.queue import Queue
from bot.store.engine.database import Database
from bot.store.sales import figures
from bot.store.sales.figures import Counts


@dataclass(frozen=True, slots=True)
class Standing:
    """The numbers of one server, or of all; each by the server's id and what it is counted by."""

    orders: Counts
    waiting: Counts
    oldest: Mapping[str, float]  # seconds that the oldest order waits
    deliveries: Counts
    outgoing: Counts
    seats: Counts
    logins: Mapping[str, str]  # state
    blocked: Mapping[str, bool]  # TradingView failed so often that it is left alone


class Figures:
    """Counts, when asked."""

    def __init__(self, database: Database, sessions: Sessions, queue: Queue) -> None:
        self._database = database
        self._sessions = sessions
        self._queue = queue

    async def now(self, guild_id: int) -> Standing:
        """Return how one server stands."""
        now = clock.now()
        held = [each for each in self._sessions.every() if each.guild_id == guild_id]
        async with self._database.read() as connection:
            oldest = await figures.oldest(connection, guild_id)
            return Standing(
                orders=await figures.orders(connection, guild_id),
                waiting=await figures.waiting(connection, guild_id),
                oldest={
                    each: max(0.0, (now - since).total_seconds()) for each, since in oldest.items()
                },
                deliveries=await figures.deliveries(connection, guild_id),
                outgoing=await figures.outgoing(connection, guild_id),
                seats=await figures.seats(connection, guild_id, now.date()),
                logins={str(each.guild_id): each.state for each in held},
                blocked={
                    str(each.guild_id): self._queue.is_blocked(each.guild_id) for each in held
                },
            )
