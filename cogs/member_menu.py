"""*TradingView access* in a member's menu: their access, with what staff may do about it."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import parse_length
from bot.interactions import levels, responses
from bot.interactions.components import ComponentInteraction, Form
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.interactions.progress import taking_a_while
from bot.interactions.responses import Interaction
from bot.replies import access_check, key, member_menu as replies
from bot.services import Services


class MemberMenu(commands.Cog):
    """The command of the menu, and the buttons, lists and form under its answer."""

    def __init__(self, services: Services) -> None:
        self._tree = services.client.tree
        self._overview = services.overview
        self._grants = services.grants
        self._order_flow = services.order_flow
        services.router.add(replies.ASK, Level.STAFF, self.ask)
        services.router.add(replies.OPEN, Level.STAFF, self.open_form)
        services.router.add(replies.FORM, Level.STAFF, self.submitted)
        services.router.add(replies.END, Level.STAFF, self.end)

    async def cog_load(self) -> None:
        """Add the command: discord.py finds none in a menu by itself."""
        menu = app_commands.ContextMenu(name=replies.NAME, callback=self.access)
        self._tree.add_command(levels.staff(menu))

    # discord.py reads the kind of the menu here; a member comes as one, who left as a user.
    async def access(self, interaction: Interaction, user: discord.User) -> None:
        """Show what `/access check` shows of that member, with buttons."""
        await responses.defer(interaction)
        guild_id = levels.request(interaction).guild_id
        work = self._overview.of_member(guild_id, user.id)
        person = await taking_a_while(interaction, work, access_check.looking())
        await responses.reply(interaction, replies.access(person, user.id, guild_id))

    async def ask(self, press: ComponentInteraction) -> None:
        """Ask which item it is about; the access itself stays where it is shown."""
        member_id, what = press.number(0), replies.what_of(press.text(1))
        page = press.page(2)
        if press.args[3:]:  # of the list itself
            await responses.defer_in_place(press.interaction)
        else:
            await responses.defer(press.interaction)
        if what is replies.What.GRANT:
            items = await self._overview.on_offer(press.guild_id)
        else:
            work = self._overview.has(press.guild_id, member_id)
            items = await taking_a_while(press.interaction, work, access_check.looking())
        question = replies.question(what, items, member_id, press.guild_id, page)
        await responses.reply(press.interaction, question)

    async def open_form(self, press: ComponentInteraction) -> None:
        """Open the form that asks how much time."""
        member_id, what = press.number(0), replies.what_of(press.text(1))
        item = await self._overview.item(press.guild_id, replies.chosen(press.values))
        form_key = key(replies.FORM, press.guild_id, member_id, item.slug)
        form = Form(replies.form_title(what, item), form_key, replies.form(item))
        await responses.open_form(press.interaction, form)

    async def submitted(self, press: ComponentInteraction) -> None:
        """Add the time that was typed, as `/access grant` does."""
        await responses.defer(press.interaction)
        subject, item = Subject(press.number(0)), press.text(1)
        length = parse_length(press.fields.get(replies.DURATION, ""))
        note = press.fields.get(replies.NOTE, "").strip() or None

        async def order(request: RequestContext) -> int:
            return await self._grants.grant(request, item, length, subject, note)

        await self._order_flow.carry_out(
            press.interaction, press.request(), order, Labels(anyway="Grant anyway")
        )

    async def end(self, press: ComponentInteraction) -> None:
        """End what was chosen, as `/access revoke` does; asks first where that does."""
        await responses.defer_in_place(press.interaction)
        subject, item = Subject(press.number(0)), replies.chosen(press.values)

        async def order(request: RequestContext) -> int:
            return await self._grants.revoke(request, item, subject)

        await self._order_flow.carry_out(
            press.interaction, press.request(), order, Labels("Yes, end it")
        )
