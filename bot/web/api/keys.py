"""The key of a request: who asks, and whether they may."""

import math

from aiohttp import hdrs, web

from bot.access.people.api_keys import ApiKeys
from bot.access.rules.api_keys import Scope, read_key
from bot.rate_limit import RateLimit
from bot.store.records import ApiKey
from bot.web.clients import FRONT, client_of

KEYS = web.AppKey("api_keys", ApiKeys)
_WRONG = web.AppKey("wrong_api_keys", RateLimit)
_PACE = web.AppKey("api_key_pace", RateLimit)

HEADER = "X-Admin-Token"
_BEARER = "bearer "
_MAX_LENGTH = 200  # characters; no key is that long
_NAMES = frozenset(
    {"key", "token", "api_key", "apikey", "admin_token", "access_token", HEADER.casefold()}
)


def add_to(app: web.Application, keys: ApiKeys) -> None:
    """Let requests to this application be opened by keys."""
    app[KEYS] = keys
    app[_WRONG] = RateLimit(rate=0.2, burst=20)  # wrong keys of one client
    app[_PACE] = RateLimit(rate=10.0, burst=200)  # requests with one key


async def require(request: web.Request, scope: Scope) -> ApiKey:
    """Return the key of a request that may do this.

    Raises:
        HTTPUnauthorized: there is no key, or none that works; one in the address counts as none.
        HTTPForbidden: it works, but not for this.
        HTTPTooManyRequests: the client sent too many wrong ones, or the key is used too often.
    """
    key = await _key_of(request)
    if key is None:
        raise web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: "Bearer"})
    if scope not in key.allows:
        raise web.HTTPForbidden
    if wait := request.app[_PACE].take(str(key.id)):
        raise _too_many(wait)
    request.app[KEYS].note_use(key)
    return key


async def offered(request: web.Request, scope: Scope) -> ApiKey | None:
    """Return the key of a request that needs none, where it works and may do this; else None."""
    if KEYS not in request.app:
        return None
    try:
        key = await _key_of(request)
    except web.HTTPTooManyRequests:
        return None
    if key is None or scope not in key.allows:
        return None
    request.app[KEYS].note_use(key)
    return key


async def _key_of(request: web.Request) -> ApiKey | None:
    text = _text(request)
    if text is None or KEYS not in request.app:
        return None
    wrong, client = request.app[_WRONG], client_of(request, request.app[FRONT].proxies)
    if wait := wrong.wait(client):  # before anything is looked up or worked out
        raise _too_many(wait)
    key = None
    if len(text) <= _MAX_LENGTH and not _in_address(request):
        key = await request.app[KEYS].opened_by(text)
    if key is None:
        wrong.take(client)
    return key


def _text(request: web.Request) -> str | None:
    """Return what was sent as a key; None without any, also in the address."""
    if text := request.headers.get(HEADER):
        return text.strip()
    given = request.headers.get(hdrs.AUTHORIZATION, "")
    if given[: len(_BEARER)].casefold() == _BEARER:
        return given[len(_BEARER) :].strip()
    return "" if _in_address(request) else None


def _in_address(request: web.Request) -> bool:
    """Return whether a key stands in the address, where others can read it: that opens nothing."""
    values = (*request.query.values(), *request.match_info.values())
    return any(name.casefold() in _NAMES for name in request.query) or any(map(read_key, values))


def _too_many(wait: float) -> web.HTTPTooManyRequests:
    return web.HTTPTooManyRequests(headers={hdrs.RETRY_AFTER: str(math.ceil(wait))})
