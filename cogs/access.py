"""/access: give, set, end and look up who may use what."""

from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.errors import ButtonGone
from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import parse_length, parse_until
from bot.interactions import levels, responses
from bot.interactions.components import ComponentInteraction
from bot.interactions.levels import Level
from bot.interactions.order_flow import Said
from bot.interactions.progress import taking_a_while
from bot.interactions.responses import Interaction
from bot.replies import Message, orders as words, overview as said
from bot.replies.overview import LIST
from bot.services import Services
from cogs import suggestions
from cogs.suggestions import Suggestions

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
        self._suggestions = Suggestions(services.autocomplete)
        services.router.add(words.PUT_BACK, Level.STAFF, self.put_back)
        services.router.add(words.GIVE_END, Level.STAFF, self.give_end)
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
        item: str,
        duration: str,
        member: discord.Member | None = None,
        username: str | None = None,
        note: Note | None = None,
    ) -> None:
        """Add time, also for new people."""
        await responses.defer(interaction)
        length = parse_length(duration)

        async def order(request: RequestContext, insisting: Said) -> int:
            subject = levels.subject(member, insisting.username or username)
            return await self._grants.grant(
                request, item, length, subject, note, anyway=insisting.anyway, seats=insisting.seats
            )

        request = levels.request(interaction)
        await self._order_flow.carry_out(interaction, request, order, anyway="Grant anyway")

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
        item: str,
        until: str,
        member: discord.Member | None = None,
        username: str | None = None,
        note: Note | None = None,
    ) -> None:
        """Set the end; asks before it shortens."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        end = parse_until(until, request.at)

        async def order(request: RequestContext, insisting: Said) -> int:
            subject = levels.subject(member, insisting.username or username)
            return await self._grants.set_end(
                request,
                item,
                end,
                subject,
                note,
                confirmed=insisting.confirmed,
                anyway=insisting.anyway,
                seats=insisting.seats,
            )

        await self._order_flow.carry_out(
            interaction, request, order, yes="Yes, shorten it", anyway="Set it anyway"
        )

    @levels.staff
    @app_commands.command(description="End somebody's access to a script now")
    @app_commands.describe(item=_ITEM, member=_MEMBER, username=_USERNAME, note=_NOTE)
    async def revoke(
        self,
        interaction: Interaction,
        item: str,
        member: discord.Member | None = None,
        username: str | None = None,
        note: Note | None = None,
    ) -> None:
        """End it, also for somebody only TradingView knows."""
        await responses.defer(interaction)
        subject = levels.subject(member, username)

        async def order(request: RequestContext, insisting: Said) -> int:
            return await self._grants.revoke(
                request, item, subject, note, confirmed=insisting.confirmed
            )

        request = levels.request(interaction)
        await self._order_flow.carry_out(interaction, request, order, yes="Yes, end it")

    @levels.staff
    @app_commands.command(description="What somebody should have, and has on TradingView now")
    @app_commands.describe(member=_MEMBER, username=_USERNAME)
    async def check(
        self,
        interaction: Interaction,
        member: discord.Member | None = None,
        username: str | None = None,
    ) -> None:
        """Every script of one person, read live."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        work = self._overview.check(request.guild_id, levels.subject(member, username))
        person = await taking_a_while(interaction, work, said.looking())
        await responses.reply(interaction, said.check(person))

    @levels.staff
    @app_commands.command(name="list", description="Who has a script, by end date")
    @app_commands.describe(item=_ITEM)
    async def list_(self, interaction: Interaction, item: str) -> None:
        """The customers of one script, page by page."""
        await responses.defer(interaction)
        await responses.reply(
            interaction, await self._page(levels.request(interaction).guild_id, item, 0)
        )

    async def turn(self, press: ComponentInteraction) -> None:
        """Another page of the list."""
        await responses.defer_in_place(press.interaction)
        item, page, *_ = press.args
        await responses.reply(press.interaction, await self._page(press.guild_id, item, int(page)))

    async def _page(self, guild_id: int, item: str, page: int) -> Message:
        return said.holders(await self._overview.holders(guild_id, item, page), guild_id)

    async def put_back(self, press: ComponentInteraction) -> None:
        """Undo what one order took away; pressed twice, done once."""
        request = press.request()
        await responses.defer_in_place(press.interaction)

        async def order(request: RequestContext, insisting: Said) -> int:
            return await self._grants.put_back(request, int(press.args[0]), seats=insisting.seats)

        await self._order_flow.carry_out(press.interaction, request, order)

    async def give_end(self, press: ComponentInteraction) -> None:
        """The time that met access without an end becomes its end."""
        await responses.defer_in_place(press.interaction)
        it, request = await self._order_flow.receipt(press), press.request()
        end = it.dated_end(request.at)
        if end is None:
            raise ButtonGone

        async def order(request: RequestContext, insisting: Said) -> int:
            return await self._grants.set_end(
                request,
                it.script.slug,
                end,
                Subject(username=it.permission.username),
                confirmed=True,
                anyway=True,
                seats=insisting.seats,
            )

        request = replace(request, reference=f"end {it.order.id}")  # pressed twice, done once
        await self._order_flow.carry_out(press.interaction, request, order)

    # Suggestions while somebody types

    @grant.autocomplete("item")
    @set_.autocomplete("item")
    @revoke.autocomplete("item")
    @list_.autocomplete("item")
    async def _items(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await self._suggestions.items(interaction, typed)

    @grant.autocomplete("username")
    @set_.autocomplete("username")
    @revoke.autocomplete("username")
    @check.autocomplete("username")
    async def _usernames(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await self._suggestions.usernames(interaction, typed)

    @grant.autocomplete("duration")
    async def _durations(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await self._suggestions.durations(interaction, typed)

    @set_.autocomplete("until")
    async def _ends(self, _: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return suggestions.ends(typed)
