"""One account's door to TradingView: sends what `wire` builds and returns what it reads."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing

import aiohttp
from yarl import URL

from bot import clock, metrics
from bot.tradingview import parsing, response_errors, rotation, wire
from bot.tradingview.errors import (
    BadPagination,
    Denied,
    SessionRefused,
    SlowDown,
    TradingViewError,
    Trouble,
    Uncertain,
    UpstreamTrouble,
)
from bot.tradingview.limiter import Limiter, Permit
from bot.tradingview.models import AccountFacts, Cookies, End, Hint, Page, Row, WriteResult

log = logging.getLogger(__name__)

# Told of the pair that a request carried, and of the one that its answer brought in its place.
Rotated = Callable[[Cookies, Cookies], Awaitable[None]]

# Far above any script's list; ends a listing whose cursor never does.
MAX_PAGES = 5000
MAX_BODY = 8 * 1024 * 1024  # a page of 30 rows with large pictures is 2 MB (wire §5)
# A request that came too fast did nothing: after a short pause that TradingView named it is sent
# again, in its old place. Whoever asked hears of any other.
REPEATS, MAX_REPEAT_PAUSE = 2, 5.0


class TradingViewClient:
    """Every call raises TradingViewError and nothing else for what the other side does.

    `http` is the caller's: it needs a `DummyCookieJar`, or cookies of one account reach another.
    `cookies` is asked at each request; `timeout` is in seconds, counted from the permit on. `rotated`
    is awaited when TradingView renews the login, and decides itself what `cookies` says from then on.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        *,
        base: str,
        pine_facade: str,
        limiter: Limiter,
        cookies: Callable[[], Cookies | None],
        timeout: float = 10.0,
        rotated: Rotated | None = None,
    ) -> None:
        self.rotated = rotated
        self.answers = 0  # that came so far, whatever they said
        self._rotating: set[asyncio.Future[None]] = set()
        self._http = http
        self.base = base.rstrip("/")
        self.pine_facade = pine_facade.rstrip("/")
        self._limiter = limiter
        self._cookies = cookies
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def hints(self, text: str, *, urgent: bool = False, helpful: bool = False) -> list[Hint]:
        """Names that begin like `text`; no exact one among them is "probably no such user".

        `helpful`: the asker goes on without it after a moment (see `Limiter.permit`).
        """
        request = wire.hints(text)
        return parsing.hints(await self._ask(request, urgent=urgent, helpful=helpful))

    def expected_wait(self) -> float:
        """Return the seconds until one more question would go out, by our own budget alone."""
        return self._limiter.expected_wait()

    async def account(self, *, urgent: bool = False) -> AccountFacts:
        """What the living login tells of itself; raises when it is not known to be alive."""
        return parsing.account(await self._ask(wire.account(), urgent=urgent))

    async def home_username(self, *, urgent: bool = False) -> str | None:
        """Whose login it is, as the home page tells; None where it does not."""
        request = wire.home()
        for _ in range(2):  # a language host, and no further
            reply = await self._ask(request, urgent=urgent)
            if not 300 <= reply.status < 400:
                return parsing.home_username(reply)
            there = wire.home_elsewhere(reply.headers.get("location", ""), self.base)
            if there is None:
                return None
            request = there
        return None

    async def profile(self, username: str, *, urgent: bool = False) -> str | None:
        """Return the text of the page that everybody sees of a user; None where there is none.

        Only the user's own page counts: a redirect to any other one is none.
        """
        request = wire.profile(username)
        for _ in range(2):  # a language host, and no further
            reply = await self._ask(request, urgent=urgent)
            if not 300 <= reply.status < 400:
                return parsing.profile(reply)
            there = reply.headers.get("location", "")
            elsewhere = wire.profile_elsewhere(there, self.base, username)
            if elsewhere is None:
                return None
            request = elsewhere
        return None

    async def pages(
        self, pine_id: str, *, username: str | None = None, urgent: bool = False
    ) -> AsyncGenerator[Page, None]:
        """The access list, part by part, complete only when the iteration ends without an error.

        Rows can come twice: when somebody is added meanwhile, and when a refused page size makes it
        start again.
        """
        request = wire.listing(pine_id, username)
        restarted = False
        seen: set[int] = set()  # hashes: all that is kept of a page
        while True:
            try:
                page = parsing.page(await self._ask(request, urgent=urgent), self.base)
            except BadPagination:
                if restarted:
                    raise
                restarted = True
                seen.clear()
                request = wire.listing(pine_id, username, limit=None)
                continue
            yield page
            if page.next_path is None:
                return
            if hash(page.next_path) in seen or len(seen) >= MAX_PAGES:
                raise UpstreamTrouble(
                    Trouble.SHAPE, detail="the list of users goes round in circles"
                )
            seen.add(hash(page.next_path))
            request = wire.listing_next(page.next_path, pine_id, username)

    async def find_row(
        self, pine_id: str, username: str, *, user_id: int | None = None, urgent: bool = False
    ) -> Row | None:
        """That person's row, None only after a complete listing; it may be an expired one.

        With `user_id`, a row of that id comes first, whatever its name; a row of the name that
        belongs to another id is returned only when there is nothing better.
        """
        wanted = username.casefold()
        namesake: Row | None = None
        async with aclosing(self.pages(pine_id, username=username, urgent=urgent)) as pages:
            async for page in pages:
                for row in page.rows:
                    if user_id is not None and row.user_id == user_id:
                        return row
                    if row.username.casefold() == wanted:
                        if user_id is None or row.user_id is None:
                            return row
                        namesake = row
        return namesake

    async def add(
        self, pine_id: str, username: str, end: End, *, urgent: bool = False
    ) -> WriteResult:
        """Grant; EXISTS means that nothing was changed. Raises TypeError or ValueError for a bad end."""
        return await self._write(wire.add(pine_id, username, end), urgent=urgent)

    async def modify(
        self, pine_id: str, username: str, end: End, *, urgent: bool = False
    ) -> WriteResult:
        """Change the end of a row. Raises TypeError or ValueError for a bad end."""
        return await self._write(wire.modify(pine_id, username, end), urgent=urgent)

    async def remove(self, pine_id: str, username: str, *, urgent: bool = False) -> WriteResult:
        """Take the row of exactly this name away; ABSENT when there was none."""
        return await self._write(wire.remove(pine_id, username), urgent=urgent)

    async def ask(self, request: wire.Request, *, urgent: bool = False) -> response_errors.Reply:
        """The answer as it came, for whoever looks at its form; raises as every other call."""
        return await self._ask(request, urgent=urgent)

    async def settled(self) -> None:
        """Wait until every renewed pair that came so far was handed over."""
        if self._rotating:
            await asyncio.wait(self._rotating)

    async def _write(self, request: wire.Request, *, urgent: bool) -> WriteResult:
        return parsing.answer(await self._ask(request, urgent=urgent))

    async def _ask(
        self, request: wire.Request, *, urgent: bool, helpful: bool = False
    ) -> response_errors.Reply:
        """Send in turn; again when it came too fast, or other cookies took the place of those refused."""
        self._login(request)  # without one, nothing need wait for its turn
        asked_at = clock.monotonic()
        repeats, renewals = REPEATS, 1
        while True:
            permit = self._limiter.permit(
                urgent=urgent,
                helpful=helpful,
                with_login=not request.purpose.is_public,
                asked_at=asked_at,
            )
            reply, used, error = await self._in_turn(request, permit)
            match error:
                case None:
                    return reply
                case SlowDown(retry_after=float()) if repeats and self._is_short_pause():
                    repeats -= 1
                case SessionRefused() | Denied() if await self._is_outdated(request, used):
                    if not renewals:
                        error.outdated = True
                        raise error
                    renewals -= 1
                case _:
                    raise error

    async def _is_outdated(self, request: wire.Request, used: Cookies | None) -> bool:
        """Whether other cookies have taken the place of these by now."""
        await self.settled()
        return self._login(request) != used

    def _is_short_pause(self) -> bool:
        return self._limiter.held_for() <= MAX_REPEAT_PAUSE

    async def _in_turn(
        self, request: wire.Request, its_turn: AbstractAsyncContextManager[Permit]
    ) -> tuple[response_errors.Reply, Cookies | None, TradingViewError | None]:
        async with its_turn as permit:
            used = self._login(request)  # the newest: it may have been a long wait
            try:
                reply = await self._send(request, used)
            except TradingViewError as failed:
                _count(request, failed)
                raise
            self.answers += 1
            error = response_errors.failure(reply, request.purpose, clock.now())
            _count(request, error)
            if isinstance(error, SlowDown):
                permit.slow_down(error.retry_after)  # before anybody has the next
            if used is not None and rotation.is_logged_in(reply, request, error):
                await self._adopt(reply, used)
            return reply, used, error

    async def _adopt(self, reply: response_errors.Reply, used: Cookies) -> None:
        """Hand over the pair that came along, if one did; to the end, even when the asker gives up."""
        fresh = rotation.rotated(reply.set_cookies, used, clock.now())
        if fresh is None or self.rotated is None:
            return
        self._limiter.go_single_file()  # before anybody has the next permit
        rotating = asyncio.ensure_future(self.rotated(used, fresh))
        self._rotating.add(rotating)
        rotating.add_done_callback(self._rotated)  # holds this door for as long as it lasts
        await asyncio.shield(rotating)

    def _rotated(self, rotating: "asyncio.Future[None]") -> None:
        self._rotating.discard(rotating)

    def _login(self, request: wire.Request) -> Cookies | None:
        if request.purpose.is_public:
            return None
        cookies = self._cookies()
        if cookies is None:
            raise SessionRefused(detail="no login is stored")
        return cookies

    async def _send(self, request: wire.Request, cookies: Cookies | None) -> response_errors.Reply:
        """One exchange; aiohttp's exceptions end here, as they hold the headers that were sent."""
        begun = clock.monotonic()
        status: int | str = "no answer"
        try:
            reply = await self._exchange(request, cookies)
            status = reply.status
        except aiohttp.ClientConnectorCertificateError:
            failed: TradingViewError = UpstreamTrouble(Trouble.CERTIFICATE)
        except aiohttp.ClientConnectorError:
            failed = UpstreamTrouble(Trouble.NETWORK)  # it never left
        except TimeoutError:  # ClientTimeout(total=...) raises this one, which is no ClientError
            failed = _no_answer(Trouble.TIMEOUT, request)
        except _TooLargeError:
            failed = _no_answer(Trouble.TOO_LARGE, request)
        except (aiohttp.ClientError, OSError):
            failed = _no_answer(Trouble.NETWORK, request)
        else:
            return reply
        finally:
            took = (clock.monotonic() - begun) * 1000
            log.debug("%s %s %s %.0f ms", request.method, request.path, status, took)
        raise failed  # out here, so that nothing of aiohttp hangs on it

    async def _exchange(
        self, request: wire.Request, cookies: Cookies | None
    ) -> response_errors.Reply:
        asked_at = clock.monotonic()
        async with self._http.request(
            request.method,
            # Encoded already: a cursor must go back exactly as it came.
            URL((request.base or self.base) + request.target, encoded=True),
            data=request.body,
            headers=wire.headers(self.base, request, cookies),
            allow_redirects=False,
            timeout=self._timeout,
        ) as response:
            clock.compare("TradingView", response.headers, asked_at)
            body, complete = await _read(response)
        headers = {name.lower(): value for name, value in response.headers.items()}
        headers.pop("set-cookie", None)
        set_cookies = tuple(response.headers.getall("Set-Cookie", ()))
        return response_errors.Reply(response.status, headers, body, complete, set_cookies, cookies)


class _TooLargeError(Exception):
    pass


async def _read(response: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    """The body, and whether it came to its end; raises _TooLargeError above the limit."""
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_BODY:
                response.close()  # the rest is never fetched
                raise _TooLargeError
    except aiohttp.ClientPayloadError:
        return bytes(body), False
    return bytes(body), True


def _count(request: wire.Request, error: TradingViewError | None) -> None:
    outcome = "answered" if error is None else type(error).__name__
    metrics.count("tradingview_calls", purpose=request.purpose.name.lower(), outcome=outcome)


def _no_answer(kind: Trouble, request: wire.Request) -> TradingViewError:
    return (Uncertain if request.purpose is wire.Purpose.WRITE else UpstreamTrouble)(kind)
