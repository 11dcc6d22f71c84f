"""The part of /access that changes somebody's plan: a gift, another item, a pause and its end."""

from typing import TYPE_CHECKING

from discord import app_commands

from bot.access.orders.grants import Grants
from bot.access.orders.moves import Moves
from bot.access.orders.pauses import Pauses
from bot.access.request import RequestContext
from bot.interactions import levels, responses
from bot.interactions.confirm import Labels
from bot.interactions.options import AnyMember, Item, Length, Until, Username
from bot.interactions.order_flow import OrderFlow
from bot.interactions.responses import Interaction
from bot.services import Services

Note = app_commands.Range[str, 1, 200]

_MEMBER = "The Discord member it is for"
_USERNAME = "The TradingView name, or the address of the profile"
_NOTE = "A remark for the history, such as an order number"
_ALL = "The script or product; left out: everything they have"


# Loaded as a part of the group alone, so it is no cog; discord.py's types want one around its commands.
if TYPE_CHECKING:
    from discord.ext.commands import Cog as _Part
else:
    _Part = object


class PlanCommands(_Part):
    """Commands of the group /access; the group itself is in `cogs.access`."""

    _grants: Grants
    _moves: Moves
    _pauses: Pauses
    _order_flow: OrderFlow

    def __init__(self, services: Services) -> None:
        self._grants = services.grants
        self._moves = services.moves
        self._pauses = services.pauses
        self._order_flow = services.order_flow

    @levels.staff
    @app_commands.command(description="Give somebody time that nothing but staff ends")
    @app_commands.describe(
        item="The script or product; pick it from the list",
        duration="How much time: 7D, 2W, 1M, 1Y, or L for lifetime",
        reason="Why it is given; it stands in the history",
        member=_MEMBER,
        username=_USERNAME,
    )
    async def gift(
        self,
        interaction: Interaction,
        item: Item,
        duration: Length,
        reason: Note,
        member: AnyMember | None = None,
        username: Username | None = None,
    ) -> None:
        """Add time as a gift: locked, no automation ends it."""
        await responses.defer(interaction)
        subject = levels.subject(member, username)

        async def order(request: RequestContext) -> int:
            return await self._grants.gift(request, item, duration, subject, reason)

        await self._order_flow.carry_out(
            interaction, levels.request(interaction), order, Labels(anyway="Give it anyway")
        )

    @levels.staff
    @app_commands.command(description="Move what somebody bought to another script or product")
    @app_commands.rename(old="from", new="to")
    @app_commands.describe(
        old="What they have; pick it from the list",
        new="What they are to have instead",
        member=_MEMBER,
        username=_USERNAME,
        until="Exactly this end; left out: the time that is left goes along",
        note=_NOTE,
    )
    async def move(
        self,
        interaction: Interaction,
        old: Item,
        new: Item,
        member: AnyMember | None = None,
        username: Username | None = None,
        until: Until | None = None,
        note: Note | None = None,
    ) -> None:
        """Change the plan: the new access stands before the old goes."""
        await responses.defer(interaction)
        subject = levels.subject(member, username)

        async def order(request: RequestContext) -> int:
            return await self._moves.move(request, subject, old, new, until, note)

        await self._order_flow.carry_out(
            interaction, levels.request(interaction), order, Labels("Yes, change it")
        )

    @levels.staff
    @app_commands.command(description="Stop the clock of one customer: no access, no time passes")
    @app_commands.describe(member=_MEMBER, username=_USERNAME, item=_ALL, note=_NOTE)
    async def pause(
        self,
        interaction: Interaction,
        member: AnyMember | None = None,
        username: Username | None = None,
        item: Item | None = None,
        note: Note | None = None,
    ) -> None:
        """Stop the clock; asks where it is everything."""
        await responses.defer(interaction)
        subject = levels.subject(member, username)

        async def order(request: RequestContext) -> int:
            return await self._pauses.pause(request, subject, item, note)

        await self._order_flow.carry_out(
            interaction, levels.request(interaction), order, Labels("Yes, pause it")
        )

    @levels.staff
    @app_commands.command(description="Let the clock go on: the end moves by the days of the pause")
    @app_commands.describe(member=_MEMBER, username=_USERNAME, item=_ALL, note=_NOTE)
    async def resume(
        self,
        interaction: Interaction,
        member: AnyMember | None = None,
        username: Username | None = None,
        item: Item | None = None,
        note: Note | None = None,
    ) -> None:
        """Let the clock go on; asks where it is everything."""
        await responses.defer(interaction)
        subject = levels.subject(member, username)

        async def order(request: RequestContext) -> int:
            return await self._pauses.resume(request, subject, item, note)

        await self._order_flow.carry_out(
            interaction, levels.request(interaction), order, Labels("Yes, go on")
        )
