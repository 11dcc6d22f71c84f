"""Finds the members whom a file names; the answer shows how far it is."""

from bot.access.people.import_records import LookUp, People, Wanted
from bot.interactions.progress import drawn
from bot.interactions.responses import Interaction
from bot.replies import matching


def look_up(interaction: Interaction, guild_id: int) -> LookUp:
    """Return what finds the members meant."""

    async def found(wanted: Wanted) -> People:
        return await drawn(
            interaction,
            lambda tell: interaction.client.members.people(guild_id, wanted, tell),
            matching.progress,
        )

    return found
