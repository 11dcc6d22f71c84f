"""Sends one signed message to a vendor's own program: to nothing private, and without following it anywhere."""

import asyncio
import hmac
import socket
import ssl
from base64 import b64decode, b64encode
from dataclasses import dataclass, field

import aiohttp
from aiohttp import hdrs
from yarl import URL

from bot import clock, outgoing
from bot.access.rules.addresses import Allowed, Target
from bot.store.kinds import PostResult

TIMEOUT = 15.0  # seconds, from finding the address to the answer
_PREFIX = "whsec_"


class _ForbiddenAddressError(Exception):
    """The address to be connected to is private; none of the others that the name has is tried."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a try, and the answer's status where there was one."""

    result: PostResult
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent: an id that stays the same at each try, and the body."""

    id: str
    body: str = field(repr=False)

    def headers(self, secret: str) -> dict[str, str]:
        """Return the headers of Standard Webhooks, signed at this moment."""
        moment = str(int(clock.now().timestamp()))
        return {
            hdrs.CONTENT_TYPE: "application/json",
            hdrs.USER_AGENT: "Usher",
            "webhook-id": self.id,
            "webhook-timestamp": moment,
            "webhook-signature": signature(secret, self.id, moment, self.body),
        }


def signature(secret: str, letter_id: str, moment: str, body: str) -> str:
    """Return the signature of a body in the form of Standard Webhooks: `v1,` and base64."""
    key = b64decode(secret.removeprefix(_PREFIX))
    digest = hmac.digest(key, f"{letter_id}.{moment}.{body}".encode(), "sha256")
    return f"v1,{b64encode(digest).decode()}"


class Poster:
    """Makes a connection of its own for each message, directly and to what the settings allow.

    The system's trusted certificates count, unless `trust` gives others.
    """

    def __init__(self, allowed: Allowed, trust: ssl.SSLContext | None = None) -> None:
        self._allowed = allowed
        self._trust = trust

    async def post(self, address: str, secret: str, letter: Letter) -> Posted:
        """Send it; return what became of it. Nothing of the answer but its status is read."""
        sending = asyncio.ensure_future(self._post(URL(address), secret, letter))
        try:
            if not await clock.within(TIMEOUT, sending):
                return Posted(PostResult.SILENT)
            return sending.result()
        except _ForbiddenAddressError:
            return Posted(PostResult.FORBIDDEN)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            untrusted = outgoing.is_untrusted(error)
            return Posted(PostResult.UNTRUSTED if untrusted else PostResult.UNREACHABLE)
        finally:
            sending.cancel()

    async def _post(self, url: URL, secret: str, letter: Letter) -> Posted:
        connector = guarded_connector(Target(url, self._allowed), self._trust)
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),  # by our own clock, above
                auto_decompress=False,
                trust_env=False,
            ) as session,
            session.post(
                url,
                data=letter.body.encode(),
                headers=letter.headers(secret),
                allow_redirects=False,
            ) as answer,
        ):
            taken = 200 <= answer.status < 300
            return Posted(PostResult.TAKEN if taken else PostResult.STATUS, answer.status)


def guarded_connector(target: Target, trust: ssl.SSLContext | None = None) -> aiohttp.TCPConnector:
    """Return a connector that looks at the very address it connects to, whatever the name led to before."""

    def open_socket(found: aiohttp.connector.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, place = found
        if not target.admits(str(place[0])):
            raise _ForbiddenAddressError
        return socket.socket(family=family, type=kind, proto=protocol)

    return aiohttp.TCPConnector(
        ssl=True if trust is None else trust,
        socket_factory=open_socket,
        use_dns_cache=False,
        force_close=True,
        happy_eyeballs_delay=None,  # one address after the other: the first forbidden one ends it
    )
