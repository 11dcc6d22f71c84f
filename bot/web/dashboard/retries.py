"""Trying again what waits or is stuck for an item, as `/sync retry` does, from whichever page."""

from aiohttp import web

from bot.access.request import RequestContext
from bot.access.sweeps.errors import TakesFromMany
from bot.replies import overview as replies
from bot.web.dashboard import confirm
from bot.web.dashboard.forms import Form
from bot.web.dashboard.routes import Done
from bot.web.dashboard.visitor import Visitor


async def retry(visitor: Visitor, form: Form, item: str, back: str) -> Done | web.StreamResponse:
    """Try it again and lead to `back`; that it takes access from many is asked first, in a young session."""

    async def act(context: RequestContext) -> Done:
        if context.consent.removals:
            visitor.require_fresh()
        try:
            tried = await visitor.services.retries.retry(context, item)
        except TakesFromMany:
            visitor.require_fresh()
            raise
        return Done(back, replies.retried(item, tried))

    return await confirm.carry_out(visitor, form, act, back=back)
