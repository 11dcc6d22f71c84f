"""Keeps each server's TradingView login: set, tested, watched, and never replaced by a worse one."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar
from weakref import WeakSet

from bot import clock
from bot.access.errors import TradingViewSilent
from bot.access.logins import records
from bot.access.logins.account import (
    TEST_TIMEOUT,
    AccountSession,
    Connect,
    LoginState,
    LoginStatus,
    Updated,
)
from bot.access.logins.cookies import pack, unpack
from bot.access.logins.errors import CookiesRefused, NoLogin
from bot.access.logins.probe import LoginCheck, examine, probe
from bot.access.logins.records import NewLogin
from bot.access.logins.renewal import CandidateLogin, renew
from bot.access.request import RequestContext
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import Database
from bot.store.kinds import SessionState
from bot.store.logins import sessions, spares
from bot.store.logins.sessions import Stored
from bot.store.records import USHER, Script
from bot.store.vault import UnreadableError, Vault
from bot.tradingview.client import TradingViewClient
from bot.tradingview.deadline import in_time
from bot.tradingview.limiter import Limiter
from bot.tradingview.models import Cookies
from bot.tradingview.shared_limiter import Share, SharedLimiter

__all__ = ["AccountSession", "LoginCheck", "LoginState", "LoginStatus", "Sessions", "Updated"]

log = logging.getLogger(__name__)

LOOK_TIMEOUT = 15.0
MAX_CLOSING = 5.0  # seconds; a renewed pair may wait for another transaction

T = TypeVar("T")


class Sessions:
    """Every server's session. `pace` is in requests a second, for each account.

    `share` opens what an account's limiter shares with other programs, by the server's id.

    `hide` is told every cookie before it is used, so that no log can show it. What is in
    `on_change` is called with the server's id after a login was replaced, died or came back.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        connect: Connect,
        *,
        pace: float = 2.0,
        concurrency: int = 2,
        share: Callable[[int], Share] | None = None,
        hide: Callable[[str | None], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._connect = connect
        self._doors: WeakSet[TradingViewClient] = WeakSet()
        self._pace = pace
        self._concurrency = concurrency
        self._share = share
        self._hide = hide
        self._held: dict[int, AccountSession] = {}
        self.on_change: list[Callable[[int], None]] = []
        # Asked when a login was found dead, with its lock held: True when a spare took its place.
        self.rescue: Callable[[AccountSession], Awaitable[bool]] | None = None

    async def open(self) -> None:
        """Load what is stored; once, before anything else."""
        async with self._database.read() as connection:
            stored = await sessions.everything(connection)
        for login in stored:
            held = await self.of(login.account.guild_id)
            self._load(held, login)

    async def close(self) -> None:
        """Wait for the pairs that TradingView just renewed, and leave the accounts; once, before the database closes.

        The earlier pair may be dead by then, and the caller may have given up.
        """
        settling = asyncio.gather(*(client.settled() for client in self._doors))
        if not await clock.within(MAX_CLOSING, settling):
            settling.cancel()
            log.error("A renewed TradingView login could not be stored before the end")
        await asyncio.gather(*(held.limiter.close() for held in self.every()))

    def _client(self, limiter: Limiter, cookies: Callable[[], Cookies | None]) -> TradingViewClient:
        client = self._connect(limiter, cookies)
        self._doors.add(client)
        return client

    async def of(self, guild_id: int) -> AccountSession:
        """Return that server's session; always the same object, also before there is a login."""
        if guild_id not in self._held:
            limiter = self._limiter(guild_id)
            await limiter.refresh()
            held = AccountSession(guild_id, limiter, self._client, self._probe, self._renew)
            limiter.taken = lambda: self._follow(held)
            self._held.setdefault(guild_id, held)  # another may have been quicker meanwhile
        return self._held[guild_id]

    def _limiter(self, guild_id: int) -> Limiter:
        if self._share is None:
            return Limiter(self._pace, self._concurrency)
        return SharedLimiter(self._pace, self._concurrency, self._share(guild_id))

    async def status(self, guild_id: int) -> LoginStatus:
        """Return what is known, without asking TradingView."""
        held = await self.of(guild_id)
        async with self._database.read() as connection:
            stored = await sessions.of_guild(connection, guild_id)
            spare = 0 if stored is None else await spares.count(connection, stored.account.id)
        return LoginStatus(
            state=held.state,
            since=held.since,
            username=None if stored is None else stored.account.username,
            checked_at=None if stored is None else stored.session.checked_at,
            set_by=None if stored is None else stored.session.set_by,
            set_at=None if stored is None else stored.session.set_at,
            has_sign=held.cookies is not None and held.cookies.sessionid_sign is not None,
            spares=spare,
            is_unreadable=bool(held.unreadable),
        )

    async def update(self, request: RequestContext, cookies: Cookies | CandidateLogin) -> Updated:
        """Test this pair and, when it is good, use it from now on.

        A caller that may try again hands over a CandidateLogin: the pair may be renewed at each test.

        Raises CookiesRefused, AccountElsewhere or TradingViewSilent, and CookiesOfOther (a question)
        unless that was agreed to; the login in use stays as it is then.
        """
        return await self.take_over(
            request.guild_id,
            cookies,
            by=request.member_id,
            anyway=request.consent.confirmed,
        )

    async def test(self, guild_id: int) -> LoginCheck:
        """Ask TradingView now whether the login lives; DEAD without one."""
        held = await self.of(guild_id)
        check = await in_time(held.test(), LOOK_TIMEOUT) or LoginCheck.UNKNOWN
        return LoginCheck.ALIVE if check is LoginCheck.REPLACED else check  # by a spare

    async def forget(self, request: RequestContext) -> None:
        """Delete the stored login. Raises NoLogin."""
        held = await self.of(request.guild_id)
        async with held.lock:
            if held.cookies is None or held.account_id is None:
                raise NoLogin
            async with self._database.write() as connection:
                await records.forgotten(connection, request, held.account_id, clock.now())
            held.cookies, held.state, held.since = None, LoginState.NONE, None
        self.changed(request.guild_id)

    async def forget_left(self, guild_id: int, before: datetime) -> None:
        """Delete the login of a server that the bot left by that moment; harmless without one."""
        held = await self.of(guild_id)
        now = clock.now()
        async with held.lock:
            async with self._database.write() as connection:
                account = await sessions.account_of(connection, guild_id)
                if account is None or guild_id not in await guilds.left_ids(connection, before):
                    return
                await sessions.drop_environment(connection, guild_id)
                stored = await sessions.of_guild(connection, guild_id)
                if stored is None and not await spares.count(connection, account.id):
                    return
                usher = RequestContext(guild_id, USHER, f"left {guild_id}", now)
                await records.forgotten(connection, usher, account.id, now, "session_left")
            held.cookies, held.state, held.since = None, LoginState.NONE, None
        log.info("The TradingView login of server %s, which the bot left, is deleted", guild_id)
        self.changed(guild_id)

    def every(self) -> list[AccountSession]:
        """Return all sessions that were asked for."""
        return list(self._held.values())

    async def _probe(self, held: AccountSession, pine_id: str | None) -> LoginCheck:
        known = await self._scripts(held.guild_id)
        ids = [script.pine_id for script in known if script.paused_at is None]
        if pine_id is not None:
            ids = [pine_id, *(other for other in ids if other != pine_id)]
        facts = await _asked(held, probe(held.tradingview, ids))
        check = LoginCheck.UNKNOWN if facts is None else facts.check
        if check is LoginCheck.DEAD and (
            await self._reload(held) or (self.rescue is not None and await self.rescue(held))
        ):
            return LoginCheck.REPLACED
        if check in (LoginCheck.ALIVE, LoginCheck.DEAD) and held.account_id is not None:
            ours = await self._record(held, held.account_id, SessionState(check.value))
            if not ours and await self._reload(held):
                return LoginCheck.REPLACED
        return check

    async def _renew(self, held: AccountSession, used: Cookies, fresh: Cookies) -> None:
        self._conceal(fresh)
        await renew(self._database, self._vault, held, used, fresh)

    async def _follow(self, held: AccountSession) -> None:
        """Use the pair that an answer to another program brought: the earlier one may be dead by now.

        A login that died or came back meanwhile is for `refresh` to tell.
        """
        async with self._database.read() as connection:
            stored = await sessions.of_guild(connection, held.guild_id)
        if stored is None or held.cookies is None or stored.account.id != held.account_id:
            return
        are_alive = (held.state, stored.session.state) == (LoginState.ALIVE, SessionState.ALIVE)
        if not are_alive or stored.session.version in (held.version, held.unreadable):
            return
        with suppress(UnreadableError):  # said once, by `refresh`
            cookies = unpack(self._vault.open(stored.sealed))
            self._conceal(cookies)
            held.cookies, held.version = cookies, stored.session.version
            held.limiter.go_single_file()

    async def _record(self, held: AccountSession, account_id: int, state: SessionState) -> bool:
        """Write a test's outcome down; False when the database holds another pair by now."""
        now = clock.now()
        async with self._database.write() as connection:
            ours = await records.turned(
                connection, held.guild_id, account_id, held.version, state, now
            )
        # Of a pair that cannot be read nothing is known: then the earlier one is all there is.
        found = LoginState(state)
        if (ours or held.unreadable) and found is not held.state:
            says = "works" if found is LoginState.ALIVE else "has ended"
            log.warning("The TradingView login of server %s %s", held.guild_id, says)
            held.state, held.since = found, now
            self.changed(held.guild_id)
        return ours

    async def take_over(
        self,
        guild_id: int,
        cookies: Cookies | CandidateLogin,
        *,
        by: int | None,
        anyway: bool = False,
        environment: str | None = None,
        note: str | None = None,
    ) -> Updated:
        """Update the login as `update` does, also without a member of Discord: `note` says where it came from."""
        held = await self.of(guild_id)
        async with held.lock:
            candidate = CandidateLogin.of(cookies)
            updated = await self.examined(held, candidate)
            sealed = self._vault.seal(pack(candidate.cookies))
            new = NewLogin(guild_id, sealed, updated, by, anyway, environment, note)
            now = clock.now()
            async with self._database.write() as connection:
                account_id, version = await records.new_login(
                    connection, new, held.version + 1, now
                )
            held.use(account_id, candidate.cookies, version, now)
        self.changed(guild_id)
        return updated

    async def examined(self, held: AccountSession, candidate: CandidateLogin) -> Updated:
        """Test a pair that is not in use. Raises CookiesRefused or TradingViewSilent."""

        async def renewed(used: Cookies, fresh: Cookies) -> None:
            live = held.cookies
            if live is not None and live.sessionid == used.sessionid:  # the one in use was brought
                await self._renew(held, live, fresh)
            self._conceal(fresh)
            await candidate.renew(used, fresh)

        cookies = candidate.cookies
        self._conceal(cookies)
        known = await self._scripts(held.guild_id)
        client = self._client(held.limiter, lambda: candidate.cookies)
        client.rotated = renewed
        facts = await _asked(
            held, examine(client, [script.pine_id for script in known]), lambda: client.answers
        )
        if facts is not None and facts.check is LoginCheck.DEAD:
            raise CookiesRefused(without_sign=cookies.sessionid_sign is None)
        if facts is None or facts.check is not LoginCheck.ALIVE:
            raise TradingViewSilent
        titles = {script.pine_id: script.title for script in known}
        return Updated(
            facts.username,
            cookies.sessionid_sign is not None,
            tuple(titles[pine_id] for pine_id in facts.missing),
            tuple(titles[pine_id] for pine_id in facts.unchecked),
            has_scripts=bool(known),
        )

    async def refresh(self) -> None:
        """Take over what another program wrote, such as `usher session set` on the terminal."""
        async with self._database.read() as connection:
            stored = {
                login.account.guild_id: login for login in await sessions.everything(connection)
            }
        for guild_id in {*stored, *self._held}:
            held = await self.of(guild_id)
            if _differs(held, stored.get(guild_id)):
                async with held.lock:  # its last holder may just have written that
                    await self._reload(held)

    async def _reload(self, held: AccountSession) -> bool:
        """Load another login that the database holds, and return whether it did. Only with the lock held."""
        async with self._database.read() as connection:
            stored = await sessions.of_guild(connection, held.guild_id)
        if not _differs(held, stored):
            return False
        if stored is None:
            held.cookies, held.state, held.since = None, LoginState.NONE, None
        else:
            try:
                self._load(held, stored)
            except UnreadableError:
                log.exception(
                    "The login of server %s was encrypted with a key that this program does not "
                    "have; it goes on with the earlier one",
                    held.guild_id,
                )
                held.unreadable = stored.session.version  # said once
                return False
        log.info("The TradingView login of server %s was changed from outside", held.guild_id)
        self.changed(held.guild_id)
        return True

    def _load(self, held: AccountSession, stored: Stored) -> None:
        cookies = unpack(self._vault.open(stored.sealed))
        self._conceal(cookies)
        held.use(stored.account.id, cookies, stored.session.version, stored.session.state_since)
        held.state = LoginState(stored.session.state)

    async def _scripts(self, guild_id: int) -> list[Script]:
        async with self._database.read() as connection:
            return await scripts.listed(connection, guild_id)

    def _conceal(self, cookies: Cookies) -> None:
        self._hide(cookies.sessionid)
        self._hide(cookies.sessionid_sign)

    def changed(self, guild_id: int) -> None:
        """Tell everybody who listens."""
        for tell in self.on_change:
            tell(guild_id)


async def _asked(
    held: AccountSession, test: Coroutine[Any, Any, T], progress: Callable[[], int] = lambda: 0
) -> T | None:
    """Return what a test found; None when TradingView does not answer, or wants no question for long.

    A test holds the session's lock, and a pause may last a day.
    """
    await held.limiter.refresh()
    if held.limiter.held_for() > TEST_TIMEOUT:
        test.close()
        return None
    return await in_time(test, TEST_TIMEOUT, progress)


def _differs(held: AccountSession, stored: Stored | None) -> bool:
    """Return whether the database holds another login than the one in use."""
    if stored is None:
        return held.state is not LoginState.NONE
    if stored.session.version == held.unreadable:
        return False
    return held.state is LoginState.NONE or held.version != stored.session.version
