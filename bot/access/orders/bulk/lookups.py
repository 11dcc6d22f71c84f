"""Asks TradingView, while a dry run is read, for the names in it that nobody here knows."""

import asyncio
import logging
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.logins.sessions import Sessions
from bot.access.people.username_lookup import nearest
from bot.errors import DiskFullError
from bot.jobs import Jobs
from bot.store.engine.database import Database
from bot.store.kinds import Lookup, RowProblem, RowState
from bot.store.ledger import batch_rows
from bot.store.records import BatchRow
from bot.tradingview import TradingViewError

log = logging.getLogger(__name__)

AT_ONCE = 20  # names; what is found is kept after so many
AGAIN = 30.0  # seconds until a server whose lookups failed is tried again


@dataclass(frozen=True, slots=True)
class _Answer:
    """How TradingView spells a name, with its number; without either, the names that are near."""

    username: str | None = None
    user_id: int | None = None
    near: tuple[str, ...] = ()


class Lookups:
    """Looks up names at the account's own pace, behind everything that people wait for."""

    def __init__(self, database: Database, sessions: Sessions, jobs: Jobs) -> None:
        self._database = database
        self._sessions = sessions
        self._jobs = jobs
        self._woken = asyncio.Event()
        self._not_before: dict[int, float] = {}  # by server, by clock.monotonic()

    def wake(self) -> None:
        """Look soon: a dry run was made."""
        self._woken.set()

    def start(self) -> None:
        """Begin to look up names, until the jobs end."""
        _ = self._jobs.spawn(self._run(), "names in dry runs")

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            more = False
            try:
                more = await self.look()
            except DiskFullError:  # said once, by the database
                log.info("names in dry runs wait until the disk has room")
                await clock.sleep(AGAIN)
                continue
            except Exception:  # the next look goes on
                log.exception("looking up names stumbled; again in %s s", AGAIN)
                await clock.sleep(AGAIN)
                continue
            if not more:
                waits = [at - clock.monotonic() for at in self._not_before.values()]
                await clock.set_within(max(0.1, min(waits)) if waits else None, self._woken)

    async def look(self) -> bool:
        """Look up some names of the oldest dry run; returns whether there may be more."""
        now = clock.monotonic()
        self._not_before = {each: at for each, at in self._not_before.items() if at > now}
        async with self._database.read() as connection:
            found = await batch_rows.to_look_up(connection, self._not_before, AT_ONCE)
        if not found:
            return False
        guild_id = found[0][0]
        rows = [row for of, row in found if of == guild_id]
        answers = await asyncio.gather(
            *(self._ask(guild_id, row) for row in rows), return_exceptions=True
        )
        async with self._database.write() as connection:
            for row, answer in zip(rows, answers, strict=True):
                if not isinstance(answer, BaseException):
                    await _note(connection, row, answer)
        for error in answers:
            if isinstance(error, TradingViewError):
                log.info("names in a dry run are looked up again in %s s: %s", AGAIN, error)
                self._not_before[guild_id] = now + AGAIN
                break
            if isinstance(error, BaseException):
                raise error
        return True

    async def _ask(self, guild_id: int, row: BatchRow) -> _Answer:
        name = row.username or ""
        session = await self._sessions.of(guild_id)
        hints = await session.tradingview.hints(name, urgent=False)
        for hint in hints:
            if hint.username.casefold() == name.casefold():
                return _Answer(hint.username, hint.user_id)
        return _Answer(near=nearest(name, hints))


async def _note(connection: AsyncConnection, row: BatchRow, answer: _Answer) -> None:
    """Keep what TradingView says of a row's name, unless something was ordered for it meanwhile."""
    if answer.username is None:
        await batch_rows.change(
            connection,
            row.id,
            RowState.PLANNED,
            state=RowState.LEFT_OUT,
            problem=RowProblem.USER_UNKNOWN,
            detail=", ".join(answer.near) or None,
            lookup=Lookup.UNKNOWN,
        )
    else:
        await batch_rows.change(
            connection,
            row.id,
            RowState.PLANNED,
            username=answer.username,
            tv_user_id=answer.user_id,
            lookup=Lookup.KNOWN,
        )
