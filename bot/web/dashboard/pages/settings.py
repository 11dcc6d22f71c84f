"""The settings of the server: who is staff, where the history appears, reminders, approval, and the panel."""

from functools import partial

from aiohttp import web

from bot.access.orders.bulk.approval import parse_above
from bot.interactions import server_setup
from bot.interactions.levels import Level
from bot.replies import (
    panel as panel_replies,
    reminders as reminder_replies,
    setup as setup_replies,
)
from bot.replies.channel_trouble import why
from bot.store.kinds import RoleLevel
from bot.web.dashboard.forms import Form
from bot.web.dashboard.in_discord import channel_choices, channel_in, role_choices, role_in
from bot.web.dashboard.routes import Done, Routes
from bot.web.dashboard.visitor import Visitor

_PATH = "settings"


def add_to(routes: Routes) -> None:
    """Serve the page and its forms; what is /setup in Discord needs Manage Server here too."""
    routes.page(_PATH, Level.MANAGER, show)
    for level in RoleLevel:
        path = f"settings/{level}"
        routes.form(f"{path}/add", Level.MANAGE_SERVER, partial(add_role, level))
        routes.form(f"{path}/remove", Level.MANAGE_SERVER, partial(remove_role, level), fresh=True)
    routes.form("settings/log", Level.MANAGE_SERVER, set_log)
    routes.form("settings/reminders", Level.MANAGE_SERVER, set_reminders)
    routes.form("settings/approval", Level.MANAGE_SERVER, set_approval, fresh=True)
    routes.form("settings/panel", Level.MANAGER, post_panel)


async def show(visitor: Visitor, _: web.Request) -> web.StreamResponse:
    """Show what is set, with the forms that the visitor may use."""
    services, guild_id = visitor.services, visitor.guild_id
    setup = await services.guild_settings.setup(guild_id)
    trouble = server_setup.log_trouble(services.log_channel, setup, guild_id)
    reminders = await services.reminders.settings(guild_id)
    above = await services.bulk.approval.above(guild_id)
    held = {RoleLevel.STAFF: setup.staff, RoleLevel.MANAGER: setup.manager}
    return await visitor.page(
        "dashboard/settings.html",
        tab=_PATH,
        may_set=visitor.may(Level.MANAGE_SERVER),
        levels=[
            (str(level), sorted(roles), role_choices(visitor, but=roles))
            for level, roles in held.items()
        ],
        setup=setup,
        trouble=None if trouble is None else why(trouble),
        channels=channel_choices(visitor),
        reminders=reminder_replies.in_words(reminders),
        days=", ".join(map(str, reminders.days)),
        time_zone=reminders.time_zone,
        approval=setup_replies.approval_in_words(above),
        above="off" if above is None else above,
        panel_channel_id=await services.panel_poster.channel(guild_id),
        max_text=panel_replies.MAX_TEXT,
    )


async def add_role(level: RoleLevel, visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Let a role be staff or manager."""
    role = role_in(visitor, form, "role")
    settings = visitor.services.guild_settings
    return Done(_PATH, await server_setup.add_role(settings, form.request(visitor), role, level))


async def remove_role(level: RoleLevel, visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Let a role be that no longer; it may be gone from Discord."""
    settings, role_id = visitor.services.guild_settings, form.number("role")
    return Done(
        _PATH, await server_setup.remove_role(settings, form.request(visitor), role_id, level)
    )


async def set_log(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Let the history and warnings appear in a channel."""
    channel = channel_in(visitor, form, "channel")
    services = visitor.services
    message = await server_setup.set_log_channel(
        services.guild_settings, services.client, form.request(visitor), channel
    )
    return Done(_PATH, message)


async def set_reminders(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Set when customers are reminded."""
    settings = await visitor.services.reminders.set(
        form.request(visitor), form.text("days"), form.text("time_zone")
    )
    return Done(_PATH, reminder_replies.changed(settings))


async def set_approval(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Set from how many people on it takes a second manager to end their access at once."""
    above = parse_above(form.text("above"))
    before = await visitor.services.bulk.approval.set(form.request(visitor), above)
    return Done(_PATH, setup_replies.approval(above, before))


async def post_panel(visitor: Visitor, form: Form, _: web.Request) -> Done:
    """Post the message with the buttons for members, in place of an earlier one."""
    channel = channel_in(visitor, form, "channel")
    left_behind = await visitor.services.panel_poster.post(
        form.request(visitor), channel, form.text("text") or None
    )
    return Done(_PATH, panel_replies.posted(channel.id, left_behind=left_behind))
