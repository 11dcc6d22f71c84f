"""/compensate: more time for everybody whose dated access is live, as after an outage."""

from discord import app_commands
from discord.ext import commands

from bot.access.orders.bulk.records import Defaults, Filter
from bot.interactions import levels, responses
from bot.interactions.bulk_flow import BulkFlow
from bot.interactions.options import Item, Length
from bot.interactions.responses import Interaction
from bot.services import Services
from bot.store.kinds import BatchKind


class Compensate(commands.Cog):
    """The command; the buttons under its dry run are those of /bulk."""

    def __init__(self, services: Services) -> None:
        self._selection = services.bulk.selection
        self._flow = BulkFlow(services.bulk.views, services.bulk.results)

    @levels.manager
    @app_commands.command(description="Give everybody with live dated access that much more time")
    @app_commands.describe(
        item="The script or product that did not work; pick it from the list",
        duration="How much more time: 3D, 1W",
        reason="Why, for the history",
    )
    async def compensate(
        self,
        interaction: Interaction,
        item: Item,
        duration: Length,
        reason: app_commands.Range[str, 1, 200],
    ) -> None:
        """Show first who gets more; each start of it counts once."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        batch_id = await self._selection.draft(
            request,
            BatchKind.COMPENSATE,
            Filter(item=item),
            Defaults(length=duration, note=reason),
            None,
        )
        await responses.reply(interaction, await self._flow.shown(request.guild_id, batch_id))
