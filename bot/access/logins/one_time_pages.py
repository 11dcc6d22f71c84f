"""One-time pages on which a manager gives the bot a TradingView login, past Discord."""

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.errors import NotAllowed, TradingViewSilent
from bot.access.logins.account import Updated, soon
from bot.access.logins.cookies import read_cookies
from bot.access.logins.errors import (
    CodeUnreadable,
    CookiesOfOther,
    FieldMissing,
    LinkOver,
    NoPublicPage,
)
from bot.access.logins.renewal import CandidateLogin
from bot.access.logins.sessions import Sessions
from bot.access.logins.spares import SpareKept, Spares
from bot.access.request import Consent, RequestContext
from bot.errors import UserError
from bot.settings.values import is_safe
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.kinds import RoleLevel
from bot.store.ledger import events
from bot.store.logins import one_time_pages
from bot.store.logins.one_time_pages import Link
from bot.store.records import Actor
from bot.tradingview.errors import TradingViewError, UpstreamTrouble
from bot.tradingview.models import Cookies
from bot.tradingview.signin import (
    Halfway,
    SecondFactorNeeded,
    SignIn,
    TooManySignIns,
    clean_code,
)

LASTS = timedelta(minutes=10)
PATH = "/login/"
_MAX_FIELD = 1_000
_MAX_PASTE = 12_000  # what a cookie extension exports
_TOKEN_BYTES = 32
_TOKEN = re.compile(r"[\w-]{43}", re.ASCII)  # as secrets.token_urlsafe() writes so many bytes
# A question, or no answer yet: nothing was refused.
_NO_REFUSALS = (CookiesOfOther, SecondFactorNeeded, TradingViewSilent, UpstreamTrouble, LinkOver)

Outcome = Updated | SpareKept


@dataclass
class _Progress:
    """What was typed on one page so far; lives in memory only.

    It goes with its page, or when the next page is asked for or opened after that one is over.
    """

    until: datetime
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    halfway: Halfway | None = field(default=None, repr=False)
    candidate: CandidateLogin | None = field(default=None, repr=False)
    spare: bool = False


