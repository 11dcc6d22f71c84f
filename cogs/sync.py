"""/sync: what waits, what is stuck and why, and trying again."""

from discord import app_commands
from discord.ext import commands

from bot.access.queries.overview import Views
from bot.access.request import Asked
from bot.access.sync.queue import Queue
from bot.interactions import levels, responses
from bot.interactions.responses import Interaction
from bot.interactions.sweep_flow import FullChecks
from bot.replies import Answer, overview as said
from cogs.suggestions import Choices, Suggestions


class Sync(commands.GroupCog, group_name="sync", group_description="Orders that wait or are stuck"):
    """The commands about the queue."""

    def __init__(
        self, views: Views, queue: Queue, full_checks: FullChecks, suggestions: Suggestions
    ) -> None:
        self._views = views
        self._queue = queue
        self._full_checks = full_checks
        self._suggestions = suggestions

    @levels.staff
    @app_commands.command(description="What waits, what is stuck and why, and how to mend it")
    async def status(self, interaction: Interaction) -> None:
        """How the queue of this server stands."""
        await responses.defer(interaction)
        guild_id = levels.asked(interaction).guild_id
        status = said.status(await self._views.status(guild_id))
        answer = await self._full_checks.with_differences(status, guild_id)
        await responses.reply(interaction, answer)

    @levels.staff
    @app_commands.command(
        description="Try everything that waits or is stuck for a script once more"
    )
    @app_commands.describe(item="The script; pick it from the list")
    async def retry(self, interaction: Interaction, item: str) -> None:
        """Try again now."""
        await responses.defer(interaction)

        async def again(asked: Asked, agreed: int, seats: int) -> Answer:
            tried = await self._queue.retry(asked, item, agreed=agreed, seats=seats)
            return said.retried(item, tried)

        await self._full_checks.agreed(interaction, levels.asked(interaction), again)

    @levels.staff
    @app_commands.command(
        description="Read a script's whole list on TradingView, and show what differs"
    )
    @app_commands.describe(item="The script; pick it from the list")
    async def sweep(self, interaction: Interaction, item: str) -> None:
        """A full check of one script."""
        await responses.defer(interaction)
        await self._full_checks.check(interaction, levels.asked(interaction), item)

    @retry.autocomplete("item")
    @sweep.autocomplete("item")
    async def _items(self, interaction: Interaction, typed: str) -> Choices:
        return await self._suggestions.items(interaction, typed)
