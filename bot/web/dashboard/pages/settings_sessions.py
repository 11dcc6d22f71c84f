"""Who is signed in to the dashboard, and how that is ended."""

from aiohttp import web

from bot.interactions.levels import Level
from bot.replies import dashboard as replies
from bot.replies.text import member
from bot.web.dashboard.forms import Form, number_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

_PATH = "settings/sessions"
_SHOWN = 50


def add_to(routes: Routes) -> None:
    """Serve the page and its forms."""
    routes.page(_PATH, Level.MANAGER, show)
    routes.form(f"{_PATH}/end", Level.MANAGER, end_all, fresh=True)
    routes.form(f"{_PATH}/{{member_id}}/end", Level.MANAGER, end_of, fresh=True)
    routes.button(replies.END_ALL, f"{_PATH}/end")
    routes.button(replies.END, f"{_PATH}/{{}}/end")


async def show(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show the browsers that are signed in, the last seen first."""
    found = await visitor.services.web_sessions.listed(visitor.guild_id)
    return await visitor.page(
        "dashboard/settings_sessions.html",
        tab=_PATH,
        sessions=[(session, member(session.member_id)) for session in found[:_SHOWN]],
        hidden=max(0, len(found) - _SHOWN),
    )


async def end_of(visitor: Visitor, form: Form, request: web.Request) -> Done:
    """Sign one person out everywhere."""
    member_id = number_in(request.match_info["member_id"])
    number = await visitor.services.web_sessions.end(form.request(visitor), member_id)
    return Done(_PATH, replies.ended(number))


async def end_all(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Sign everybody out, the person who asks too."""
    number = await visitor.services.web_sessions.end(form.request(visitor))
    return Done(_PATH, replies.ended(number))
