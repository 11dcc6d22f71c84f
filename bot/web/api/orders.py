"""`GET /orders/{id}`: how a change stands that was asked for with a key."""

from aiohttp import web

from bot.access.rules.api_keys import Scope
from bot.replies import api as words
from bot.web.answers import error
from bot.web.api.access import OUTCOMES, REQUESTS, stand
from bot.web.api.keys import require
from bot.web.api.rows import overall, row


def add_to(app: web.Application) -> None:
    """Serve `/orders/{id}` in this application; `access` is served beside it."""
    app.router.add_get("/orders/{id:[^/]*}", show, allow_head=False)


async def show(request: web.Request) -> web.Response:
    """Answer how it stands; what is another server's answers as what does not exist."""
    key = await require(request, Scope.READ)
    text = request.match_info["id"]
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else 0
    recorded = await request.app[REQUESTS].by_id(key.guild_id, number)
    if recorded is None:
        return error(404, words.NO_ORDER)
    found = await stand(request.app[OUTCOMES], recorded)
    state, reason = overall(found)
    rows = [row(each, recorded.username, recorded.at) for each in found]
    return web.json_response({"id": recorded.id, "state": state, "reason": reason, "access": rows})
