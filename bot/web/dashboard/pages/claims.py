"""Members who claim a name: staff decide about it on whichever page the request stands."""

from aiohttp import web

from bot.interactions.levels import Level
from bot.replies import claims as replies
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.routes import Done, Routes, came_from
from bot.web.dashboard.visitor import Visitor

_ONE = "claims/{claim_id}"


def add_to(routes: Routes) -> None:
    """Serve the forms; a name is taken from another member in a young session alone."""
    routes.form(f"{_ONE}/accept", Level.STAFF, accept)
    routes.form(f"{_ONE}/move", Level.STAFF, move, fresh=True)
    routes.form(f"{_ONE}/refuse", Level.STAFF, refuse)
    routes.button(replies.CLAIM_YES, "claims/{}/accept")
    routes.button(replies.CLAIM_MOVE, "claims/{}/move")
    routes.button(replies.CLAIM_NO, "claims/{}/refuse")


async def accept(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Say that a name is the member's; where it is somebody else's, that is asked first."""
    asked = await visitor.services.claims.question(visitor.guild_id, _claim_id(request))
    if asked.holder_id is not None:
        return Done(came_from(request), replies.move_it(asked.claim, asked.holder_id))
    return await _decide(visitor, form, request, accept=True)


async def move(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Say so although another member holds the name."""
    return await _decide(visitor, form, request, accept=True)


async def refuse(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Say that it is not."""
    return await _decide(visitor, form, request, accept=False)


async def _decide(visitor: Visitor, form: Form, request: web.Request, *, accept: bool) -> Done:
    context = form.request(visitor)
    claim = await visitor.services.claims.decide(context, _claim_id(request), accept=accept)
    return Done(came_from(request), replies.decided(claim, context.member_id, accepted=accept))


def _claim_id(request: web.Request) -> int:
    return number_in(request.match_info["claim_id"])
