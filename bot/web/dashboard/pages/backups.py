"""Backups: the copies of the database, one more, and one to take along."""

import re
from urllib.parse import quote

from aiohttp import hdrs, web

from bot.access.people.web_session_errors import OperatorNeeded
from bot.interactions.levels import Level
from bot.replies.backups import made
from bot.store.kinds import CopyKind
from bot.web.dashboard.forms import Form
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

HERE = "backups"
_PLAIN = re.compile(r"[\w .+-]+", re.ASCII)
_WHY = {
    CopyKind.DAILY: "Daily",
    CopyKind.MADE: "Made here",
    CopyKind.BEFORE: "Before an update",
    CopyKind.REPLACED: "Before a restore",
}


def add_to(routes: Routes) -> None:
    """Serve the page, its form and the files."""
    routes.page(HERE, Level.MANAGER, show)
    routes.form(HERE, Level.MANAGER, make)
    routes.page(f"{HERE}/{{name}}", Level.MANAGER, download, fresh=True)


async def show(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show the copies; to managers of one server of several only why they see none."""
    whole = await visitor.sees_whole()
    return await visitor.page(
        "dashboard/backups.html",
        whole=whole,
        copies=await visitor.services.backups.listed() if whole else [],
        why=_WHY,
        size=_size,
    )


async def make(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Make a copy now; the form sent twice makes one."""
    await _require_whole(visitor)
    name = await visitor.services.backups.make(form.request(visitor))
    return Done(HERE, made(name))


async def download(visitor: Visitor, request: web.Request) -> web.StreamResponse:
    """Give a copy away, straight from the disk: only names that the list shows are looked for."""
    await _require_whole(visitor)
    asked = visitor.request(f"download {visitor.session.id}")
    path = await visitor.services.backups.path_of(asked, request.match_info["name"])
    return web.FileResponse(
        path,
        headers={
            hdrs.CONTENT_TYPE: "application/vnd.sqlite3",
            hdrs.CONTENT_DISPOSITION: _attached(path.name),
            hdrs.CACHE_CONTROL: "no-store",
        },
    )


async def _require_whole(visitor: Visitor) -> None:
    """Raise OperatorNeeded where the copy holds what belongs to other servers too."""
    if not await visitor.sees_whole():
        raise OperatorNeeded


def _attached(name: str) -> str:
    """Return the header that has the browser keep the file under its name, whatever the database is called."""
    if _PLAIN.fullmatch(name):
        return f'attachment; filename="{name}"'
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def _size(count: int) -> str:
    """Return a number of bytes in words."""
    megabytes = count / 1024 / 1024
    return f"{megabytes:,.1f} MB" if megabytes >= 1 else f"{count / 1024:,.0f} KB"
