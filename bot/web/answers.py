"""The shape of every answer: JSON, and an error says what is wrong with nothing internal in it."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from multidict import CIMultiDict

from bot.errors import DatabaseBusyError, DiskFullError
from bot.web.clients import FRONT

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_SENTENCES = {
    400: "The request is not understood.",
    401: "A key that works is needed, in the header X-Admin-Token or Authorization: Bearer.",
    403: "This key may not be used for that.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The request is too large.",
    415: "The request has the wrong content type.",
    417: "The request expects what is not done here.",
    429: "Too many requests; try again later.",
    503: "Not available at the moment; try again later.",
}
_AGAIN = "30"  # seconds
_FAILED = "Something went wrong here; it has been noted."
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_JSON = CIMultiDict(_HEADERS | {hdrs.CONTENT_TYPE: "application/json; charset=utf-8"})
_HTTPS_ALONE = "max-age=15552000"  # half a year from the last visit
_KEPT_HEADERS = (hdrs.ALLOW, hdrs.RETRY_AFTER, hdrs.WWW_AUTHENTICATE)


def error(status: int, text: str | None = None, **headers: str) -> web.Response:
    """An error as JSON; header names are written with underscores."""
    return web.json_response(
        {"errorMessage": text or _SENTENCES.get(status, _FAILED)},
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def encoded(body: bytes) -> web.Response:
    """Return an answer whose JSON is written already."""
    return web.Response(body=body, headers=_JSON)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What goes wrong becomes a JSON answer; the details stay in the log."""
    try:
        return await handler(request)
    except web.HTTPException as raised:
        if raised.status < 400:
            raise
        answer = error(raised.status)
        for name in _KEPT_HEADERS:
            if name in raised.headers:
                answer.headers[name] = raised.headers[name]
        return answer
    except (DatabaseBusyError, DiskFullError):  # nothing was kept, and it may be asked again
        return error(503, Retry_After=_AGAIN)
    except (web.RequestPayloadError, ConnectionError):
        return error(400)  # the body is broken, or its sender gone
    except Exception:
        log.exception("%s %s failed", request.method, route_of(request))
        return error(500)


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Headers for every answer; pages may bring a content policy of their own."""
    add_headers_to(response)


async def insist_on_https(request: web.Request, response: web.StreamResponse) -> None:
    """Let the visitor's browser come by https alone from now on, where this request did."""
    if request.app[FRONT].came_by_https(request):
        response.headers["Strict-Transport-Security"] = _HTTPS_ALONE


def add_headers_to(response: web.StreamResponse) -> None:
    """Add the headers that do not depend on the request."""
    headers = response.headers
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    headers[hdrs.SERVER] = "Usher"  # the versions underneath are nobody's business


def route_of(request: web.BaseRequest) -> str:
    """The route's pattern, for the log: names of people and one-time addresses stay out of it."""
    match = getattr(request, "_match_info", None)  # the property insists that there is one
    resource = match.route.resource if match is not None else None
    return resource.canonical if resource is not None else "(no such address)"
