"""/customer: what staff know about people."""

import discord
from discord import app_commands
from discord.ext import commands

from bot import answering, checks
from bot.access.customers import Customers
from bot.answering import Interaction
from bot.replies import people as said
from cogs.suggestions import Choices, Suggestions


class Customer(
    commands.GroupCog,
    group_name="customer",
    group_description="Members and their TradingView names",
):
    """The commands about people."""

    def __init__(self, customers: Customers, suggestions: Suggestions) -> None:
        self._customers = customers
        self._suggestions = suggestions

    @checks.staff
    @app_commands.command(description="Tie a TradingView name to a member")
    @app_commands.describe(
        member="The Discord member", username="The TradingView name, or the address of the profile"
    )
    async def link(self, interaction: Interaction, member: discord.Member, username: str) -> None:
        """Tie them, on the word of staff."""
        await answering.defer(interaction)
        person = await self._customers.tie(checks.asked(interaction), member.id, username)
        await answering.reply(interaction, said.tied(person, member.id))

    @link.autocomplete("username")
    async def _usernames(self, interaction: Interaction, typed: str) -> Choices:
        return await self._suggestions.usernames(interaction, typed)
