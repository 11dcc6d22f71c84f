"""The keys of the HTTP API: made, shown once, and ended."""

from aiohttp import web

from bot.access.people.api_keys import MAX_NAME
from bot.access.rules.api_keys import Scope
from bot.interactions.levels import Level
from bot.replies import api_keys as replies
from bot.replies.text import listed, member
from bot.web.dashboard.forms import Form
from bot.web.dashboard.numbers import end_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

_PATH = "settings/keys"


def add_to(routes: Routes) -> None:
    """Serve the page and its forms."""
    routes.page(_PATH, Level.MANAGER, show)
    routes.form(_PATH, Level.MANAGER, create, fresh=True)  # whoever has it may end access with it
    routes.form(f"{_PATH}/revoke", Level.MANAGER, revoke, fresh=True)


async def show(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show the keys that there are; none of them is kept as it was shown."""
    keys = await visitor.services.api_keys.listed(visitor.guild_id)
    return await visitor.page(
        "dashboard/settings_keys.html",
        tab=_PATH,
        keys=[
            (
                key,
                listed(replies.MAY[scope] for scope in Scope if scope in key.allows),
                member(key.made_by),
            )
            for key in keys
        ],
        scopes=[(str(scope), replies.MAY[scope]) for scope in Scope],
        max_name=MAX_NAME,
    )


async def create(visitor: Visitor, form: Form, _: web.Request) -> Done | web.StreamResponse:
    """Make a key, and show it on this one page: no note of it is kept for another."""
    scopes = ",".join(scope for scope in Scope if form.checked(f"scope_{scope}"))
    made = await visitor.services.api_keys.create(
        form.request(visitor), form.text("name"), scopes, end_in(visitor, form, "expires")
    )
    if made is None:
        return Done(_PATH, replies.made_before())
    return await visitor.page(
        "dashboard/shown_once.html",
        heading="Your new key",
        message=replies.made(made),
        back=_PATH,
        back_label="I have copied it: back to the keys",
    )


async def revoke(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Let a key open nothing from now on."""
    key = await visitor.services.api_keys.revoke(form.request(visitor), form.text("name"))
    return Done(_PATH, replies.revoked(key))
