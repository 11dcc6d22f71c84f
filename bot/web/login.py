"""`/login/`: the one-time page for a TradingView login (`/session link`), and what is pressed there.

Its script sends JSON, and gets back what to offer next; without a script its forms are sent by themselves,
all to one address, and the page comes back as it stands then.
"""

import json
import logging
import math
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import hdrs, web

from bot.access.errors import DiscordSilent, NotAllowed, TradingViewSilent
from bot.access.logins.entry import kept
from bot.access.logins.errors import CookiesOfOther, LinkOver, PageRefused, TooManyPresses
from bot.access.logins.one_time_pages import PATH, OneTimePages
from bot.errors import UserError
from bot.rate_limit import RateLimit
from bot.replies import Message, explain, login as login_replies
from bot.replies.plain import plain
from bot.replies.tone import Tone
from bot.tradingview.errors import TradingViewError, UpstreamTrouble
from bot.tradingview.signin import SecondFactorNeeded, TooManySignIns
from bot.web.clients import FRONT, client_of
from bot.web.form_fields import fields_of
from bot.web.pages import HEADERS, add_static, page

log = logging.getLogger(__name__)

LINKS = web.AppKey("login_links", OneTimePages)
PRESSES = web.AppKey("login_presses", RateLimit)
GUESSES = web.AppKey("login_guesses", RateLimit)

STATIC = f"{PATH}static/"
_STATIC_FROM_PAGE = "static/"  # a proxy may have the page below a path of its own
_FORM = "application/x-www-form-urlencoded"
_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")  # JSON can spell it, and nothing can send it on
_STATUS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], int], ...] = (
    ((PageRefused, NotAllowed), 403),
    (LinkOver, 410),
    ((CookiesOfOther, SecondFactorNeeded), 409),
    ((TooManyPresses, TooManySignIns), 429),
    ((DiscordSilent, TradingViewSilent, UpstreamTrouble), 503),
    ((UserError, TradingViewError), 422),
)

_NOT_OURS = (web.HTTPException, web.RequestPayloadError, ConnectionError)

Fields = dict[str, Any]
Press = Callable[[OneTimePages, str, Fields], Awaitable[Any]]


def add_to(app: web.Application, links: OneTimePages) -> None:
    """Serve the page in this application."""
    app[LINKS] = links
    app[PRESSES] = RateLimit(rate=0.2, burst=10)
    app[GUESSES] = RateLimit(rate=10.0, burst=100)  # before anything is read or looked up
    add_static(app, STATIC)
    app.router.add_get(PATH, _show)
    app.router.add_post(PATH, _send)
    for name, press in _PRESSES.items():
        app.router.add_post(f"{PATH}{name}", _press_handler(press))


async def _show(_: web.Request) -> web.Response:
    """Show the page; it knows nothing, whatever the address."""
    return await _page("open")


async def _page(
    step: str, token: str = "", message: Message | None = None, status: int = 200
) -> web.Response:
    return await page(
        "login.html",
        static_at=_STATIC_FROM_PAGE,
        status=status,
        step=step,
        token=token if step not in ("open", "over") else "",
        message=message,
    )


def _press_handler(press: Press) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        """Do what was pressed; every failure is a sentence with the next step."""
        try:
            links = request.app[LINKS]
            _own_page(request, links, "application/json")
            client = client_of(request, request.app[FRONT].proxies)
            _limit(request.app[GUESSES], client)
            fields = await _fields(request)
            token = _text(fields, "token")
            await _limit_page(request, token, client)
            outcome = await press(links, token, fields)
        except _NOT_OURS:
            raise
        except Exception as error:  # noqa: BLE001 - explained and logged there
            return _failed(error)
        answer = login_replies.kept_or_used(outcome)
        return web.json_response({"message": plain(answer.text)}, headers=HEADERS)

    return handle


