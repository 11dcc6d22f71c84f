"""Asks once a day whether there is a newer Usher. Nothing of the vendor is sent, and nothing is changed."""

import asyncio
import logging

import aiohttp
from aiohttp import hdrs
from yarl import URL

from bot.access.queries.releases import Releases
from bot.access.rules.releases import read
from bot.notifications.trouble import in_short

log = logging.getLogger(__name__)

EVERY = 24 * 3600.0  # seconds between looks; the first one is at the start
TIMEOUT = 10.0  # seconds, with all redirects
_MAX_ANSWER = 64 * 1024
_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)


class _UselessError(Exception):
    """The address answers with nothing of use; says why."""


class UpdateCheck:
    """Asks the address that the settings name; `http` keeps no cookies and knows the proxies."""

    def __init__(
        self, http: aiohttp.ClientSession, address: str | None, running: str, releases: Releases
    ) -> None:
        self._http = http
        self._address = address
        self._headers = {
            hdrs.USER_AGENT: f"Usher/{running}",
            hdrs.ACCEPT: "application/json, text/plain",
        }
        self._releases = releases

    async def look(self) -> None:
        """Ask once; what fails is one line of the log, and asked again a day later."""
        if self._address is None:
            return
        try:
            async with asyncio.timeout(TIMEOUT):
                body = await self._fetch(URL(self._address))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, _UselessError) as error:
            why = str(error) if isinstance(error, _UselessError) else in_short(error)
            log.info("the address of newer releases of Usher could not be read (%s)", why)
            return
        release = await asyncio.to_thread(read, body)
        if release is None:
            log.info("the address of newer releases of Usher names no finished one")
            return
        await self._releases.heard(release)

    async def _fetch(self, url: URL) -> bytes:
        """Return what the address answers, redirects followed to https alone."""
        for _ in range(_MAX_REDIRECTS + 1):
            async with self._http.get(
                url, headers=self._headers, allow_redirects=False, raise_for_status=False
            ) as answer:
                if answer.status in _REDIRECTS:
                    url = url.join(URL(answer.headers.get(hdrs.LOCATION, "")))
                    if url.scheme != "https" or not url.host:
                        raise _UselessError("it leads to an address without https")
                    continue
                if answer.status != 200:
                    raise _UselessError(f"status {answer.status}")
                return await _limited(answer)
        raise _UselessError("too many redirects")


async def _limited(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > _MAX_ANSWER:
            raise _UselessError("the answer is too long")
    return bytes(body)
