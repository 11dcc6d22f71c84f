"""Which address of the dashboard shows or does what, and for whom: each says its level, or does not exist."""

import logging
import math
import re
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass

from aiohttp import hdrs, web

from bot.access.errors import ButtonGone, DiscordSilent, NotAllowed, TradingViewSilent
from bot.access.logins.errors import TooManyPresses
from bot.access.orders.errors import ConnectionUnknown
from bot.access.orders.moving.errors import ListGone
from bot.access.people.import_errors import FileTooLarge
from bot.access.people.web_session_errors import (
    DashboardLinkOver,
    FormForeign,
    FormTooLarge,
    NotSignedIn,
    OperatorNeeded,
    PageGone,
    SessionNotFresh,
    UploadBroken,
    UploadsBusy,
)
from bot.access.people.web_sessions import PATH
from bot.errors import UserError
from bot.interactions.levels import Level
from bot.replies import Message, explain
from bot.tradingview.errors import TradingViewError, UpstreamTrouble
from bot.web import answers
from bot.web.dashboard import browser, forms
from bot.web.dashboard.forms import Form
from bot.web.dashboard.places import STATIC, home
from bot.web.dashboard.uploads import Room
from bot.web.dashboard.visitor import BUTTONS, SERVICES, Visitor, guild_of, named, visitor_of
from bot.web.pages import page

log = logging.getLogger(__name__)

_IN_SERVER = PATH + "{guild_id:[0-9]{1,20}}/"
_STATUS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], int], ...] = (
    (NotSignedIn, 401),
    ((NotAllowed, FormForeign, SessionNotFresh, OperatorNeeded), 403),
    ((PageGone, ConnectionUnknown, ListGone), 404),
    (UploadBroken, 400),
    (DashboardLinkOver, 410),
    ((FileTooLarge, FormTooLarge), 413),
    (TooManyPresses, 429),
    ((DiscordSilent, TradingViewSilent, UpstreamTrouble, UploadsBusy), 503),
    ((UserError, TradingViewError), 422),
)


@dataclass(frozen=True, slots=True)
class Done:
    """What a form did: the page that comes next, below the server's address, and what stands above it."""

    to: str = ""
    message: Message | None = None


