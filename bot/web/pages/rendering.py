"""Fills templates in; loaded when somebody opens the first page, as most bots serve none for days."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import memory
from bot.replies.text import plain_day, plain_moment
from bot.web.pages import static

if TYPE_CHECKING:
    from jinja2 import Environment, Template
    from markupsafe import Markup

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
    compiled = _compiled.get(template)
    if compiled is None:
        compiled = await asyncio.to_thread(_compile, template)  # it reads the disk
    return compiled.render(static_at=static_at, **context)


_compiled: "dict[str, Template]" = {}  # each with all that it is made of


def _compile(template: str) -> "Template":
    """Return a template, and have all that it is made of at hand; most bots are never asked for most of them."""
    compiled = _compiled[template] = _environment().get_template(template)
    memory.give_back()  # what compiling took, which is more than what stays
    return compiled


@cache
def _environment() -> "Environment":
    from bot.web.pages import templating  # noqa: PLC0415 - it costs memory, which bots without a page spare

    filters = {"day": _day, "moment": _moment}
    return templating.environment(filters, {"file": static.addresses().__getitem__})


def _day(moment: datetime) -> "Markup":
    return _time(moment, plain_day(moment), "day")


def _moment(moment: datetime) -> "Markup":
    return _time(moment, plain_moment(moment), "moment")


def _time(moment: datetime, text: str, kind: str) -> "Markup":
    """Return the moment in UTC, which the page's script puts into the reader's own zone where it runs."""
    from markupsafe import Markup  # noqa: PLC0415 - it is loaded with the templates

    iso = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}" data-as="{}">{}</time>').format(iso, kind, text)
