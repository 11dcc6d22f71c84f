"""/setup: what a server needs before Usher can work, step by step."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.errors import ButtonGone, ChannelClosed, RoleProblem, RoleUnusable
from bot.access.people.guild_settings import Servers
from bot.access.request import Asked
from bot.interactions import levels, responses
from bot.interactions.components import Press, Presses
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.replies import Answer, setup as said

# What the lines in the log channel need.
_RIGHTS = ("view_channel", "send_messages", "embed_links")


class Setup(commands.GroupCog, group_name="setup", group_description="Set Usher up in this server"):
    """The commands about the server's own settings, and the buttons of the checklist."""

    def __init__(self, servers: Servers, presses: Presses) -> None:
        self._servers = servers
        presses.add(said.OPEN_STAFF, Level.MANAGE_SERVER, self.open_staff)
        presses.add(said.OPEN_LOG, Level.MANAGE_SERVER, self.open_log)
        presses.add(said.PICK_STAFF, Level.MANAGE_SERVER, self.picked_staff)
        presses.add(said.PICK_LOG, Level.MANAGE_SERVER, self.picked_log)

    @levels.manage_server
    @app_commands.command(description="What is set up, and the next step")
    async def show(self, interaction: Interaction) -> None:
        """The checklist."""
        await responses.defer(interaction)
        await responses.reply(interaction, await self._checklist(levels.asked(interaction)))

    @levels.manage_server
    @app_commands.command(description="Choose a role whose members may give and end access")
    @app_commands.describe(role="The role", remove="Take it away from that role again")
    async def staff(
        self, interaction: Interaction, role: discord.Role, remove: bool = False
    ) -> None:
        """Add or remove a role for staff."""
        await self._role(interaction, role, "staff", remove=remove)

    @levels.manage_server
    @app_commands.command(description="Choose a role that may manage the scripts and the login")
    @app_commands.describe(role="The role", remove="Take it away from that role again")
    async def manager(
        self, interaction: Interaction, role: discord.Role, remove: bool = False
    ) -> None:
        """Add or remove a role for managers."""
        await self._role(interaction, role, "manager", remove=remove)

    @levels.manage_server
    @app_commands.command(description="Choose the channel for the history and for warnings")
    @app_commands.describe(channel="A channel that only staff can see")
    async def log(self, interaction: Interaction, channel: discord.TextChannel) -> None:
        """Set the log channel."""
        await responses.defer(interaction)
        answer = await self._set_log(levels.asked(interaction), channel)
        await responses.reply(interaction, answer)

    # The checklist's buttons and lists

    async def open_staff(self, press: Press) -> None:
        """Show the roles."""
        await responses.defer_in_place(press.interaction)
        await responses.reply(press.interaction, said.pick_staff(press.guild_id))

    async def open_log(self, press: Press) -> None:
        """Show the channels."""
        await responses.defer_in_place(press.interaction)
        await responses.reply(press.interaction, said.pick_log(press.guild_id))

    async def picked_staff(self, press: Press) -> None:
        """A role was chosen: keep it, and show what is next."""
        await responses.defer_in_place(press.interaction)
        guild, asked = press.interaction.guild, press.asked()
        role = None if guild is None else guild.get_role(_chosen(press))
        if role is None:
            raise ButtonGone
        answer = await self._add_role(asked, role, "staff")
        await responses.reply(
            press.interaction, said.followed_by(answer, await self._checklist(asked))
        )

    async def picked_log(self, press: Press) -> None:
        """A channel was chosen: keep it, and show what is next."""
        await responses.defer_in_place(press.interaction)
        guild, asked = press.interaction.guild, press.asked()
        channel = None if guild is None else guild.get_channel(_chosen(press))
        if not isinstance(channel, discord.TextChannel):
            raise ButtonGone
        answer = await self._set_log(asked, channel)
        await responses.reply(
            press.interaction, said.followed_by(answer, await self._checklist(asked))
        )

    async def _checklist(self, asked: Asked) -> Answer:
        return said.checklist(await self._servers.setup(asked.guild_id), asked.guild_id)

    async def _role(
        self, interaction: Interaction, role: discord.Role, level: str, *, remove: bool
    ) -> None:
        await responses.defer(interaction)
        asked = levels.asked(interaction)
        if remove:
            await self._servers.remove_role(asked, role.id, level)
            answer = said.role_removed(role.id, level)
        else:
            answer = await self._add_role(asked, role, level)
        await responses.reply(interaction, answer)

    async def _add_role(self, asked: Asked, role: discord.Role, level: str) -> Answer:
        if role.is_default():
            raise RoleUnusable(RoleProblem.EVERYONE)
        if role.managed:
            raise RoleUnusable(RoleProblem.MANAGED)
        new = await self._servers.add_role(asked, role.id, level)
        return said.role_added(role.id, level, new=new, sees_commands=_sees_commands(role, level))

    async def _set_log(self, asked: Asked, channel: discord.TextChannel) -> Answer:
        mine = channel.permissions_for(channel.guild.me)
        missing = tuple(right for right in _RIGHTS if not getattr(mine, right))
        if missing:
            raise ChannelClosed(channel.id, missing)
        await self._servers.set_log_channel(asked, channel.id)
        public = channel.permissions_for(channel.guild.default_role).view_channel
        return said.log_channel(channel.id, public=public)

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """A role that no longer exists gives nobody a level."""
        await self._servers.forget_role(role.guild.id, role.id)


def _sees_commands(role: discord.Role, level: str) -> bool:
    """Whether Discord shows the level's commands to that role by itself."""
    rights = role.permissions | role.guild.default_role.permissions
    needed = rights.moderate_members if level == "staff" else rights.manage_guild
    return needed or rights.administrator


def _chosen(press: Press) -> int:
    """The id that was chosen; 0 when there is none."""
    value = press.values[0] if press.values else ""
    return int(value) if value.isdecimal() else 0
