"""Watches every login: tested again and again, its spares too, and a long outage said once more."""

import logging
import random
from datetime import timedelta

from bot import clock
from bot.access.logins.account import LoginState
from bot.access.logins.sessions import Sessions
from bot.access.logins.spares import Spares
from bot.jobs import Jobs
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.ledger.events import NewEvent
from bot.store.logins import outages

log = logging.getLogger(__name__)

WATCH_EVERY = 900.0  # seconds between two tests of one login
JITTER = 0.15  # of that, either way: accounts must not be tested in step
FIRST_WITHIN = 60.0  # seconds after the start
LOOK_EVERY = 15.0
REFRESH_EVERY = 3.0  # a login set on the terminal is in use within 5 s
REMIND_AFTER = timedelta(hours=12)
KEEP_LEFT = timedelta(days=30)


class LoginMonitor:
    """Everything about logins that happens by itself."""

    def __init__(self, database: Database, logins: Sessions, spares: Spares) -> None:
        self._database = database
        self._sessions = logins
        self._spares = spares
        self._next: dict[int, float] = {}  # by server, by clock.monotonic()
        self._random = random.Random()  # noqa: S311 - spreads requests, guards nothing

    def start(self, jobs: Jobs) -> None:
        """Begin; runs until the jobs end."""
        jobs.every(REFRESH_EVERY, "look for logins set elsewhere", self._sessions.refresh)
        jobs.every(LOOK_EVERY, "test the logins", self.watch)
        jobs.every(WATCH_EVERY, "test the spare logins", self._spares.test_due)
        jobs.every(60.0, "remind of outages", self.remind)

    async def watch(self) -> None:
        """Test the logins whose turn it is, dead ones too; none of a server that the bot left."""
        async with self._database.read() as connection:
            left = await guilds.left_ids(connection)
        for held in self._sessions.every():
            now = clock.monotonic()
            due = self._next.setdefault(held.guild_id, now + self._random.uniform(0, FIRST_WITHIN))
            if due > now or held.state is LoginState.NONE or held.guild_id in left:
                continue
            self._next[held.guild_id] = now + WATCH_EVERY * self._random.uniform(
                1 - JITTER, 1 + JITTER
            )
            await held.test()

    async def forget_left(self) -> None:
        """Delete the logins of servers that the bot left 30 days ago; until then it may come back."""
        before = clock.now() - KEEP_LEFT
        async with self._database.read() as connection:
            left = await guilds.left_ids(connection, before)
        for guild_id in left:
            await self._sessions.forget_left(guild_id, before)

    async def remind(self) -> None:
        """Write outages that last for 12 hours into the history, each once."""
        now = clock.now()
        async with self._database.write() as connection:
            due = await outages.to_remind(connection, now - REMIND_AFTER)
            if not due:
                return
            waiting = await outages.waiting_of(connection, [outage.guild_id for outage in due])
            await outages.reminded(connection, [outage.id for outage in due], now)
            await events.record_all(
                connection,
                [
                    NewEvent(
                        guild_id=outage.guild_id,
                        at=now,
                        action="session_still_dead",
                        after={
                            "since": outage.since.isoformat(),
                            "waiting": waiting[outage.guild_id],
                        },
                    )
                    for outage in due
                ],
            )
