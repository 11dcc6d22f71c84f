"""/me: what the member who asks may use."""

from discord import app_commands
from discord.ext import commands

from bot import answering, checks
from bot.access.views import Views
from bot.answering import Interaction
from bot.replies import views as said


class Me(commands.Cog):
    """A customer's own view."""

    def __init__(self, views: Views) -> None:
        self._views = views

    @checks.anyone
    @app_commands.command(description="Your TradingView name, your scripts, and until when")
    async def me(self, interaction: Interaction) -> None:
        """Only what belongs to whoever asks."""
        await answering.defer(interaction)
        asked = checks.asked(interaction)
        await answering.reply(interaction, said.me(await self._views.me(asked.guild_id, asked.by)))
