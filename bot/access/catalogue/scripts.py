"""The catalogue of a server: which scripts it manages, under which short names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.catalogue.errors import (
    PineIdElsewhere,
    PineIdUnusable,
    ScriptNotYours,
    ScriptThere,
)
from bot.access.catalogue.lookup import find, script_of
from bot.access.catalogue.slugs import clean_slug, clean_title, refuse_taken
from bot.access.errors import TradingViewSilent
from bot.access.logins.errors import LoginNotWorking, NoLogin
from bot.access.logins.probe import look
from bot.access.logins.sessions import LoginCheck, LoginState, Sessions
from bot.access.request import RequestContext
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.records import Script
from bot.store.sweeps import drift, sweeps
from bot.tradingview import (
    Denied,
    NoSuchScript,
    Refused,
    SessionRefused,
    TradingViewClient,
    TradingViewError,
)
from bot.tradingview.deadline import in_time
from bot.tradingview.names import BadPineId, clean_pine_id, has_usual_length

PROOF_TIMEOUT = 12.0  # seconds for the one list call, its turn included


@dataclass(frozen=True, slots=True)
class Added:
    """A script that is in the catalogue now."""

    script: Script
    usual_length: bool  # of the pine id; another one deserves a second look (wire §11)
    again: bool  # it was archived before


@dataclass(frozen=True, slots=True)
class Entry:
    """A script, with everybody who has it; `untaken` of them were not taken over yet."""

    script: Script
    holders: int
    untaken: int = 0
    checked_at: datetime | None = None  # when its whole list was read last


class Scripts:
    """Adds, renames, archives and lists; removes no access.

    What is in `on_change` is called with the server's id after a script came (back).
    """

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions
        self.on_change: list[Callable[[int], None]] = []

    async def add(self, request: RequestContext, pine_id: str, slug: str, title: str) -> Added:
        """Add a script once TradingView showed its list; an archived one comes back with its people.

        Raises PineIdUnusable, PineIdElsewhere, ScriptThere, SlugUnusable, SlugTaken, TitleUnusable,
        NoLogin, LoginNotWorking, ScriptNotYours or TradingViewSilent; nothing is added then.
        """
        pine_id, slug, title = clean_id(pine_id), clean_slug(slug), clean_title(title)
        async with self._database.read() as connection:
            await self._fits(connection, request.guild_id, pine_id, slug)
        await self._prove(request.guild_id, pine_id)
        async with self._database.write() as connection:
            await guilds.ensure(connection, request.guild_id, request.at)
            known = await self._fits(connection, request.guild_id, pine_id, slug)
            if known is None:
                script_id = (
                    await scripts.add(
                        connection,
                        request.guild_id,
                        pine_id=pine_id,
                        slug=slug,
                        title=title,
                        by=request.member_id,
                        at=request.at,
                    )
                ).id
            else:
                script_id = known.id
                await scripts.unarchive(connection, script_id)
                await scripts.unpause(connection, script_id)
                await scripts.rename(connection, script_id, slug, title)
            await self._record(
                connection,
                request,
                "script_add",
                script_id,
                before=known,
                after={"slug": slug, "title": title, "pine_id": pine_id},
            )
            script = await find(connection, request.guild_id, slug)
        for tell in self.on_change:
            tell(request.guild_id)
        return Added(script, has_usual_length(pine_id), known is not None)

    async def rename(
        self, request: RequestContext, item: str, slug: str, title: str
    ) -> tuple[Script, Script]:
        """Change short name and title; returns the script before and after.

        Raises ItemUnknown, SlugUnusable, SlugTaken or TitleUnusable.
        """
        slug, title = clean_slug(slug), clean_title(title)
        async with self._database.write() as connection:
            before = await find(connection, request.guild_id, item)
            await refuse_taken(connection, request.guild_id, slug, before)
            await scripts.rename(connection, before.id, slug, title)
            await self._record(
                connection,
                request,
                "script_rename",
                before.id,
                before=before,
                after={"slug": slug, "title": title},
            )
            after = await find(connection, request.guild_id, slug)
        return before, after

    async def entry(self, guild_id: int, item: str) -> Entry:
        """Return one script and how many people have it. Raises ItemUnknown."""
        async with self._database.read() as connection:
            script = await find(connection, guild_id, item)
            return (await _entries(connection, [script]))[0]

    async def entry_of(self, guild_id: int, script_id: int) -> Entry:
        """Return the script of that number with its people, archived or not. Raises ButtonGone."""
        async with self._database.read() as connection:
            script = await script_of(connection, guild_id, script_id)
            return (await _entries(connection, [script]))[0]

    async def of_button(self, guild_id: int, script_id: int) -> Script:
        """Return the script of a button's key. Raises ButtonGone when that server has none such."""
        async with self._database.read() as connection:
            return await script_of(connection, guild_id, script_id)

    async def archive(self, request: RequestContext, item: str) -> Entry:
        """Take it out of the catalogue; the people who have it keep it. Raises ItemUnknown."""
        async with self._database.write() as connection:
            script = await find(connection, request.guild_id, item)
            await scripts.archive(connection, script.id, request.at)
            await self._record(
                connection, request, "script_archive", script.id, before=script, after=None
            )
            return (await _entries(connection, [script]))[0]

    async def listed(self, guild_id: int, *, archived: bool = True) -> list[Entry]:
        """Return the catalogue by short name."""
        async with self._database.read() as connection:
            listed = await scripts.listed(connection, guild_id, archived=archived)
            return await _entries(connection, listed)

    async def _fits(
        self, connection: AsyncConnection, guild_id: int, pine_id: str, slug: str
    ) -> Script | None:
        """Return the archived script of that pine id, if that is what comes back."""
        known = await scripts.by_pine_id(connection, pine_id)
        if known is not None:
            if known.guild_id != guild_id:
                raise PineIdElsewhere
            if known.archived_at is None:
                raise ScriptThere(known.slug)
        await refuse_taken(connection, guild_id, slug, known)
        return known

    async def _prove(self, guild_id: int, pine_id: str) -> None:
        """Prove the script with one list call: it answers only to the script's own vendor."""
        session = await self._sessions.of(guild_id)
        if session.state is LoginState.NONE:
            raise NoLogin
        version = session.version
        error = await in_time(_refusal(session.tradingview, pine_id), PROOF_TIMEOUT)
        match error:
            case Answered():
                return
            case SessionRefused() | Denied():
                check = await session.suspect(version)
                if check is LoginCheck.DEAD:
                    raise LoginNotWorking(error.detail)
                if check is LoginCheck.ALIVE:
                    raise ScriptNotYours(error.detail)
            case NoSuchScript() | Refused():
                raise ScriptNotYours(error.detail)
            case _:
                pass
        raise TradingViewSilent

    async def _record(
        self,
        connection: AsyncConnection,
        request: RequestContext,
        action: str,
        script_id: int,
        *,
        before: Script | None,
        after: dict[str, str] | None,
    ) -> None:
        await events.record(
            connection,
            request.guild_id,
            request.at,
            action,
            actor=request.actor,
            script_id=script_id,
            before=None if before is None else {"slug": before.slug, "title": before.title},
            after=after,
        )


async def _entries(connection: AsyncConnection, listed: Sequence[Script]) -> list[Entry]:
    """Return these with everybody who has them: whom Usher knows, and whom only TradingView lists."""
    ids, now = [script.id for script in listed], clock.now()
    known = await scripts.holders_of(connection, ids, now)
    strangers = await drift.count_strangers_of(connection, ids, now, ignored=True)
    read = await sweeps.last_of(connection, ids)
    return [
        Entry(
            script,
            known[script.id] + strangers[script.id],
            strangers[script.id],
            read[script.id].ended_at if script.id in read else None,
        )
        for script in listed
    ]


class Answered:
    """TradingView showed the list."""


async def _refusal(client: TradingViewClient, pine_id: str) -> TradingViewError | Answered:
    try:
        await look(client, pine_id)
    except TradingViewError as error:
        return error
    return Answered()


def clean_id(text: str) -> str:
    """Return the pine id in what was pasted. Raises PineIdUnusable."""
    try:
        return clean_pine_id(text)
    except BadPineId as error:
        raise PineIdUnusable(error.problem) from None
