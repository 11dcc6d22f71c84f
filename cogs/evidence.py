"""/evidence: the file for a dispute about one customer."""

from discord import app_commands
from discord.ext import commands

from bot.interactions import levels, responses
from bot.interactions.options import AnyMember, Username
from bot.interactions.responses import Interaction
from bot.services import Services


class Evidence(commands.Cog):
    """The command."""

    def __init__(self, services: Services) -> None:
        self._evidence = services.evidence

    @levels.manager
    @app_commands.command(description="A file about one customer, for a dispute with a bank")
    @app_commands.describe(
        member="The Discord member", username="The TradingView name, or the address of the profile"
    )
    async def evidence(
        self,
        interaction: Interaction,
        member: AnyMember | None = None,
        username: Username | None = None,
    ) -> None:
        """Make the file; nobody else's data is in it."""
        await responses.defer(interaction)
        guild_id = levels.request(interaction).guild_id
        from bot.replies.evidence import evidence as reply  # noqa: PLC0415 - rarely asked for

        dossier = await self._evidence.gather(guild_id, levels.subject(member, username))
        server = None if interaction.guild is None else interaction.guild.name
        await responses.reply(interaction, reply(dossier, server))
