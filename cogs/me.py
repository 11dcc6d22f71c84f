"""/me: what the member who asks may use, and the buttons by which they help themselves."""

from discord import app_commands
from discord.ext import commands

from bot.interactions import levels, progress, responses
from bot.interactions.components import ComponentInteraction
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.replies import me as me_replies, own as own_replies, self_check as check_replies
from bot.services import Services


class Me(commands.Cog):
    """A customer's own view."""

    def __init__(self, services: Services) -> None:
        self._overview = services.overview
        self._contracts = services.contracts
        self._self_check = services.self_check
        self._order_flow = services.order_flow
        services.router.add(own_replies.ME, Level.ANYONE, self.show)
        services.router.add(own_replies.UNSEEN, Level.ANYONE, self.look)
        services.router.add(own_replies.STILL_UNSEEN, Level.ANYONE, self.call_staff)
        services.router.add(own_replies.BUY, Level.ANYONE, self.buy)

    @levels.anyone
    @app_commands.command(description="Your TradingView name, your scripts, and until when")
    async def me(self, interaction: Interaction) -> None:
        """Show only what belongs to the person who asks."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        await self._show(interaction, request.guild_id, request.member_id)

    async def show(self, press: ComponentInteraction) -> None:
        """Show the same upon a press."""
        await responses.defer(press.interaction)
        await self._show(press.interaction, press.guild_id, press.request().member_id)

    async def _show(self, interaction: Interaction, guild_id: int, member_id: int) -> None:
        view = await self._overview.me(guild_id, member_id)
        await responses.reply(interaction, me_replies.me(view, guild_id))

    async def look(self, press: ComponentInteraction) -> None:
        """Read TradingView now, and answer with proof, or with what is done about it."""
        await responses.defer(press.interaction)
        request = press.request()
        found = await progress.taking_a_while(
            press.interaction, self._self_check.run(request), me_replies.looking()
        )
        if found.order_id is not None:
            await self._order_flow.show(press.interaction, found.order_id, request.at)
            return
        message = check_replies.finding(found, press.guild_id)
        await responses.reply(press.interaction, message)

    async def call_staff(self, press: ComponentInteraction) -> None:
        """Call staff although TradingView shows it."""
        await responses.defer(press.interaction)
        found = await self._self_check.call(press.request())
        await responses.reply(press.interaction, check_replies.called(found, press.guild_id))

    async def buy(self, press: ComponentInteraction) -> None:
        """Show where things are sold."""
        await responses.defer(press.interaction)
        sold = await self._overview.on_sale(press.guild_id)
        token = await self._contracts.token(press.guild_id, press.request().member_id)
        await responses.reply(press.interaction, own_replies.buy(sold, token))
