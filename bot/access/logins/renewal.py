"""Keeps up with the cookies that TradingView renews by itself (wire §2)."""

import logging
from collections.abc import Awaitable, Callable

from bot.access.logins.account import AccountSession
from bot.access.logins.cookies import pack
from bot.store.engine.database import Database
from bot.store.logins import sessions
from bot.store.vault import Vault
from bot.tradingview.models import Cookies

log = logging.getLogger(__name__)


# Stores a pair that came in place of an earlier one.
Keep = Callable[[Cookies], Awaitable[None]]


class CandidateLogin:
    """A pair that is tested and not in use yet; `cookies` is what TradingView made of it meanwhile.

    `keep` is told of that at once, where the pair lies somewhere: the earlier one may be dead by then.
    """

    def __init__(self, cookies: Cookies, keep: Keep | None = None) -> None:
        self.cookies = cookies
        self._keep = keep

    @classmethod
    def of(cls, brought: "Cookies | CandidateLogin") -> "CandidateLogin":
        """Return that candidate, or the first one of a pair."""
        return brought if isinstance(brought, CandidateLogin) else cls(brought)

    async def renew(self, used: Cookies, fresh: Cookies) -> None:
        """Store the `fresh` pair that an answer to `used` brought. Never raises: the answer is still wanted."""
        if self.cookies != used:
            return
        self.cookies = fresh
        if self._keep is not None:
            try:
                await self._keep(fresh)
            except Exception:
                log.exception("A renewed TradingView login could not be stored")


async def renew(
    database: Database, vault: Vault, held: AccountSession, used: Cookies, fresh: Cookies
) -> None:
    """Store the pair that came in place of `used`, and use it from then on.

    It goes over the very version it came from: a pair that was set meanwhile stays, and of
    several new ones the first counts. Never raises: the answer that brought the pair is still wanted.
    """
    account_id, version = held.account_id, held.version
    if held.cookies != used or account_id is None:
        return
    try:
        sealed = vault.seal(pack(fresh))
        async with database.write() as connection:
            stored = await sessions.renew(connection, account_id, version, sealed)
    except Exception:  # without having been stored it must not be used either
        log.exception("A renewed TradingView login could not be stored; the earlier one stays")
        return
    if stored and held.version == version:
        held.cookies, held.version = fresh, version + 1
        log.debug("TradingView renewed the login of server %s", held.guild_id)
