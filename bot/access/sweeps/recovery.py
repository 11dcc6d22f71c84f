"""After a restore: reads the whole list of every script of a server before anything is sent for it.

A server waits for all of its scripts but the archived ones and those that TradingView refuses, which
are told of; what waits for one of these goes on when its own list was read.

A copy does not know what was done and said after it was made. So nothing is done or said twice:

- An order that had ended in the copy was told of, and what the copy's history holds was posted.
- An order that waited in the copy is compared with TradingView (`bot.access.sweeps.resume`). What
  TradingView shows already is done without a write and without a message: it was told of when it was
  done, or the summary tells staff of it. What TradingView shows done in part is done now, and told of as
  ever. What TradingView shows as it was in the copy was not done, or it was and was taken away since:
  staff decide (`bot.access.sweeps.undecided`). Where something else was done since, what TradingView
  shows stays, the order counts for nothing any more, and staff give it anew if it is still wanted.
- Where TradingView shows a later end than the copy, that end stays; also where the copy's is over.
- One summary in the log channel counts all of these.
- A person who cannot be read by name holds up no other: their orders are held alone, staff are
  told, and they are read again and again.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.errors import ScriptNotYours
from bot.access.errors import TradingViewSilent
from bot.access.rules.entitlements import State
from bot.access.sweeps.adopt import take_known
from bot.access.sweeps.drift import Difference, Kind, of_permissions
from bot.access.sweeps.resume import ReplayOutcome, hold, resume
from bot.access.sweeps.sweep import Sweeps, Swept
from bot.access.sweeps.undecided import ask
from bot.errors import UserError
from bot.jobs import Jobs
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import Database
from bot.store.kinds import StateKind
from bot.store.ledger import events, permissions, replays
from bot.store.records import Guild, Permission, Script
from bot.store.sweeps import sweeps

log = logging.getLogger(__name__)

AGAIN = 60.0  # seconds until a list that could not be read is tried again
REFUSALS = 3  # so often TradingView refuses a script, or a person, before the others go on without
NAMED = 10  # of the people who could not be read


@dataclass(slots=True)
class _Reading:
    """What is known of a script by now; it is kept when the rest has to be read again."""

    swept: Swept | None = None
    shown: dict[int, State | None] = field(default_factory=dict)  # by permission
    tries: int = 0


class Recovery:
    """Lifts what a restore holds back, server by server.

    `note` reports what a full read found; `wake` lets a server's orders go on.
    """

    def __init__(
        self,
        database: Database,
        reads: Sweeps,
        note: Callable[[Swept], Awaitable[object]],
        wake: Callable[[int], None],
    ) -> None:
        self._database = database
        self._reads = reads
        self._note = note
        self._wake = wake
        self._refused: Counter[int] = Counter()
        self._readings: dict[int, _Reading] = {}

    async def start(self, jobs: Jobs) -> None:
        """Begin when there is something to do; it ends by itself."""
        async with self._database.read() as connection:
            held = {server.id for server in await guilds.held_back(connection)}
            for some in (scripts.unread, scripts.comparing):
                held |= {script.guild_id for script in await some(connection)}
        for guild_id in sorted(held):
            _ = jobs.spawn(self._server(guild_id), f"reading every list of server {guild_id}")

    async def _server(self, guild_id: int) -> None:
        while True:
            try:
                async with self._database.read() as connection:
                    if guild_id in await guilds.left_ids(connection):
                        unread = []  # nobody is there for whom TradingView would be asked
                    else:
                        unread = await scripts.unread(connection, guild_id)
                        unread += await scripts.comparing(connection, guild_id)
                for script in unread:
                    if script.paused_at is None:  # else TradingView refuses it until staff looked
                        await self._try(script)
                if await self._lift(guild_id):
                    return
            except Exception:  # a server is not held back for ever
                log.exception("server %s is still held back after the restore", guild_id)
            await clock.sleep(AGAIN)

    async def _try(self, script: Script) -> None:
        try:
            await self._one(script)
        except ScriptNotYours as refusal:
            self._refused[script.id] += 1
            if self._refused[script.id] >= REFUSALS:
                await self._leave_out(script, refusal.detail or "it shows no list of that script")
        except UserError as refusal:
            log.warning(
                "the list of script %s could not be read after the restore (%s); "
                "the orders of its server wait, next try in %s s",
                script.slug,
                type(refusal).__name__,
                AGAIN,
            )
        except Exception:  # the other scripts are read all the same
            log.exception("reading the list of script %s failed", script.slug)

    async def _one(self, script: Script) -> None:
        """Read the list, unless it was read meanwhile; then believe it."""
        reading, since = self._readings.setdefault(script.id, _Reading()), script.restored_at
        async with self._database.read() as connection:
            last = await sweeps.last(connection, script.id)
        if since is not None and (last is None or last.started_at < since):
            reading.swept = await self._reads.of_script(script, by=None)
        async with self._database.read() as connection:
            ids = await replays.to_compare(connection, script.id, since)
            missing = await permissions.by_ids(
                connection, [each for each in ids if each not in reading.shown]
            )
        reading.shown |= await self._reads.of_people(script, missing)
        unread = [permission for permission in missing if permission.id not in reading.shown]
        reading.tries += 1
        if unread and since is not None and reading.tries < REFUSALS:
            raise TradingViewSilent
        async with self._database.write() as connection:
            if since is not None:
                await self._believe(connection, script, since, reading.shown, unread)
            elif reading.shown:
                after = {"scripts": 0, **await _resume(connection, script, reading.shown)}
                await _over(connection, script.guild_id, after, script.id)
        del self._readings[script.id]
        self._refused.pop(script.id, None)
        self._wake(script.guild_id)  # when the others were read before
        if reading.swept is not None:
            await self._note(reading.swept)

    async def _believe(
        self,
        connection: AsyncConnection,
        script: Script,
        since: datetime,
        shown: Mapping[int, State | None],
        unread: Sequence[Permission],
    ) -> None:
        later = await _keep_longer(connection, script)
        numbers = await _resume(connection, script, shown)
        numbers["later"] += later
        if unread:
            await hold(connection, unread, since)
            names = [permission.username for permission in unread]
            after = {"number": len(names), "names": names[:NAMED]}
            await _record(connection, script, "restore_unread", after)
        await scripts.trust(connection, script.id)
        server = await guilds.by_id(connection, script.guild_id)
        held = server is not None and server.restored_at is not None
        if held:
            await _record(connection, script, "restore_checked", dict(numbers))
        else:  # one that was left out sums up itself
            await _over(connection, script.guild_id, {"scripts": 1, **numbers}, script.id)

    async def _leave_out(self, script: Script, why: str) -> None:
        async with self._database.write() as connection:
            await scripts.pause(connection, script.id, clock.now(), why)
            await _record(connection, script, "script_paused", {"reason": why})
        self._refused.pop(script.id, None)

    async def _lift(self, guild_id: int) -> bool:
        """Let the server's orders go on once nothing holds them back; True when all is read."""
        async with self._database.write() as connection:
            server = await guilds.by_id(connection, guild_id)
            left = await scripts.unread(connection, guild_id)
            late = await scripts.comparing(connection, guild_id)
            if server is None or server.restored_at is None:
                return not (left or late)
            if any(script.archived_at is None and script.paused_at is None for script in left):
                return False
            await guilds.trust(connection, guild_id)
            await _sum_up(connection, server)
        self._wake(guild_id)
        return not (left or late)


