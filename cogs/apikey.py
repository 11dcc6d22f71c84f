"""/apikey: keys with which shops and programs use the HTTP API."""

from discord import app_commands
from discord.ext import commands

from bot.access.people.api_keys import MAX_NAME
from bot.interactions import levels, responses
from bot.interactions.options import ApiKeyName, Until
from bot.interactions.responses import Interaction
from bot.replies import api_keys as replies
from bot.services import Services


class ApiKey(
    commands.GroupCog, group_name="apikey", group_description="Keys for shops and programs"
):
    """The commands about keys."""

    def __init__(self, services: Services) -> None:
        self._keys = services.api_keys

    @levels.manager
    @app_commands.command(description="Make a key for a shop or a program; it is shown once")
    @app_commands.describe(
        name="What you call it, such as shop",
        scopes="What it is for, with commas: validate, read, write, metrics",
        expires="Until when it works: 2026-04-30, or a time from now such as 90D; else until you end it",
    )
    async def create(
        self,
        interaction: Interaction,
        name: app_commands.Range[str, 1, MAX_NAME],
        scopes: app_commands.Range[str, 1, 100],
        expires: Until | None = None,
    ) -> None:
        """Make one, and show it this once."""
        await responses.defer(interaction)
        made = await self._keys.create(levels.request(interaction), name, scopes, expires)
        message = replies.made_before() if made is None else replies.made(made)
        await responses.reply(interaction, message)

    @levels.manager
    @app_commands.command(
        name="list", description="Which keys there are, and when each was last used"
    )
    async def list_(self, interaction: Interaction) -> None:
        """Show them all."""
        await responses.defer(interaction)
        keys = await self._keys.listed(levels.request(interaction).guild_id)
        await responses.reply(interaction, replies.listed(keys))

    @levels.manager
    @app_commands.command(description="Let a key work no more, from now on")
    @app_commands.describe(name="Which key; pick it from the list")
    async def revoke(self, interaction: Interaction, name: ApiKeyName) -> None:
        """End it; what was ordered with it stays."""
        await responses.defer(interaction)
        key = await self._keys.revoke(levels.request(interaction), name)
        await responses.reply(interaction, replies.revoked(key))
