"""Copies of the database for people: which there are, one more, and one to take along."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot import clock
from bot.access.errors import ButtonGone
from bot.access.people.web_session_errors import BackupNotMade
from bot.access.request import RequestContext
from bot.errors import DiskFullError
from bot.store.engine.database import Database
from bot.store.kinds import CopyKind
from bot.store.ledger import events
from bot.store.maintenance import backup, ground
from bot.store.maintenance.backup import CopyError, Found
from bot.store.maintenance.inspect import examine
from bot.store.maintenance.revision import Schema

_LOOK_TIMEOUT = 2.0  # seconds; a copy that was not read by then is shown without a word about it
_SPARE = 10 * ground.FULL  # bytes that a copy leaves on the disk


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy beside the database; `schema` is None while it was not read yet."""

    name: str
    kind: CopyKind
    made_at: datetime
    size: int  # bytes
    schema: Schema | None

    @property
    def opens(self) -> bool | None:
        """Return whether `usher restore` takes it; None while nobody knows."""
        return None if self.schema is None else self.schema in (Schema.CURRENT, Schema.OLDER)


class Backups:
    """The door for copies; `path` is the database's file, None where it lives in memory."""

    def __init__(self, database: Database, path: Path | None) -> None:
        self._database = database
        self._path = path
        self._read: dict[Found, Schema] = {}  # what was found in each, as long as it stays as it is
        self._reading: asyncio.Future[None] | None = None
        self._making = asyncio.Lock()

    async def listed(self) -> list[Copy]:
        """Return the copies, newest first; each is read once, to tell whether it opens."""
        found = await self._found()
        if any(each not in self._read for each in found):
            if self._reading is None or self._reading.done():
                self._reading = asyncio.ensure_future(self._read_all(found))
            await clock.within(_LOOK_TIMEOUT, self._reading)
        return [
            Copy(each.path.name, each.kind, each.made_at, each.size, self._read.get(each))
            for each in found
        ]

    async def make(self, request: RequestContext) -> str:
        """Make a copy now, and return its name; sent twice, it is made once.

        Raises DiskFullError, or BackupNotMade for another reason.
        """
        if self._path is None:
            raise BackupNotMade("the database is in memory alone")
        mark = hashlib.sha256(request.idempotency_key.encode()).hexdigest()[:8]
        async with self._making:
            for each in await self._found():
                if each.path.name.endswith(f"-{mark}.db"):
                    return each.path.name
            made = await asyncio.to_thread(_make, self._path, mark)
            await self._record(request, "backup_made", made)
        return made.name

    async def path_of(self, request: RequestContext, name: str) -> Path:
        """Return where the copy of that name lies, for somebody who takes it along. Raises ButtonGone."""
        for each in await self._found():
            if each.path.name == name:
                await self._record(request, "backup_downloaded", each.path)
                return each.path
        raise ButtonGone

    async def _found(self) -> list[Found]:
        return [] if self._path is None else await asyncio.to_thread(backup.found, self._path)

    async def _read_all(self, found: list[Found]) -> None:
        for each in found:
            if each not in self._read:
                self._read[each] = (await asyncio.to_thread(examine, each.path)).schema
        for each in self._read.keys() - set(found):
            del self._read[each]

    async def _record(self, request: RequestContext, action: str, path: Path) -> None:
        async with self._database.write() as connection:
            await events.record(
                connection,
                request.guild_id,
                request.at,
                action,
                actor=request.actor,
                after={"name": path.name},
            )


def _make(database: Path, mark: str) -> Path:
    """Make the copy (blocking). Raises DiskFullError, BackupNotMade."""
    try:
        if ground.free_bytes(database) < database.stat().st_size + _SPARE:
            raise DiskFullError
        return backup.keep_made(database, mark)
    except (CopyError, OSError) as error:
        if isinstance(error, CopyError) and backup.found_no_room(error):
            raise DiskFullError from error
        raise BackupNotMade(str(error)) from error
