"""/webhook: the shops whose payments become access."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.orders.connection_view import ConnectionView
from bot.interactions import levels, responses
from bot.interactions.components import Choice, ComponentInteraction, Form
from bot.interactions.levels import Level
from bot.interactions.payment_options import PaymentProvider, Shop
from bot.interactions.progress import answer_in_the_end
from bot.interactions.responses import Interaction
from bot.replies import Message, webhook_discord, webhook_forms as forms, webhooks as replies
from bot.replies.message import key
from bot.services import Services
from cogs.webhook_orders import OrderCommands
from cogs.webhook_settings import SettingsCommands

_WAIT = 600.0  # seconds for the first message; the answer can be changed for 15 minutes
_SHOP = "The connection; pick it from the list"


class Webhook(
    SettingsCommands,
    OrderCommands,
    commands.GroupCog,
    group_name="webhook",
    group_description="Shops whose payments become access",
):
    """The commands about connections to shops, and the buttons and forms under their answers."""

    def __init__(self, services: Services) -> None:
        SettingsCommands.__init__(self, services)
        OrderCommands.__init__(self, services)
        self._questions = services.router
        self._outbox = services.outbox
        services.router.add(forms.ADD_FORM, Level.MANAGER, self.add_submitted)
        services.router.add(replies.TEST, Level.MANAGER, self.test_pressed)

    @levels.manager
    @app_commands.command(description="Connect a shop, in five steps")
    @app_commands.describe(provider="Who takes the money; pick it from the list")
    async def add(self, interaction: Interaction, provider: PaymentProvider) -> None:
        """Ask for the secret in a form; Discord's own shop has none."""
        if provider.strip().casefold() == webhook_discord.NAME:
            await self.show_discord(interaction)
            return
        await self._connections.known(provider)
        guild_id, name = levels.request(interaction).guild_id, provider.strip().casefold()
        form = Form(
            forms.form_title(name), key(forms.ADD_FORM, guild_id, name), forms.add_items(name)
        )
        await responses.open_form(interaction, form)

    async def add_submitted(self, press: ComponentInteraction) -> None:
        """Add the connection, with or without its secret, and show the steps."""
        await responses.defer(press.interaction)
        secret = press.fields.get(forms.SECRET, "")
        api_key = press.fields.get(forms.API_KEY, "")
        view = await self._connections.add(press.request(), press.text(0), secret, api_key)
        await responses.reply(press.interaction, await self._steps(view, replies.added(view)))

    @levels.manager
    @app_commands.command(name="list", description="Which shops are connected, and how each stands")
    async def list_(self, interaction: Interaction) -> None:
        """Show them, with what is to be decided."""
        await responses.defer(interaction)
        guild_id = levels.request(interaction).guild_id
        views = await self._connections.listed(guild_id)
        prices = await self._prices.open_numbers(guild_id)
        sold = await self._premium.listed(guild_id)
        waiting = (await self._pending.view(guild_id, skip=0, limit=1)).number
        await responses.reply(interaction, replies.listed(views, prices, guild_id, waiting, sold))

    @levels.manager
    @app_commands.command(description="Wait for the first message of a shop, and say what came")
    @app_commands.describe(connection=_SHOP)
    async def test(self, interaction: Interaction, connection: Shop) -> None:
        """Say what to press in the shop, then what came of it."""
        await responses.defer(interaction)
        await self._test(interaction, levels.request(interaction).guild_id, connection)

    async def test_pressed(self, press: ComponentInteraction) -> None:
        """Do the same from a button."""
        number = press.number(0)
        await responses.defer(press.interaction)
        await self._test(press.interaction, press.guild_id, number)

    async def _test(self, interaction: Interaction, guild_id: int, number: int) -> None:
        view = await self._connections.one(guild_id, number)
        work = self._first_message(interaction, view)
        await answer_in_the_end(interaction, work, "/webhook test", self._outbox, replies.late)

    async def _first_message(self, interaction: Interaction, view: ConnectionView) -> Message:
        guild_id, number = view.row.guild_id, view.row.id
        before = await self._connections.heard(guild_id, number)
        await responses.reply(interaction, replies.waiting(view), provisional=True)
        heard = await self._connections.first_message(guild_id, number, before, _WAIT)
        if heard is None:
            return replies.nothing_came(view)
        return replies.heard(view, heard, before)

    @levels.manager
    @app_commands.command(description="Take no messages of a shop any more; what was bought stays")
    @app_commands.describe(connection=_SHOP)
    async def remove(self, interaction: Interaction, connection: Shop) -> None:
        """Say what that means, and ask."""
        await responses.defer(interaction)
        if connection == webhook_discord.NUMBER:
            await self.remove_discord(interaction)
            return
        request = levels.request(interaction)
        view = await self._connections.one(request.guild_id, connection)

        async def yes(press: ComponentInteraction) -> None:
            removed = await self._connections.remove(press.request(), connection)
            await responses.reply(press.interaction, replies.removed(removed))

        async def no(press: ComponentInteraction) -> None:
            await responses.reply(press.interaction, replies.kept(view))

        buttons = self._questions.question(
            request.guild_id,
            request.member_id,
            Level.MANAGER,
            (
                Choice("Yes, remove it", yes, discord.ButtonStyle.danger),
                Choice("No, leave it", no),
            ),
        )
        await responses.reply(interaction, replies.remove(view, buttons))
