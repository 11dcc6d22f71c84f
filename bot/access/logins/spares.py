"""Spare logins of the same TradingView account: tested daily, and used when the one in use ends."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import clock
from bot.access.errors import TradingViewSilent
from bot.access.logins import records
from bot.access.logins.account import AccountSession, LoginState, Updated
from bot.access.logins.cookies import pack, unpack
from bot.access.logins.errors import CookiesRefused, SpareKnown, SpareOfOther, SparesFull
from bot.access.logins.probe import LoginCheck
from bot.access.logins.renewal import CandidateLogin
from bot.access.logins.sessions import Sessions
from bot.access.request import RequestContext
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.logins import sessions, spares
from bot.store.logins.spares import Spare
from bot.store.tables.logins import MAX_SPARES
from bot.store.vault import UnreadableError, Vault
from bot.tradingview.models import Cookies

log = logging.getLogger(__name__)

TEST_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SpareKept:
    """A spare was kept; `spares` are there now."""

    username: str | None
    spares: int


@dataclass(frozen=True, slots=True)
class KnownSpare:
    """A spare without its cookies; moments in UTC, `set_by` None: from outside Discord."""

    set_by: int | None
    set_at: datetime
    checked_at: datetime
    is_readable: bool  # with the keys at hand


class Spares:
    """Every server's spare logins; takes over for `sessions` when a login dies."""

    def __init__(self, database: Database, vault: Vault, logins: Sessions) -> None:
        self._database = database
        self._vault = vault
        self._sessions = logins
        logins.rescue = self.take_over

    async def add(
        self, request: RequestContext, cookies: Cookies | CandidateLogin
    ) -> Updated | SpareKept:
        """Keep this pair as a spare; where no login works, it is used at once instead.

        Raises what `Sessions.update` does, SparesFull, SpareKnown, SpareOfOther.
        """
        held = await self._sessions.of(request.guild_id)
        if held.state is not LoginState.ALIVE:
            return await self._sessions.update(request, cookies)
        async with held.lock:
            known = await self._of(held)
            candidate = CandidateLogin.of(cookies)
            if candidate.cookies.sessionid in {
                pair.sessionid for pair in (held.cookies, *(spare for _, spare in known)) if pair
            }:
                raise SpareKnown
            if len(known) >= MAX_SPARES:
                raise SparesFull(MAX_SPARES)
            updated = await self._sessions.examined(held, candidate)
            now = clock.now()
            async with self._database.write() as connection:
                account = await sessions.ensure_account(connection, request.guild_id, now)
                if records.is_other(account, updated):
                    raise SpareOfOther(updated.username, account.username)
                sealed = self._vault.seal(pack(candidate.cookies))
                if not await spares.add(
                    connection, account.id, sealed, by=request.member_id, at=now
                ):
                    raise SparesFull(MAX_SPARES)
                count = await spares.count(connection, account.id)
                await events.record(
                    connection, request.guild_id, now, "session_spare_set", actor=request.actor
                )
        return SpareKept(updated.username or account.username, count)

    async def listed(self, guild_id: int) -> list[KnownSpare]:
        """Return a server's spares in the order in which they take over."""
        held = await self._sessions.of(guild_id)
        if held.account_id is None:
            return []
        async with self._database.read() as connection:
            kept = await spares.of_account(connection, held.account_id)
        return [
            KnownSpare(
                each.set_by, each.set_at, each.checked_at, self._vault.opens(bytes(each.cookies))
            )
            for each in kept
        ]

    async def take_over(self, held: AccountSession) -> bool:
        """Replace the login in use, found dead, with its lock held; returns whether a spare did."""
        for spare, cookies in await self._of(held):
            candidate = self._candidate(spare, cookies)
            check = await self._tested(held, candidate)
            if check is LoginCheck.ALIVE and await self._use(held, spare, candidate.cookies):
                return True
            if check is LoginCheck.DEAD:
                await self._drop(held.guild_id, spare)
        return False

    async def test_due(self) -> None:
        """Test those not tested for a day; a dead one is dropped and said to be gone."""
        async with self._database.read() as connection:
            now = clock.now()
            due = await spares.due(connection, now - TEST_EVERY, now)
        for guild_id, spare in due:
            held = await self._sessions.of(guild_id)
            async with held.lock:  # or a take-over renews or uses it meanwhile
                await self._test(held, spare.id)

    async def _test(self, held: AccountSession, spare_id: int) -> None:
        """Test that spare as it stands by now, if it is still there."""
        for spare, cookies in await self._of(held):
            if spare.id != spare_id:
                continue
            check = await self._tested(held, self._candidate(spare, cookies))
            if check is LoginCheck.DEAD:
                await self._drop(held.guild_id, spare)
            elif check is LoginCheck.ALIVE:
                async with self._database.write() as connection:
                    await spares.mark(connection, spare.id, clock.now())

    async def _of(self, held: AccountSession) -> list[tuple[Spare, Cookies]]:
        if held.account_id is None:
            return []
        async with self._database.read() as connection:
            kept = await spares.of_account(connection, held.account_id)
        opened = ((spare, self._opened(spare)) for spare in kept)
        return [(spare, cookies) for spare, cookies in opened if cookies is not None]

    def _opened(self, spare: Spare) -> Cookies | None:
        try:
            return unpack(self._vault.open(bytes(spare.cookies)))
        except UnreadableError:
            log.warning("a spare login cannot be read with this key; it is left alone")
            return None

    async def _tested(self, held: AccountSession, candidate: CandidateLogin) -> LoginCheck:
        try:
            await self._sessions.examined(held, candidate)
        except CookiesRefused:
            return LoginCheck.DEAD
        except TradingViewSilent:
            return LoginCheck.UNKNOWN
        return LoginCheck.ALIVE

    def _candidate(self, spare: Spare, cookies: Cookies) -> CandidateLogin:
        async def keep(fresh: Cookies) -> None:
            async with self._database.write() as connection:
                await spares.renew(connection, spare.id, self._vault.seal(pack(fresh)))

        return CandidateLogin(cookies, keep)

    async def _use(self, held: AccountSession, spare: Spare, cookies: Cookies) -> bool:
        now = clock.now()
        async with self._database.write() as connection:
            stored = await sessions.of_guild(connection, held.guild_id)
            if stored is None or stored.session.version != held.version:
                return False  # another program changed the login since: that one counts
            account = stored.account
            if not await spares.drop(connection, spare.id):
                return False
            version = await records.use(
                connection,
                account,
                self._vault.seal(pack(cookies)),
                by=spare.set_by,
                at_least=held.version + 1,
                now=now,
            )
            left = await spares.count(connection, account.id)
            await events.record(
                connection, held.guild_id, now, "session_spare_used", after={"left": left}
            )
        held.use(account.id, cookies, version, now)
        log.warning("A spare login took over in server %s; %s left", held.guild_id, left)
        self._sessions.changed(held.guild_id)
        return True

    async def _drop(self, guild_id: int, spare: Spare) -> None:
        async with self._database.write() as connection:
            if await spares.drop(connection, spare.id):
                left = await spares.count(connection, spare.account_id)
                await events.record(
                    connection, guild_id, clock.now(), "session_spare_dead", after={"left": left}
                )
