"""Reads the whole list of a script, and notes what it shows; writes nothing to TradingView."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.errors import ScriptNotYours
from bot.access.catalogue.lookup import Item, find, find_item
from bot.access.errors import TradingViewSilent
from bot.access.ledger.receipts import quiet_until
from bot.access.logins.errors import LoginNotWorking, NoLogin
from bot.access.logins.sessions import AccountSession, LoginCheck, LoginState, Sessions
from bot.access.rules.entitlements import State, seen_in
from bot.access.sweeps.errors import CheckRunning, FormChanged
from bot.store.engine.database import Database
from bot.store.kinds import SweepFailure, SweepState
from bot.store.ledger import events, permissions, shapes
from bot.store.records import Permission, Script
from bot.store.sweeps import observations, sightings, sweeps
from bot.store.sweeps.observations import Renamed
from bot.store.sweeps.sweeps import Found, Sweep
from bot.tradingview import (
    Denied,
    Lifetime,
    NoSuchScript,
    Page,
    Refused,
    Row,
    SessionRefused,
    TradingViewError,
)

log = logging.getLogger(__name__)

SILENT = 3  # so many people in a row that cannot be read: it is not because of them


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is; `expected` rows the last time, 0 when it is the first."""

    script: Script
    rows: int = 0
    expected: int = 0
    named: int = 0  # people read by name so far
    to_name: int = 0
    quiet_until: datetime | None = None  # before it begins: TradingView asked for a pause


@dataclass(frozen=True, slots=True)
class Swept:
    """A complete sweep, and what became known by it."""

    script: Script
    sweep: Sweep
    renamed: tuple[Renamed, ...]
    unread: int  # people without a row whom TradingView could not be asked about by name


Tell = Callable[[Progress], None]


