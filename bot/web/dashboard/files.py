"""Files that a page gives."""

from pathlib import PurePath

from aiohttp import hdrs, web

from bot.replies.message import Attached
from bot.web.pages import HEADERS

_KINDS = {".csv": "text/csv", ".html": "text/html", ".json": "application/json"}


def file_response(attached: Attached) -> web.Response:
    """Return a file for the browser to keep; it is never shown as a page."""
    kind = _KINDS.get(PurePath(attached.name).suffix, "text/plain")
    disposition = f'attachment; filename="{attached.name}"'
    return web.Response(
        body=attached.content,
        content_type=kind,
        charset="utf-8",
        headers={**HEADERS, hdrs.CONTENT_DISPOSITION: disposition},
    )
