"""One server's TradingView account while the program runs, and what is known of its login."""

import asyncio
import enum
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from bot.access.logins.probe import LoginCheck
from bot.store.tables.logins import MAX_SPARES
from bot.tradingview.client import TradingViewClient
from bot.tradingview.errors import SlowDown
from bot.tradingview.limiter import Limiter, Permit
from bot.tradingview.models import Cookies

TEST_TIMEOUT = 120.0  # seconds; TradingView may have asked for a pause, and a person waits

Connect = Callable[[Limiter, Callable[[], Cookies | None]], TradingViewClient]
# Probes the login in use and records what changed; `pine_id` is tried first.
Verify = Callable[["AccountSession", str | None], Awaitable[LoginCheck]]
# Told of the pair that was sent and of the one that came in its place.
Renew = Callable[["AccountSession", Cookies, Cookies], Awaitable[None]]


@asynccontextmanager
async def soon(limiter: Limiter) -> AsyncIterator[Permit]:
    """Wait for an urgent permit.

    Raises SlowDown when TradingView wants no request for longer than anybody waits.
    """
    await limiter.refresh()
    if (wait := limiter.held_for()) > TEST_TIMEOUT:
        raise SlowDown(retry_after=wait)
    async with limiter.permit(urgent=True) as permit:
        yield permit


class LoginState(enum.StrEnum):
    """What is known of a server's TradingView login."""

    NONE = "none"
    ALIVE = "alive"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class LoginStatus:
    """The facts for people; moments in UTC, never a cookie."""

    state: LoginState
    since: datetime | None
    username: str | None
    checked_at: datetime | None
    set_by: int | None  # None: from the environment
    set_at: datetime | None
    has_sign: bool
    spares: int = 0
    is_unreadable: bool = False  # the database holds another, which no key at hand opens

    @property
    def takes_spare(self) -> bool:
        """Return whether one more can be kept beside it."""
        return self.spares < MAX_SPARES


@dataclass(frozen=True, slots=True)
class Updated:
    """A login that was taken over; titles of scripts that it does not own or that gave no answer.

    `has_scripts` is False while the server has none yet, so that nothing can have waited for the login.
    """

    username: str | None
    has_sign: bool
    missing: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    has_scripts: bool = True


class AccountSession:
    """One server's TradingView account while the program runs; owned by `Sessions`.

    `version` is that of `cookies`, grows with every new pair and is 0 when there never was one;
    `unreadable` is that of a pair in the database that no key here opens, else 0.
    """

    def __init__(
        self, guild_id: int, limiter: Limiter, connect: Connect, verify: Verify, renew: Renew
    ) -> None:
        self.guild_id = guild_id
        self.account_id: int | None = None
        self.state = LoginState.NONE
        self.since: datetime | None = None
        self.version = 0
        self.unreadable = 0
        self.limiter = limiter
        self.cookies: Cookies | None = None
        self.tradingview = connect(limiter, lambda: self.cookies)
        self.tradingview.rotated = lambda used, fresh: renew(self, used, fresh)
        self.lock = asyncio.Lock()
        self._verify = verify
        self._tests = 0
        self._last = LoginCheck.UNKNOWN

    def __repr__(self) -> str:
        return f"AccountSession({self.guild_id}, {self.state}, version {self.version})"

    def use(self, account_id: int, cookies: Cookies, version: int, now: datetime) -> None:
        """Send this pair from now on; it was found alive. Only with the lock held."""
        self.account_id, self.cookies, self.version = account_id, cookies, version
        self.unreadable = 0
        self.state, self.since = LoginState.ALIVE, now

    async def suspect(self, version: int, pine_id: str | None = None) -> LoginCheck:
        """Find out what the refusal of a request with the pair of that version means.

        However many ask at once, TradingView is asked once; a death is recorded before this returns.
        """
        before = self._tests
        async with self.lock:
            if version != self.version:
                return LoginCheck.REPLACED
            if self.state is not LoginState.ALIVE:
                return LoginCheck.DEAD
            if self._tests == before:
                await self._test(pine_id)
            return self._last

    async def test(self) -> LoginCheck:
        """Ask TradingView whether the login lives, and record a change; DEAD without a login."""
        async with self.lock:
            if self.state is LoginState.NONE:
                return LoginCheck.DEAD
            await self._test(None)
            return self._last

    async def _test(self, pine_id: str | None) -> None:
        self._last = await self._verify(self, pine_id)
        self._tests += 1