class Sweeps:
    """Sweeps scripts, each only once at a time. What does not finish changes nothing."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions
        self._running: dict[int, Progress] = {}  # by script

    async def open(self) -> None:
        """Close what the last run of the program left half read; once, before anything else."""
        async with self._database.write() as connection:
            await sweeps.drop_running(connection, clock.now())

    async def item(self, guild_id: int, name: str) -> Item:
        """Return the script or product of that name, to be read script by script. Raises ItemUnknown."""
        async with self._database.read() as connection:
            return await find_item(connection, guild_id, name)

    async def run(
        self, guild_id: int, item: str, *, by: int | None, tell: Tell = lambda _: None
    ) -> Swept:
        """Read the list of the script of that name. Raises ItemUnknown, or as `of_script` does."""
        async with self._database.read() as connection:
            script = await find(connection, guild_id, item)
        return await self.of_script(script, by=by, tell=tell)

    async def of_script(
        self, script: Script, *, by: int | None, tell: Tell = lambda _: None
    ) -> Swept:
        """Read the list of one script; `tell` hears after every page how far it is.

        Raises CheckRunning, NoLogin, LoginNotWorking, FormChanged, ScriptNotYours or
        TradingViewSilent; then nothing was changed.
        """
        if script.id in self._running:
            raise CheckRunning(script)
        self._running[script.id] = Progress(script)

        def tell_all(progress: Progress) -> None:
            self._running[script.id] = progress
            tell(progress)

        try:
            return await self._sweep(script, by, tell_all)
        finally:
            del self._running[script.id]

    def progress(self, script_id: int) -> Progress | None:
        """Return how far the reading of that list is, whoever asked for it; None while nobody reads it."""
        return self._running.get(script_id)

    def under_way(self) -> dict[int, Progress]:
        """Return how far each list is that is being read now, by script."""
        return dict(self._running)

    async def of_people(
        self, script: Script, people: Sequence[Permission]
    ) -> dict[int, State | None]:
        """Return by permission what a read by name shows now; None when another person has the name.

        People who could not be read are not in it.
        """
        session = await self._sessions.of(script.guild_id)
        shown: dict[int, State | None] = {}
        in_a_row = 0
        for permission in people:
            try:
                row = await session.tradingview.find_row(
                    script.pine_id, permission.username, user_id=permission.tv_user_id
                )
            except TradingViewError as error:
                log.info("%s could not be read by name: %s", permission.username, error)
                in_a_row += 1
                if in_a_row == SILENT:
                    break
                continue
            in_a_row = 0
            shown[permission.id] = None if row and _is_other(row, permission) else seen_in(row)
        return shown

    async def _sweep(self, script: Script, by: int | None, tell: Tell) -> Swept:
        session = await self._sessions.of(script.guild_id)
        if session.state is LoginState.NONE:
            raise NoLogin
        if session.state is LoginState.DEAD:
            raise LoginNotWorking
        async with self._database.read() as connection:
            if await shapes.is_paused(connection, script.guild_id):
                raise FormChanged
        progress = await self._begin(script)
        tell(replace(progress, quiet_until=quiet_until(session.limiter)))
        try:
            return await self._read(session, progress, by, tell)
        except Exception as error:
            await self._note_failure(script, _word(error), by)
            raise

    async def _read(
        self, session: AccountSession, progress: Progress, by: int | None, tell: Tell
    ) -> Swept:
        script, version = progress.script, session.version
        try:
            return await self._attempt(session, progress, by, tell)
        except (SessionRefused, Denied) as error:
            check = await session.suspect(version, script.pine_id)
            if check is not LoginCheck.REPLACED:
                raise _refusal(error, check) from error
        except (NoSuchScript, Refused) as error:
            raise ScriptNotYours(error.detail) from error
        except TradingViewError as error:
            raise TradingViewSilent from error
        try:  # from the start, with the login that took the other's place
            return await self._attempt(session, progress, by, tell)
        except TradingViewError as error:
            raise TradingViewSilent from error

    async def _note_failure(self, script: Script, why: SweepFailure, by: int | None) -> None:
        """Keep why; tell the log channel once of an outage that no person waits on."""
        async with self._database.write() as connection:
            await sweeps.failed_because(connection, script.id, why)
            if by is not None or why is SweepFailure.LOGIN:  # told by the session
                return
            last = await sweeps.last(connection, script.id)
            since = last.started_at if last else datetime.min.replace(tzinfo=UTC)
            failures = await events.of_action(connection, script.guild_id, "check_failed", since)
            if not any(failure.script_id == script.id for failure in failures):
                await events.record(
                    connection,
                    script.guild_id,
                    clock.now(),
                    "check_failed",
                    script_id=script.id,
                    after={"reason": why},
                )

    async def _begin(self, script: Script) -> Progress:
        async with self._database.read() as connection:
            last = await sweeps.last(connection, script.id)
        return Progress(script, expected=last.rows if last else 0)

    async def _attempt(
        self, session: AccountSession, progress: Progress, by: int | None, tell: Tell
    ) -> Swept:
        script = progress.script
        async with self._database.write() as connection:
            # One whose end could not be noted must not stand in the way for ever.
            await sweeps.drop_running(connection, clock.now(), script.id)
            sweep = await sweeps.begin(connection, script, clock.now(), by)
        calls = 0
        try:
            async with _ahead(session, script) as pages:
                async for page in pages:
                    calls += 1
                    new = await self._keep(sweep, page)
                    progress = replace(progress, rows=progress.rows + new)
                    tell(progress)
            swept, absent = await self._complete(script, sweep, calls)
        except BaseException:
            async with self._database.write() as connection:
                await sweeps.end(
                    connection,
                    sweep.id,
                    clock.now(),
                    SweepState.FAILED,
                    rows=progress.rows,
                    calls=calls,
                )
            raise
        progress = replace(progress, to_name=len(absent))
        unread = await self._read_by_name(session, absent, progress, tell)
        return replace(swept, unread=unread)

    async def _keep(self, sweep: Sweep, page: Page) -> int:
        """Store one page; returns how many people were not read before."""
        now = clock.now()
        found = [
            Found(
                row.user_id,
                row.username,
                None if isinstance(row.end, Lifetime) else row.end,
                row.created_at,
            )
            for row in page.rows
        ]
        async with self._database.write() as connection:
            return await sweeps.keep(connection, sweep.id, found, now)

    async def _complete(
        self, script: Script, sweep: Sweep, calls: int
    ) -> tuple[Swept, list[Permission]]:
        """Believe what was read, in one transaction; returns who has no row in it, too."""
        now = clock.now()
        async with self._database.write() as connection:
            renamed = await self._follow(connection, sweep)
            await observations.learn_ids(connection, sweep)
            await observations.note_seen(connection, sweep)
            absent = await observations.not_listed(connection, sweep, now)
            rows = await sweeps.count(connection, sweep.id)
            await sightings.take(connection, sweep)
            ended = await sweeps.end(
                connection, sweep.id, now, SweepState.COMPLETE, rows=rows, calls=calls
            )
        return Swept(script, ended, renamed, 0), absent

    async def _follow(self, connection: AsyncConnection, sweep: Sweep) -> tuple[Renamed, ...]:
        """Keep up with new names; one that another person has here is left, and reported."""
        now = clock.now()
        return tuple(
            [
                renamed
                for renamed in await observations.renamed(connection, sweep)
                if await observations.follow(connection, sweep.guild_id, renamed, now)
            ]
        )

    async def _read_by_name(
        self, session: AccountSession, absent: list[Permission], progress: Progress, tell: Tell
    ) -> int:
        """Ask about everybody without a row: the list may have moved while it was read (wire §17)."""
        for done, permission in enumerate(absent):
            tell(replace(progress, named=done))
            asked_at = clock.now()
            try:
                row = await session.tradingview.find_row(
                    progress.script.pine_id, permission.username, user_id=permission.tv_user_id
                )
            except TradingViewError as error:
                log.info("%s people could not be read by name: %s", len(absent) - done, error)
                return len(absent) - done
            if row is None or not _is_other(row, permission):
                seen = seen_in(row)
                async with self._database.write() as connection:
                    latest = await permissions.by_id(connection, permission.id)
                    if (latest.seen_at, latest.state) == (permission.seen_at, permission.state):
                        await permissions.change(
                            connection,
                            permission.id,
                            seen=seen.kind,
                            seen_ends_at=seen.ends_at,
                            seen_at=asked_at,
                        )
        return 0


def _word(error: Exception) -> SweepFailure:
    """Return why a sweep failed."""
    match error:
        case LoginNotWorking():
            return SweepFailure.LOGIN
        case ScriptNotYours():
            return SweepFailure.SCRIPT
        case TradingViewSilent():
            return SweepFailure.TRADINGVIEW
        case _:
            return SweepFailure.TROUBLE


def _is_other(row: Row, permission: Permission) -> bool:
    """Return whether the name belongs to another person now."""
    known = permission.tv_user_id
    return known is not None and row.user_id not in (None, known)


def _refusal(error: SessionRefused | Denied, check: LoginCheck) -> Exception:
    if check is LoginCheck.DEAD:
        return LoginNotWorking(error.detail)
    if check is LoginCheck.ALIVE and isinstance(error, Denied) and not error.page:
        return ScriptNotYours(error.detail)
    return TradingViewSilent()


@asynccontextmanager
async def _ahead(session: AccountSession, script: Script) -> AsyncIterator[AsyncIterator[Page]]:
    """Yield the pages of a script's list; the next one is on its way while one is looked at."""
    async with aclosing(session.tradingview.pages(script.pine_id)) as pages:
        coming = asyncio.ensure_future(anext(pages, None))

        async def each() -> AsyncIterator[Page]:
            nonlocal coming
            while (page := await coming) is not None:
                coming = asyncio.ensure_future(anext(pages, None))
                yield page

        try:
            yield each()
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
