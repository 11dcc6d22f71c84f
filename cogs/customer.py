"""/customer: tying names to members, one or many at once; the rest stands in `customer_care`."""

from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.people.import_records import (
    BEST,
    LARGEST,
    Columns,
    MatchedLine,
    Pair,
    Taken,
)
from bot.access.people.imports import Tied
from bot.access.request import RequestContext
from bot.interactions import levels, responses
from bot.interactions.attachments import download
from bot.interactions.components import Choice, ComponentInteraction
from bot.interactions.levels import Level
from bot.interactions.options import AnyMember, Username
from bot.interactions.progress import answer_in_the_end
from bot.interactions.responses import Interaction
from bot.interactions.roster import look_up
from bot.replies import Button, Message, matching as matching_replies, people as people_replies
from bot.replies.matching import Picks
from bot.services import Services
from cogs.customer_care import CustomerCare


class Customer(
    CustomerCare,
    commands.GroupCog,
    group_name="customer",
    group_description="Members and their TradingView names",
):
    """The commands about people."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._customers = services.customers
        self._imports = services.imports
        self._router = services.router
        self._outbox = services.outbox
        services.router.add(matching_replies.PICK, Level.STAFF, self.picked)
        services.router.add(matching_replies.PAGE, Level.STAFF, self.turned)

    @levels.staff
    @app_commands.command(description="Tie a TradingView name to a member")
    @app_commands.describe(
        member="The Discord member", username="The TradingView name, or the address of the profile"
    )
    async def link(self, interaction: Interaction, member: AnyMember, username: Username) -> None:
        """Tie them, on the word of staff."""
        await responses.defer(interaction)
        person = await self._customers.tie(levels.request(interaction), member.id, username)
        await responses.reply(interaction, people_replies.tied(person, member.id))

    @levels.staff
    @app_commands.command(description="Tie many TradingView names to members at once")
    @app_commands.describe(
        file="A CSV file with the columns discord_id and tradingview; without it, equal names"
    )
    async def match(self, interaction: Interaction, file: discord.Attachment | None = None) -> None:
        """Show what fits; nothing is changed before a yes."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        if file is None:
            work = self._proposals(request, interaction, 0)
        else:
            work = self._compared(request, interaction, file)
        await self._in_the_end(interaction, work)

    async def picked(self, press: ComponentInteraction) -> None:
        """Tie the proposals that were picked, and show what is left."""
        await responses.defer_in_place(press.interaction)
        await self._in_the_end(press.interaction, self._picked(press))

    async def _picked(self, press: ComponentInteraction) -> Message:
        finding = look_up(press.interaction, press.guild_id)
        proposals = await self._imports.proposals(press.guild_id, finding)
        done = await self._tie(press, matching_replies.chosen(press.values, proposals.pairs))
        return await self._proposals(press.request(), press.interaction, 0, done)

    async def turned(self, press: ComponentInteraction) -> None:
        """Show another page of proposals."""
        await responses.defer_in_place(press.interaction)
        work = self._proposals(press.request(), press.interaction, press.page(0))
        await self._in_the_end(press.interaction, work)

    async def _in_the_end(
        self, interaction: Interaction, work: Coroutine[Any, Any, Message]
    ) -> None:
        """Answer with what comes of it; what ends after 15 minutes is told in private."""
        late = matching_replies.late
        await answer_in_the_end(interaction, work, "/customer match", self._outbox, late)

    async def _tie(self, press: ComponentInteraction, pairs: Sequence[Pair]) -> Tied:
        """Tie those of whom the member is still here."""
        members = press.interaction.client.members
        here = await members.present(press.guild_id, {pair.member_id for pair in pairs})
        return await self._imports.tie(press.request(), pairs, here)

    async def _compared(
        self,
        request: RequestContext,
        interaction: Interaction,
        file: discord.Attachment,
        taken: Taken = BEST,
        done: Tied | None = None,
    ) -> Message:
        """Compare the file; after a choice it is read again, so that no file is kept in memory."""
        data = await download(file, LARGEST)
        columns = await self._imports.columns(data)
        matched_lines = await self._imports.compare(
            request.guild_id, data, look_up(interaction, request.guild_id), taken
        )
        pairs = matching_replies.fitting_in(matched_lines)
        buttons, picks = self._preview(request, file, pairs, matched_lines, columns, taken)
        return matching_replies.compared(matched_lines, buttons, columns, taken, picks, done)

    def _preview(
        self,
        request: RequestContext,
        file: discord.Attachment,
        pairs: Sequence[Pair],
        matched_lines: Sequence[MatchedLine],
        columns: Columns,
        taken: Taken,
    ) -> tuple[tuple[Button, ...], Picks]:
        """Return the buttons and lists under a preview; one press answers it."""
        proposed = matching_replies.proposed_in(matched_lines)

        async def again(press: ComponentInteraction, taken: Taken, done: Tied | None) -> None:
            work = self._compared(press.request(), press.interaction, file, taken, done)
            await self._in_the_end(press.interaction, work)

        async def username(press: ComponentInteraction) -> None:
            place = matching_replies.column_chosen(press.values, columns.usernames)
            await again(press, replace(taken, username=place), None)

        async def member(press: ComponentInteraction) -> None:
            place = matching_replies.column_chosen(press.values, columns.members)
            await again(press, replace(taken, member=place), None)

        async def likely(press: ComponentInteraction) -> None:
            done = await self._tie(press, matching_replies.chosen(press.values, proposed))
            await again(press, taken, done)

        lists = {
            "username": username if len(columns.usernames) > 1 else None,
            "member": member if len(columns.members) > 1 else None,
            "proposed": likely if proposed else None,
        }
        offered = {name: run for name, run in lists.items() if run is not None}
        choices = [*self._tie_choices(pairs), *(Choice(*pick) for pick in offered.items())]
        if not choices:
            return (), Picks()
        every = self._router.question(request.guild_id, request.member_id, Level.STAFF, choices)
        first_list = len(every) - len(offered)
        keys = [button.key for button in every[first_list:]]
        return every[:first_list], Picks(**dict(zip(offered, keys, strict=True)))

    async def _proposals(
        self, request: RequestContext, interaction: Interaction, page: int, done: Tied | None = None
    ) -> Message:
        finding = look_up(interaction, request.guild_id)
        proposals = await self._imports.proposals(request.guild_id, finding)
        page = min(page, max(0, (len(proposals.pairs) - 1) // matching_replies.SHOWN))
        buttons = self._tie_buttons(request, proposals.pairs)
        return matching_replies.proposed(proposals, page, request.guild_id, buttons, done)

    def _tie_buttons(self, request: RequestContext, pairs: Sequence[Pair]) -> tuple[Button, ...]:
        """Return the one button that ties these pairs, and no others."""
        choices = self._tie_choices(pairs)
        if not choices:
            return ()
        return self._router.question(request.guild_id, request.member_id, Level.STAFF, choices)

    def _tie_choices(self, pairs: Sequence[Pair]) -> tuple[Choice, ...]:
        if not pairs:
            return ()

        async def yes(press: ComponentInteraction) -> None:
            done = await self._tie(press, pairs)
            await responses.reply(press.interaction, matching_replies.tied(done))

        async def no(press: ComponentInteraction) -> None:
            await responses.reply(press.interaction, Message("**Left as it was.**"))

        return (
            Choice(matching_replies.tie_label(len(pairs)), yes, discord.ButtonStyle.success),
            Choice("No, leave it", no),
        )