async def _send(request: web.Request) -> web.Response:
    """Do what a form of the page asks for, and show the page as it stands then."""
    token = ""
    try:
        links = request.app[LINKS]
        _own_page(request, links, _FORM)
        client = client_of(request, request.app[FRONT].proxies)
        _limit(request.app[GUESSES], client)
        fields = await _form_fields(request)
        # Without the script a person pastes all of the link.
        token = _text(fields, "token").rpartition("#")[2].strip()
        await _limit_page(request, token, client)
        do = _text(fields, "do")
        if do not in _PRESSES:
            if do == "back":
                await links.start_over(token)
            waits = await links.waits_for(token)
            return await (
                _page("choose", token) if waits is None else _refused(links, token, waits)
            )
        outcome = await _PRESSES[do](links, token, fields)
    except _NOT_OURS:
        raise
    except Exception as error:  # noqa: BLE001 - explained and logged there
        return await _refused(request.app[LINKS], token, error)
    answer = login_replies.kept_or_used(outcome)
    return await _page("over", message=Message(f"{answer.text}\nYou can close this page."))


async def _refused(links: OneTimePages, token: str, error: Exception) -> web.Response:
    """Return the page with the failure above what it offers now."""
    sentence, status = _explained(error)
    following = next_step(error)
    tone = Tone.LOOK if following in ("yes", "code") else Tone.STOP
    step = following
    if isinstance(error, LinkOver) or await links.page_of(token) is None:
        step = "open"  # another link may be pasted
    elif following == "repair":
        step = _step(await links.waits_for(token))
    response = await _page(step, token, Message(sentence, tone=tone), status)
    response.headers.update(_retry_after(error))
    return response


def _step(waits: UserError | TradingViewError | None) -> str:
    """Return what an open page offers where that is why what was typed is not done yet."""
    return "choose" if waits is None else next_step(waits)


def _failed(error: Exception) -> web.Response:
    """Return the failure as JSON."""
    sentence, status = _explained(error)
    return web.json_response(
        {"errorMessage": plain(sentence), "next": next_step(error)},
        status=status,
        headers={**HEADERS, **_retry_after(error)},
    )


def _explained(error: Exception) -> tuple[str, int]:
    """Return the failure in words, and as a status; one of ours is logged."""
    explained = explain(error)
    status = next((status for kinds, status in _STATUS if isinstance(error, kinds)), 500)
    if status == 500:
        log.error("a press on the login page failed [%s]", explained.reference, exc_info=error)
        return explained.text, status
    log.info("a press on the login page: %s", explained.kind)
    return explained.sentence, status


def _retry_after(error: Exception) -> dict[str, str]:
    if isinstance(error, TooManyPresses):
        return {hdrs.RETRY_AFTER: str(error.wait)}
    if isinstance(error, TooManySignIns):
        return {hdrs.RETRY_AFTER: str(math.ceil(error.retry_after))}
    return {}


def next_step(error: Exception) -> str:
    """Return what the page offers now: yes, again, code, over, or to correct what was typed."""
    if isinstance(error, CookiesOfOther):
        return "yes"
    if isinstance(error, UserError) and kept(error):
        return "again"
    if isinstance(error, SecondFactorNeeded):
        return "code"
    return "over" if isinstance(error, LinkOver | NotAllowed) else "repair"


def _own_page(request: web.Request, links: OneTimePages, kind: str) -> None:
    """Raise PageRefused unless the bot's own page asks, from its own origin; `kind`: in which form."""
    origin = request.headers.get("Origin", "").lower()
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if not origin or origin != links.origin or site != "same-origin":
        raise PageRefused
    if request.content_type != kind:
        raise web.HTTPUnsupportedMediaType


async def _limit_page(request: web.Request, token: str, client: str) -> None:
    """Raise TooManyPresses. An open page has a limit of its own: guesses from behind the same proxy leave it alone."""
    _limit(request.app[PRESSES], await request.app[LINKS].page_of(token) or client)


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


async def _form_fields(request: web.Request) -> Fields:
    fields: Fields = dict(await fields_of(request))
    return fields | {name: bool(fields.get(name)) for name in ("spare", "yes")}


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
