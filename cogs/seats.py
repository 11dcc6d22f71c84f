"""/seats: how many people have access, and what TradingView may charge for them."""

import asyncio

from discord import app_commands
from discord.ext import commands

from bot import answering, checks
from bot.access.seats import SeatCounts
from bot.answering import Interaction
from bot.checks import Level
from bot.presses import Press, Presses
from bot.replies import seat_picture, seats as said


class Seats(commands.Cog):
    """The command, and the switch under its answer."""

    def __init__(self, counts: SeatCounts, presses: Presses) -> None:
        self._counts = counts
        presses.add(said.GUARD, Level.STAFF, self.switch_on)
        presses.add(said.NO_GUARD, Level.MANAGER, self.switch_off)

    @checks.staff
    @app_commands.command(
        description="How many people have access, and what TradingView may charge"
    )
    async def seats(self, interaction: Interaction) -> None:
        """Count them, and draw the line."""
        await answering.defer(interaction)
        guild_id = checks.asked(interaction).guild_id
        it = await self._counts.now(guild_id)
        picture = await asyncio.to_thread(seat_picture.draw, it.line)
        await answering.reply(interaction, said.overview(it, guild_id, picture))

    async def switch_on(self, press: Press) -> None:
        """Ask from now on."""
        await self._switch(press, on=True)

    async def switch_off(self, press: Press) -> None:
        """Only a manager: otherwise whoever is asked could."""
        await self._switch(press, on=False)

    async def _switch(self, press: Press, *, on: bool) -> None:
        await answering.defer_in_place(press.interaction)
        await self._counts.set_guard(press.asked(), on=on)
        it = await self._counts.now(press.guild_id)
        await answering.reply(press.interaction, said.overview(it, press.guild_id, None))
