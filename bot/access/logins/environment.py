"""The login that stands in the environment: used once, when it could be tested."""

import logging
from contextlib import suppress

from bot import clock
from bot.access.errors import TradingViewSilent
from bot.access.logins.cookies import digest, pack, unpack
from bot.access.logins.errors import CookiesOfOther
from bot.access.logins.renewal import CandidateLogin, Keep
from bot.access.logins.sessions import Sessions
from bot.errors import UserError
from bot.store.catalogue import guilds
from bot.store.engine.database import Database
from bot.store.ledger import events
from bot.store.logins import sessions
from bot.store.vault import UnreadableError, Vault
from bot.tradingview.models import Cookies

_OTHER = (
    "TV_SESSIONID belongs to another TradingView account than the one in use. To change the account, "
    "a manager gives these cookies with /session update; else take them out of the environment"
)

log = logging.getLogger(__name__)


class Environment:
    """Takes the environment's pair over into a server's session."""

    def __init__(self, database: Database, vault: Vault, logins: Sessions) -> None:
        self._database = database
        self._vault = vault
        self._sessions = logins

    async def adopt(self, guild_id: int, cookies: Cookies) -> bool:
        """Use the pair of the environment, once; True when it was used just now.

        Raises TradingViewSilent when it could not be tested: call again later. A pair that is refused
        is logged and not tried again, and so is one of another account than the server's: nobody is
        there to be asked.
        """
        mark = digest(cookies)
        async with self._database.read() as connection:
            account = await sessions.account_of(connection, guild_id)
            renewed = await sessions.renewed_environment(connection, guild_id, mark)
        if account is not None and account.environment_digest == mark:
            return False
        if renewed is not None:
            with suppress(UnreadableError):  # sealed with a key that was taken away since
                cookies = unpack(self._vault.open(renewed))
        candidate = CandidateLogin(
            cookies, keep_in_environment(self._database, self._vault, guild_id, mark)
        )
        try:
            await self._take_over(guild_id, candidate, mark)
        except TradingViewSilent:
            raise
        except UserError as refusal:
            await self._refused(guild_id, mark, refusal)
            return False
        return True

    async def _take_over(self, guild_id: int, candidate: CandidateLogin, mark: str) -> None:
        """Use it, also where no name tells whose it is. Raises CookiesOfOther where two names differ."""
        try:
            await self._sessions.take_over(guild_id, candidate, by=None, environment=mark)
        except CookiesOfOther as other:
            if other.username is not None and other.before is not None:
                raise
            await self._sessions.take_over(
                guild_id, candidate, by=None, anyway=True, environment=mark
            )

    async def _refused(self, guild_id: int, mark: str, refusal: UserError) -> None:
        now = clock.now()
        log.warning(
            "The login of the environment is not used: %s. Nothing was replaced.",
            _OTHER if isinstance(refusal, CookiesOfOther) else type(refusal).__name__,
        )
        async with self._database.write() as connection:
            await guilds.ensure(connection, guild_id, now)
            account = await sessions.ensure_account(connection, guild_id, now)
            await sessions.set_environment_digest(connection, account.id, mark)
            if isinstance(refusal, CookiesOfOther):
                await events.record(
                    connection,
                    guild_id,
                    now,
                    "session_environment_other",
                    before={"username": refusal.before},
                    after={"username": refusal.username},
                )


def keep_in_environment(database: Database, vault: Vault, guild_id: int, mark: str) -> Keep:
    """Return a function that stores what TradingView makes of the pair of that digest before its use."""

    async def keep(fresh: Cookies) -> None:
        sealed = vault.seal(pack(fresh))
        async with database.write() as connection:
            await guilds.ensure(connection, guild_id, clock.now())
            await sessions.renew_environment(connection, guild_id, mark, sealed)

    return keep
