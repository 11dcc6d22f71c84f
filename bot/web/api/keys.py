"""The key of a request: who asks, and whether they may."""

import hashlib
import math
import secrets

from aiohttp import hdrs, web

from bot import clock
from bot.access.people.api_keys import ApiKeys
from bot.access.rules.api_keys import Scope, read_key
from bot.expiring import Expiring
from bot.rate_limit import RateLimit
from bot.store.records import ApiKey
from bot.web.clients import FRONT, client_of

KEYS = web.AppKey("api_keys", ApiKeys)
_WRONG = web.AppKey("wrong_api_keys", RateLimit)
_RIGHT = web.AppKey("right_api_keys", Expiring[bool])  # those that worked, unreadable
_PACE = web.AppKey("api_key_pace", RateLimit)

HEADER = "X-Admin-Token"
_BEARER = "bearer "
_MAX_LENGTH = 200  # characters; no key is that long
_MOST_RIGHT = 1_000
_RIGHT_FOR = 86_400.0  # seconds
_SALT = secrets.token_bytes(16)  # of this run
_NAMES = frozenset(
    {"key", "token", "api_key", "apikey", "admin_token", "access_token", HEADER.casefold()}
)


def add_to(app: web.Application, keys: ApiKeys) -> None:
    """Let requests to this application be opened by keys."""
    app[KEYS] = keys
    app[_WRONG] = RateLimit(rate=0.2, burst=20)  # wrong keys of one client
    app[_RIGHT] = Expiring(_MOST_RIGHT)
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
    right, mark = request.app[_RIGHT], _mark(text)
    worked = right.get(mark, False)
    # Before anything is looked up or worked out; but strangers behind the same address, or before a proxy
    # that nobody named, must not lock out a program whose key worked.
    if not worked and (wait := wrong.wait(client)):
        raise _too_many(wait)
    key = None
    if len(text) <= _MAX_LENGTH and not _in_address(request):
        key = await request.app[KEYS].opened_by(text)
    if key is None:
        wrong.take(client)
    if key is not None or worked:
        right.put(mark, key is not None, clock.monotonic() + _RIGHT_FOR)
    return key


def _mark(text: str) -> str:
    """Return what a key is remembered by: nobody reads it back."""
    given = text[: _MAX_LENGTH + 1].encode(errors="surrogateescape")
    return hashlib.blake2b(given, key=_SALT, digest_size=16).hexdigest()


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
