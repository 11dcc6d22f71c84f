"""/me: what the member who asks may use."""

from discord import app_commands
from discord.ext import commands

from bot.access.queries.overview import Views
from bot.interactions import levels, responses
from bot.interactions.responses import Interaction
from bot.replies import overview as said


class Me(commands.Cog):
    """A customer's own view."""

    def __init__(self, views: Views) -> None:
        self._views = views

    @levels.anyone
    @app_commands.command(description="Your TradingView name, your scripts, and until when")
    async def me(self, interaction: Interaction) -> None:
        """Only what belongs to whoever asks."""
        await responses.defer(interaction)
        asked = levels.asked(interaction)
        await responses.reply(interaction, said.me(await self._views.me(asked.guild_id, asked.by)))
