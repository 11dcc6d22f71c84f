"""Opens the connections with which Usher asks others, through a proxy where the settings name one."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # it is there

import aiohttp
from aiohttp import hdrs
from yarl import URL

from bot import clock
from bot.settings import Settings

if TYPE_CHECKING:
    from aiohttp.tracing import Trace

CONNECT_TIMEOUT = 20.0  # seconds until a connection stands, the way through a proxy included

UNTRUSTED_REMEDY = (
    "Look at this computer's clock, and install its list of certificates (on Debian and Ubuntu: apt "
    "install ca-certificates). Behind a company's proxy, set SSL_CERT_FILE to a file that holds that "
    "proxy's certificate too."
)
BLOCKED_REMEDY = (
    "Nothing is lost: TradingView's side goes on, and what Discord should hear waits. If it comes again, "
    "stop other programs that use Discord from this address, or give the bot another one (ask the host)."
)


class ProxyConnector(aiohttp.TCPConnector):
    """Makes connections as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say; this computer is asked directly.

    A connector, and not an option of each request: discord.py takes one too, for its gateway as well.
    What does not answer is given up after `CONNECT_TIMEOUT`: discord.py itself would wait for 5 minutes.
    """

    def __init__(self, settings: Settings, *, limit: int = 100) -> None:
        super().__init__(limit=limit)
        self._settings = settings

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: "list[Trace]",
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> aiohttp.connector.Connection:
        """Return a connection for the request. Raises aiohttp.ConnectionTimeoutError without an answer."""
        if (proxy := proxy_for(self._settings, req.url)) is not None:
            login = None
            if proxy.user is not None:
                pair = f"{proxy.user}:{proxy.password or ''}".encode()
                # aiohttp gives it to the proxy, whichever way the proxy is asked.
                login = {hdrs.AUTHORIZATION: f"Basic {b64encode(pair).decode()}"}
            req.update_proxy(proxy.with_user(None), None, login)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                return await super().connect(req, traces, timeout)
        except TimeoutError as error:
            if isinstance(error, aiohttp.ClientError):
                raise
            raise aiohttp.ConnectionTimeoutError("no connection in time") from error


def session(settings: Settings, **options: Any) -> aiohttp.ClientSession:
    """Return a session without a cookie jar: a cookie of one account must not reach another."""
    return aiohttp.ClientSession(
        connector=ProxyConnector(settings), cookie_jar=aiohttp.DummyCookieJar(), **options
    )


def proxy_for(settings: Settings, url: URL) -> URL | None:
    """Return the proxy through which that address is asked; None: directly."""
    given = settings.https_proxy if url.scheme in ("https", "wss") else settings.http_proxy
    host = url.host
    if given is None or host is None or _is_here(host):
        return None
    excepted = {"no": settings.no_proxy or ""}
    if proxy_bypass_environment(f"{host}:{url.port}", excepted):
        return None
    return URL(given.get_secret_value())


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_untrusted(error: BaseException) -> bool:
    """Return whether a connection failed as the other side's certificate could not be verified."""
    return isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError)


def blocked_for(status: int, headers: Mapping[str, str]) -> float | None:
    """Return how many seconds Discord wants to hear nothing from this address; None where it may.

    Cloudflare answers in Discord's place then: 429 with a page instead of JSON, and no `Via`.
    """
    if status != 429 or "json" in headers.get("Content-Type", "") or "Via" in headers:
        return None
    wait = headers.get("Retry-After", "")
    return float(wait) if wait.isdecimal() and 0 < int(wait) < 10**7 else None


def blocked(seconds: float) -> str:
    """Return, as the end of a sentence, that Discord blocks the address, for how long and until when."""
    until = clock.now() + timedelta(seconds=seconds)
    return (
        f"blocks this computer's address for {_spoken(seconds)}, until {until:%Y-%m-%d %H:%M} UTC."
    )


def _spoken(seconds: float) -> str:
    sizes = ((3600, "hour"), (60, "minute"), (1, "second"))
    size, name = next((each for each in sizes if seconds >= each[0]), sizes[-1])
    number = max(1, round(seconds / size))
    return f"{number} {name}{'' if number == 1 else 's'}"
