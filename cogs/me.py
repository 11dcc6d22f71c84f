"""/me: what the member who asks may use."""

from discord import app_commands
from discord.ext import commands

from bot.interactions import levels, responses
from bot.interactions.responses import Interaction
from bot.replies import me as me_replies
from bot.services import Services


class Me(commands.Cog):
    """A customer's own view."""

    def __init__(self, services: Services) -> None:
        self._overview = services.overview

    @levels.anyone
    @app_commands.command(description="Your TradingView name, your scripts, and until when")
    async def me(self, interaction: Interaction) -> None:
        """Show only what belongs to the person who asks."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        await responses.reply(
            interaction,
            me_replies.me(
                await self._overview.me(request.guild_id, request.member_id), request.guild_id
            ),
        )
