"""/access: give, set, end and look up who may use what."""

from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.errors import ButtonGone
from bot.access.request import Consent, RequestContext, Subject
from bot.interactions import levels, responses
from bot.interactions.components import ComponentInteraction
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.interactions.options import Item, Length, Until, Username
from bot.interactions.progress import taking_a_while
from bot.interactions.responses import Interaction
from bot.replies import Message, orders as order_replies, overview as overview_replies
from bot.replies.overview import LIST
from bot.services import Services

Note = app_commands.Range[str, 1, 200]

_ITEM = "The script; pick it from the list"
_MEMBER = "The Discord member it is for"
_USERNAME = "The TradingView name, or the address of the profile"
_NOTE = "A remark for the history, such as an order number"


class Access(commands.GroupCog, group_name="access", group_description="Who may use which script"):
    """The commands about access, and the buttons under their answers."""

    def __init__(self, services: Services) -> None:
        self._grants = services.grants
        self._overview = services.overview
        self._order_flow = services.order_flow
        services.router.add(order_replies.PUT_BACK, Level.STAFF, self.put_back)
        services.router.add(order_replies.GIVE_END, Level.STAFF, self.give_end)
        services.router.add(LIST, Level.STAFF, self.turn)

    @levels.staff
    @app_commands.command(description="Give somebody more time for a script")
    @app_commands.describe(
        item=_ITEM,
        duration="How much time: 7D, 2W, 1M, 1Y, or L for lifetime",
        member=_MEMBER,
        username=_USERNAME,
        note=_NOTE,
    )
    async def grant(
        self,
        interaction: Interaction,
        item: Item,
        duration: Length,
        member: discord.Member | None = None,
        username: Username | None = None,
        note: Note | None = None,
    ) -> None:
        """Add time, also for new people."""
        await responses.defer(interaction)
        subject = levels.subject(member, username)

        async def order(request: RequestContext) -> int:
            return await self._grants.grant(request, item, duration, subject, note)

        await self._order_flow.carry_out(
            interaction, levels.request(interaction), order, Labels(anyway="Grant anyway")
        )

    @levels.staff
    @app_commands.command(
        name="set", description="Give somebody exactly this end, later or earlier"
    )
    @app_commands.describe(
        item=_ITEM,
        until="The end: 2026-04-30, a time from now such as 30D, or lifetime",
        member=_MEMBER,
        username=_USERNAME,
        note=_NOTE,
    )
    async def set_(
        self,
        interaction: Interaction,
        item: Item,
        until: Until,
        member: discord.Member | None = None,
        username: Username | None = None,
        note: Note | None = None,
    ) -> None:
        """Set the end; asks before it shortens."""
        await responses.defer(interaction)
        subject = levels.subject(member, username)

        async def order(request: RequestContext) -> int:
            return await self._grants.set_end(request, item, until, subject, note)

        await self._order_flow.carry_out(
            interaction,
            levels.request(interaction),
            order,
            Labels("Yes, shorten it", "Set it anyway"),
        )

    @levels.staff
    @app_commands.command(description="End somebody's access to a script now")
    @app_commands.describe(item=_ITEM, member=_MEMBER, username=_USERNAME, note=_NOTE)
    async def revoke(
        self,
        interaction: Interaction,
        item: Item,
        member: discord.Member | None = None,
        username: Username | None = None,
        note: Note | None = None,
    ) -> None:
        """End it, also for a person whom only TradingView knows."""
        await responses.defer(interaction)
        subject = levels.subject(member, username)

        async def order(request: RequestContext) -> int:
            return await self._grants.revoke(request, item, subject, note)

        await self._order_flow.carry_out(
            interaction, levels.request(interaction), order, Labels("Yes, end it")
        )

    @levels.staff
    @app_commands.command(description="What somebody should have, and has on TradingView now")
    @app_commands.describe(member=_MEMBER, username=_USERNAME)
    async def check(
        self,
        interaction: Interaction,
        member: discord.Member | None = None,
        username: Username | None = None,
    ) -> None:
        """Show every script of one person, read live."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        work = self._overview.check(request.guild_id, levels.subject(member, username))
        person = await taking_a_while(interaction, work, overview_replies.looking())
        await responses.reply(interaction, overview_replies.check(person))

    @levels.staff
    @app_commands.command(name="list", description="Who has a script, by end date")
    @app_commands.describe(item=_ITEM)
    async def list_(self, interaction: Interaction, item: Item) -> None:
        """Show the customers of one script, page by page."""
        await responses.defer(interaction)
        await responses.reply(
            interaction, await self._page(levels.request(interaction).guild_id, item, 0)
        )

    async def turn(self, press: ComponentInteraction) -> None:
        """Show another page of the list."""
        await responses.defer_in_place(press.interaction)
        item, page, *_ = press.args
        await responses.reply(press.interaction, await self._page(press.guild_id, item, int(page)))

    async def _page(self, guild_id: int, item: str, page: int) -> Message:
        return overview_replies.holders(
            await self._overview.holders(guild_id, item, page), guild_id
        )

    async def put_back(self, press: ComponentInteraction) -> None:
        """Undo what one order took away; pressed twice, done once."""
        request = press.request()
        await responses.defer_in_place(press.interaction)

        async def order(request: RequestContext) -> int:
            return await self._grants.put_back(request, int(press.args[0]))

        await self._order_flow.carry_out(press.interaction, request, order)

    async def give_end(self, press: ComponentInteraction) -> None:
        """Make the time that met access without an end its end."""
        await responses.defer_in_place(press.interaction)
        receipt, request = await self._order_flow.receipt(press), press.request()
        end = receipt.dated_end(request.at)
        if end is None:
            raise ButtonGone
        slug, subject = receipt.script.slug, Subject(username=receipt.permission.username)

        async def order(request: RequestContext) -> int:
            return await self._grants.set_end(request, slug, end, subject, from_now=True)

        request = replace(
            request,
            idempotency_key=f"end {receipt.order.id}",  # pressed twice, done once
            consent=Consent(confirmed=True, unknown_name=True),
        )
        await self._order_flow.carry_out(press.interaction, request, order)
