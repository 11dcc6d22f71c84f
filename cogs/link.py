"""/link and /unlink: a member's own TradingView name, and the requests that staff decide."""

from collections.abc import Callable
from functools import partial

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.people.customers import OwnName
from bot.access.request import RequestContext
from bot.interactions import levels, responses
from bot.interactions.components import Choice, ComponentInteraction, Form
from bot.interactions.levels import Level
from bot.interactions.responses import Interaction
from bot.replies import Message, claims, key, own as own_replies, people as people_replies
from bot.replies.message import Button
from bot.services import Services

Buttons = tuple[Button, ...]


class Link(commands.Cog):
    """What a member says about themselves, and what staff say to that."""

    def __init__(self, services: Services) -> None:
        self._customers = services.customers
        self._claims = services.claims
        self._proofs = services.proofs
        self._overview = services.overview
        self._router = services.router
        services.router.add(own_replies.LINK, Level.ANYONE, self.open_form)
        services.router.add(own_replies.WRONG, Level.ANYONE, self.open_form)
        services.router.add(own_replies.LINK_FORM, Level.ANYONE, self.submitted)
        services.router.add(people_replies.PROVE, Level.ANYONE, self.prove)
        services.router.add(people_replies.PROVEN, Level.ANYONE, self.look_for_code)
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
        await self._ask(interaction, levels.request(interaction), username)

    async def open_form(self, press: ComponentInteraction) -> None:
        """Open the form in which a name is typed."""
        view = await self._overview.me(press.guild_id, press.request().member_id)
        form_key = key(own_replies.LINK_FORM, press.guild_id)
        form = Form(own_replies.FORM_TITLE, form_key, own_replies.name_form(view.username))
        await responses.open_form(press.interaction, form)

    async def submitted(self, press: ComponentInteraction) -> None:
        """Show the exact spelling of the typed name, and ask."""
        await responses.defer(press.interaction)
        name = press.fields.get(own_replies.NAME, "")
        await self._ask(press.interaction, press.request(), name)

    async def _ask(self, interaction: Interaction, request: RequestContext, username: str) -> None:
        own = await self._customers.may_link(request, username)
        question, choices = self._choices(own)
        buttons = self._router.question(
            request.guild_id, request.member_id, Level.ANYONE, (*choices, Choice("No", _leave))
        )
        await responses.reply(interaction, question(buttons))

    def _choices(self, own: OwnName) -> tuple[Callable[[Buttons], Message], tuple[Choice, ...]]:
        """Return the question about a name, and what may be pressed beside "No"."""
        name, user_id, before = own.hint.username, own.hint.user_id, own.before
        green = discord.ButtonStyle.success

        async def link(press: ComponentInteraction) -> None:
            await self._customers.link(press.request(), name, user_id)
            await responses.reply(press.interaction, people_replies.noted(name, press.guild_id))

        async def rename(press: ComponentInteraction) -> None:
            done = await self._customers.rename(press.request(), name, user_id, before or "")
            now = (
                people_replies.renamed(name) if done else people_replies.noted(name, press.guild_id)
            )
            await responses.reply(press.interaction, now)

        async def move(press: ComponentInteraction) -> None:
            await self._customers.link(press.request(), name, user_id, instead_of=before)
            await responses.reply(press.interaction, people_replies.moved(name, press.guild_id))

        if before is None:
            return partial(people_replies.is_it_you, own.hint), (
                Choice("Yes, that is me", link, green),
            )
        if own.is_renamed:
            return partial(people_replies.is_new_name, own), (
                Choice("Yes, that is me", rename, green),
            )
        return partial(people_replies.which_account, own), (
            Choice("New name of the same account", rename),
            Choice("Another account", move),
        )

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

    # The proof that a name is one's own

    async def prove(self, press: ComponentInteraction) -> None:
        """Show a code, and where to put it."""
        await responses.defer(press.interaction)
        task = await self._proofs.start(press.request())
        await responses.reply(press.interaction, people_replies.put_it_there(task, press.guild_id))

    async def look_for_code(self, press: ComponentInteraction) -> None:
        """Look whether the code is there."""
        await responses.defer(press.interaction)
        username = await self._proofs.check(press.request())
        await responses.reply(press.interaction, people_replies.proven(username))

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


async def _leave(press: ComponentInteraction) -> None:
    await responses.reply(press.interaction, people_replies.not_linked())
