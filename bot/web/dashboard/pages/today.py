"""The first page."""

from aiohttp import web

from bot.interactions.levels import Level
from bot.web.dashboard.routes import Routes
from bot.web.dashboard.visitor import Visitor


def add_to(routes: Routes) -> None:
    """Serve it."""
    routes.page("", Level.STAFF, show)


async def show(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show how everything stands."""
    guild_id = visitor.guild_id
    return await visitor.page(
        "dashboard/today.html", login=await visitor.services.sessions.status(guild_id)
    )
