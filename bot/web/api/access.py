"""`/access/{username}`: the API of the service that Usher grew out of, field for field."""

import asyncio
from collections.abc import Sequence

from aiohttp import hdrs, web

from bot import clock
from bot.access.errors import TradingViewSilent
from bot.access.ledger.receipts import Receipt
from bot.access.orders.api_parts import Part
from bot.access.orders.api_requests import ApiRequests
from bot.access.orders.errors import RepeatedDifferently
from bot.access.orders.outcomes import Outcomes
from bot.access.people.errors import NameUnreadable
from bot.access.rules.api_keys import Scope
from bot.interactions.order_flow import takes_long
from bot.replies import api as words
from bot.store.kinds import OrderState
from bot.store.records import ApiRequest
from bot.web.answers import error
from bot.web.api import parameters
from bot.web.api.keys import require
from bot.web.api.parameters import UnreadableRequestError
from bot.web.api.rows import Standing, Status, read_row, row, standings

REQUESTS = web.AppKey("api_requests", ApiRequests)
OUTCOMES = web.AppKey("api_outcomes", Outcomes)
PATIENCE = 5.0  # seconds until "waiting" is said
_AGAIN = "30"  # seconds


def add_to(app: web.Application, requests: ApiRequests, outcomes: Outcomes) -> None:
    """Serve `/access/{username}` in this application."""
    app[REQUESTS], app[OUTCOMES] = requests, outcomes
    app.router.add_get("/access/{username:.*}", read, allow_head=False)
    app.router.add_post("/access/{username:.*}", change)
    app.router.add_delete("/access/{username:.*}", change)


async def read(request: web.Request) -> web.Response:
    """Answer what TradingView shows now; 503 when it does not answer: an outage is never "no access"."""
    key = await require(request, Scope.READ)
    username = request.match_info["username"]
    try:
        items = await parameters.items_of(request)
        parts = await request.app[REQUESTS].read(key.guild_id, username, items)
    except UnreadableRequestError as unreadable:
        return error(400, unreadable.text)
    except NameUnreadable:
        return error(400, words.NO_USERNAME)
    except TradingViewSilent:
        return error(503, words.SILENT, Retry_After=_AGAIN)
    now = clock.now()
    return web.json_response([read_row(part, username, now) for part in parts])


async def change(request: web.Request) -> web.Response:
    """Record the change, wait 5 s, and say how it stands: 202 with its address while it waits."""
    key = await require(request, Scope.WRITE)
    started = clock.monotonic()
    try:
        asked = await parameters.asked(request)
        recorded = await request.app[REQUESTS].change(key, asked)
    except UnreadableRequestError as unreadable:
        return error(400, unreadable.text)
    except NameUnreadable:
        return error(400, words.NO_USERNAME)
    except RepeatedDifferently:
        return error(422, words.REPEATED_DIFFERENTLY)
    left = max(PATIENCE - (clock.monotonic() - started), 0.0)
    found = await stand(request.app[OUTCOMES], recorded, left)
    states = {each.status for each in found}
    is_open = bool(states & {Status.PENDING, Status.FAILURE})
    return web.json_response(
        [row(each, recorded.username, recorded.at) for each in found],
        status=202 if Status.PENDING in states else 200,
        headers={hdrs.LOCATION: f"/orders/{recorded.id}"} if is_open else {},
    )


async def stand(outcomes: Outcomes, recorded: ApiRequest, patience: float = 0.0) -> list[Standing]:
    """Return how each part of a request stands, after at most `patience` seconds."""
    parts = [Part.of(each) for each in recorded.parts]
    leads = {part.lead_id for part in parts if part.lead_id is not None}
    receipts = await asyncio.gather(*(_receipt(outcomes, each, patience) for each in leads))
    return standings(parts, _by_lead(receipts))


async def _receipt(outcomes: Outcomes, order_id: int, patience: float) -> Receipt:
    now = await outcomes.receipt(order_id)
    if not patience or now.state is not OrderState.WAITING or takes_long(now):
        return now
    return await outcomes.outcome(order_id, patience)


def _by_lead(receipts: Sequence[Receipt]) -> dict[int, Receipt]:
    return {receipt.order.id: receipt for receipt in receipts}
