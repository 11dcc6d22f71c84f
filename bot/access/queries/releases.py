"""Which newer release of Usher there is; each is told once."""

import asyncio
from collections.abc import Callable

from bot import clock
from bot.access.rules.releases import Release, is_newer
from bot.store.catalogue import guilds, releases
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.records import NewerRelease


class Releases:
    """Keeps what the update address named; `running` is the version that runs, `tell` has people told."""

    def __init__(self, database: Database, running: str, tell: Callable[[], None]) -> None:
        self._database = database
        self._running = running
        self._tell = tell

    async def newer(self) -> NewerRelease | None:
        """Return the newest release that was named, with the address of its notes; None when it runs."""
        async with self._database.read() as connection:
            known = await releases.newest(connection)
        if known is None or not await _is_newer(known.version, self._running):
            return None
        return known

    async def heard(self, release: Release) -> None:
        """Keep a release, and enter it in each server's history; only when it is news."""
        if not await _is_newer(release.version, self._running):
            return
        now = clock.now()
        async with self._database.write() as connection:
            known = await releases.newest(connection)
            # An address may name an older one for a while, as copies of a page do.
            if known is not None and not is_newer(release.version, known.version):
                return
            await releases.keep(connection, release.version, release.address, now)
            after = {
                "version": release.version,
                "address": release.address,
                "running": self._running,
            }
            for guild in await guilds.listed(connection):
                await events.record(connection, guild.id, now, "newer_release", after=after)
        self._tell()


async def _is_newer(version: str, running: str) -> bool:
    """Compare in a thread: the first time, what compares is read from the disk."""
    return await asyncio.to_thread(is_newer, version, running)
