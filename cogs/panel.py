"""/panel: a message with buttons by which members help themselves."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.errors import OnlyInServer
from bot.interactions import levels, responses
from bot.interactions.responses import Interaction
from bot.replies import panel as panel_replies
from bot.services import Services


class Panel(commands.GroupCog, group_name="panel", group_description="Buttons for your members"):
    """The command; what the buttons do lives in the cogs of those commands."""

    def __init__(self, services: Services) -> None:
        self._poster = services.panel_poster

    @levels.manager
    @app_commands.command(description="Post a message with buttons for your members")
    @app_commands.describe(
        channel="Where to post it; here, if you leave it out",
        text="Your own words above the buttons; \\n begins a new line",
    )
    async def post(
        self,
        interaction: Interaction,
        channel: discord.TextChannel | None = None,
        text: app_commands.Range[str, 1, panel_replies.MAX_TEXT] | None = None,
    ) -> None:
        """Post it, in place of an earlier one."""
        await responses.defer(interaction)
        where = channel or interaction.channel
        if not isinstance(where, discord.TextChannel | discord.VoiceChannel | discord.Thread):
            raise OnlyInServer
        left_behind = await self._poster.post(levels.request(interaction), where, text)
        message = panel_replies.posted(where.id, left_behind=left_behind)
        await responses.reply(interaction, message)
