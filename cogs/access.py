"""/access: give, set, end and look up who may use what."""

from dataclasses import replace
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.errors import ButtonGone
from bot.access.queries.holders import Cut, WithRole
from bot.access.request import Consent, RequestContext, Subject
from bot.access.rules.duration import read_until
from bot.interactions import levels, responses
from bot.interactions.components import ComponentInteraction, Form, number_in
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.interactions.options import AnyMember, Item, Length, Until, Username
from bot.interactions.progress import taking_a_while
from bot.interactions.responses import Interaction
from bot.replies import (
    Message,
    access_check as check_replies,
    key,
    orders as order_replies,
    overview as overview_replies,
)
from bot.replies.history_orders import LOGGED_PUT_BACK
from bot.replies.message import shorten
from bot.replies.overview import LIST
from bot.replies.self_check import CHECK
from bot.services import Services
from cogs.plan import PlanCommands

Ends = Literal["7 days", "this month", "ended"]
Note = app_commands.Range[str, 1, 200]

_ITEM = "The script or product; pick it from the list"
_MEMBER = "The Discord member it is for"
_USERNAME = "The TradingView name, or the address of the profile"
_NOTE = "A remark for the history, such as an order number"


class Access(
    PlanCommands, commands.GroupCog, group_name="access", group_description="Who may use what"
):
    """The commands about access, and the buttons under their answers."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._overview = services.overview
        self._members = services.client.members
        self._adoption = services.adoption
        self._scripts = services.scripts
        self._retries = services.retries
        services.router.add(order_replies.PUT_BACK, Level.STAFF, self.put_back)
        services.router.add(LOGGED_PUT_BACK, Level.STAFF, self.put_back_logged)
        services.router.add(order_replies.GIVE_END, Level.STAFF, self.give_end)
        services.router.add(order_replies.TRY_NOW, Level.STAFF, self.try_now)
        services.router.add(check_replies.TAKE, Level.STAFF, self.take_over)
        services.router.add(check_replies.SET, Level.STAFF, self.open_form)
        services.router.add(check_replies.FORM, Level.STAFF, self.submitted)
        services.router.add(check_replies.END, Level.STAFF, self.end)
        services.router.add(CHECK, Level.STAFF, self.check_called)
        services.router.add(LIST, Level.STAFF, self.turn)

    @levels.staff
    @app_commands.command(description="Give somebody more time for a script or product")
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
        member: AnyMember | None = None,
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
        member: AnyMember | None = None,
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
    @app_commands.command(description="End somebody's access to a script or product now")
    @app_commands.describe(item=_ITEM, member=_MEMBER, username=_USERNAME, note=_NOTE)
    async def revoke(
        self,
        interaction: Interaction,
        item: Item,
        member: AnyMember | None = None,
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
        member: AnyMember | None = None,
        username: Username | None = None,
    ) -> None:
        """Show every script of one person, read live."""
        await responses.defer(interaction)
        guild_id = levels.request(interaction).guild_id
        await self._check(interaction, guild_id, levels.subject(member, username))

    async def check_called(self, press: ComponentInteraction) -> None:
        """Show the same of a member for whom the log channel calls staff; the call stays."""
        await responses.defer(press.interaction)
        await self._check(press.interaction, press.guild_id, Subject(press.number(0)))

    async def _check(self, interaction: Interaction, guild_id: int, subject: Subject) -> None:
        work = self._overview.check(guild_id, subject)
        person = await taking_a_while(interaction, work, check_replies.looking())
        await responses.reply(interaction, check_replies.check(person, guild_id))

    # The buttons where what should be and what is differ

    async def take_over(self, press: ComponentInteraction) -> None:
        """Let what TradingView shows for one person and script count from now on."""
        await responses.defer_in_place(press.interaction)
        script_id, name = _about(press)
        done = await self._adoption.take_person(press.request(), script_id, name)
        person = await self._overview.check(press.guild_id, Subject(username=name))
        now = check_replies.check(person, press.guild_id)
        await responses.reply(press.interaction, check_replies.taken_over(done, name, now))

    async def open_form(self, press: ComponentInteraction) -> None:
        """Open the form that asks for the end; it holds what should be."""
        script_id, name = _about(press)
        script = await self._scripts.of_button(press.guild_id, script_id)
        should_be = await self._overview.wanted(script, name)
        title = shorten(f"{script.title} for {name}", 45)
        form_key = key(check_replies.FORM, press.guild_id, script_id, name)
        form = Form(title, form_key, check_replies.end_form(should_be))
        await responses.open_form(press.interaction, form)

    async def submitted(self, press: ComponentInteraction) -> None:
        """Set the end that was typed; asks before it shortens."""
        await responses.defer(press.interaction)
        script_id, name = _about(press)
        script = await self._scripts.of_button(press.guild_id, script_id)
        until = read_until(press.fields.get(check_replies.UNTIL, ""), press.request().at)

        async def order(request: RequestContext) -> int:
            return await self._grants.set_end(request, script.slug, until, Subject(username=name))

        labels = Labels("Yes, shorten it", "Set it anyway")
        await self._order_flow.carry_out(press.interaction, press.request(), order, labels)

    async def end(self, press: ComponentInteraction) -> None:
        """End one person's access to one script."""
        await responses.defer_in_place(press.interaction)
        script_id, name = _about(press)
        script = await self._scripts.of_button(press.guild_id, script_id)

        async def order(request: RequestContext) -> int:
            return await self._grants.revoke(request, script.slug, Subject(username=name))

        await self._order_flow.carry_out(
            press.interaction, press.request(), order, Labels("Yes, end it")
        )

    @levels.staff
    @app_commands.command(name="list", description="Who has a script or product, by end date")
    @app_commands.describe(
        item=_ITEM,
        ends="Only those whose access ends then, or ended",
        role="Only those who have this role now",
    )
    async def list_(
        self,
        interaction: Interaction,
        item: Item,
        ends: Ends | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Show the customers of one item, page by page."""
        await responses.defer(interaction)
        guild_id = levels.request(interaction).guild_id
        cut = None if ends is None else Cut(ends)
        work = self._page(guild_id, item, 0, cut, None if role is None else role.id)
        await responses.reply(interaction, await work)

    async def turn(self, press: ComponentInteraction) -> None:
        """Show another page of the list."""
        await responses.defer_in_place(press.interaction)
        item, cut, role = overview_replies.cut_of(press.text(0))
        role_id = number_in(role) if role else None
        message = await self._page(press.guild_id, item, press.page(1), cut, role_id)
        await responses.reply(press.interaction, message)

    async def _page(
        self, guild_id: int, item: str, page: int, cut: Cut | None, role_id: int | None
    ) -> Message:
        role = None
        if role_id is not None:
            known = await self._overview.members_of(guild_id, item, cut)
            having = known and await self._members.having(guild_id, role_id, known)
            if having is None:
                return overview_replies.role_unknown(role_id)
            role = WithRole(role_id, frozenset(having))
        found = await self._overview.holders(guild_id, item, page, cut, role)
        return overview_replies.holders(found, guild_id)

    async def put_back(self, press: ComponentInteraction) -> None:
        """Undo what one order took away; pressed twice, done once."""
        await responses.defer_in_place(press.interaction)
        await self._put_back(press)

    async def put_back_logged(self, press: ComponentInteraction) -> None:
        """Do the same from the log channel, whose line stays."""
        await responses.defer(press.interaction)
        await self._put_back(press)

    async def _put_back(self, press: ComponentInteraction) -> None:
        request, order_id = press.request(), press.number(0)

        async def order(request: RequestContext) -> int:
            return await self._grants.put_back(request, order_id)

        await self._order_flow.carry_out(press.interaction, request, order)

    async def try_now(self, press: ComponentInteraction) -> None:
        """Try a waiting order at once, and say how it stands then."""
        await responses.defer_in_place(press.interaction)
        receipt = await self._order_flow.receipt(press)
        await self._retries.try_now(receipt.order)
        await self._order_flow.show(press.interaction, receipt.order.id, press.request().at)

    async def give_end(self, press: ComponentInteraction) -> None:
        """Make the time that met access without an end its end."""
        await responses.defer_in_place(press.interaction)
        receipt, request = await self._order_flow.receipt(press), press.request()
        end = receipt.dated_end(request.at)
        if end is None:
            raise ButtonGone
        sold, subject = (
            receipt.product or receipt.script,
            Subject(username=receipt.permission.username),
        )

        async def order(request: RequestContext) -> int:
            return await self._grants.set_end(request, sold.slug, end, subject, from_now=True)

        request = replace(
            request,
            idempotency_key=f"end {receipt.order.id}",  # pressed twice, done once
            consent=Consent(confirmed=True, unknown_name=True, bare_name=True),
        )
        await self._order_flow.carry_out(press.interaction, request, order)


def _about(press: ComponentInteraction) -> tuple[int, str]:
    """Return the script and the name that a button is about."""
    return press.number(0), press.text(1)
