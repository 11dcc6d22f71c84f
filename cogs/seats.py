"""/seats: how many people have access, and what TradingView may charge for them."""

from discord import app_commands
from discord.ext import commands

from bot.interactions import levels, responses
from bot.interactions.components import ComponentInteraction
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.replies import seats as seat_replies
from bot.replies.seats_chart import SeatsChart
from bot.services import Services


class Seats(commands.Cog):
    """The command, and the switch under its answer."""

    def __init__(self, services: Services) -> None:
        self._seat_counts = services.seat_counts
        self._chart = SeatsChart()
        services.router.add(seat_replies.GUARD, Level.STAFF, self.switch_on)
        services.router.add(seat_replies.NO_GUARD, Level.MANAGER, self.switch_off)
        services.router.add(seat_replies.READINGS, Level.STAFF, self.readings)
        services.router.add(seat_replies.NUMBERS, Level.STAFF, self.numbers)

    @levels.staff
    @app_commands.command(
        description="How many people have access, and what TradingView may charge"
    )
    async def seats(self, interaction: Interaction) -> None:
        """Count them, and draw the line."""
        await responses.defer(interaction)
        guild_id = levels.request(interaction).guild_id
        counts = await self._seat_counts.now(guild_id)
        picture = await self._chart.draw(counts.line)
        await responses.reply(interaction, seat_replies.overview(counts, guild_id, picture))

    async def switch_on(self, press: ComponentInteraction) -> None:
        """Ask from now on."""
        await self._switch(press, on=True)

    async def switch_off(self, press: ComponentInteraction) -> None:
        """Stop asking; only for a manager, or the people who are asked could do it."""
        await self._switch(press, on=False)

    async def readings(self, press: ComponentInteraction) -> None:
        """Show what the fee would be in each way to read its rules; the picture stays."""
        await responses.defer_in_place(press.interaction)
        counts = await self._seat_counts.now(press.guild_id)
        await responses.reply(press.interaction, seat_replies.readings(counts, press.guild_id))

    async def numbers(self, press: ComponentInteraction) -> None:
        """Go back to the numbers."""
        await responses.defer_in_place(press.interaction)
        await self._show(press)

    async def _switch(self, press: ComponentInteraction, *, on: bool) -> None:
        await responses.defer_in_place(press.interaction)
        await self._seat_counts.set_guard(press.request(), on=on)
        await self._show(press)

    async def _show(self, press: ComponentInteraction) -> None:
        counts = await self._seat_counts.now(press.guild_id)
        await responses.reply(
            press.interaction, seat_replies.overview(counts, press.guild_id, None)
        )
