"""The options of the commands about batches."""

from datetime import datetime

from discord import app_commands

from bot.access.rules.duration import read_end_before
from bot.interactions import levels
from bot.interactions.levels import Level
from bot.interactions.options import (
    MAX_LENGTH,
    Choices,
    NumberOption,
    UntilTransformer,
    UsherInteraction,
)
from bot.replies.bulk_progress import choice
from bot.replies.message import shorten


class EndsBeforeTransformer(UntilTransformer):
    """The last moment by which access ends: a date, or a time from now."""

    async def transform(self, interaction: UsherInteraction, typed: str, /) -> datetime:
        """Return the moment; raises what `Until` raises, and DateUnreadable for lifetime."""
        return read_end_before(typed, levels.request(interaction).at)


class BatchTransformer(NumberOption):
    """Batches that were started, by number; only managers are shown them."""

    level = Level.MANAGER

    async def suggest(self, interaction: UsherInteraction, typed: str, /) -> Choices:
        """Return the newest batches whose number fits."""
        found = await interaction.client.autocomplete.batches(interaction.guild_id or 0, typed)
        return [
            app_commands.Choice(name=shorten(choice(batch), MAX_LENGTH), value=batch.id)
            for batch in found
        ]


EndsBefore = app_commands.Transform[datetime, EndsBeforeTransformer]
Batch = app_commands.Transform[int, BatchTransformer]
