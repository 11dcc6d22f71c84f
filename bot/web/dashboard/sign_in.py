"""The way in: a one-time link becomes a session. What a preview of the link loads uses nothing up."""

import math

from aiohttp import web

from bot.access.logins.errors import TooManyPresses
from bot.access.people.web_sessions import PATH
from bot.interactions.levels import Level
from bot.rate_limit import RateLimit
from bot.web.clients import FRONT, client_of
from bot.web.dashboard import browser
from bot.web.dashboard.forms import Form
from bot.web.dashboard.places import STATIC, home
from bot.web.dashboard.routes import ROUTES, Done, failed, public_origin, see
from bot.web.dashboard.visitor import SERVICES, Visitor
from bot.web.pages import page

_GUESSES = web.AppKey("dashboard_guesses", RateLimit)


def add_to(app: web.Application) -> None:
    """Serve the page of a link, and what it sends."""
    app[_GUESSES] = RateLimit(rate=1.0, burst=30)
    app.router.add_get(PATH, show)
    app.router.add_post(f"{PATH}sign-in", sign_in)
    app[ROUTES].form("sign-out", Level.ANYONE, sign_out)


async def show(_: web.Request) -> web.StreamResponse:
    """Show the page, the same for every link: the token never comes with the address."""
    return await page("dashboard/sign_in.html", static_at=STATIC)


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Use the link up, and lead to its server's first page with a session of its own."""
    try:
        browser.require_own_page(request, public_origin(request))
        sessions = request.app[SERVICES].web_sessions
        pasted = str((await browser.sent(request)).get("token", ""))
        # Without the script a person pastes all of the link.
        token = pasted.rpartition("#")[2].strip()
        if not await sessions.knows(token):
            _limit(request)  # who has a link is not held up by others from behind the same proxy
        opened = await sessions.open(token)
        await _end_earlier(request, opened.session.guild_id)
    except Exception as error:  # noqa: BLE001 - explained and logged there
        return await failed(request, error)
    response = see(home(opened.session.guild_id))
    browser.keep(request, response, opened.session.guild_id, opened.secret)
    return response


async def _end_earlier(request: web.Request, guild_id: int) -> None:
    """End what the browser had for that server: it forgets the cookie, so that only a copy could go on."""
    sessions = request.app[SERVICES].web_sessions
    for secret in browser.secrets_of(request, guild_id):
        earlier = await sessions.find(secret, guild_id)
        if earlier is not None:
            await sessions.sign_out(earlier)


def _limit(request: web.Request) -> None:
    """Raise TooManyPresses for a client that guesses."""
    client = client_of(request, request.app[FRONT].proxies)
    if wait := request.app[_GUESSES].take(client):
        raise TooManyPresses(math.ceil(wait))


async def sign_out(visitor: Visitor, _: Form, request: web.Request) -> Done | web.StreamResponse:
    """End the session, and have the browser forget it."""
    await visitor.services.web_sessions.sign_out(visitor.session)
    visitor.notes.pop(visitor.session.id, None)
    response = see(PATH)
    browser.forget(request, response, visitor.guild_id)
    return response
