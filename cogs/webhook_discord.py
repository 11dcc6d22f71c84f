"""The part of /webhook about Discord's own shop: what it sells for the bot, and what each thing opens."""

from typing import TYPE_CHECKING

import discord

from bot.access.catalogue.premium_rules import PremiumRules
from bot.access.errors import ButtonGone
from bot.interactions import levels, responses
from bot.interactions.components import Choice, ComponentInteraction, ComponentRouter
from bot.interactions.levels import Level
from bot.interactions.premium import DiscordShop
from bot.interactions.responses import Interaction
from bot.replies import Message, webhook_discord as replies
from bot.services import Services

# Loaded as a part of the group alone, so it is no cog; discord.py's types want one around its commands.
if TYPE_CHECKING:
    from discord.ext.commands import Cog as _Part
else:
    _Part = object


class DiscordCommands(_Part):
    """What the commands of the group /webhook do for Discord's own shop; the group is in `cogs.webhook`."""

    _discord_shop: DiscordShop
    _premium: PremiumRules
    _questions: ComponentRouter

    def __init__(self, services: Services) -> None:
        self._discord_shop = services.discord_shop
        self._premium = services.premium_rules
        services.router.add(replies.ITEM, Level.MANAGER, self.sku_chosen)
        services.router.add(replies.PAGE, Level.MANAGER, self.sku_page)

    async def show_discord(self, interaction: Interaction, done: str = "") -> None:
        """Show what Discord sells, with what each thing opens."""
        await responses.defer(interaction)
        guild_id = levels.request(interaction).guild_id
        await responses.reply(interaction, await self._sold(guild_id, done=done))

    async def remove_discord(self, interaction: Interaction) -> None:
        """Say what it means that Discord's shop is removed, and ask."""
        request = levels.request(interaction)
        if not await self._premium.listed(request.guild_id):
            await responses.reply(interaction, replies.not_connected())
            return

        async def yes(press: ComponentInteraction) -> None:
            await self._premium.remove_all(press.request())
            await responses.reply(press.interaction, replies.removed())

        async def no(press: ComponentInteraction) -> None:
            await responses.reply(press.interaction, replies.kept())

        buttons = self._questions.question(
            request.guild_id,
            request.member_id,
            Level.MANAGER,
            (
                Choice("Yes, remove it", yes, discord.ButtonStyle.danger),
                Choice("No, leave it", no),
            ),
        )
        await responses.reply(interaction, replies.remove(buttons))

    async def sku_chosen(self, press: ComponentInteraction) -> None:
        """Let what was chosen be what a thing opens."""
        sku_id = press.number(0)
        if len(press.values) != 1:
            raise ButtonGone
        await responses.defer_in_place(press.interaction)
        sku = next((each for each in await self._discord_shop.skus() if each.id == sku_id), None)
        if sku is None:
            raise ButtonGone
        item = None if press.values[0] == replies.NOTHING else press.values[0]
        opening = await self._premium.choose(press.request(), sku, item)
        done = replies.chosen(sku, opening)
        await responses.reply(press.interaction, await self._sold(press.guild_id, done=done))

    async def sku_page(self, press: ComponentInteraction) -> None:
        """Show other things, or other items to choose from."""
        page = press.page(0)
        await responses.defer_in_place(press.interaction)
        await responses.reply(press.interaction, await self._sold(press.guild_id, page))

    async def _sold(self, guild_id: int, page: int = 0, done: str = "") -> Message:
        skus = await self._discord_shop.skus()
        openings = await self._premium.listed(guild_id)
        items = await self._premium.items(guild_id)
        return replies.shop(skus, openings, items, guild_id, page, done)
