"""/outgoing: programs of the vendor's own that are told what happens."""

from discord import app_commands
from discord.ext import commands

from bot.access.request import RequestContext
from bot.interactions import confirm, levels, responses
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.interactions.progress import taking_a_while
from bot.interactions.responses import Interaction
from bot.replies import Message, outgoing as outgoing_replies
from bot.services import Services

_NUMBER = "The number of the program, as /outgoing list shows it"
Number = app_commands.Range[int, 1, 2**53]


class Outgoing(
    commands.GroupCog,
    group_name="outgoing",
    group_description="Programs of yours that I tell what happens",
):
    """The commands about programs that are told what happens."""

    def __init__(self, services: Services) -> None:
        self._endpoints = services.outgoing_endpoints
        self._webhooks = services.outgoing_webhooks
        self._router = services.router

    @levels.manager
    @app_commands.command(description="Tell a program of yours what happens, by signed messages")
    @app_commands.describe(
        address="Where the program takes messages: an address that starts with https://",
        events="What it is told, with commas: access.granted,access.ended; everything if you leave it out",
    )
    async def add(self, interaction: Interaction, address: str, events: str = "") -> None:
        """Add it; the secret is shown this once."""
        await responses.defer(interaction)
        new = await self._endpoints.add(levels.request(interaction), address, events)
        await responses.reply(interaction, outgoing_replies.added(new))

    @levels.manager
    @app_commands.command(
        name="list", description="Your programs, and whether they take my messages"
    )
    async def list_(self, interaction: Interaction) -> None:
        """Show all of them."""
        await responses.defer(interaction)
        entries = await self._endpoints.listed(levels.request(interaction).guild_id)
        await responses.reply(interaction, outgoing_replies.listed(entries))

    @levels.manager
    @app_commands.command(description="Send a message that means nothing, and say what came of it")
    @app_commands.describe(number=_NUMBER)
    async def test(self, interaction: Interaction, number: Number) -> None:
        """Send it now, once."""
        await responses.defer(interaction)
        entry = await self._endpoints.entry(levels.request(interaction).guild_id, number)
        sending = self._webhooks.test(entry.endpoint)
        posted = await taking_a_while(
            interaction, sending, outgoing_replies.testing(entry.endpoint)
        )
        await responses.reply(
            interaction,
            outgoing_replies.tested(entry.endpoint, posted.result, posted.status),
        )

    @levels.manager
    @app_commands.command(description="Send again what a program did not take, and switch it on")
    @app_commands.describe(number=_NUMBER)
    async def replay(self, interaction: Interaction, number: Number) -> None:
        """Let everything that was not taken be sent again."""
        await responses.defer(interaction)
        entry, again = await self._endpoints.replay(levels.request(interaction), number)
        self._webhooks.wake()
        await responses.reply(interaction, outgoing_replies.replayed(entry, again))

    @levels.manager
    @app_commands.command(description="Tell a program nothing more")
    @app_commands.describe(number=_NUMBER)
    async def remove(self, interaction: Interaction, number: Number) -> None:
        """Ask, then remove it."""
        await responses.defer(interaction)

        async def act(_: Interaction, request: RequestContext) -> Message:
            return outgoing_replies.removed(await self._endpoints.remove(request, number))

        labels = Labels("Yes, tell it nothing more")
        request = levels.request(interaction)
        await confirm.carry_out(self._router, interaction, request, Level.MANAGER, act, labels)
