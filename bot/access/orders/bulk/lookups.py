"""Asks TradingView, while a dry run is read, for the names in it that nobody here knows."""

import asyncio
import logging

from bot import clock
from bot.access.logins.sessions import Sessions
from bot.access.people.username_lookup import nearest
from bot.jobs import Jobs
from bot.store.engine.database import Database
from bot.store.kinds import Lookup, RowProblem, RowState
from bot.store.ledger import batch_rows
from bot.store.records import BatchRow
from bot.tradingview import TradingViewError

log = logging.getLogger(__name__)

AT_ONCE = 20  # names; what is found is kept after so many
AGAIN = 30.0  # seconds until a server whose lookups failed is tried again


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
        try:
            answers = await asyncio.gather(*(self._ask(guild_id, row) for row in rows))
        except TradingViewError as error:
            log.info("names in a dry run are looked up again in %s s: %s", AGAIN, error)
            self._not_before[guild_id] = now + AGAIN
            return True
        async with self._database.write() as connection:
            for row, (spelled, user_id, near) in zip(rows, answers, strict=True):
                if spelled is None:
                    await batch_rows.change(
                        connection,
                        row.id,
                        RowState.PLANNED,
                        state=RowState.LEFT_OUT,
                        problem=RowProblem.USER_UNKNOWN,
                        detail=", ".join(near) or None,
                        lookup=Lookup.UNKNOWN,
                    )
                else:
                    await batch_rows.change(
                        connection,
                        row.id,
                        RowState.PLANNED,
                        username=spelled,
                        tv_user_id=user_id,
                        lookup=Lookup.KNOWN,
                    )
        return True

    async def _ask(
        self, guild_id: int, row: BatchRow
    ) -> tuple[str | None, int | None, tuple[str, ...]]:
        """Return TradingView's spelling and number of a name; or None, with the names that are near."""
        name = row.username or ""
        session = await self._sessions.of(guild_id)
        hints = await session.tradingview.hints(name, urgent=False)
        for hint in hints:
            if hint.username.casefold() == name.casefold():
                return hint.username, hint.user_id, ()
        return None, None, nearest(name, hints)
