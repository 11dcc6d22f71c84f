"""The part of /webhook about what waits for staff: paid orders, prices, payment messages."""

from typing import TYPE_CHECKING

from discord import app_commands

from bot.access.errors import ButtonGone
from bot.access.orders.contracts import Contracts
from bot.access.orders.pending import Pending
from bot.access.orders.price_questions import Prices
from bot.access.people.username_lookup import clean
from bot.access.request import Subject
from bot.interactions import levels, responses
from bot.interactions.components import ComponentInteraction, Form, number_in
from bot.interactions.levels import Level
from bot.interactions.payment_options import PaymentMessage, Shop
from bot.interactions.responses import Interaction
from bot.replies import (
    Message,
    history_payments,
    webhook_pending as replies,
    webhook_prices as price_replies,
)
from bot.replies.history_payments import PAYMENT_END, PAYMENT_KEEP
from bot.replies.message import key
from bot.replies.webhooks import PENDING_OPEN
from bot.services import Services

# Loaded as a part of the group alone, so it is no cog; discord.py's types want one around its commands.
if TYPE_CHECKING:
    from discord.ext.commands import Cog as _Part
else:
    _Part = object


class OrderCommands(_Part):
    """Commands of the group /webhook; the group itself is in `cogs.webhook`."""

    _prices: Prices
    _pending: Pending
    _contracts: Contracts

    def __init__(self, services: Services) -> None:
        self._prices = services.prices
        self._pending = services.pending
        self._contracts = services.contracts
        for name, handler in (
            (replies.PAGE, self.turn),
            (PENDING_OPEN, self.pending_pressed),
            (replies.ASSIGN, self.assign),
            (replies.PICK, self.picked),
            (replies.FORM, self.name_submitted),
            (replies.AGAIN, self.again),
            (price_replies.ITEM, self.price_chosen),
            (price_replies.PAGE, self.price_page),
            (price_replies.NEXT, self.next_price),
        ):
            services.router.add(name, Level.MANAGER, handler)
        services.router.add(PAYMENT_END, Level.STAFF, self.end_paid)
        services.router.add(PAYMENT_KEEP, Level.STAFF, self.keep_paid)

    @levels.manager
    @app_commands.command(description="What was paid by nobody who is known, and what is stuck")
    async def pending(self, interaction: Interaction) -> None:
        """Show it, with a button for each order."""
        await responses.defer(interaction)
        guild_id = levels.request(interaction).guild_id
        await responses.reply(interaction, await self._view(guild_id, 0))

    async def pending_pressed(self, press: ComponentInteraction) -> None:
        """Show the same from a button."""
        await responses.defer(press.interaction)
        await responses.reply(press.interaction, await self._view(press.guild_id, 0))

    async def turn(self, press: ComponentInteraction) -> None:
        """Show another page."""
        page = press.page(1)
        await responses.defer_in_place(press.interaction)
        await responses.reply(press.interaction, await self._view(press.guild_id, page))

    async def end_paid(self, press: ComponentInteraction) -> None:
        """End what a payment brought that went back, as staff were asked."""
        await self._decide(press, ends=True)

    async def keep_paid(self, press: ComponentInteraction) -> None:
        """Keep it."""
        await self._decide(press, ends=False)

    async def _decide(self, press: ComponentInteraction, *, ends: bool) -> None:
        await responses.defer_in_place(press.interaction)
        contract_id, part = number_in(press.text(0)), press.text(1)
        request = press.request()
        person = await self._contracts.decide(request, contract_id, part, ends=ends)
        message = history_payments.decided(person, request.member_id, ended=ends)
        await responses.reply(press.interaction, message)

    async def _view(self, guild_id: int, page: int) -> Message:
        size = replies.PER_PAGE
        found = await self._pending.view(guild_id, skip=page * size, limit=size)
        return replies.view(found, guild_id, page)

    @levels.manager
    @app_commands.command(description="Let payment messages be tried again: one, or all of a shop")
    @app_commands.describe(
        connection="The connection; pick it from the list",
        delivery="The number of the message; left out: all that are stuck",
    )
    async def replay(
        self,
        interaction: Interaction,
        connection: Shop,
        delivery: PaymentMessage | None = None,
    ) -> None:
        """Let them be worked on anew."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        number = await self._pending.replay(request, connection, delivery)
        await responses.reply(interaction, replies.tried_again(number))

    async def again(self, press: ComponentInteraction) -> None:
        """Let all of the server be tried again."""
        await responses.defer(press.interaction)
        number = await self._pending.replay(press.request(), None)
        await responses.reply(press.interaction, replies.tried_again(number))

    # Whose an order is

    async def assign(self, press: ComponentInteraction) -> None:
        """Ask whose an order is."""
        number = press.number(0)
        await responses.defer_in_place(press.interaction)
        order = await self._pending.order(press.guild_id, number)
        await responses.reply(press.interaction, replies.whose(order, press.guild_id))

    async def picked(self, press: ComponentInteraction) -> None:
        """Assign it to the member who was chosen; ask for the TradingView name where none is known."""
        number, member_id = press.number(0), _chosen(press)
        await self._pending.order(press.guild_id, number)
        if await self._pending.has_name(press.guild_id, member_id):
            await responses.defer_in_place(press.interaction)
            await self._assign(press, number, Subject(member_id))
            return
        custom_id = key(replies.FORM, press.guild_id, number, member_id)
        await responses.open_form(
            press.interaction, Form(replies.TITLE, custom_id, replies.form_items())
        )

    async def name_submitted(self, press: ComponentInteraction) -> None:
        """Assign it with the name that was typed, or without one."""
        number, member_id = press.number(0), press.number(1)
        await responses.defer_in_place(press.interaction)
        typed = press.fields.get(replies.USERNAME, "")
        name = clean(typed) if typed.strip() else None
        await self._assign(press, number, Subject(member_id, name))

    async def _assign(self, press: ComponentInteraction, number: int, subject: Subject) -> None:
        order = await self._pending.assign(press.request(), number, subject)
        has_name = await self._pending.has_name(press.guild_id, subject.member_id or 0)
        message = replies.assigned(order, subject, has_name=has_name)
        await responses.reply(press.interaction, message)

    # What a price is

    async def price_chosen(self, press: ComponentInteraction) -> None:
        """Let a price be what was chosen; what waited for it goes on."""
        number = press.number(0)
        if len(press.values) != 1:
            raise ButtonGone
        await responses.defer_in_place(press.interaction)
        decided = await self._prices.choose(press.request(), number, press.values[0])
        await responses.reply(press.interaction, price_replies.decided(decided))

    async def price_page(self, press: ComponentInteraction) -> None:
        """Show other items to choose from."""
        number, page = press.number(0), press.page(1)
        await responses.defer_in_place(press.interaction)
        asked = await self._prices.question(press.guild_id, number)
        await responses.reply(press.interaction, price_replies.question(asked, page))

    async def next_price(self, press: ComponentInteraction) -> None:
        """Ask about the next price of which nobody has said the item, beside the message."""
        await responses.defer(press.interaction)
        asked = await self._prices.next_question(press.guild_id)
        message = price_replies.none_open() if asked is None else price_replies.question(asked)
        await responses.reply(press.interaction, message)


def _chosen(press: ComponentInteraction) -> int:
    if len(press.values) != 1:
        raise ButtonGone
    return number_in(press.values[0])
