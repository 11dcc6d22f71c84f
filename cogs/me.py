"""/me: what the member who asks may use."""

from discord import app_commands
from discord.ext import commands

from bot.access.queries.overview import Overview
from bot.interactions import levels, responses
from bot.interactions.responses import Interaction
from bot.replies import overview as said


class Me(commands.Cog):
    """A customer's own view."""

    def __init__(self, views: Overview) -> None:
        self._overview = views

    @levels.anyone
    @app_commands.command(description="Your TradingView name, your scripts, and until when")
    async def me(self, interaction: Interaction) -> None:
        """Only what belongs to whoever asks."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        await responses.reply(
            interaction, said.me(await self._overview.me(request.guild_id, request.member_id))
        )
