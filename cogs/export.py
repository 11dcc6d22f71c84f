"""/export: the customers of a server or of one item as files."""

import asyncio

from discord import app_commands
from discord.ext import commands

from bot.interactions import levels, responses
from bot.interactions.options import Item
from bot.interactions.responses import Interaction
from bot.services import Services


class Export(commands.Cog):
    """The command."""

    def __init__(self, services: Services) -> None:
        self._exports = services.exports

    @levels.manager
    @app_commands.command(description="Your customers as files: who has what, and until when")
    @app_commands.describe(item="Of this script or product alone; without it of everything")
    async def export(self, interaction: Interaction, item: Item | None = None) -> None:
        """Make the files; only the person who asked sees them."""
        await responses.defer(interaction)
        from bot.replies.exports import Files, exported  # noqa: PLC0415 - rarely asked for

        files = Files()
        export = await self._exports.make(levels.request(interaction), item, files.add)
        await responses.reply(interaction, await asyncio.to_thread(exported, export, files))
