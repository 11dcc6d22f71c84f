"""`POST /webhooks/{id}`: messages of shops, acknowledged once they are kept."""

import math

from aiohttp import web

from bot.access.orders.intake import Intake, Receipt
from bot.rate_limit import RateLimit
from bot.web.answers import encoded, error
from bot.web.clients import FRONT, client_of

INTAKE = web.AppKey("intake", Intake)
STRANGERS = web.AppKey("strangers", RateLimit)  # messages of a client that nobody vouched for

MAX_BODY = 256 * 1024
_TAKEN = b"{}"
_AGAIN = "5"  # seconds
_TOO_LARGE, _NOT_WHOLE = "it is too large", "it did not come whole"
# The same for an address that does not exist, and for a message that is not signed rightly.
_NOT_VOUCHED = "This address or the signature of the message is not known here."


def add_to(app: web.Application, intake: Intake) -> None:
    """Add the address at which shops deliver."""
    app[INTAKE] = intake
    app[STRANGERS] = RateLimit(rate=2.0, burst=60)
    app.router.add_post("/webhooks/{id}", receive)


async def receive(request: web.Request) -> web.Response:
    """200 once it is committed; what nobody vouches for gets the same answer wherever it was sent."""
    intake, public_id = request.app[INTAKE], request.match_info["id"]
    body = await _body(request, intake, public_id)
    client = client_of(request, request.app[FRONT].proxies)
    known = intake.knows(public_id)
    if not known and (wait := request.app[STRANGERS].take(client)):
        return _too_many(wait)
    match await intake.take(public_id, request.headers, body):
        case Receipt.TAKEN:
            return encoded(_TAKEN)
        case Receipt.UNREADABLE:
            return error(400)
        case Receipt.TOO_MANY:
            return error(429, Retry_After=_AGAIN)
        case Receipt.NOT_STORED:
            return error(503, Retry_After=_AGAIN)
        case Receipt.REFUSED:
            # A shop behind the same address as strangers is never held to their limit.
            if known and (wait := request.app[STRANGERS].take(client)):
                return _too_many(wait)
            return error(401, _NOT_VOUCHED)


def _too_many(wait: float) -> web.Response:
    return error(429, Retry_After=str(math.ceil(wait)))


async def _body(request: web.Request, intake: Intake, public_id: str) -> bytes:
    """Return the bytes as they came. Raises HTTPRequestEntityTooLarge, without reading on."""
    body = bytearray()
    try:
        if (request.content_length or 0) > MAX_BODY:
            raise _too_large(request)
        async for piece in request.content.iter_any():
            body += piece
            if len(body) > MAX_BODY:
                raise _too_large(request)
    except web.HTTPRequestEntityTooLarge:
        intake.refuse(public_id, _TOO_LARGE)
        raise
    except (web.RequestPayloadError, ConnectionError):
        intake.refuse(public_id, _NOT_WHOLE)
        raise
    return bytes(body)


def _too_large(request: web.Request) -> web.HTTPRequestEntityTooLarge:
    return web.HTTPRequestEntityTooLarge(MAX_BODY, request.content_length or MAX_BODY + 1)
