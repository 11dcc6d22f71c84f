"""`GET /openapi.json`: what programs can ask for here; the file beside this one, which a test holds to the routes."""

import asyncio
from pathlib import Path

from aiohttp import web

from bot.web.answers import encoded

FILE = Path(__file__).with_name("openapi.json")

_CONTENT = web.AppKey("openapi", list[bytes])  # read when somebody asks for the first time


def add_to(app: web.Application) -> None:
    """Serve the description."""
    app[_CONTENT] = []
    app.router.add_get("/openapi.json", show)


async def show(request: web.Request) -> web.Response:
    """Answer with the description."""
    content = request.app[_CONTENT]
    if not content:
        content[:] = [await asyncio.to_thread(FILE.read_bytes)]
    return encoded(content[0])
