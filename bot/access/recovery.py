"""After a restore: reads the whole list of every script before anything is sent for it again."""

import logging
from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.adopt import take_known
from bot.access.drift import Kind, of_permissions
from bot.access.sweep import Sweeps, Swept
from bot.errors import UserError
from bot.jobs import Jobs
from bot.store import events, scripts, sweeps
from bot.store.database import Database
from bot.store.records import Script

log = logging.getLogger(__name__)

AGAIN = 60.0  # seconds until a list that could not be read is tried again


class Recovery:
    """Lifts what a restore holds back, one script after the other.

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

    async def start(self, jobs: Jobs) -> None:
        """Begin when there is something to do; it ends by itself."""
        if await self._left():
            _ = jobs.spawn(self._run(), "reading every list after a restore")

    async def _run(self) -> None:
        while left := await self._left():
            for script in left:
                try:
                    await self._one(script)
                except UserError as refusal:
                    log.warning(
                        "the list of script %s could not be read after the restore (%s); "
                        "its orders wait, next try in %s s",
                        script.slug,
                        type(refusal).__name__,
                        AGAIN,
                    )
                except Exception:  # the other scripts go on
                    log.exception("reading the list of script %s failed", script.slug)
            if await self._left():
                await clock.sleep(AGAIN)

    async def _left(self) -> list[Script]:
        async with self._database.read() as connection:
            return await scripts.restored(connection)

    async def _one(self, script: Script) -> None:
        """Read the list, unless somebody had it read meanwhile; then believe it."""
        async with self._database.read() as connection:
            last = await sweeps.last(connection, script.id)
        swept = None
        if last is None or script.restored_at is None or last.started_at < script.restored_at:
            swept = await self._reads.of_script(script, by=None)
        now = clock.now()
        async with self._database.write() as connection:
            kept = await _keep_longer(connection, script)
            await scripts.trust(connection, script.id)
            await events.record(
                connection,
                script.guild_id,
                now,
                "restore_checked",
                script_id=script.id,
                after={"number": kept},
            )
        self._wake(script.guild_id)
        if swept is not None:
            await self._note(swept)


async def _keep_longer(connection: AsyncConnection, script: Script) -> int:
    """Where TradingView shows a later end than the backup knows, that one is right."""
    now, kept = clock.now(), 0
    for one in await of_permissions(connection, script.id, now):
        if one.kind is Kind.OTHER_END and one.shortens(now) and one.permission is not None:
            await take_known(connection, None, f"restore {script.restored_at}", one, one.permission)
            kept += 1
    return kept