class OneTimePages:
    """Makes the pages and does what is pressed on them.

    `may` tells whether a member (server's id, member's id) may still do this. Every press raises LinkOver when the page is unknown, used or over, and NotAllowed.
    """

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        spares: Spares,
        sign_in: SignIn,
        *,
        public_url: str | None,
        may: Callable[[int, int], Awaitable[bool]],
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._spares = spares
        self._sign_in = sign_in
        self._base = public_url.rstrip("/") if public_url and is_safe(public_url) else None
        self._may = may
        self._progress: dict[str, _Progress] = {}
        # By server, by clock.monotonic(): until when TradingView wants to see no sign-in.
        self._no_sign_in_before: dict[int, float] = {}

    @property
    def origin(self) -> str | None:
        """Return the only place that presses may come from; None when there are no pages."""
        if self._base is None:
            return None
        address = urlsplit(self._base)
        usual = {"http": ":80", "https": ":443"}.get(address.scheme, "")
        return f"{address.scheme}://{address.netloc.lower().removesuffix(usual)}"  # as browsers do

    async def create(self, request: RequestContext) -> str:
        """Create a page and return its address; that member's earlier one ends. Raises NoPublicPage.

        The token stands in the fragment, which browsers send to no server.
        """
        if self._base is None:
            raise NoPublicPage
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        now = clock.now()
        self._clear()
        async with self._database.write() as connection:
            await one_time_pages.drop_old(connection, now - LASTS)
            await guilds.ensure(connection, request.guild_id, now)
            await one_time_pages.add(
                connection,
                _hash(token),
                guild_id=request.guild_id,
                member_id=request.member_id,
                expires_at=now + LASTS,
            )
            await _record(connection, "login_page", request.guild_id, request.member_id)
        return f"{self._base}{PATH}#{token}"

    async def page_of(self, token: str) -> str | None:
        """Return what tells the open pages apart; None for what opens none."""
        try:
            return (await self._link(_hash(token))).token_hash
        except LinkOver:
            return None

    async def paste(self, token: str, sessionid: str, sign: str, *, spare: bool) -> Outcome:
        """Use a pasted pair. Raises what `Sessions.update` and `Spares.add` do."""
        async with self._press(token) as (link, progress):
            pasted = _filled(sessionid, "sessionid", _MAX_PASTE)
            cookies = read_cookies(pasted, sign[:_MAX_PASTE])
            return await self._finish(link, progress, cookies, spare=spare)

    async def password(self, token: str, name: str, password: str, *, spare: bool) -> Outcome:
        """Sign in, with one attempt. Raises what `SignIn.password` does, and as `paste`."""
        async with self._press(token) as (link, progress):
            name, password = _filled(name.strip(), "the name"), _filled(password, "the password")
            progress.halfway, progress.candidate, progress.spare = None, None, spare
            try:
                async with self._attempt(link.guild_id):
                    cookies = await self._sign_in.password(name, password)
            except SecondFactorNeeded as needed:
                progress.halfway = needed.halfway
                raise
            return await self._finish(link, progress, cookies, spare=spare)

    async def code(self, token: str, code: str) -> Outcome:
        """Send the second factor, with one attempt. Raises CodeUnreadable, and as `password`."""
        async with self._press(token) as (link, progress):
            if progress.halfway is None:
                raise FieldMissing("name and password")
            try:
                code = clean_code(code)
            except ValueError:
                raise CodeUnreadable from None
            async with self._attempt(link.guild_id):
                cookies = await self._sign_in.second_factor(progress.halfway, code)
            progress.halfway = None
            return await self._finish(link, progress, cookies, spare=progress.spare)

    async def again(self, token: str, *, anyway: bool) -> Outcome:
        """Use the pair that waits for a yes (`anyway`) or for TradingView. Raises as `paste`."""
        async with self._press(token) as (link, progress):
            if progress.candidate is None:
                raise FieldMissing("the login")
            return await self._finish(
                link, progress, progress.candidate, spare=progress.spare, anyway=anyway
            )

    @asynccontextmanager
    async def _attempt(self, guild_id: int) -> AsyncIterator[None]:
        """Hold a turn for one sign-in. Raises TooManySignIns for as long as TradingView wants none."""
        held = await self._sessions.of(guild_id)
        async with soon(held.limiter):
            rest = self._no_sign_in_before.get(guild_id, 0.0) - clock.monotonic()
            if rest > 0:
                raise TooManySignIns(retry_after=rest)
            try:
                yield
            except TooManySignIns as refused:
                self._no_sign_in_before[guild_id] = clock.monotonic() + refused.retry_after
                raise

    async def _finish(
        self,
        link: Link,
        progress: _Progress,
        brought: Cookies | CandidateLogin,
        *,
        spare: bool,
        anyway: bool = False,
    ) -> Outcome:
        """Test and keep the pair; only this uses the page up."""
        await self._link(link.token_hash)  # it may have been used or have ended meanwhile
        request = RequestContext(
            link.guild_id,
            Actor.member(link.member_id),
            f"page {link.token_hash[:16]}",
            clock.now(),
            consent=Consent(confirmed=anyway),
        )
        keep = self._spares.add if spare else self._sessions.update
        progress.candidate, candidate = None, CandidateLogin.of(brought)
        try:
            outcome: Outcome = await keep(request, candidate)
        except (CookiesOfOther, TradingViewSilent):
            progress.candidate, progress.spare = candidate, spare  # for a yes, or another try
            raise
        async with self._database.write() as connection:
            await one_time_pages.spend(connection, link.token_hash, clock.now())
        self._progress.pop(link.token_hash, None)
        return outcome

    @asynccontextmanager
    async def _press(self, token: str) -> AsyncIterator[tuple[Link, _Progress]]:
        """Hold the open page for one press, one after the other; a refusal leaves a history entry."""
        link = await self._link(_hash(token))
        try:
            if not await self._may(link.guild_id, link.member_id):
                raise NotAllowed(RoleLevel.MANAGER)
            self._clear()
            progress = self._progress.setdefault(link.token_hash, _Progress(link.expires_at))
            async with progress.lock:
                await self._link(link.token_hash)  # no attempt on a page that was used meanwhile
                yield link, progress
        except _NO_REFUSALS:
            raise
        except (UserError, TradingViewError):
            async with self._database.write() as connection:
                await _record(connection, "login_page_refused", link.guild_id, link.member_id)
            raise

    def _clear(self) -> None:
        """Forget what was typed on pages that are over."""
        now = clock.now()
        self._progress = {
            key: progress for key, progress in self._progress.items() if progress.until > now
        }

    async def _link(self, token_hash: str) -> Link:
        async with self._database.read() as connection:
            link = await one_time_pages.by_hash(connection, token_hash)
        # One that ends too far ahead is of a clock that was set back since: it may be over.
        now = clock.now()
        if link is None or link.spent_at is not None or not now < link.expires_at <= now + LASTS:
            self._progress.pop(token_hash, None)
            raise LinkOver
        return link


def kept(error: UserError) -> bool:
    """Return whether the pair still waits on the page after this refusal, and need not be typed again."""
    return isinstance(error, CookiesOfOther | TradingViewSilent)


def _filled(text: str, which: str, most: int = _MAX_FIELD) -> str:
    if not text or len(text) > most:
        raise FieldMissing(which)
    return text


def _hash(token: str) -> str:
    """Return what is kept of a token. Raises LinkOver for what cannot be one."""
    if not _TOKEN.fullmatch(token):
        raise LinkOver
    # The token is random and long: there is nothing for a slow hash to protect.
    return hashlib.sha256(token.encode()).hexdigest()


async def _record(connection: AsyncConnection, action: str, guild_id: int, member_id: int) -> None:
    await events.record(connection, guild_id, clock.now(), action, actor=Actor.member(member_id))
