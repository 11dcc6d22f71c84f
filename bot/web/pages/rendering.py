"""Fills templates in; loaded when somebody opens the first page, as most bots serve none for days."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.replies.text import plain_day, plain_moment
from bot.web.pages import static

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_TEMPLATES = Path(__file__).with_name("templates")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Forms say where they come from: with no referrer at all, browsers hide even a page's own origin.
# Other sites get neither a hold of the page's window nor of its parts.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def page(
    template: str, /, *, static_at: str, status: int = 200, **context: Any
) -> web.Response:
    """Return the page that a template makes of these; `static_at` is where its files are."""
    text = await render(template, static_at=static_at, **context)
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


async def render(template: str, /, *, static_at: str, **context: Any) -> str:
    """Return the text that a template makes of these."""
    environment = _loaded.get("environment")
    if environment is None:
        environment = await asyncio.to_thread(_load)  # it reads the disk, and compiles
    return environment.get_template(template).render(static_at=static_at, **context)


_loaded: "dict[str, Environment]" = {}


def _load() -> "Environment":
    """Return the environment with every template read and compiled."""
    from jinja2 import (  # noqa: PLC0415 - it costs memory, which bots without a page spare
        DictLoader,
        Environment,
        StrictUndefined,
    )

    from bot.web.pages.discord_text import as_html, as_inline, without_places  # noqa: PLC0415 - as above

    files = sorted(_TEMPLATES.rglob("*.html"))
    texts = {file.relative_to(_TEMPLATES).as_posix(): file.read_text("utf-8") for file in files}
    environment = Environment(
        loader=DictLoader(texts),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=without_places,
    )
    environment.filters |= {"discord": as_html, "inline": as_inline, "day": _day, "moment": _moment}
    environment.globals |= {"file": static.addresses().__getitem__}
    for name in texts:
        environment.get_template(name)
    _loaded["environment"] = environment
    return environment


def _day(moment: datetime) -> "Markup":
    return _time(moment, plain_day(moment), "day")


def _moment(moment: datetime) -> "Markup":
    return _time(moment, plain_moment(moment), "moment")


def _time(moment: datetime, text: str, kind: str) -> "Markup":
    """Return the moment in UTC, which the page's script puts into the reader's own zone where it runs."""
    from markupsafe import Markup  # noqa: PLC0415 - it is loaded with the templates

    iso = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}" data-as="{}">{}</time>').format(iso, kind, text)
