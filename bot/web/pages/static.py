"""The files beside the pages: style, scripts, the sign; each address names its content, so that browsers keep it."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from functools import cache
from importlib import resources

from aiohttp import hdrs, web

_FILES = {
    "brand.css": ("brand/brand.css", "text/css"),
    "pages.css": ("web/pages/static/pages.css", "text/css"),
    "pages.js": ("web/pages/static/pages.js", "text/javascript"),
    "htmx.js": ("web/pages/static/htmx-2.0.11.min.js", "text/javascript"),
    "login.js": ("web/pages/static/login.js", "text/javascript"),
    "icon.svg": ("brand/icon.svg", "image/svg+xml"),
}
_KEPT = "private, max-age=31536000, immutable"


def add_static(app: web.Application, prefix: str) -> None:
    """Serve the files below that path, such as `/dashboard/static/`."""
    for name in _FILES:
        app.router.add_get(f"{prefix}{name}", _handler(name))


@cache
def addresses() -> dict[str, str]:
    """Return by a file's name what pages link: it tells the content too. It reads the disk once."""
    return {name: f"{name}?{hashlib.sha256(content(name)).hexdigest()[:12]}" for name in _FILES}


@cache
def content(name: str) -> bytes:
    """Return the file; it reads the disk once."""
    return resources.files("bot").joinpath(_FILES[name][0]).read_bytes()


def _handler(name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    kind = _FILES[name][1]

    async def serve(request: web.Request) -> web.Response:
        """Serve the file; it is the same for everybody."""
        body = await asyncio.to_thread(content, name)
        named = bool(request.query_string)  # by its content: another one has another address
        headers = {
            hdrs.CACHE_CONTROL: _KEPT if named else "no-cache",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)

    return serve
