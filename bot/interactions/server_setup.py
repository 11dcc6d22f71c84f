"""What /setup and the dashboard set for a server: the roles of staff and managers, and the log channel."""

import discord

from bot.access.people.guild_settings import GuildSettings, Setup
from bot.access.people.settings_errors import ChannelClosed
from bot.access.request import RequestContext
from bot.interactions.client import Usher
from bot.interactions.roles import own_role
from bot.notifications.log_channel import RIGHTS, LogChannel
from bot.replies import Message, setup as setup_replies
from bot.replies.channel_trouble import ChannelTrouble
from bot.store.kinds import RoleLevel


async def add_role(
    settings: GuildSettings, request: RequestContext, role: discord.Role, level: RoleLevel
) -> Message:
    """Give a role that level. Raises RoleUnusable."""
    new = await settings.add_role(request, own_role(role).id, level)
    sees = _sees_commands(role, level)
    return setup_replies.role_added(role.id, level, new=new, sees_commands=sees)


async def remove_role(
    settings: GuildSettings, request: RequestContext, role_id: int, level: RoleLevel
) -> Message:
    """Take that level from a role. Raises RoleNotSet."""
    await settings.remove_role(request, role_id, level)
    return setup_replies.role_removed(role_id, level)


async def set_log_channel(
    settings: GuildSettings, client: Usher, request: RequestContext, channel: discord.TextChannel
) -> Message:
    """Let the history appear in that channel. Raises ChannelClosed with the rights that are missing."""
    mine = channel.permissions_for(channel.guild.me)
    missing = tuple(right for right in RIGHTS if not getattr(mine, right))
    if missing:
        raise ChannelClosed(channel.id, missing)
    await settings.set_log_channel(request, channel.id)
    await client.say_what_is_unseen()
    public = channel.permissions_for(channel.guild.default_role).view_channel
    return setup_replies.log_channel(channel.id, public=public)


def log_trouble(log_channel: LogChannel, setup: Setup, guild_id: int) -> ChannelTrouble | None:
    """Return why the log channel takes nothing, as far as that is known."""
    if setup.log_channel_id is None:
        return None
    trouble = log_channel.trouble(guild_id, setup.log_channel_id)
    if trouble is None and setup.log_is_closed:
        return ChannelTrouble(setup.log_channel_id)
    return trouble


def _sees_commands(role: discord.Role, level: RoleLevel) -> bool:
    """Return whether Discord shows the level's commands to that role by itself."""
    rights = role.permissions | role.guild.default_role.permissions
    needed = rights.moderate_members if level is RoleLevel.STAFF else rights.manage_guild
    return needed or rights.administrator
