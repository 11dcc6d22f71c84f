"""/link and /unlink: a member's own TradingView name, and the requests that staff decide."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.interactions import levels, responses
from bot.interactions.components import Choice, ComponentInteraction
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.replies import claims, people as people_replies
from bot.services import Services


class Link(commands.Cog):
    """What a member says about themselves, and what staff say to that."""

    def __init__(self, services: Services) -> None:
        self._customers = services.customers
        self._claims = services.claims
        self._router = services.router
        services.router.add(claims.CLAIMS, Level.STAFF, self.show)
        services.router.add(claims.CLAIM_YES, Level.STAFF, self.accept)
        services.router.add(claims.CLAIM_MOVE, Level.STAFF, self.move)
        services.router.add(claims.CLAIM_NO, Level.STAFF, self.refuse)

    @levels.anyone
    @app_commands.command(description="Tell us your own TradingView name")
    @app_commands.describe(username="Your TradingView name, or the address of your profile")
    async def link(self, interaction: Interaction, username: str) -> None:
        """Show the exact spelling and the profile, and ask."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        hint = await self._customers.may_link(request, username)

        async def yes(press: ComponentInteraction) -> None:
            done = await self._customers.link(press.request(), hint.username, hint.user_id)
            message = people_replies.linked(hint.username) if done else people_replies.staff_look()
            await responses.reply(press.interaction, message)

        async def no(press: ComponentInteraction) -> None:
            await responses.reply(press.interaction, people_replies.not_linked())

        buttons = self._router.question(
            request.guild_id,
            request.member_id,
            Level.ANYONE,
            (
                Choice("Yes, that is me", yes, discord.ButtonStyle.success),
                Choice("No", no),
            ),
        )
        await responses.reply(interaction, people_replies.is_it_you(hint, buttons))

    @levels.anyone
    @app_commands.command(description="Untie your TradingView name from you")
    async def unlink(self, interaction: Interaction) -> None:
        """Ask, then untie it; a request that staff have not decided is taken back at once."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        held = await self._customers.may_unlink(request)
        if held.username is None:
            unlinked = await self._customers.unlink(request)
            await responses.reply(interaction, people_replies.unlinked(unlinked))
            return

        async def yes(press: ComponentInteraction) -> None:
            unlinked = await self._customers.unlink(press.request())
            await responses.reply(press.interaction, people_replies.unlinked(unlinked))

        async def no(press: ComponentInteraction) -> None:
            await responses.reply(press.interaction, people_replies.still_linked(held))

        buttons = self._router.question(
            request.guild_id,
            request.member_id,
            Level.ANYONE,
            (
                Choice("Yes, untie it", yes, discord.ButtonStyle.danger),
                Choice("No, keep it", no),
            ),
        )
        await responses.reply(interaction, people_replies.untie_it(held, buttons))

    # The buttons in the log channel and under /sync status

    async def accept(self, press: ComponentInteraction) -> None:
        """Give the name to the claimer; asks once more when it is another member's."""
        await responses.defer_in_place(press.interaction)
        asked = await self._claims.question(press.guild_id, press.number(0))
        if asked.holder_id is not None:
            message = claims.move_it(asked.claim, asked.holder_id, *press.args[1:])
            await responses.reply(press.interaction, message)
            return
        await self._decide(press, accept=True)

    async def move(self, press: ComponentInteraction) -> None:
        """Give the name to the claimer although it is another member's."""
        await responses.defer_in_place(press.interaction)
        await self._decide(press, accept=True)

    async def refuse(self, press: ComponentInteraction) -> None:
        """Leave the name where it is."""
        await responses.defer_in_place(press.interaction)
        await self._decide(press, accept=False)

    async def show(self, press: ComponentInteraction) -> None:
        """Show the oldest request that waits."""
        await responses.defer_in_place(press.interaction)
        waiting = await self._claims.waiting(press.guild_id)
        if not waiting:
            await responses.reply(press.interaction, claims.none_waits())
            return
        asked = await self._claims.question(press.guild_id, waiting[0].id)
        await responses.reply(press.interaction, claims.listed_question(asked, len(waiting) - 1))

    async def _decide(self, press: ComponentInteraction, *, accept: bool) -> None:
        request = press.request()
        claim = await self._claims.decide(request, press.number(0), accept=accept)
        message = claims.decided(claim, request.member_id, accepted=accept)
        if claims.LISTED in press.args:
            left = len(await self._claims.waiting(press.guild_id))
            message = claims.with_next(message, left, press.guild_id)
        await responses.reply(press.interaction, message)
