"""The options of the commands about payments: shops, what they sell, and their messages."""

from typing import Any

from discord import app_commands

from bot.access.sources import payments
from bot.interactions.options import (
    MAX_CHOICES,
    MAX_LENGTH,
    Choices,
    NumberOption,
    ShortNameOption,
    UsherInteraction,
    choice,
)
from bot.replies import webhook_discord
from bot.replies.message import shorten
from bot.replies.webhook_pending import choice as message_line

_OF_DISCORD = ("edit", "remove")  # the commands that can change Discord's own shop


class PaymentProviderTransformer(ShortNameOption):
    """Payment providers, by their names."""

    async def suggest(self, _: UsherInteraction, typed: str, /) -> Choices:
        """Return the providers whose name fits."""
        text = typed.strip().casefold()
        found = await payments.offered()
        fitting = {
            each.name: each.label
            for each in found
            if text in f"{each.name} {each.label.casefold()}"
        }
        if text in f"{webhook_discord.NAME} {webhook_discord.LABEL.casefold()}":
            fitting[webhook_discord.NAME] = webhook_discord.LABEL
        return [choice(label, name) for name, label in fitting.items()][:MAX_CHOICES]


class ShopTransformer(NumberOption):
    """Connections to shops, by number; Discord's own shop is number 0 where one can change it."""

    @property
    def min_value(self) -> int:
        """Return the number of Discord's own shop."""
        return webhook_discord.NUMBER

    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return the connections whose number or provider fits."""
        guild_id, suggests = interaction.guild_id or 0, interaction.client.autocomplete
        found = await suggests.shops(guild_id, typed)
        choices: Choices = [
            app_commands.Choice(
                name=shorten(f"{row.id} – {payments.label(row.provider)}", MAX_LENGTH),
                value=row.id,
            )
            for row in found
        ]
        own = f"{webhook_discord.NUMBER} – {webhook_discord.LABEL}"
        command = interaction.command
        fits = command is not None and command.name in _OF_DISCORD
        fits = fits and typed.strip().casefold() in own.casefold()
        if fits and await suggests.sells_on_discord(guild_id):
            choices.append(app_commands.Choice(name=own, value=webhook_discord.NUMBER))
        return choices[:MAX_CHOICES]


class ShopPriceTransformer(ShortNameOption):
    """What the chosen shop sells, by its own id or name of it."""

    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return the known prices that fit."""
        found = await interaction.client.autocomplete.prices(
            interaction.guild_id or 0, _shop(interaction.namespace), typed
        )
        return [
            choice(f"{price.key} – {price.name}" if price.name else price.key, price.key)
            for price in found
            if len(price.key) <= MAX_LENGTH
        ]


class PaymentMessageTransformer(NumberOption):
    """Payment messages, of the chosen shop, that wait or are stuck, by number."""

    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return the newest whose number fits."""
        found = await interaction.client.autocomplete.payment_messages(
            interaction.guild_id or 0, _shop(interaction.namespace), typed
        )
        return [
            app_commands.Choice(name=shorten(message_line(each), MAX_LENGTH), value=each.id)
            for each in found
        ]


PaymentProvider = app_commands.Transform[str, PaymentProviderTransformer]
Shop = app_commands.Transform[int, ShopTransformer]
ShopPrice = app_commands.Transform[str, ShopPriceTransformer]
PaymentMessage = app_commands.Transform[int, PaymentMessageTransformer]


def _shop(options: Any) -> int | None:
    """Return the connection that is chosen by now, which may be half typed."""
    value = getattr(options, "connection", None)
    return value if isinstance(value, int) else None
