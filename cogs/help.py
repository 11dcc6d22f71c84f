"""/help: what the member who asks may do, and a line for who writes to the bot instead."""

import discord
from discord import app_commands
from discord.ext import commands

from bot import clock
from bot.interactions import levels, responses
from bot.interactions.responses import Interaction
from bot.replies import guide
from bot.services import Services

_ANSWER_EVERY = 600.0  # seconds between two answers to one person
_MAX_WRITERS = 1_000


class Help(commands.Cog):
    """The first command that a newcomer tries."""

    def __init__(self, services: Services) -> None:
        self._tree, self._guild_settings = services.client.tree, services.guild_settings
        self._direct_messages = services.direct_messages
        self._answered: dict[int, float] = {}  # by user, by clock.monotonic()

    @levels.anyone
    @app_commands.command(name="help", description="What you can do here")
    async def help_(self, interaction: Interaction) -> None:
        """Show the commands that this member may run, and no others."""
        await responses.defer(interaction)
        roles = self._guild_settings.level_roles(levels.request(interaction).guild_id)
        held = levels.level_of(interaction.user, roles)
        allowed = [each for each in levels.commands_in(self._tree) if each.extras["level"] <= held]
        menus = [each for each in levels.menus_in(self._tree) if each.extras["level"] <= held]
        shown = guide.commands(allowed, [each.name for each in menus], is_buyer=not held)
        await responses.reply(interaction, shown)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer who writes to the bot with one line, once in a while; servers' messages do not come here."""
        author, now = message.author, clock.monotonic()
        if message.guild is not None or author.bot:
            return
        if now - self._answered.get(author.id, -_ANSWER_EVERY) < _ANSWER_EVERY:
            return
        self._answered.pop(author.id, None)  # it goes to the end
        while len(self._answered) >= _MAX_WRITERS:
            del self._answered[next(iter(self._answered))]
        self._answered[author.id] = now
        await self._direct_messages.send(author.id, guide.to_writer())
