"""/audit: what happened to a person's access, and who did it."""

from discord import app_commands
from discord.ext import commands

from bot.access.request import Subject
from bot.interactions import levels, responses
from bot.interactions.components import ComponentInteraction
from bot.interactions.levels import Level
from bot.interactions.options import AnyMember, Username
from bot.interactions.responses import Interaction
from bot.replies import history as history_replies
from bot.services import Services


class Audit(commands.Cog):
    """The history of one person."""

    def __init__(self, services: Services) -> None:
        self._overview = services.overview
        services.router.add(history_replies.AUDIT, Level.STAFF, self.turn)

    @levels.staff
    @app_commands.command(description="The history of somebody's access, newest first")
    @app_commands.describe(
        member="The Discord member", username="The TradingView name, or the address of the profile"
    )
    async def audit(
        self,
        interaction: Interaction,
        member: AnyMember | None = None,
        username: Username | None = None,
    ) -> None:
        """Show who did what, when and why."""
        await responses.defer(interaction)
        guild_id = levels.request(interaction).guild_id
        history = await self._overview.history(guild_id, levels.subject(member, username))
        await responses.reply(interaction, history_replies.audit(history, guild_id))

    async def turn(self, press: ComponentInteraction) -> None:
        """Show another page."""
        await responses.defer_in_place(press.interaction)
        username, page = press.text(0), press.page(1)
        history = await self._overview.history(press.guild_id, Subject(username=username), page)
        await responses.reply(press.interaction, history_replies.audit(history, press.guild_id))
