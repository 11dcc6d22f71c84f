"""`GET /validate/{username}`: does this TradingView user exist, and how is the name spelled."""

import json
import math
from functools import lru_cache

from aiohttp import hdrs, web

from bot.access.rules.api_keys import Scope
from bot.rate_limit import RateLimit
from bot.tradingview import clean_username
from bot.web.answers import encoded, error
from bot.web.api.keys import offered
from bot.web.clients import FRONT, client_of
from bot.web.names import Crowded, Names, Unanswered

NAMES = web.AppKey("names", Names)
LIMIT = web.AppKey("limit", RateLimit)
KEY_LIMIT = web.AppKey("key_limit", RateLimit)  # of a key with the scope validate


async def validate(request: web.Request) -> web.Response:
    """200 with the exact spelling or `false`; 400, 429 and 503 never say "invalid". Any page may ask."""
    answer = await _answer(request)
    answer.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"  # it says the same to everybody
    return answer


async def _answer(request: web.Request) -> web.Response:
    app = request.app
    key = await offered(request, Scope.VALIDATE)
    limit, asker = app[LIMIT], client_of(request, app[FRONT].proxies)
    if key is not None:
        limit, asker = app[KEY_LIMIT], str(key.id)
    if wait := limit.take(asker):
        seconds = math.ceil(wait)
        return error(429, f"Too many requests; try again in {seconds} s.", Retry_After=str(seconds))
    try:
        name = clean_username(request.match_info["username"])
    except ValueError:
        return error(400, "That cannot be a TradingView username.")
    try:
        spelling = await app[NAMES].find(name)
    except Crowded as crowded:
        seconds = math.ceil(crowded.wait)
        text = f"Too many names are being looked up right now; try again in {seconds} s."
        return error(503, text, Retry_After=str(seconds))
    except Unanswered:
        return error(503, "TradingView does not answer; try again later.", Retry_After="5")
    return encoded(_body(spelling))


@lru_cache(1_000)
def _body(spelling: str | None) -> bytes:
    return json.dumps(
        {"validuser": spelling is not None, "verifiedUserName": spelling or ""}
    ).encode()
