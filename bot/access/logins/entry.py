"""The steps by which somebody gives the bot a TradingView login past Discord, whichever page they stand on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot import clock
from bot.access.errors import NotAllowed, TradingViewSilent
from bot.access.logins.account import Updated, soon
from bot.access.logins.cookies import read_cookies
from bot.access.logins.errors import CodeUnreadable, CookiesOfOther, FieldMissing, LinkOver
from bot.access.logins.renewal import CandidateLogin
from bot.access.logins.sessions import Sessions
from bot.access.logins.spares import SpareKept, Spares
from bot.access.request import Consent, RequestContext
from bot.errors import UserError
from bot.store.engine.database import Database
from bot.store.kinds import RoleLevel
from bot.store.ledger import events
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

_MAX_FIELD = 1_000
_MAX_PASTE = 12_000  # what a cookie extension exports
# A question, or no answer yet: nothing was refused.
_NO_REFUSALS = (CookiesOfOther, SecondFactorNeeded, TradingViewSilent, UpstreamTrouble, LinkOver)

Outcome = Updated | SpareKept


@dataclass(frozen=True, slots=True)
class Door:
    """Where somebody stands who brings a login: a one-time page, or a session of the dashboard.

    `may` tells whether they still may, and `check` raises once the door is shut; `used` is called when a
    login was kept, where that shuts it. `refused` is what the history calls a try that was refused.
    """

    key: str = field(repr=False)  # of what was typed there so far
    guild_id: int
    member_id: int
    until: datetime
    refused: str
    may: Callable[[], Awaitable[bool]]
    check: Callable[[], Awaitable[object]]
    used: Callable[[], Awaitable[None]] | None = None


@dataclass
class _Progress:
    """What was typed at one door so far; lives in memory only.

    It goes with its door, or when the next one is opened or pressed at after that one is over.
    """

    until: datetime
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    halfway: Halfway | None = field(default=None, repr=False)
    candidate: CandidateLogin | None = field(default=None, repr=False)
    question: CookiesOfOther | None = None  # about the candidate; None: TradingView was silent
    spare: bool = False


class LoginEntry:
    """Does what is pressed at a door. Every press raises what the door's `check` does, and NotAllowed."""

    def __init__(
        self, database: Database, sessions: Sessions, spares: Spares, sign_in: SignIn
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._spares = spares
        self._sign_in = sign_in
        self._progress: dict[str, _Progress] = {}
        # By server, by clock.monotonic(): until when TradingView wants to see no sign-in.
        self._no_sign_in_before: dict[int, float] = {}

    async def paste(self, door: Door, sessionid: str, sign: str, *, spare: bool) -> Outcome:
        """Use a pasted pair. Raises what `Sessions.update` and `Spares.add` do."""
        async with self._press(door) as progress:
            pasted = _filled(sessionid, "sessionid", _MAX_PASTE)
            cookies = read_cookies(pasted, sign[:_MAX_PASTE])
            return await self._finish(door, progress, cookies, spare=spare)

    async def password(self, door: Door, name: str, password: str, *, spare: bool) -> Outcome:
        """Sign in, with one attempt. Raises what `SignIn.password` does, and as `paste`."""
        async with self._press(door) as progress:
            name, password = _filled(name.strip(), "the name"), _filled(password, "the password")
            progress.halfway, progress.candidate, progress.spare = None, None, spare
            try:
                async with self._attempt(door.guild_id):
                    cookies = await self._sign_in.password(name, password)
            except SecondFactorNeeded as needed:
                progress.halfway = needed.halfway
                raise
            return await self._finish(door, progress, cookies, spare=spare)

    async def code(self, door: Door, code: str) -> Outcome:
        """Send the second factor, with one attempt. Raises CodeUnreadable, and as `password`."""
        async with self._press(door) as progress:
            if progress.halfway is None:
                raise FieldMissing("name and password")
            try:
                code = clean_code(code)
            except ValueError:
                raise CodeUnreadable from None
            async with self._attempt(door.guild_id):
                cookies = await self._sign_in.second_factor(progress.halfway, code)
            progress.halfway = None
            return await self._finish(door, progress, cookies, spare=progress.spare)

    async def again(self, door: Door, *, anyway: bool) -> Outcome:
        """Use the pair that waits for a yes (`anyway`) or for TradingView. Raises as `paste`."""
        async with self._press(door) as progress:
            if progress.candidate is None:
                raise FieldMissing("the login")
            return await self._finish(
                door, progress, progress.candidate, spare=progress.spare, anyway=anyway
            )

    def waits_for(self, key: str) -> UserError | TradingViewError | None:
        """Return why what was typed at a door is not done yet: a question, a code, or TradingView; None without it."""
        progress = self._progress.get(key)
        if progress is None or progress.until <= clock.now():
            return None
        if progress.candidate is not None:
            return progress.question or TradingViewSilent()
        return None if progress.halfway is None else SecondFactorNeeded(progress.halfway)

    def forget(self, key: str) -> None:
        """Forget what was typed at a door."""
        self._progress.pop(key, None)

    def clear(self) -> None:
        """Forget what was typed at doors that are over."""
        now = clock.now()
        self._progress = {
            key: progress for key, progress in self._progress.items() if progress.until > now
        }

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
        door: Door,
        progress: _Progress,
        brought: Cookies | CandidateLogin,
        *,
        spare: bool,
        anyway: bool = False,
    ) -> Outcome:
        """Test and keep the pair; only this may use the door up."""
        await door.check()  # it may have been used or have ended meanwhile
        request = RequestContext(
            door.guild_id,
            Actor.member(door.member_id),
            f"page {door.key[:16]}",
            clock.now(),
            consent=Consent(confirmed=anyway),
        )
        keep = self._spares.add if spare else self._sessions.update
        progress.candidate, candidate = None, CandidateLogin.of(brought)
        try:
            outcome: Outcome = await keep(request, candidate)
        except (CookiesOfOther, TradingViewSilent) as waits:
            # For a yes, or another try. Of the question only its words: it would hold what was typed.
            progress.candidate, progress.spare = candidate, spare
            progress.question = replace(waits) if isinstance(waits, CookiesOfOther) else None
            raise
        if door.used is not None:
            await door.used()
        self.forget(door.key)
        return outcome

    @asynccontextmanager
    async def _press(self, door: Door) -> AsyncIterator[_Progress]:
        """Hold the open door for one press, one after the other; a refusal leaves a history entry."""
        try:
            if not await door.may():
                raise NotAllowed(RoleLevel.MANAGER)
            self.clear()
            progress = self._progress.setdefault(door.key, _Progress(door.until))
            async with progress.lock:
                await door.check()  # no attempt at a door that was used meanwhile
                yield progress
        except _NO_REFUSALS:
            raise
        except (UserError, TradingViewError):
            async with self._database.write() as connection:
                await events.record(
                    connection,
                    door.guild_id,
                    clock.now(),
                    door.refused,
                    actor=Actor.member(door.member_id),
                )
            raise


def kept(error: UserError) -> bool:
    """Return whether the pair still waits at the door after this refusal, and need not be typed again."""
    return isinstance(error, CookiesOfOther | TradingViewSilent)


def _filled(text: str, which: str, most: int = _MAX_FIELD) -> str:
    if not text or len(text) > most:
        raise FieldMissing(which)
    return text