Show = Callable[[Visitor, web.Request], Awaitable[web.StreamResponse]]
Act = Callable[[Visitor, Form, web.Request], Awaitable[Done | web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may ask for an address, and whether their session must be young."""

    level: Level
    fresh: bool
    largest_file: int = 0  # bytes of the file that a form may bring


class Routes:
    """Adds the addresses of one application; `rules` tells of each who may ask for it."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._room = Room()
        self.rules: dict[tuple[str, str], Rule] = {}

    def page(self, path: str, level: Level, show: Show, *, fresh: bool = False) -> None:
        """Show a page, or give a file, to those who have that level in the address's server."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                visitor = await visitor_of(request, level, fresh=fresh)
                return await show(visitor, request)
            except Exception as error:  # noqa: BLE001 - explained and logged there
                return await failed(request, error)

        self._app.router.add_get(_IN_SERVER + path, handle, allow_head=False)
        self.rules["GET", _IN_SERVER + path] = Rule(level, fresh)

    def form(
        self,
        path: str,
        level: Level,
        act: Act,
        *,
        fresh: bool = False,
        largest_file: int = 0,
        most_files: int = 1,
    ) -> None:
        """Do what a form of our own pages asks for; then the browser is led to the page that comes next.

        `fresh`: it takes something away, or touches the login, so the session must be young.
        `largest_file`: it may bring a file of so many bytes (`enctype="multipart/form-data"`), or up to
        `most_files` of them; it asks nothing back then, as no question keeps a file.
        """

        async def handle(request: web.Request) -> web.StreamResponse:
            has_file = largest_file > 0
            try:
                browser.require_own_page(request, public_origin(request), has_file=has_file)
                visitor = await visitor_of(request, level, fresh=fresh)
                with self._room.taken(visitor.guild_id) if has_file else nullcontext():
                    form = await forms.read(request, visitor, largest_file, most_files)
                    async with visitor.services.unanswered.form(form.as_asked(visitor)):
                        done = await act(visitor, form, request)
            except Exception as error:  # noqa: BLE001 - explained and logged there
                return await failed(request, error)
            if not isinstance(done, Done):
                return done
            if done.message is not None:
                visitor.note(done.message)
            return see(visitor.address(done.to))

        self._app.router.add_post(_IN_SERVER + path, handle)
        self.rules["POST", _IN_SERVER + path] = Rule(level, fresh, largest_file)

    def button(self, name: str, path: str) -> None:
        """Let the buttons with `key(name, …)` under a reply send the form at `path`, whose `{}` are the key's parts."""
        if name in self._app[BUTTONS]:
            raise ValueError(f"the button {name} has a form already")
        self._app[BUTTONS][name] = path


ROUTES = web.AppKey("dashboard_routes", Routes)


async def nowhere(request: web.Request) -> web.StreamResponse:
    """Say that there is no such page."""
    return await failed(request, ButtonGone())


def public_origin(request: web.Request) -> str | None:
    """Return the origin of the address that the pages have from outside."""
    return browser.origin_of(request.app[SERVICES].web_sessions.base)


def see(address: str) -> web.Response:
    """Return the answer that leads the browser to a page, so that loading it anew sends no form again."""
    return web.Response(status=303, headers={hdrs.LOCATION: address})


async def failed(request: web.Request, error: Exception) -> web.StreamResponse:
    """Return the page that explains a failure; one of ours is logged. Raises what is no page's to answer."""
    if isinstance(error, web.HTTPException | web.RequestPayloadError | ConnectionError):
        raise error
    if isinstance(error, ButtonGone):
        error = PageGone()
    status = next((status for kinds, status in _STATUS if isinstance(error, kinds)), 500)
    explained = explain(error)
    if status == 500:
        log.error(
            "%s %s failed [%s]",
            request.method,
            answers.route_of(request),
            explained.reference,
            exc_info=error,
        )
    else:
        log.info("%s %s: %s", request.method, answers.route_of(request), explained.kind)
    response = await page(
        "dashboard/failed.html",
        static_at=STATIC,
        status=status,
        missing=status == 404,
        message=Message(explained.text, tone=explained.tone),
        signed_out=isinstance(error, NotSignedIn),
        back=_back(request),
    )
    if response.text is not None and (guild_id := _guild_id(request)) is not None:
        response.text = await named(request.app[SERVICES], guild_id, response.text)
    if isinstance(error, TooManyPresses):
        response.headers[hdrs.RETRY_AFTER] = str(math.ceil(error.wait))
    if isinstance(error, NotSignedIn) and "HX-Request" in request.headers:
        response.headers["HX-Refresh"] = "true"  # the whole page asks to sign in, not a part of it
    return response


def came_from(request: web.Request) -> str:
    """Return the page of this server on which a form stood, as `Done` takes it; Today where that is not told."""
    return (_back(request) or "").removeprefix(home(guild_of(request.match_info)))


def _guild_id(request: web.Request) -> int | None:
    """Return the server in the address, where there is one."""
    server = re.match(PATH + r"(?P<guild_id>[0-9]{1,20})/", request.path)
    if server is None:
        return None
    try:
        return guild_of(server.groupdict())
    except NotSignedIn:
        return None


def _back(request: web.Request) -> str | None:
    """Return the page that the browser came from, where it is one of this server's."""
    guild_id = _guild_id(request)
    if guild_id is None:
        return None
    start = home(guild_id)
    before = request.headers.get("Referer", "")
    path = "/" + before.partition("://")[2].partition("/")[2]
    return path if path.startswith(start) and path != request.path else start
