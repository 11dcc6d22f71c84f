"""/help: what the member who asks may do."""

from discord import app_commands
from discord.ext import commands

from bot.interactions import levels, responses
from bot.interactions.responses import Interaction
from bot.replies import guide
from bot.services import Services


class Help(commands.Cog):
    """The first command that a newcomer tries."""

    def __init__(self, services: Services) -> None:
        self._tree, self._guild_settings = services.client.tree, services.guild_settings

    @levels.anyone
    @app_commands.command(name="help", description="What you can do here")
    async def help_(self, interaction: Interaction) -> None:
        """Show the commands that this member may run, and no others."""
        await responses.defer(interaction)
        roles = self._guild_settings.level_roles(levels.request(interaction).guild_id)
        held = levels.level_of(interaction.user, roles)
        allowed = [each for each in levels.commands_in(self._tree) if each.extras["level"] <= held]
        await responses.reply(interaction, guide.commands(allowed, is_buyer=not held))
