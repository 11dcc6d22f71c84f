"""What is known of the browser that asks: whether its own page sent it, and the cookie it brings."""

from ipaddress import ip_address

from aiohttp import hdrs, web
from multidict import MultiDictProxy
from yarl import URL

from bot.access.errors import ButtonGone
from bot.access.people.web_session_errors import FormForeign
from bot.access.people.web_sessions import LASTS
from bot.web.clients import FRONT
from bot.web.form_fields import fields_of

_COOKIE = "usher"
_ALIKE = ("same-origin", "none")  # `none`: typed in, or from a bookmark


def require_own_page(
    request: web.Request, public_origin: str | None, *, has_file: bool = False
) -> None:
    """Raise FormForeign unless a page of ours sent the form: from the public address, or on this computer.

    `has_file`: it comes in another shape, which whoever reads it looks at.
    """
    origin = request.headers.get("Origin", "").lower()
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if site not in _ALIKE or origin not in _own_origins(request, public_origin):
        raise FormForeign
    if not has_file and request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType


async def sent(request: web.Request) -> MultiDictProxy[str | bytes | bytearray | web.FileField]:
    """Return the fields of a form. Raises ButtonGone unless it came as our pages send it: as UTF-8."""
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise ButtonGone
    try:
        return await fields_of(request)
    except web.HTTPBadRequest:
        raise ButtonGone from None


def _own_origins(request: web.Request, public_origin: str | None) -> set[str]:
    own = set() if public_origin is None else {public_origin}
    if _is_this_computer(request):
        own.add(f"http://{_host(request).lower()}")
    return own


def _is_this_computer(request: web.Request) -> bool:
    """Return whether the browser asked for an address of its own computer, which no name outside is."""
    try:
        host = URL(f"http://{_host(request)}").host or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name, or nothing that could be one
        return False


def _host(request: web.Request) -> str:
    """Return what the browser asked for; aiohttp would look up a name of its own where that is missing."""
    return request.headers.get(hdrs.HOST, "")


def origin_of(address: str | None) -> str | None:
    """Return the origin of an address as browsers write it."""
    return None if address is None else str(URL(address).origin()).lower()


def secrets_of(request: web.Request, kept_for: int | str) -> list[str]:
    """Return what the browser keeps for that server, or place: at most one for each kind of address."""
    names = [_name(kept_for, secure=True)]
    if _is_this_computer(request):
        names.append(_name(kept_for, secure=False))
    return [request.cookies[name] for name in names if name in request.cookies]


def keep(request: web.Request, response: web.Response, kept_for: int | str, secret: str) -> None:
    """Have the browser keep the secret of a new session; on this computer without https too."""
    secure = not _came_in_the_open(request)
    response.set_cookie(
        _name(kept_for, secure=secure),
        secret,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


def forget(request: web.Request, response: web.Response, guild_id: int) -> None:
    """Have the browser forget it."""
    for secure in (True, False):
        name = _name(guild_id, secure=secure)
        if name in request.cookies:
            response.set_cookie(
                name, "", max_age=0, path="/", secure=secure, httponly=True, samesite="Lax"
            )


def _came_in_the_open(request: web.Request) -> bool:
    in_front = request.app[FRONT]
    asked_here = request.headers.get("Origin", "").lower().startswith("http://")
    return asked_here or not (in_front.https and in_front.came_by_https(request))


def _name(kept_for: int | str, *, secure: bool) -> str:
    return f"__Host-{_COOKIE}-{kept_for}" if secure else f"{_COOKIE}-{kept_for}"
