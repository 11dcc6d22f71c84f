"""/validate: does this TradingView user exist."""

from discord import app_commands
from discord.ext import commands

from bot.interactions import levels, responses
from bot.interactions.responses import Interaction
from bot.replies import people as people_replies
from bot.services import Services


class Validate(commands.Cog):
    """For anybody who wants to know how a name is spelled."""

    def __init__(self, services: Services) -> None:
        self._customers = services.customers

    @levels.anyone
    @app_commands.command(description="Whether a TradingView user exists, and the exact spelling")
    @app_commands.describe(username="The TradingView name, or the address of the profile")
    async def validate(self, interaction: Interaction, username: str) -> None:
        """Show only what everybody can see on TradingView."""
        await responses.defer(interaction)
        hint = await self._customers.look_up(levels.request(interaction), username)
        await responses.reply(interaction, people_replies.exists(hint))
