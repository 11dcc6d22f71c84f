"""The files of `/export`: whoever may have them reads them with the browser."""

import asyncio

from aiohttp import web

from bot.interactions.levels import Level
from bot.web.dashboard.files import file_response
from bot.web.dashboard.routes import Routes
from bot.web.dashboard.visitor import Visitor


def add_to(routes: Routes) -> None:
    """Serve the files."""
    routes.page("people/exports/{kind:customers|purchases|access}", Level.MANAGER, download)


async def download(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Give one file, of everything or of the item in the address; the history tells of it."""
    from bot.replies.exports import Files  # noqa: PLC0415 - rarely asked for

    files, item = Files(request.match_info["kind"]), request.query.get("item") or None
    export = await visitor.services.exports.make(visitor.request("export"), item, files.add)
    [file] = await asyncio.to_thread(files.written, export)
    return file_response(file)
