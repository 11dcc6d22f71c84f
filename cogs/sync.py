"""/sync: what waits, what is stuck and why, and trying again."""

from discord import app_commands
from discord.ext import commands

from bot.access.request import RequestContext
from bot.interactions import levels, responses
from bot.interactions.components import ComponentInteraction, number_in
from bot.interactions.levels import Level
from bot.interactions.options import Item
from bot.interactions.responses import Interaction
from bot.replies import (
    Message,
    claims,
    overview as overview_replies,
    sweeps as sweep_replies,
    undecided as undecided_replies,
)
from bot.services import Services


class Sync(commands.GroupCog, group_name="sync", group_description="Orders that wait or are stuck"):
    """The commands about the queue."""

    def __init__(self, services: Services) -> None:
        self._claims = services.claims
        self._overview = services.overview
        self._retries = services.retries
        self._sweep_flow = services.sweep_flow
        services.router.add(sweep_replies.STATUS, Level.STAFF, self.back)
        self._undecided = services.undecided
        services.router.add(undecided_replies.SHOW, Level.STAFF, self.show)
        services.router.add(undecided_replies.CARRY_ALL, Level.STAFF, self.carry_all)
        services.router.add(undecided_replies.DROP_ALL, Level.STAFF, self.drop_all)
        services.router.add(undecided_replies.CARRY_SOME, Level.STAFF, self.carry_some)
        services.router.add(undecided_replies.DROP_SOME, Level.STAFF, self.drop_some)

    @levels.staff
    @app_commands.command(
        description="What waits (also members' requests), what is stuck and why, and how to mend it"
    )
    async def status(self, interaction: Interaction) -> None:
        """Show how the queue of this server stands."""
        await responses.defer(interaction)
        message = await self._status(levels.request(interaction).guild_id)
        await responses.reply(interaction, message)

    async def back(self, press: ComponentInteraction) -> None:
        """Show the same, from an answer about one script."""
        await responses.defer_in_place(press.interaction)
        await responses.reply(press.interaction, await self._status(press.guild_id))

    async def _status(self, guild_id: int) -> Message:
        status = overview_replies.status(await self._overview.status(guild_id))
        status = claims.with_requests(status, await self._claims.waiting(guild_id), guild_id)
        message = await self._sweep_flow.with_differences(status, guild_id)
        found = await self._undecided.questions(guild_id)
        return undecided_replies.with_questions(message, found, guild_id)

    @levels.staff
    @app_commands.command(
        description="Try everything that waits or is stuck for a script or product once more"
    )
    @app_commands.describe(item="The script or product; pick it from the list")
    async def retry(self, interaction: Interaction, item: Item) -> None:
        """Try again now."""
        await responses.defer(interaction)

        async def again(_: Interaction, request: RequestContext) -> Message:
            tried = await self._retries.retry(request, item)
            return overview_replies.retried(item, tried)

        await self._sweep_flow.confirmed(interaction, levels.request(interaction), again, self.back)

    @levels.staff
    @app_commands.command(
        description="Read the whole list of a script or product on TradingView, and show what differs"
    )
    @app_commands.describe(item="The script or product; pick it from the list")
    async def sweep(self, interaction: Interaction, item: Item) -> None:
        """Run a full check of one script."""
        await responses.defer(interaction)
        await self._sweep_flow.check(interaction, levels.request(interaction), item)

    # The buttons about orders from a backup

    async def show(self, press: ComponentInteraction) -> None:
        """Show what is to be decided, to the one who pressed."""
        await responses.defer(press.interaction)
        await self._show(press)

    async def carry_all(self, press: ComponentInteraction) -> None:
        """Carry out all that the message asks about."""
        await responses.defer_in_place(press.interaction)
        done = await self._undecided.carry_out(press.request(), asked_in=press.number(0))
        await responses.reply(press.interaction, Message(undecided_replies.carried_out(done)))

    async def drop_all(self, press: ComponentInteraction) -> None:
        """Drop all that the message asks about."""
        await responses.defer_in_place(press.interaction)
        done = await self._undecided.drop(press.request(), asked_in=press.number(0))
        await responses.reply(press.interaction, Message(undecided_replies.dropped(done)))

    async def carry_some(self, press: ComponentInteraction) -> None:
        """Carry out the chosen ones; the rest stays to be decided."""
        await responses.defer_in_place(press.interaction)
        done = await self._undecided.carry_out(press.request(), ids=_chosen(press))
        await self._show(press, undecided_replies.carried_out(done))

    async def drop_some(self, press: ComponentInteraction) -> None:
        """Drop the chosen ones; the rest stays to be decided."""
        await responses.defer_in_place(press.interaction)
        done = await self._undecided.drop(press.request(), ids=_chosen(press))
        await self._show(press, undecided_replies.dropped(done))

    async def _show(self, press: ComponentInteraction, done: str = "") -> None:
        found = await self._undecided.questions(press.guild_id)
        await responses.reply(
            press.interaction, undecided_replies.questions(found, press.guild_id, done)
        )


def _chosen(press: ComponentInteraction) -> list[int]:
    return [number_in(value) for value in press.values]
