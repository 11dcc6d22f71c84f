"""The addresses of the first run: its one page, which shows the next step, and the forms on it."""

import hmac
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import hdrs, web

from bot.access.logins.errors import TooManyPresses
from bot.access.people.web_session_errors import FormForeign
from bot.errors import DatabaseBusyError, DiskFullError
from bot.interactions.portal import PORTAL, TokenFault, invite_link
from bot.rate_limit import RateLimit
from bot.settings.values import is_safe
from bot.web import health
from bot.web.app import bare_app
from bot.web.clients import FRONT, Network, client_of
from bot.web.dashboard import browser
from bot.web.first_run.links import LinkOver
from bot.web.first_run.progress import FirstRun, Step
from bot.web.form_fields import fields_of
from bot.web.pages import HEADERS, add_static, page

log = logging.getLogger(__name__)

PATH = "/setup/"
_STATIC = f"{PATH}static/"
_KEPT_FOR = "setup"  # the cookie's name

_FIRST_RUN = web.AppKey("first_run", FirstRun)
_ORIGIN = web.AppKey("first_run_origin", str)  # of the public address; empty without one
_GUESSES = web.AppKey("first_run_guesses", RateLimit)
_TRIES = web.AppKey("first_run_tries", RateLimit)  # of the bot's token: each asks Discord

Act = Callable[[web.Request, FirstRun], Awaitable[web.StreamResponse]]


def application(
    first_run: FirstRun, trusted_proxies: Sequence[Network] = (), public_url: str | None = None
) -> web.Application:
    """Return all that is served until there is a token, and a server: the page, and `/healthz`."""
    app = bare_app(trusted_proxies, public_url)
    app.router.add_get("/healthz", health.alive)
    add_to(app, first_run, public_url)
    return app


def add_to(
    app: web.Application, first_run: FirstRun | None = None, public_url: str | None = None
) -> None:
    """Serve the page in this application; without a `first_run` it says that there is nothing to do."""
    add_static(app, _STATIC)
    if first_run is None:
        app.router.add_get(PATH, _over)
    else:
        app[_FIRST_RUN] = first_run
        app[_ORIGIN] = (
            browser.origin_of(public_url if public_url and is_safe(public_url) else None) or ""
        )
        app[_GUESSES] = RateLimit(rate=1.0, burst=30)
        app[_TRIES] = RateLimit(rate=0.2, burst=10)
        app.router.add_get(PATH, _show)
        app.router.add_post(f"{PATH}open", _form(_open, is_open_to_all=True))
        app.router.add_post(f"{PATH}token", _form(_token))
        app.router.add_post(f"{PATH}again", _form(_again))
    app.router.add_route("*", PATH + "{tail:.*}", _nowhere)


async def _over(_: web.Request) -> web.StreamResponse:
    """Say that the first run is over: a page that is still open is loaded again."""
    return await _page("over", title="Usher is set up")


async def _nowhere(_: web.Request) -> web.StreamResponse:
    """Say that there is no such page."""
    return await _page("failed", status=404, title="There is no such page", trouble="nowhere")


async def _show(request: web.Request) -> web.StreamResponse:
    """Show the next step to the browser that opened the link, and to others where the link goes."""
    first_run = request.app[_FIRST_RUN]
    if _secret(request, first_run) is None:
        if first_run.server is not None:
            return await _over(request)
        return await _page("open", title="Set up Usher")
    step = first_run.step
    if "HX-Request" in request.headers and request.query.get("step") == step:
        return web.Response(status=204)  # nothing to show anew, and no one's reading is disturbed
    return await _step(request, first_run)


_TITLES = {
    Step.TOKEN: "Set up Usher",
    Step.INVITE: "Invite the bot",
    Step.START: "The bot starts",
    Step.READY: "Go on in Discord",
}


async def _step(
    request: web.Request, first_run: FirstRun, *, status: int = 200, refused: str | None = None
) -> web.Response:
    """Return the page of the next step; `refused` is what is wrong with the token that was just given.

    While the server is waited for, another token can be given: on a page that does not load itself anew.
    """
    secret, application, step = _secret(request, first_run), first_run.application, first_run.step
    if step is Step.INVITE and (refused or "other" in request.query):
        step = Step.TOKEN
    return await _page(
        step,
        status=status,
        title=_TITLES[step],
        form_token=_form_token(secret or ""),
        step=step,
        application=application,
        invite="" if application is None else invite_link(application.id),
        portal=PORTAL if application is None else f"{PORTAL}/{application.id}",
        server=first_run.server,
        guild_id=first_run.guild_id,
        fault=first_run.fault,
        refused=refused,
    )


