"""/overview: a server's day in one message, and the way to its dashboard."""

from discord import app_commands
from discord.ext import commands

from bot.interactions import levels, responses
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.replies import today as replies
from bot.services import Services

# Seconds for what takes long to count; without it the rest is said all the same.
_COUNT_TIMEOUT = 5.0


class Overview(commands.Cog):
    """The command; the button under it is answered where /dashboard is."""

    def __init__(self, services: Services) -> None:
        self._today = services.today
        self._releases = services.releases
        self._guild_settings = services.guild_settings

    @levels.staff
    @app_commands.command(
        description="Today: who has access, what ends, what waits or is stuck, the login, seats, sales"
    )
    async def overview(self, interaction: Interaction) -> None:
        """Look, and answer in one message."""
        await responses.defer(interaction)
        guild_id = levels.request(interaction).guild_id
        view = await self._today.view(guild_id, patience=_COUNT_TIMEOUT)
        held = levels.level_of(interaction.user, self._guild_settings.level_roles(guild_id))
        message = replies.overview(
            view, is_manager=held >= Level.MANAGER, newer=await self._releases.newer()
        )
        await responses.reply(interaction, message)
