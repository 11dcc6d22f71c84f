"""Asks payment providers whether a message is true that they do not sign."""

import asyncio

import aiohttp

from bot.access.orders.providers import Check

TIMEOUT = 5.0  # seconds; other messages wait meanwhile
_MAX_ANSWER = 256 * 1024


class ProviderCalls:
    """Asks over HTTP, to the address that the provider's module names and to no other."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def ask(self, check: Check) -> tuple[int, bytes] | None:
        """Return status and body of the answer; None without one, or where it is too large."""
        headers = {} if check.api_key is None else {"Authorization": f"Bearer {check.api_key}"}
        method = "GET" if check.form is None else "POST"
        try:
            async with (
                asyncio.timeout(TIMEOUT),
                self._http.request(
                    method, check.url, data=check.form, headers=headers, allow_redirects=False
                ) as answer,
            ):
                body = bytearray()
                async for piece in answer.content.iter_any():
                    body += piece
                    if len(body) > _MAX_ANSWER:
                        return None
                return answer.status, bytes(body)
        except (aiohttp.ClientError, TimeoutError):
            return None
