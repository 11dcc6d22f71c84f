"""/setup: what a server needs before Usher can work, step by step."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.errors import ButtonGone, DiscordSilent
from bot.access.orders.bulk.approval import parse_above
from bot.access.request import RequestContext
from bot.interactions import levels, responses, server_setup
from bot.interactions.components import ComponentInteraction, Form, number_in
from bot.interactions.levels import Level
from bot.interactions.quick_setup import QuickSetup
from bot.interactions.responses import Interaction
from bot.replies import (
    Message,
    key,
    quick_setup,
    setup as setup_replies,
    setup_proof as proof_replies,
)
from bot.replies.reminders import shown
from bot.services import Services
from bot.store.kinds import RoleLevel


class Setup(commands.GroupCog, group_name="setup", group_description="Set Usher up in this server"):
    """The commands about the server's own settings, and the buttons of the checklist."""

    def __init__(self, services: Services) -> None:
        self._guild_settings = services.guild_settings
        self._log_channel = services.log_channel
        self._approval = services.bulk.approval
        self._reminders = services.reminders
        self._client = services.client
        self._jobs = services.jobs
        self._quick = QuickSetup(services.guild_settings, services.client.say_what_is_unseen)
        self._proof = services.setup_proof
        self._proof_flow = services.proof_flow
        services.router.add(proof_replies.OPEN, Level.MANAGE_SERVER, self.open_proof)
        services.router.add(proof_replies.FORM, Level.MANAGE_SERVER, self.prove)
        services.router.add(setup_replies.QUICK, Level.MANAGE_SERVER, self.pressed_quick)
        services.router.add(setup_replies.OPEN_STAFF, Level.MANAGE_SERVER, self.open_staff)
        services.router.add(setup_replies.OPEN_LOG, Level.MANAGE_SERVER, self.open_log)
        services.router.add(setup_replies.PICK_STAFF, Level.MANAGE_SERVER, self.picked_staff)
        services.router.add(setup_replies.PICK_LOG, Level.MANAGE_SERVER, self.picked_log)
        services.router.add(setup_replies.PICK_SETTING, Level.MANAGE_SERVER, self.picked_setting)

    @levels.manage_server
    @app_commands.command(description="What is set up, and the next step")
    async def show(self, interaction: Interaction) -> None:
        """Show the checklist."""
        await responses.defer(interaction)
        await responses.reply(interaction, await self._checklist(levels.request(interaction)))

    @levels.manage_server
    @app_commands.command(description="Choose a role whose members may give and end access")
    @app_commands.describe(role="The role", remove="Take it away from that role again")
    async def staff(
        self, interaction: Interaction, role: discord.Role, remove: bool = False
    ) -> None:
        """Add or remove a role for staff."""
        await self._role(interaction, role, RoleLevel.STAFF, remove=remove)

    @levels.manage_server
    @app_commands.command(description="Choose a role that may manage the scripts and the login")
    @app_commands.describe(role="The role", remove="Take it away from that role again")
    async def manager(
        self, interaction: Interaction, role: discord.Role, remove: bool = False
    ) -> None:
        """Add or remove a role for managers."""
        await self._role(interaction, role, RoleLevel.MANAGER, remove=remove)

    @levels.manage_server
    @app_commands.command(description="Choose the channel for the history and for warnings")
    @app_commands.describe(channel="A channel that only staff can see")
    async def log(self, interaction: Interaction, channel: discord.TextChannel) -> None:
        """Set the log channel."""
        await responses.defer(interaction)
        message = await server_setup.set_log_channel(
            self._guild_settings, self._client, levels.request(interaction), channel
        )
        await responses.reply(interaction, message)

    @levels.manage_server
    @app_commands.command(description="When ending access for many takes a second manager")
    @app_commands.describe(
        people="More people than this take a second manager; off: one is always enough"
    )
    async def approval(
        self, interaction: Interaction, people: app_commands.Range[str, 1, 20]
    ) -> None:
        """Set from how many people on two have to agree."""
        await responses.defer(interaction)
        above = parse_above(people)
        before = await self._approval.set(levels.request(interaction), above)
        await responses.reply(interaction, setup_replies.approval(above, before))

    @levels.manage_server
    @app_commands.command(description="Have a role for staff and a private log channel made")
    async def quick(self, interaction: Interaction) -> None:
        """Make both, where they are not there yet."""
        await responses.defer(interaction)
        await responses.reply(
            interaction, await self._make(interaction, levels.request(interaction))
        )

    # The checklist's buttons and lists

    async def pressed_quick(self, press: ComponentInteraction) -> None:
        """Make role and channel."""
        await responses.defer_in_place(press.interaction)
        await responses.reply(
            press.interaction, await self._make(press.interaction, press.request())
        )

    async def open_proof(self, press: ComponentInteraction) -> None:
        """Ask for a tester."""
        scripts = await self._proof.scripts(press.guild_id)
        if not scripts:
            raise ButtonGone
        form_key = key(proof_replies.FORM, press.guild_id)
        form = Form(proof_replies.FORM_TITLE, form_key, proof_replies.form(scripts))
        await responses.open_form(press.interaction, form)

    async def prove(self, press: ComponentInteraction) -> None:
        """Give the tester a day, read it back, and take it away again."""
        await responses.defer(press.interaction)
        slug = press.fields.get(proof_replies.SCRIPT, "").strip() or None
        username = press.fields.get(proof_replies.USERNAME, "")
        await self._proof_flow.carry_out(press.interaction, press.request(), slug, username)

    async def open_staff(self, press: ComponentInteraction) -> None:
        """Show the roles."""
        await responses.defer_in_place(press.interaction)
        await responses.reply(press.interaction, setup_replies.pick_staff(press.guild_id))

    async def open_log(self, press: ComponentInteraction) -> None:
        """Show the channels."""
        await responses.defer_in_place(press.interaction)
        await responses.reply(press.interaction, setup_replies.pick_log(press.guild_id))

    async def picked_staff(self, press: ComponentInteraction) -> None:
        """Keep the role that was chosen, and show what is next."""
        await responses.defer_in_place(press.interaction)
        guild, request = press.interaction.guild, press.request()
        role = None if guild is None else guild.get_role(_chosen(press))
        if role is None:
            raise ButtonGone
        message = await server_setup.add_role(self._guild_settings, request, role, RoleLevel.STAFF)
        await responses.reply(
            press.interaction, setup_replies.followed_by(message, await self._checklist(request))
        )

    async def picked_log(self, press: ComponentInteraction) -> None:
        """Keep the channel that was chosen, and show what is next."""
        await responses.defer_in_place(press.interaction)
        guild, request = press.interaction.guild, press.request()
        channel = None if guild is None else guild.get_channel(_chosen(press))
        if not isinstance(channel, discord.TextChannel):
            raise ButtonGone
        message = await server_setup.set_log_channel(
            self._guild_settings, self._client, request, channel
        )
        await responses.reply(
            press.interaction, setup_replies.followed_by(message, await self._checklist(request))
        )

    async def picked_setting(self, press: ComponentInteraction) -> None:
        """Show the setting that was chosen."""
        await responses.defer_in_place(press.interaction)
        if press.values != (setup_replies.REMINDERS,):
            raise ButtonGone
        settings = await self._reminders.settings(press.guild_id)
        await responses.reply(press.interaction, shown(settings, press.guild_id))

    async def _make(self, interaction: Interaction, request: RequestContext) -> Message:
        server = self._client.get_guild(request.guild_id)
        if server is None or server.unavailable:
            raise DiscordSilent
        quick = await self._quick.make(server, interaction.user, request, interaction.id)
        if quick.missing:
            self._quick.asks(interaction, request, quick.missing)
        return quick_setup.result(quick, await self._checklist(request), request.guild_id)

    async def _checklist(self, request: RequestContext) -> Message:
        setup = await self._guild_settings.setup(request.guild_id)
        trouble = server_setup.log_trouble(self._log_channel, setup, request.guild_id)
        intent = self._client.members_intent
        reminders = await self._reminders.settings(request.guild_id)
        return setup_replies.checklist(setup, request.guild_id, trouble, intent, reminders)

    async def _role(
        self, interaction: Interaction, role: discord.Role, level: RoleLevel, *, remove: bool
    ) -> None:
        await responses.defer(interaction)
        request = levels.request(interaction)
        if remove:
            message = await server_setup.remove_role(self._guild_settings, request, role.id, level)
        else:
            message = await server_setup.add_role(self._guild_settings, request, role, level)
        await responses.reply(interaction, message)

    @commands.Cog.listener()
    async def on_guild_role_update(self, _before: discord.Role, role: discord.Role) -> None:
        """Look whether the bot was given the rights that it asked for."""
        if self._quick.may_go_on(role.guild):
            work = self._go_on(role.guild)
            _ = self._jobs.spawn(work, "making role and channel once the rights are there")

    async def _go_on(self, guild: discord.Guild) -> None:
        """Make role and channel for whoever pressed the button, where they still may."""
        if (asked := await self._quick.given(guild)) is None:
            return
        member = await self._client.members.find(guild.id, asked.interaction.user.id)
        if member is not None and levels.may_set_up(member, self._guild_settings):
            message = await self._make(asked.interaction, asked.request)
            await responses.reply(asked.interaction, message)

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """Forget the level of a role that no longer exists."""
        await self._guild_settings.forget_role(role.guild.id, role.id)


def _chosen(press: ComponentInteraction) -> int:
    """Return the id that was chosen. Raises ButtonGone for what Discord never sends."""
    return number_in(press.values[0] if press.values else "")
