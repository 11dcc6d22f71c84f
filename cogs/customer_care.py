"""The part of /customer about one person: show, find, untie, move, merge, block, forget."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.errors import ButtonGone
from bot.access.queries.directory import plain
from bot.access.request import RequestContext, Subject
from bot.interactions import confirm, levels, responses
from bot.interactions.components import Choice, ComponentInteraction, Form
from bot.interactions.confirm import Act, Labels
from bot.interactions.levels import Level
from bot.interactions.options import AnyCustomer, AnyMember, Username
from bot.interactions.responses import Interaction
from bot.replies import Message, customers as replies, people as people_replies
from bot.replies.message import key
from bot.services import Services
from bot.store.records import Customer

_MEMBER = "The Discord member, also one who left, by id"
_USERNAME = "The TradingView name, or the address of the profile"
_EITHER = "A member, their Discord id (also of one who left), or a TradingView name"

Reason = app_commands.Range[str, 1, 200]
SearchText = app_commands.Range[str, 1, 50]


class CustomerCare(commands.Cog):
    """The commands about one person, and the buttons under `/customer show`."""

    def __init__(self, services: Services) -> None:
        self._directory = services.directory
        self._members_names = services.customers
        self._ties = services.ties
        self._blocks = services.blocks
        self._endings = services.endings
        self._erasures = services.erasures
        self._questions = services.router
        for name, level, handler in (
            (replies.SHOW, Level.STAFF, self.shown),
            (replies.PAGE, Level.STAFF, self.other_page),
            (replies.OPEN_LINK, Level.STAFF, self.open_link_form),
            (replies.LINK_FORM, Level.STAFF, self.link_submitted),
            (replies.UNLINK, Level.STAFF, self.unlink_pressed),
            (replies.OPEN_BLOCK, Level.MANAGER, self.open_block_form),
            (replies.BLOCK_FORM, Level.MANAGER, self.block_submitted),
            (replies.UNBLOCK, Level.MANAGER, self.unblock_pressed),
        ):
            services.router.add(name, level, handler)

    @levels.staff
    @app_commands.command(
        description="One customer: names, access, what waits, the last of the history"
    )
    @app_commands.describe(member=_MEMBER, username=_USERNAME)
    async def show(
        self,
        interaction: Interaction,
        member: AnyMember | None = None,
        username: Username | None = None,
    ) -> None:
        """Show everything that is known of one person."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        person = await self._directory.show(request.guild_id, levels.subject(member, username))
        await responses.reply(interaction, replies.show(person))

    @levels.staff
    @app_commands.command(
        description="Find customers by a part of the name, an id, a note, an order number"
    )
    @app_commands.describe(
        text="A part of a TradingView name or a note, an order number, or a Discord id"
    )
    async def search(self, interaction: Interaction, text: SearchText) -> None:
        """Show who fits, page by page."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        found = await self._directory.search(request.guild_id, plain(text))
        await responses.reply(interaction, replies.found(found, request.guild_id))

    @levels.staff
    @app_commands.command(description="Untie a TradingView name from a member; access stays")
    @app_commands.describe(member=_MEMBER, username=_USERNAME)
    async def unlink(
        self,
        interaction: Interaction,
        member: AnyMember | None = None,
        username: Username | None = None,
    ) -> None:
        """Untie them; asks first when the name has access."""
        await responses.defer(interaction)
        await self._unlink(
            interaction, levels.request(interaction), levels.subject(member, username)
        )

    @levels.staff
    @app_commands.command(description="Give everything of a customer to another member")
    @app_commands.rename(from_="from")
    @app_commands.describe(
        from_=_EITHER, to="The member who gets the name, the access and the history"
    )
    async def move(self, interaction: Interaction, from_: AnyCustomer, to: AnyMember) -> None:
        """Move the record; asks first."""
        await responses.defer(interaction)

        async def act(_: Interaction, request: RequestContext) -> Message:
            return replies.moved(await self._ties.move(request, from_, to.id))

        await self._carry_out(interaction, Level.STAFF, act, "Yes, give it to them")

    @levels.manager
    @app_commands.command(description="Make one customer of two records of the same person")
    @app_commands.rename(from_="from")
    @app_commands.describe(from_=_EITHER, into="The record that stays: the same")
    async def merge(self, interaction: Interaction, from_: AnyCustomer, into: AnyCustomer) -> None:
        """Merge them; asks first."""
        await responses.defer(interaction)

        async def act(_: Interaction, request: RequestContext) -> Message:
            return replies.merged(await self._ties.merge(request, from_, into))

        await self._carry_out(interaction, Level.MANAGER, act, "Yes, make them one")

    @levels.manager
    @app_commands.command(
        description="Give a customer nothing new: no link, no code, nothing from roles or payments"
    )
    @app_commands.describe(
        member=_MEMBER, username=_USERNAME, reason="Staff read it; the customer does not"
    )
    async def block(
        self,
        interaction: Interaction,
        member: AnyMember | None = None,
        username: Username | None = None,
        reason: Reason | None = None,
    ) -> None:
        """Block them; what they have is asked about."""
        await responses.defer(interaction)
        subject = levels.subject(member, username)
        await self._block(interaction, levels.request(interaction), subject, reason)

    @levels.manager
    @app_commands.command(description="Let a blocked customer get new access again")
    @app_commands.describe(member=_MEMBER, username=_USERNAME)
    async def unblock(
        self,
        interaction: Interaction,
        member: AnyMember | None = None,
        username: Username | None = None,
    ) -> None:
        """End the block."""
        await responses.defer(interaction)
        subject = levels.subject(member, username)
        person = await self._blocks.unblock(levels.request(interaction), subject)
        await responses.reply(interaction, replies.unblocked(person))

    @levels.manager
    @app_commands.command(
        description="End a person's access, then erase what names them; the history keeps a number"
    )
    @app_commands.describe(member=_MEMBER, username=_USERNAME)
    async def forget(
        self,
        interaction: Interaction,
        member: AnyMember | None = None,
        username: Username | None = None,
    ) -> None:
        """Forget them; asks first."""
        await responses.defer(interaction)
        subject = levels.subject(member, username)

        async def act(_: Interaction, request: RequestContext) -> Message:
            return replies.forgetting(await self._erasures.forget(request, subject))

        await self._carry_out(interaction, Level.MANAGER, act, "Yes, forget them")

    # The buttons and forms

    async def shown(self, press: ComponentInteraction) -> None:
        """Show the one customer that was found."""
        await responses.defer_in_place(press.interaction)
        person = await self._person(press)
        profile = await self._directory.show(press.guild_id, _subject(person))
        await responses.reply(press.interaction, replies.show(profile))

    async def other_page(self, press: ComponentInteraction) -> None:
        """Show another page of the customers that fit."""
        await responses.defer_in_place(press.interaction)
        place = len(press.args) - 2  # what was searched for may hold colons
        if place < 1:
            raise ButtonGone
        text, page = ":".join(press.args[:place]), press.page(place)
        found = await self._directory.search(press.guild_id, text, page)
        await responses.reply(press.interaction, replies.found(found, press.guild_id))

    async def open_link_form(self, press: ComponentInteraction) -> None:
        """Ask for the TradingView name of a member."""
        form_key = key(replies.LINK_FORM, press.guild_id, press.number(0))
        form = Form("Link a TradingView name", form_key, replies.link_form())
        await responses.open_form(press.interaction, form)

    async def link_submitted(self, press: ComponentInteraction) -> None:
        """Tie the name that was typed to the member."""
        await responses.defer(press.interaction)
        member_id, name = press.number(0), press.fields.get(replies.USERNAME, "")
        person = await self._members_names.tie(press.request(), member_id, name)
        await responses.reply(press.interaction, people_replies.tied(person, member_id))

    async def unlink_pressed(self, press: ComponentInteraction) -> None:
        """Untie the name from its member; asks first when it has access."""
        await responses.defer(press.interaction)
        person = await self._person(press)
        await self._unlink(press.interaction, press.request(), _subject(person))

    async def open_block_form(self, press: ComponentInteraction) -> None:
        """Ask why somebody is blocked."""
        form_key = key(replies.BLOCK_FORM, press.guild_id, press.number(0))
        await responses.open_form(press.interaction, Form("Block", form_key, replies.block_form()))

    async def block_submitted(self, press: ComponentInteraction) -> None:
        """Block the customer, for the reason that was typed."""
        await responses.defer(press.interaction)
        person = await self._person(press)
        reason = press.fields.get(replies.REASON, "").strip() or None
        await self._block(press.interaction, press.request(), _subject(person), reason)

    async def unblock_pressed(self, press: ComponentInteraction) -> None:
        """End the block of a customer."""
        await responses.defer(press.interaction)
        person = await self._person(press)
        person = await self._blocks.unblock(press.request(), _subject(person))
        await responses.reply(press.interaction, replies.unblocked(person))

    # What commands and buttons share

    async def _person(self, press: ComponentInteraction) -> Customer:
        """Return the customer in the button's key. Raises ButtonGone where there is none any more."""
        person = await self._directory.by_id(press.guild_id, press.number(0))
        if person is None:
            raise ButtonGone
        return person

    async def _carry_out(self, interaction: Interaction, level: Level, act: Act, yes: str) -> None:
        request = levels.request(interaction)
        await confirm.carry_out(self._questions, interaction, request, level, act, Labels(yes))

    async def _unlink(
        self, interaction: Interaction, request: RequestContext, subject: Subject
    ) -> None:
        async def act(_: Interaction, request: RequestContext) -> Message:
            return replies.unlinked(await self._ties.unlink(request, subject))

        labels = Labels("Yes, untie it")
        await confirm.carry_out(self._questions, interaction, request, Level.STAFF, act, labels)

    async def _block(
        self,
        interaction: Interaction,
        request: RequestContext,
        subject: Subject,
        reason: str | None,
    ) -> None:
        """Block somebody; whether what they have ends too is a second question."""
        person, has_access = await self._blocks.block(request, subject, reason)
        if not has_access:
            await responses.reply(interaction, replies.blocked(person))
            return

        async def end(press: ComponentInteraction) -> None:
            number = await self._endings.end(press.request(), person.id)
            await responses.reply(press.interaction, replies.blocked(person, number))

        async def keep(press: ComponentInteraction) -> None:
            await responses.reply(press.interaction, replies.blocked(person))

        choices = (
            Choice("Yes, end what they have", end, discord.ButtonStyle.danger),
            Choice("No, only block", keep),
        )
        buttons = self._questions.question(
            request.guild_id, request.member_id, Level.MANAGER, choices
        )
        await responses.reply(interaction, replies.end_it_too(person, buttons))


def _subject(person: Customer) -> Subject:
    return Subject(person.member_id, person.username)
