"""The part of /webhook about what a vendor sets for a shop: terms, secrets, options."""

from typing import Literal

from discord import app_commands

from bot.access.orders.connection_view import ConnectionChange, ConnectionView
from bot.access.orders.connections import Connections
from bot.access.orders.price_questions import Prices
from bot.interactions import levels, responses, shop_setup
from bot.interactions.components import ComponentInteraction, Form
from bot.interactions.levels import Level
from bot.interactions.options import Item
from bot.interactions.payment_options import Shop, ShopPrice
from bot.interactions.responses import Interaction
from bot.replies import (
    Message,
    webhook_discord,
    webhook_forms as forms,
    webhook_prices as price_replies,
    webhooks as replies,
)
from bot.replies.message import key
from bot.services import Services
from cogs.webhook_discord import DiscordCommands

Days = app_commands.Range[int, 0, 90]
FieldName = app_commands.Range[str, 1, 100]


class SettingsCommands(DiscordCommands):
    """Commands of the group /webhook; the group itself is in `cogs.webhook`."""

    _connections: Connections
    _prices: Prices

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._connections = services.connections
        self._prices = services.prices
        self._guild_settings = services.guild_settings
        for name, handler in (
            (forms.OPEN_SECRET, self.open_secret),
            (forms.SECRET_FORM, self.secret_submitted),
            (forms.OPEN_KEY, self.open_key),
            (forms.KEY_FORM, self.key_submitted),
            (forms.OPEN_OPTIONS, self.open_options),
            (forms.OPTIONS_FORM, self.options_submitted),
            (replies.DROP_OLD, self.drop_old),
        ):
            services.router.add(name, Level.MANAGER, handler)

    @levels.manager
    @app_commands.command(description="See and change what is set for a shop")
    @app_commands.describe(
        connection="The connection; pick it from the list",
        price="Something the shop sells, as the shop calls it; with `item`",
        item="Which product or script that is; pick it from the list",
        name_field="The field of the shop in which buyers type their TradingView name; - for the usual one",
        slack="Days that what renews goes on beyond its paid end",
        grace="Days that it goes on after a failed payment",
        cancel="When it ends that the shop cancelled and paid nothing back for",
        refund="What becomes of it when a part was paid back",
        dispute="What becomes of it while a payment is disputed",
        ask="Ask in the log channel before anything is shortened",
    )
    async def edit(
        self,
        interaction: Interaction,
        connection: Shop,
        price: ShopPrice | None = None,
        item: Item | None = None,
        name_field: FieldName | None = None,
        slack: Days | None = None,
        grace: Days | None = None,
        cancel: Literal["at the paid end", "at once"] | None = None,
        refund: Literal["keep", "end"] | None = None,
        dispute: Literal["hold", "keep"] | None = None,
        ask: bool | None = None,
    ) -> None:
        """Change what is filled in, and show everything."""
        given = (price, item, name_field, slack, grace, cancel, refund, dispute, ask)
        if connection == webhook_discord.NUMBER:
            nothing = given == (None,) * len(given)
            await self.show_discord(interaction, "" if nothing else webhook_discord.not_changed())
            return
        await responses.defer(interaction)
        request = levels.request(interaction)
        if price is not None or item is not None:
            decided = await self._prices.set_item(request, connection, price, item)
            await responses.reply(interaction, price_replies.decided(decided))
            return
        change = ConnectionChange(
            slack_days=slack,
            grace_days=grace,
            cancel_ends_now=None if cancel is None else cancel == "at once",
            partial_refund_ends=None if refund is None else refund == "end",
            dispute_holds=None if dispute is None else dispute == "hold",
            asks_first=ask,
            name_field=None if name_field is None else name_field.removeprefix("-"),
        )
        view = await self._connections.edit(request, connection, change)
        prices = await self._prices.of_shop(request.guild_id, connection)
        done = "" if change == ConnectionChange() else replies.changed(view)
        steps = await self._steps(view, done)
        await responses.reply(interaction, replies.settings(view, steps, prices))

    async def open_secret(self, press: ComponentInteraction) -> None:
        """Open the form for a secret."""
        view = await self._connections.one(press.guild_id, press.number(0))
        name = view.row.provider
        custom_id = key(forms.SECRET_FORM, press.guild_id, view.row.id)
        form = Form(forms.form_title(name), custom_id, forms.secret_items(name))
        await responses.open_form(press.interaction, form)

    async def secret_submitted(self, press: ComponentInteraction) -> None:
        """Keep the secret; it is never repeated."""
        number = press.number(0)
        await responses.defer(press.interaction)
        typed = press.fields.get(forms.SECRET, "")
        view = await self._connections.set_secret(press.request(), number, typed)
        await responses.reply(press.interaction, await self._steps(view, replies.secret_kept(view)))

    async def drop_old(self, press: ComponentInteraction) -> None:
        """Let only the newest secret be good."""
        number = press.number(0)
        await responses.defer(press.interaction)
        view = await self._connections.drop_old_secrets(press.request(), number)
        await responses.reply(press.interaction, await self._steps(view, replies.changed(view)))

    async def open_key(self, press: ComponentInteraction) -> None:
        """Open the form for an API key."""
        view = await self._connections.one(press.guild_id, press.number(0))
        custom_id = key(forms.KEY_FORM, press.guild_id, view.row.id)
        await responses.open_form(
            press.interaction, Form(forms.KEY_TITLE, custom_id, forms.key_items())
        )

    async def key_submitted(self, press: ComponentInteraction) -> None:
        """Keep the API key; it is never repeated."""
        number = press.number(0)
        await responses.defer(press.interaction)
        typed = press.fields.get(forms.API_KEY, "")
        view = await self._connections.set_api_key(press.request(), number, typed)
        await responses.reply(press.interaction, await self._steps(view, replies.changed(view)))

    async def open_options(self, press: ComponentInteraction) -> None:
        """Open the form for the provider's own options, with those that are set."""
        view = await self._connections.one(press.guild_id, press.number(0))
        custom_id = key(forms.OPTIONS_FORM, press.guild_id, view.row.id)
        form = Form(forms.OPTIONS_TITLE, custom_id, forms.options_items(view))
        await responses.open_form(press.interaction, form)

    async def options_submitted(self, press: ComponentInteraction) -> None:
        """Take the options, checked by the provider."""
        number = press.number(0)
        await responses.defer(press.interaction)
        options = forms.read_options(press.fields.get(forms.OPTIONS, ""))
        view = await self._connections.set_options(press.request(), number, options)
        await responses.reply(press.interaction, await self._steps(view, replies.changed(view)))

    async def _steps(self, view: ConnectionView, done: str) -> Message:
        return await shop_setup.steps(self._connections, self._guild_settings, view, done)
