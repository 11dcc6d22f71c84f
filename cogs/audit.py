"""/audit: what happened to somebody's access, and who did it."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.queries.overview import Views
from bot.access.request import Who
from bot.interactions import levels, responses
from bot.interactions.components import Press, Presses
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.replies import history as said
from cogs.suggestions import Choices, Suggestions


class Audit(commands.Cog):
    """The history of one person."""

    def __init__(self, views: Views, suggestions: Suggestions, presses: Presses) -> None:
        self._views = views
        self._suggestions = suggestions
        presses.add(said.AUDIT, Level.STAFF, self.turn)

    @levels.staff
    @app_commands.command(description="The history of somebody's access, newest first")
    @app_commands.describe(
        member="The Discord member", username="The TradingView name, or the address of the profile"
    )
    async def audit(
        self,
        interaction: Interaction,
        member: discord.Member | None = None,
        username: str | None = None,
    ) -> None:
        """Who did what, when and why."""
        await responses.defer(interaction)
        guild_id = levels.asked(interaction).guild_id
        history = await self._views.history(guild_id, levels.who(member, username))
        await responses.reply(interaction, said.audit(history, guild_id))

    async def turn(self, press: Press) -> None:
        """Another page."""
        await responses.defer_in_place(press.interaction)
        username, page, *_ = press.args
        history = await self._views.history(press.guild_id, Who(username=username), int(page))
        await responses.reply(press.interaction, said.audit(history, press.guild_id))

    @audit.autocomplete("username")
    async def _usernames(self, interaction: Interaction, typed: str) -> Choices:
        return await self._suggestions.usernames(interaction, typed)