async def _resume(
    connection: AsyncConnection, script: Script, shown: Mapping[int, State | None]
) -> Counter[str]:
    """Compare the orders of these people; returns how many had which outcome."""
    numbers = Counter[str]()
    for resumed in await resume(connection, script, shown):
        numbers[resumed.outcome] += resumed.number
        numbers["later"] += resumed.later
    return numbers


async def _record(
    connection: AsyncConnection, script: Script, action: str, after: Mapping[str, Any]
) -> None:
    await events.record(
        connection, script.guild_id, clock.now(), action, script_id=script.id, after=after
    )


async def _keep_longer(connection: AsyncConnection, script: Script) -> int:
    """Adopt every end on TradingView that is later than the backup knows; returns how many."""
    now, kept = clock.now(), 0
    for difference in await of_permissions(connection, script.id, now):
        if difference.permission is not None and _wins(difference, now):
            await take_known(
                connection, None, f"restore {script.restored_at}", difference, difference.permission
            )
            kept += 1
    return kept


def _wins(difference: Difference, now: datetime) -> bool:
    """Return whether TradingView shows more than an end that the backup knows, be that over or not.

    Where the backup wants nothing (revoked, or never given), access is only reported: Usher has no end
    that it would be a renewal of.
    """
    if difference.kind is Kind.EXTRA:
        return difference.wanted.kind is StateKind.UNTIL
    return difference.kind is Kind.OTHER_END and difference.shortens(now)


async def _sum_up(connection: AsyncConnection, server: Guild) -> None:
    """Record one entry for the log channel: what the lists showed about the orders in the backup."""
    since = server.restored_at or clock.now()
    read = await events.of_action(connection, server.id, "restore_checked", since)
    numbers: Counter[str] = Counter()
    for entry in read:
        numbers.update(entry.after or {})
    after = {name: numbers[name] for name in ("later", *ReplayOutcome)}
    await _over(connection, server.id, {"scripts": len(read), **after})


async def _over(
    connection: AsyncConnection,
    guild_id: int,
    after: Mapping[str, int],
    script_id: int | None = None,
) -> None:
    """Record the entry that sums up, and under it the one question to staff, where there is one."""
    await events.record(
        connection, guild_id, clock.now(), "restore_over", script_id=script_id, after=after
    )
    if after.get(ReplayOutcome.UNDECIDED):
        await ask(connection, guild_id)
