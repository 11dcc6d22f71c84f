"""What a form of a page sent."""

import re

from aiohttp import web
from multidict import MultiDictProxy

# Some encodings can spell it, and nothing can send it on.
_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")


async def fields_of(
    request: web.Request,
) -> MultiDictProxy[str | bytes | bytearray | web.FileField]:
    """Return the fields of the form. Raises HTTPBadRequest where they cannot be read."""
    try:
        sent = await request.post()
    except (UnicodeDecodeError, LookupError):  # of no encoding, or of one that nobody knows
        raise web.HTTPBadRequest from None
    if any(isinstance(text, str) and _HALF_CHARACTER.search(text) for text in sent.values()):
        raise web.HTTPBadRequest
    return sent
