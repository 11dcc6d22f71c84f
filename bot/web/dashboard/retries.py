"""Trying again what waits or is stuck for an item, as `/sync retry` does, from whichever page."""

from aiohttp import web

from bot.access.request import RequestContext
from bot.replies import overview as replies
from bot.web.dashboard import confirm
from bot.web.dashboard.forms import Form
from bot.web.dashboard.routes import Done
from bot.web.dashboard.visitor import Visitor


async def retry(visitor: Visitor, form: Form, item: str, back: str) -> Done | web.StreamResponse:
    """Try it again and lead to `back`; asks first where that takes access from many."""

    async def act(context: RequestContext) -> Done:
        tried = await visitor.services.retries.retry(context, item)
        return Done(back, replies.retried(item, tried))

    return await confirm.carry_out(visitor, form, act, back=back)
