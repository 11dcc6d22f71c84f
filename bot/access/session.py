"""Keeps each server's TradingView login: set, tested, watched, and never replaced by a worse one."""

import logging
from collections.abc import Callable

from bot import clock
from bot.access.asking import Asked
from bot.access.cookies import digest, pack, unpack
from bot.access.login import AccountSession, Connect, LoginState, LoginStatus, Updated
from bot.access.probe import Verdict, examine, probe
from bot.access.refusals import (
    AccountElsewhere,
    CookiesOfOther,
    CookiesRefused,
    NoLogin,
    TradingViewSilent,
)
from bot.access.spelling import in_time
from bot.errors import UserError
from bot.store import events, guilds, scripts, sessions
from bot.store.database import Database
from bot.store.records import Account, Script
from bot.store.vault import Vault
from bot.tradingview.models import Cookies
from bot.tradingview.pace import Pace

__all__ = ["AccountSession", "LoginState", "LoginStatus", "Sessions", "Updated", "Verdict"]

log = logging.getLogger(__name__)

LONGEST_LOOK = 15.0
LONGEST_TEST = 120.0  # TradingView may have asked for a long pause, and somebody waits


class Sessions:
    """Every server's session. `pace` is in requests a second, for each account.

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
        hide: Callable[[str | None], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._connect = connect
        self._pace = pace
        self._concurrency = concurrency
        self._hide = hide
        self._held: dict[int, AccountSession] = {}
        self.on_change: list[Callable[[int], None]] = []

    async def open(self) -> None:
        """Load what is stored; once, before anything else."""
        async with self._database.read() as connection:
            stored = await sessions.everything(connection)
        for one in stored:
            held = await self.of(one.account.guild_id)
            held.account_id = one.account.id
            held.cookies = unpack(self._vault.open(one.sealed))
            held.version = one.session.version
            held.state = LoginState(one.session.state)
            held.since = one.session.state_since
            self._conceal(held.cookies)

    async def of(self, guild_id: int) -> AccountSession:
        """That server's session; always the same object, also before there is a login."""
        held = self._held.get(guild_id)
        if held is None:
            pace = Pace(self._pace, self._concurrency)
            held = AccountSession(guild_id, pace, self._connect, self._probe)
            self._held[guild_id] = held
        return held

    async def status(self, guild_id: int) -> LoginStatus:
        """What is known, without asking TradingView."""
        held = await self.of(guild_id)
        async with self._database.read() as connection:
            stored = await sessions.of_guild(connection, guild_id)
        return LoginStatus(
            state=held.state,
            since=held.since,
            username=None if stored is None else stored.account.username,
            checked_at=None if stored is None else stored.session.checked_at,
            set_by=None if stored is None else stored.session.set_by,
            set_at=None if stored is None else stored.session.set_at,
            has_sign=held.cookies is not None and held.cookies.sessionid_sign is not None,
        )

    async def update(self, asked: Asked, cookies: Cookies, *, anyway: bool = False) -> Updated:
        """Test this pair and, when it is good, use it from now on.

        Raises CookiesRefused, AccountElsewhere or TradingViewSilent, and CookiesOfOther (a question)
        unless `anyway`; the login in use stays as it is then.
        """
        return await self._take_over(asked.guild_id, cookies, by=asked.by, anyway=anyway)

    async def adopt_environment(self, guild_id: int, cookies: Cookies) -> bool:
        """Use the pair of the environment, once; True when it was used just now.

        Raises TradingViewSilent when it could not be tested: call again later. A pair that is refused
        is logged and not tried again.
        """
        self._conceal(cookies)
        mark = digest(cookies)
        async with self._database.read() as connection:
            account = await sessions.account_of(connection, guild_id)
        if account is not None and account.environment_digest == mark:
            return False
        try:
            await self._take_over(guild_id, cookies, by=None, anyway=True, environment=mark)
        except TradingViewSilent:
            raise
        except UserError as refusal:
            log.warning(
                "The login of the environment is not used: %s. Nothing was replaced.",
                type(refusal).__name__,
            )
            async with self._database.write() as connection:
                await guilds.ensure(connection, guild_id, clock.now())
                account = await sessions.ensure_account(connection, guild_id, clock.now())
                await sessions.set_environment_digest(connection, account.id, mark)
            return False
        return True

    async def test(self, guild_id: int) -> Verdict:
        """Ask TradingView now whether the login lives; DEAD without one."""
        held = await self.of(guild_id)
        return await in_time(held.test(), LONGEST_LOOK) or Verdict.UNKNOWN

    async def forget(self, asked: Asked) -> None:
        """Delete the stored login. Raises NoLogin."""
        held = await self.of(asked.guild_id)
        async with held.lock:
            if held.cookies is None or held.account_id is None:
                raise NoLogin
            async with self._database.write() as connection:
                account = await sessions.account_of(connection, asked.guild_id)
                await sessions.forget(connection, held.account_id)
                # Another server may use that account now.
                await sessions.name_account(connection, held.account_id, None)
                await events.record(
                    connection,
                    asked.guild_id,
                    clock.now(),
                    "session_forgotten",
                    actor_id=asked.by,
                    before={"username": account and account.username},
                )
            held.cookies, held.state, held.since = None, LoginState.NONE, None
        self._changed(asked.guild_id)

    async def test_all(self) -> None:
        """The regular watch: test every stored login, the dead ones too."""
        for held in list(self._held.values()):
            if held.state is not LoginState.NONE:
                await held.test()

    async def _probe(self, held: AccountSession, pine_id: str | None) -> Verdict:
        known = await self._scripts(held.guild_id)
        ids = [script.pine_id for script in known if script.paused_at is None]
        if pine_id is not None:
            ids = [pine_id, *(other for other in ids if other != pine_id)]
        verdict = (await probe(held.tradingview, ids)).verdict
        if verdict in (Verdict.ALIVE, Verdict.DEAD) and held.account_id is not None:
            await self._record(held, held.account_id, LoginState(verdict.value))
        return verdict

    async def _record(self, held: AccountSession, account_id: int, state: LoginState) -> None:
        now = clock.now()
        changed = state is not held.state
        async with self._database.write() as connection:
            await sessions.mark(connection, account_id, held.version, state.value, now)
            if changed:
                await events.record(connection, held.guild_id, now, f"session_{state}")
        if changed:
            log.warning("The TradingView login of server %s is %s", held.guild_id, state)
            held.state, held.since = state, now
            self._changed(held.guild_id)

    async def _take_over(
        self,
        guild_id: int,
        cookies: Cookies,
        *,
        by: int | None,
        anyway: bool,
        environment: str | None = None,
    ) -> Updated:
        self._conceal(cookies)
        held = await self.of(guild_id)
        async with held.lock:
            known = await self._scripts(guild_id)
            door = self._connect(held.pace, lambda: cookies)
            facts = await in_time(examine(door, [one.pine_id for one in known]), LONGEST_TEST)
            if facts is not None and facts.verdict is Verdict.DEAD:
                raise CookiesRefused(without_sign=cookies.sessionid_sign is None)
            if facts is None or facts.verdict is not Verdict.ALIVE:
                raise TradingViewSilent("login")
            titles = {script.pine_id: script.title for script in known}
            updated = Updated(
                facts.username,
                cookies.sessionid_sign is not None,
                tuple(titles[pine_id] for pine_id in facts.missing),
                tuple(titles[pine_id] for pine_id in facts.unchecked),
            )
            await self._store(held, cookies, updated, by=by, anyway=anyway, environment=environment)
        self._changed(guild_id)
        return updated

    async def _store(
        self,
        held: AccountSession,
        cookies: Cookies,
        updated: Updated,
        *,
        by: int | None,
        anyway: bool,
        environment: str | None,
    ) -> None:
        now, version = clock.now(), held.version + 1
        async with self._database.write() as connection:
            await guilds.ensure(connection, held.guild_id, now)
            account = await sessions.ensure_account(connection, held.guild_id, now)
            if updated.username is not None:
                owner = await sessions.account_named(connection, updated.username)
                if owner is not None and owner.guild_id != held.guild_id:
                    raise AccountElsewhere(updated.username)
            if not anyway and _is_other(account, updated):
                raise CookiesOfOther(updated.username, account.username, updated.missing)
            if updated.username is not None:
                await sessions.name_account(connection, account.id, updated.username)
            if environment is not None:
                await sessions.set_environment_digest(connection, account.id, environment)
            await sessions.put(
                connection,
                account.id,
                version=version,
                sealed=self._vault.seal(pack(cookies)),
                by=by,
                at=now,
            )
            await events.record(
                connection,
                held.guild_id,
                now,
                "session_set",
                actor_id=by,
                before={"username": account.username},
                after={"username": updated.username or account.username},
            )
        held.account_id, held.cookies, held.version = account.id, cookies, version
        held.state, held.since = LoginState.ALIVE, now

    async def _scripts(self, guild_id: int) -> list[Script]:
        async with self._database.read() as connection:
            return await scripts.listed(connection, guild_id)

    def _conceal(self, cookies: Cookies) -> None:
        self._hide(cookies.sessionid)
        self._hide(cookies.sessionid_sign)

    def _changed(self, guild_id: int) -> None:
        for tell in self.on_change:
            tell(guild_id)


def _is_other(account: Account, updated: Updated) -> bool:
    """Whether the pair seems to belong to another TradingView account than the one known."""
    if account.name_folded is not None and updated.username is not None:
        return updated.username.casefold() != account.name_folded
    # Whose it is cannot be told by name: it should own what the server sells.
    return bool(updated.missing)
