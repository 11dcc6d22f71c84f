"""/sync: what waits, what is stuck and why, and trying again."""

from discord import app_commands
from discord.ext import commands

from bot import answering, checks
from bot.access.queue import Queue
from bot.access.views import Views
from bot.answering import Interaction
from bot.replies import views as said
from cogs.suggestions import Choices, Suggestions


class Sync(commands.GroupCog, group_name="sync", group_description="Orders that wait or are stuck"):
    """The commands about the queue."""

    def __init__(self, views: Views, queue: Queue, suggestions: Suggestions) -> None:
        self._views = views
        self._queue = queue
        self._suggestions = suggestions

    @checks.staff
    @app_commands.command(description="What waits, what is stuck and why, and how to mend it")
    async def status(self, interaction: Interaction) -> None:
        """How the queue of this server stands."""
        await answering.defer(interaction)
        status = await self._views.status(checks.asked(interaction).guild_id)
        await answering.reply(interaction, said.status(status))

    @checks.staff
    @app_commands.command(
        description="Try everything that waits or is stuck for a script once more"
    )
    @app_commands.describe(item="The script; pick it from the list")
    async def retry(self, interaction: Interaction, item: str) -> None:
        """Try again now."""
        await answering.defer(interaction)
        number = await self._queue.retry(checks.asked(interaction), item)
        await answering.reply(interaction, said.retried(item, number))

    @retry.autocomplete("item")
    async def _items(self, interaction: Interaction, typed: str) -> Choices:
        return await self._suggestions.items(interaction, typed)
