"""/sync: what waits, what is stuck and why, and trying again."""

from discord import app_commands
from discord.ext import commands

from bot import answering, checks
from bot.access.asking import Asked
from bot.access.queue import Queue
from bot.access.views import Views
from bot.answering import Interaction
from bot.full_checks import FullChecks
from bot.replies import Answer, views as said
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

    @checks.staff
    @app_commands.command(description="What waits, what is stuck and why, and how to mend it")
    async def status(self, interaction: Interaction) -> None:
        """How the queue of this server stands."""
        await answering.defer(interaction)
        guild_id = checks.asked(interaction).guild_id
        status = said.status(await self._views.status(guild_id))
        answer = await self._full_checks.with_differences(status, guild_id)
        await answering.reply(interaction, answer)

    @checks.staff
    @app_commands.command(
        description="Try everything that waits or is stuck for a script once more"
    )
    @app_commands.describe(item="The script; pick it from the list")
    async def retry(self, interaction: Interaction, item: str) -> None:
        """Try again now."""
        await answering.defer(interaction)

        async def again(asked: Asked, agreed: int, seats: int) -> Answer:
            tried = await self._queue.retry(asked, item, agreed=agreed, seats=seats)
            return said.retried(item, tried)

        await self._full_checks.agreed(interaction, checks.asked(interaction), again)

    @checks.staff
    @app_commands.command(
        description="Read a script's whole list on TradingView, and show what differs"
    )
    @app_commands.describe(item="The script; pick it from the list")
    async def sweep(self, interaction: Interaction, item: str) -> None:
        """A full check of one script."""
        await answering.defer(interaction)
        await self._full_checks.check(interaction, checks.asked(interaction), item)

    @retry.autocomplete("item")
    @sweep.autocomplete("item")
    async def _items(self, interaction: Interaction, typed: str) -> Choices:
        return await self._suggestions.items(interaction, typed)
