"""Which invite-only scripts the vendor has on TradingView, and adding several at once."""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.access.catalogue.scripts import Added, Scripts
from bot.access.errors import TradingViewSilent
from bot.access.logins.errors import LoginNotWorking, NoLogin
from bot.access.logins.sessions import AccountSession, LoginCheck, LoginState, Sessions
from bot.access.request import RequestContext
from bot.errors import UserError
from bot.store.catalogue import products, scripts
from bot.store.engine.database import Database
from bot.store.records import Script
from bot.tradingview import Denied, SessionRefused, TradingViewError, discovery
from bot.tradingview.discovery import OwnScript

_MAX_SLUG = 32
_UNTITLED = "Untitled script"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Offer:
    """A script on TradingView; `slug` when this server has it, `elsewhere` when another one does."""

    pine_id: str
    title: str
    slug: str | None = None
    elsewhere: bool = False

    @property
    def is_new(self) -> bool:
        return self.slug is None and not self.elsewhere


@dataclass(frozen=True, slots=True)
class Chosen:
    """What became of the scripts that were chosen: added, or refused with a reason."""

    added: tuple[Added, ...]
    refused: tuple[tuple[str, UserError], ...]  # by title


class Discovery:
    """Asks TradingView for the account's own scripts."""

    def __init__(self, database: Database, sessions: Sessions, catalogue: Scripts) -> None:
        self._database = database
        self._sessions = sessions
        self._catalogue = catalogue
        self._titles: dict[str, str] = {}  # by pine id, as last found

    async def find(self, guild_id: int) -> list[Offer]:
        """Return the invite-only scripts by title; that there are none is believed only of a living login.

        Raises NoLogin, LoginNotWorking or TradingViewSilent.
        """
        session = await self._sessions.of(guild_id)
        if session.state is LoginState.NONE:
            raise NoLogin
        own = await self._asked(session, lambda: discovery.published(session.tradingview))
        managed = await self._asked(session, lambda: discovery.managed(session.tradingview))
        if own is None and managed is None:
            raise TradingViewSilent
        found = {script.pine_id: script for script in own or () if script.invite_only is not False}
        known = {script.pine_id for script in own or ()}
        others = [pine_id for pine_id in managed or () if pine_id not in known]
        for script in await self._named(session, others):
            found.setdefault(script.pine_id, script)
        if not found:
            await self._prove_alive(session)
        return await self._offers(guild_id, found.values())

    async def add(self, request: RequestContext, pine_ids: Sequence[str]) -> Chosen:
        """Add these under short names made of their titles; one that is refused holds up no other."""
        if any(pine_id not in self._titles for pine_id in pine_ids):
            await self.find(request.guild_id)  # the program was started again meanwhile
        added, refused = [], []
        for pine_id in pine_ids:
            title = self._titles.get(pine_id, _UNTITLED)
            try:
                slug = await self._free_slug(request.guild_id, pine_id, title)
                added.append(await self._catalogue.add(request, pine_id, slug, title))
            except UserError as error:
                refused.append((title, error))
        return Chosen(tuple(added), tuple(refused))

    async def _asked(self, session: AccountSession, read: Callable[[], Awaitable[T]]) -> T | None:
        """Return what the read brought, None when there is no usable answer. Raises LoginNotWorking."""
        version = session.version
        try:
            return await read()
        except (SessionRefused, Denied) as error:
            if await session.suspect(version) is LoginCheck.DEAD:
                raise LoginNotWorking(error.detail) from error
            return None
        except TradingViewError:
            return None

    async def _named(self, session: AccountSession, pine_ids: list[str]) -> list[OwnScript]:
        """Return those of these that may be invite-only, with titles as far as they are told."""
        if not pine_ids:
            return []
        described = await self._asked(
            session, lambda: discovery.named(session.tradingview, pine_ids)
        )
        by_id = {script.pine_id: script for script in described or ()}
        every = [by_id.get(pine_id, OwnScript(pine_id, None, None)) for pine_id in pine_ids]
        return [script for script in every if script.invite_only is not False]

    async def _prove_alive(self, session: AccountSession) -> None:
        """Test the login: without one, TradingView says "no scripts" too (wire §18, trap 20)."""
        match await self._sessions.test(session.guild_id):
            case LoginCheck.ALIVE:
                return
            case LoginCheck.DEAD:
                raise LoginNotWorking
            case _:
                raise TradingViewSilent

    async def _offers(self, guild_id: int, found: Iterable[OwnScript]) -> list[Offer]:
        titles = {own.pine_id: own.title or _UNTITLED for own in found}
        self._titles |= titles
        async with self._database.read() as connection:
            known = await scripts.by_pine_ids(connection, titles)
        offers = [
            _offer(guild_id, pine_id, title, known.get(pine_id))
            for pine_id, title in titles.items()
        ]
        return sorted(offers, key=lambda offer: (offer.title.casefold(), offer.pine_id))

    async def _free_slug(self, guild_id: int, pine_id: str, title: str) -> str:
        async with self._database.read() as connection:
            known = await scripts.by_pine_id(connection, pine_id)
            if known is not None and known.guild_id == guild_id:
                return known.slug  # archived: it comes back under its name
            listed = await scripts.listed(connection, guild_id, archived=True)
            sold = await products.listed(connection, guild_id, archived=True)
        return free_slug(
            title, {script.slug for script in listed} | {product.slug for product in sold}
        )


def _offer(guild_id: int, pine_id: str, title: str, known: Script | None) -> Offer:
    if known is None:
        return Offer(pine_id, title)
    if known.guild_id != guild_id:
        return Offer(pine_id, title, elsewhere=True)
    return Offer(pine_id, title, known.slug if known.archived_at is None else None)


def free_slug(title: str, taken: set[str]) -> str:
    """Return a short name made of a title, not among those taken: "trend-finder", "trend-finder-2"."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MAX_SLUG].strip("-") or "script"
    slug, number = stem, 1
    while slug in taken:
        number += 1
        tail = f"-{number}"
        slug = stem[: _MAX_SLUG - len(tail)].rstrip("-") + tail
    return slug
