"""`/login/`: the one-time page for a TradingView login (`/session link`), and its four presses."""

import asyncio
import json
import logging
import math
import re
from collections.abc import Awaitable, Callable
from functools import cache
from importlib import resources
from typing import Any

from aiohttp import hdrs, web

from bot.access.errors import DiscordSilent, NotAllowed, TradingViewSilent
from bot.access.logins.errors import CookiesOfOther, LinkOver, PageRefused, TooManyPresses
from bot.access.logins.entry import kept
from bot.access.logins.one_time_pages import PATH, OneTimePages
from bot.access.logins.spares import SpareKept
from bot.errors import UserError
from bot.rate_limit import RateLimit
from bot.replies import explain, login as login_replies
from bot.replies.plain import plain
from bot.tradingview.errors import TradingViewError, UpstreamTrouble
from bot.tradingview.signin import SecondFactorNeeded, TooManySignIns
from bot.web.clients import FRONT, client_of

log = logging.getLogger(__name__)

LINKS = web.AppKey("login_links", OneTimePages)
PRESSES = web.AppKey("login_presses", RateLimit)
GUESSES = web.AppKey("login_guesses", RateLimit)

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
# Other sites get neither a hold of the page's window nor of its parts.
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_FILES = {
    "": ("web/page/login.html", "text/html"),
    "login.css": ("web/page/login.css", "text/css"),
    "login.js": ("web/page/login.js", "text/javascript"),
    "brand.css": ("brand/brand.css", "text/css"),
    "icon.svg": ("brand/icon.svg", "image/svg+xml"),
}
_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")  # JSON can spell it, and nothing can send it on
_STATUS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], int], ...] = (
    ((PageRefused, NotAllowed), 403),
    (LinkOver, 410),
    ((CookiesOfOther, SecondFactorNeeded), 409),
    ((TooManyPresses, TooManySignIns), 429),
    ((DiscordSilent, TradingViewSilent, UpstreamTrouble), 503),
    ((UserError, TradingViewError), 422),
)

Fields = dict[str, Any]
Press = Callable[[OneTimePages, str, Fields], Awaitable[Any]]


def add_to(app: web.Application, links: OneTimePages) -> None:
    """Serve the page in this application."""
    app[LINKS] = links
    app[PRESSES] = RateLimit(rate=0.2, burst=10)
    app[GUESSES] = RateLimit(rate=10.0, burst=100)  # before anything is read or looked up
    for name in _FILES:
        app.router.add_get(f"{PATH}{name}", _file_handler(name))
    for name, press in _PRESSES.items():
        app.router.add_post(f"{PATH}{name}", _press_handler(press))


def _file_handler(name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    file, kind = _FILES[name]

    async def serve(_: web.Request) -> web.Response:
        """Serve the page or a part of it; it knows nothing, whatever the address."""
        text = await asyncio.to_thread(_read, file)
        return web.Response(text=text, content_type=kind, headers=_HEADERS)

    return serve


def _press_handler(press: Press) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        """Do what was pressed; every failure is a sentence with the next step."""
        try:
            links = request.app[LINKS]
            _own_page(request, links)
            client = client_of(request, request.app[FRONT].proxies)
            _limit(request.app[GUESSES], client)
            fields = await _fields(request)
            token = _text(fields, "token")
            # An open page has a limit of its own: guesses from behind the same proxy leave it alone.
            _limit(request.app[PRESSES], await links.page_of(token) or client)
            outcome = await press(links, token, fields)
        except (web.HTTPException, web.RequestPayloadError, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001 - explained and logged there
            return _failed(error)
        answer = (
            login_replies.spare_kept(outcome)
            if isinstance(outcome, SpareKept)
            else login_replies.updated(outcome)
        )
        return web.json_response({"message": plain(answer.text)}, headers=_HEADERS)

    return handle


def _failed(error: Exception) -> web.Response:
    explained = explain(error)
    status = next((status for kinds, status in _STATUS if isinstance(error, kinds)), 500)
    if status == 500:
        log.error("a press on the login page failed [%s]", explained.reference, exc_info=error)
    else:
        log.info("a press on the login page: %s", explained.kind)
    headers = {}
    if isinstance(error, TooManyPresses):
        headers[hdrs.RETRY_AFTER] = str(error.wait)
    elif isinstance(error, TooManySignIns):
        headers[hdrs.RETRY_AFTER] = str(math.ceil(error.retry_after))
    return web.json_response(
        {
            "errorMessage": plain(explained.sentence if status != 500 else explained.text),
            "next": _next(error),
        },
        status=status,
        headers=_HEADERS | headers,
    )


def _next(error: Exception) -> str:
    """Return what the page offers now: yes, again, code, over, or to correct what was typed."""
    if isinstance(error, CookiesOfOther):
        return "yes"
    if isinstance(error, UserError) and kept(error):
        return "again"
    if isinstance(error, SecondFactorNeeded):
        return "code"
    return "over" if isinstance(error, LinkOver | NotAllowed) else "repair"


def _own_page(request: web.Request, links: OneTimePages) -> None:
    """Raise PageRefused unless the bot's own page asks: JSON, from its own origin."""
    origin = request.headers.get("Origin", "").lower()
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if not origin or origin != links.origin or site != "same-origin":
        raise PageRefused
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType


def _limit(limit: RateLimit, presser: str) -> None:
    if wait := limit.take(presser):
        raise TooManyPresses(math.ceil(wait))


async def _fields(request: web.Request) -> Fields:
    body = await request.read()
    try:
        fields = json.loads(body.decode())
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise web.HTTPBadRequest
    return fields


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str) or _HALF_CHARACTER.search(value):
        raise web.HTTPBadRequest
    return value


def _paste(links: OneTimePages, token: str, fields: Fields) -> Awaitable[Any]:
    sessionid, sign = _text(fields, "sessionid"), _text(fields, "sessionid_sign")
    return links.paste(token, sessionid, sign, spare=fields.get("spare") is True)


def _password(links: OneTimePages, token: str, fields: Fields) -> Awaitable[Any]:
    name, password = _text(fields, "name"), _text(fields, "password")
    return links.password(token, name, password, spare=fields.get("spare") is True)


def _code(links: OneTimePages, token: str, fields: Fields) -> Awaitable[Any]:
    return links.code(token, _text(fields, "code"))


def _again(links: OneTimePages, token: str, fields: Fields) -> Awaitable[Any]:
    return links.again(token, anyway=fields.get("yes") is True)


_PRESSES: dict[str, Press] = {
    "paste": _paste,
    "password": _password,
    "code": _code,
    "again": _again,
}


@cache
def _read(file: str) -> str:
    return resources.files("bot").joinpath(file).read_text("utf-8")
