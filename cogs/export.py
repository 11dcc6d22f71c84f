"""/export: the customers of a server or of one item as files."""

import asyncio
from collections.abc import Callable

from discord import app_commands
from discord.ext import commands

from bot.access.queries.exports import Export as Made, Page
from bot.interactions import levels, progress, responses
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
        from bot.replies import exports as replies  # noqa: PLC0415 - rarely asked for

        request, files = levels.request(interaction), replies.Files()

        async def make(tell: Callable[[tuple[int, int]], None]) -> Made:
            def take(page: Page) -> None:
                files.add(page)
                tell((page.done, page.total))

            return await self._exports.make(request, item, take)

        export = await progress.drawn(interaction, make, replies.progress)
        await responses.reply(interaction, await asyncio.to_thread(replies.exported, export, files))
