"""Is it still the TradingView we know? Compares the form of its answers, daily, with reads alone.

When it differs, writes pause for that account and orders wait: until a later look finds the known form
again, or staff say to go on. An outage says nothing about a form and changes nothing here; as one may
also look like a change for a while, a change counts when it is seen again ten minutes later.
"""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot import clock
from bot.access.logins.account import AccountSession, LoginState
from bot.access.logins.sessions import Sessions
from bot.jobs import Jobs
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import Database
from bot.store.ledger import events, shapes as kept
from bot.store.ledger.shapes import ShapeCheck
from bot.store.logins import sessions as logins
from bot.tradingview.deadline import in_time
from bot.tradingview.response_schema import Endpoint, Seen, look

log = logging.getLogger(__name__)

LOOK_EVERY = 300.0  # seconds between looks for accounts whose day is over
FIRST_WITHIN = 900.0  # seconds after the start: accounts must not be asked in step
DAY = timedelta(hours=23)
JITTER = timedelta(hours=2)
AGAIN = timedelta(hours=1)  # while writes are paused, or after an answer that said nothing
CONFIRM_AFTER = 600.0  # seconds; a difference counts when it is seen twice
LOOK_TIMEOUT = 900.0  # seconds; TradingView may ask for a pause meanwhile, and other accounts wait


@dataclass(frozen=True, slots=True)
class _Suspicion:
    """What one look found to differ in one subject, at that moment of clock.monotonic()."""

    at: float
    words: Sequence[str]


class SchemaGuard:
    """Compares every account's answers once a day, and pauses or resumes its writes.

    `resumed` is called with the server's id when orders may go on.
    """

    def __init__(
        self, database: Database, sessions: Sessions, resumed: Callable[[int], None]
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._resumed = resumed
        self._not_before: dict[int, float] = {}  # by server, by clock.monotonic()
        self._suspected: dict[int, dict[Endpoint, _Suspicion]] = {}  # by server: seen once
        self._random = random.Random()  # noqa: S311 - spreads requests, guards nothing

    def start(self, jobs: Jobs) -> None:
        """Begin; runs until the jobs end."""
        jobs.every(LOOK_EVERY, "compare the form of TradingView's answers", self.turn)

    async def turn(self) -> None:
        """Look at every account whose day is over; one that fails holds up no other."""
        for held in self._sessions.every():
            if held.state is not LoginState.ALIVE or not await self._is_due(held.guild_id):
                continue
            if held.limiter.held_for() > LOOK_TIMEOUT:
                continue
            self._not_before[held.guild_id] = clock.monotonic() + AGAIN.total_seconds()
            try:
                await in_time(self.compare(held), LOOK_TIMEOUT)
            except Exception:  # the other accounts are looked at all the same
                log.exception("comparing the answers for server %s failed", held.guild_id)

    async def _is_due(self, guild_id: int) -> bool:
        async with self._database.read() as connection:
            server = await guilds.by_id(connection, guild_id)
            last = await kept.of_guild(connection, guild_id)
        if server is None or server.left_at is not None:
            return False
        now = clock.monotonic()
        # A newer Usher may know the form for which an older one paused: then no order need wait.
        within = FIRST_WITHIN if last.paused_at is None else 0.0
        if self._not_before.setdefault(guild_id, now + self._random.uniform(0, within)) > now:
            return False
        if last.checked_at is None or last.paused_at is not None or self._suspected.get(guild_id):
            return True
        return clock.has_passed(DAY + JITTER * self._random.random(), last.checked_at, clock.now())

    async def compare(self, held: AccountSession) -> Seen:
        """Look now, and pause or resume by what is seen; a new difference counts at the second look."""
        async with self._database.read() as connection:
            stored = await logins.account_of(connection, held.guild_id)
            listed = await scripts.listed(connection, held.guild_id)
            before = await kept.of_guild(connection, held.guild_id)
        name = None if stored is None else stored.username
        pine_ids = [script.pine_id for script in listed if script.paused_at is None]
        seen = self._sure(held.guild_id, await look(held.tradingview, name, pine_ids), before)
        log.info("form of TradingView's answers, server %s: %s", held.guild_id, _summary(seen))
        if await self._record(held.guild_id, seen):
            self._resumed(held.guild_id)
        return seen

    def _sure(self, guild_id: int, seen: Seen, before: ShapeCheck) -> Seen:
        """Return what surely differs, or was suspected for long enough; suspect the rest from now on.

        Each subject for itself: that another gives no answer, for however long, vouches for none.
        """
        now = clock.monotonic()
        suspected = self._suspected.setdefault(guild_id, {})
        known = {subject: list(before.differences.get(subject, ())) for subject in Endpoint}
        for subject, suspicion in list(suspected.items()):
            if subject in seen.differences and now - suspicion.at >= CONFIRM_AFTER:
                known[subject] += suspicion.words
                del suspected[subject]
        sure = seen.confirmed(known)
        for subject, words in seen.differences.items():
            if sure.differences.get(subject) == words:
                suspected.pop(subject, None)
            else:
                suspected.setdefault(subject, _Suspicion(now, words))
                self._not_before[guild_id] = now + CONFIRM_AFTER
        return sure

    async def _record(self, guild_id: int, seen: Seen) -> bool:
        """Keep what was seen; True when writes go on that were paused."""
        now = clock.now()
        async with self._database.write() as connection:
            before = await kept.of_guild(connection, guild_id)
            differences = _merged(before.differences, seen)
            # Some of what staff accepted may be known again: then it is news when it comes back.
            accepted = {
                subject: words
                for subject, words in differences.items()
                if set(words) <= set(before.accepted.get(subject, ()))
            }
            paused = accepted != differences
            after = ShapeCheck(
                guild_id,
                now if seen.is_complete else before.checked_at,
                (before.paused_at or now) if paused else None,
                differences,
                accepted,
            )
            await kept.keep(connection, after)
            if paused and (before.paused_at is None or before.differences != differences):
                words = in_words(differences)
                await events.record(
                    connection, guild_id, now, "shape_changed", after={"differences": words}
                )
            elif before.differences and not differences:
                await events.record(connection, guild_id, now, "shape_known")
        return before.paused_at is not None and not paused


def in_words(differences: kept.Differences) -> list[str]:
    """Return what differs, one line for each."""
    return [f"{subject}: {word}" for subject, words in differences.items() for word in words]


def _merged(before: kept.Differences, seen: Seen) -> Mapping[str, list[str]]:
    """Return what differs by now: what was not seen this time stays as it was."""
    merged: dict[str, list[str]] = {}
    for subject in Endpoint:
        words = seen.differences.get(subject)
        kept_words = list(before.get(subject.value, ())) if words is None else sorted(words)
        if kept_words:
            merged[subject.value] = kept_words
    return merged


def _summary(seen: Seen) -> str:
    differing = [subject.value for subject, words in seen.differences.items() if words]
    if differing:
        return f"another one in {', '.join(differing)}"
    return "as known" if seen.is_complete else "not everything could be seen"
