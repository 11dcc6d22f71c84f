"""/dashboard and /dashboard-sessions: the way to the web pages, and who is signed in there."""

from discord import app_commands
from discord.ext import commands

from bot.interactions import levels, responses
from bot.interactions.components import ComponentInteraction
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.replies import dashboard as replies
from bot.services import Services


class Dashboard(commands.Cog):
    """The link, and the list of sessions with its buttons."""

    def __init__(self, services: Services) -> None:
        self._sessions = services.web_sessions
        services.router.add(replies.OPEN, Level.STAFF, self.open_pressed)
        services.router.add(replies.END, Level.MANAGER, self.end_of)
        services.router.add(replies.END_ALL, Level.MANAGER, self.end_all)

    @levels.staff
    @app_commands.command(description="A private link to the web pages of this server")
    async def dashboard(self, interaction: Interaction) -> None:
        """Answer with a link for the person who asks alone."""
        await responses.defer(interaction)
        address = await self._sessions.create_link(levels.request(interaction))
        await responses.reply(interaction, replies.link(address))

    async def open_pressed(self, press: ComponentInteraction) -> None:
        """Do the same from a button, beside the message that has it."""
        await responses.defer(press.interaction)
        address = await self._sessions.create_link(press.request())
        await responses.reply(press.interaction, replies.link(address))

    @levels.manager
    @app_commands.command(
        name="dashboard-sessions", description="Who is signed in to the web pages; sign them out"
    )
    async def sessions(self, interaction: Interaction) -> None:
        """Show them, the last seen first."""
        await responses.defer(interaction)
        guild_id = levels.request(interaction).guild_id
        found = await self._sessions.listed(guild_id)
        await responses.reply(interaction, replies.sessions(found, guild_id))

    async def end_of(self, press: ComponentInteraction) -> None:
        """End the sessions of one person."""
        await responses.defer_in_place(press.interaction)
        number = await self._sessions.end(press.request(), press.number(0))
        await responses.reply(press.interaction, replies.ended(number))

    async def end_all(self, press: ComponentInteraction) -> None:
        """End the sessions of everybody."""
        await responses.defer_in_place(press.interaction)
        number = await self._sessions.end(press.request())
        await responses.reply(press.interaction, replies.ended(number))