def _form(
    act: Act, *, is_open_to_all: bool = False
) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Return the handler of a form: from a page of ours, of the session that opened the link, not too often."""

    async def handle(request: web.Request) -> web.StreamResponse:
        first_run = request.app[_FIRST_RUN]
        try:
            browser.require_own_page(request, request.app[_ORIGIN] or None)
            _limit(request.app[_GUESSES], client_of(request, request.app[FRONT].proxies))
            if not is_open_to_all:
                if (secret := _secret(request, first_run)) is None:
                    return _see_page()  # which asks for the link
                _require(_form_token(secret), await _field(request, "form_token"))
            return await act(request, first_run)
        except FormForeign:
            title = "That did not come from this page"
            return await _page("failed", status=403, title=title, trouble="foreign")
        except TooManyPresses as error:
            return await _too_many(error.wait)
        except (DiskFullError, DatabaseBusyError):
            title = "The token could not be kept"
            return await _page("failed", status=503, title=title, trouble="ground")

    return handle


def _limit(limit: RateLimit, asker: str) -> None:
    if wait := limit.take(asker):
        raise TooManyPresses(math.ceil(wait))


def _require(form_token: str, sent: str) -> None:
    if not hmac.compare_digest(sent.encode(), form_token.encode()):
        raise FormForeign


async def _open(request: web.Request, first_run: FirstRun) -> web.StreamResponse:
    """Use the link up, and lead to the first step; a browser that has opened one needs none."""
    if first_run.server is not None or _secret(request, first_run) is not None:
        return _see_page()
    # Without the script a person pastes all of the link.
    token = (await _field(request, "token")).rpartition("#")[2].strip()
    try:
        secret = first_run.links.open(token)
    except LinkOver as error:
        log.info("a link to the first-run page was not opened")
        return await _page(
            "failed",
            status=410,
            title="This link is over",
            trouble="shown" if error.is_shown_anew else "over",
        )
    response = _see_page()
    browser.keep(request, response, _KEPT_FOR, secret)
    return response


async def _token(request: web.Request, first_run: FirstRun) -> web.StreamResponse:
    """Try the bot's token, and keep it where Discord knows it."""
    if first_run.server is not None:
        return _see_page()
    _limit(request.app[_TRIES], "all")
    try:
        await first_run.give(await _field(request, "token"))
    except TokenFault as error:
        return await _step(request, first_run, status=422, refused=error.fault)
    return _see_page()


async def _again(request: web.Request, first_run: FirstRun) -> web.StreamResponse:
    """Ask Discord anew which of the bot's switches are on."""
    if first_run.server is not None:
        return _see_page()
    _limit(request.app[_TRIES], "all")
    try:
        await first_run.look_again()
    except TokenFault as error:
        log.info("the bot's switches cannot be looked at (%s)", error.fault)
    return _see_page()


async def _too_many(wait: int) -> web.Response:
    response = await _page(
        "failed", status=429, title="A moment, please", trouble="often", wait=wait
    )
    response.headers[hdrs.RETRY_AFTER] = str(wait)
    return response


async def _field(request: web.Request, name: str) -> str:
    return str((await fields_of(request)).get(name, ""))


def _secret(request: web.Request, first_run: FirstRun) -> str | None:
    """Return what the browser keeps, where it is the one that opened the link."""
    kept = browser.secrets_of(request, _KEPT_FOR)
    return next((secret for secret in kept if first_run.links.knows(secret)), None)


def _form_token(secret: str) -> str:
    return hmac.new(secret.encode(), b"form", "sha256").hexdigest()


def _see_page() -> web.Response:
    return web.Response(status=303, headers={hdrs.LOCATION: PATH, **HEADERS})


async def _page(name: str, *, status: int = 200, **context: Any) -> web.Response:
    return await page(f"first_run/{name}.html", static_at=_STATIC, status=status, **context)
