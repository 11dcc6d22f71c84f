"""/why: why somebody has no access, or not the expected, and the mend as a button."""

from discord import app_commands
from discord.ext import commands

from bot.access.errors import ButtonGone
from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import parse_length
from bot.interactions import levels, responses
from bot.interactions.components import ComponentInteraction, Form, number_in
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.interactions.options import AnyMember, Item, Username
from bot.interactions.progress import taking_a_while
from bot.interactions.responses import Interaction
from bot.replies import Message, access_check, key, overview, why as replies, why_mends as mends
from bot.services import Services
from bot.store.records import Customer


class Why(commands.Cog):
    """The command, and the buttons under its answer."""

    def __init__(self, services: Services) -> None:
        self._why = services.why
        self._members = services.client.members
        self._directory = services.directory
        self._people = services.customers
        self._grants = services.grants
        self._pauses = services.pauses
        self._repairs = services.repairs
        self._retries = services.retries
        self._guidance = services.guidance
        self._role_access = services.role_access
        self._order_flow = services.order_flow
        self._sweep_flow = services.sweep_flow
        for name, handler in (
            (mends.ASK, self.ask_again),
            (mends.OPEN_GRANT, self.open_grant),
            (mends.GRANT_FORM, self.granted),
            (mends.OPEN_NAME, self.open_name),
            (mends.NAME_FORM, self.name_typed),
            (mends.CORRECT, self.name_picked),
            (mends.RETRY, self.retry),
            (mends.SET_RIGHT, self.set_right),
            (mends.TELL, self.tell),
            (mends.FOLLOW, self.follow_roles),
            (mends.RESUME, self.resume),
        ):
            services.router.add(name, Level.STAFF, handler)

    @levels.staff
    @app_commands.command(
        description="Why somebody has no access, or not the expected, and what mends it"
    )
    @app_commands.describe(
        member="The Discord member it is about, also one who left",
        username="The TradingView name, or the address of the profile",
        item="The script or product; without one I look at all of them",
    )
    async def why(
        self,
        interaction: Interaction,
        member: AnyMember | None = None,
        username: Username | None = None,
        item: Item | None = None,
    ) -> None:
        """Answer with the first cause there is."""
        await responses.defer(interaction)
        subject, guild_id = levels.subject(member, username), levels.request(interaction).guild_id
        await responses.reply(
            interaction, await self._answer(interaction, guild_id, subject, item or None)
        )

    async def _answer(
        self,
        interaction: Interaction,
        guild_id: int,
        subject: Subject,
        item: str | None,
        *,
        wherever: bool = False,
    ) -> Message:
        work = self._why.ask(guild_id, subject, item, self._members.roles_now, wherever=wherever)
        found = await taking_a_while(interaction, work, access_check.looking())
        return replies.why(found)

    # The buttons and forms

    async def ask_again(self, press: ComponentInteraction) -> None:
        """Answer about another item, another name, or wherever the person is."""
        await responses.defer_in_place(press.interaction)
        subject, item = await self._subject(press), _item(press)
        message = await self._answer(
            press.interaction, press.guild_id, subject, item, wherever=len(press.args) > 2
        )
        await responses.reply(press.interaction, message)

    async def open_grant(self, press: ComponentInteraction) -> None:
        """Ask how much time to give, and of what where no item is known."""
        item = _item(press)
        about = (press.text(0), item or mends.ANY)
        form_key = key(mends.GRANT_FORM, press.guild_id, *about)
        form = Form("Grant access", form_key, mends.grant_form(item))
        await responses.open_form(press.interaction, form)

    async def granted(self, press: ComponentInteraction) -> None:
        """Give the time that was typed, as `/access grant` does."""
        await responses.defer(press.interaction)
        subject = await self._subject(press)
        item = _item(press) or press.fields.get(mends.ITEM, "")
        length = parse_length(press.fields.get(mends.DURATION, ""))

        async def order(request: RequestContext) -> int:
            return await self._grants.grant(request, item, length, subject)

        labels = Labels(anyway="Grant anyway")
        await self._order_flow.carry_out(press.interaction, press.request(), order, labels)

    async def open_name(self, press: ComponentInteraction) -> None:
        """Ask for the right TradingView name of a customer."""
        form_key = key(mends.NAME_FORM, press.guild_id, press.number(0))
        form = Form("The right TradingView name", form_key, mends.name_form())
        await responses.open_form(press.interaction, form)

    async def name_typed(self, press: ComponentInteraction) -> None:
        """Give the customer the name that was typed."""
        await responses.defer(press.interaction)
        await self._correct(press, press.fields.get(mends.USERNAME, ""))

    async def name_picked(self, press: ComponentInteraction) -> None:
        """Give the customer the near name that was picked."""
        await responses.defer_in_place(press.interaction)
        await self._correct(press, press.text(1))

    async def _correct(self, press: ComponentInteraction, name: str) -> None:
        person = await self._people.correct(press.request(), press.number(0), name)
        subject = Subject(username=person.username)
        answer = await self._answer(press.interaction, press.guild_id, subject, None, wherever=True)
        message = replies.corrected(person.username or "", answer)
        await responses.reply(press.interaction, message)

    async def retry(self, press: ComponentInteraction) -> None:
        """Try everything of the script once more, as `/sync retry` does."""
        await responses.defer_in_place(press.interaction)
        item = press.text(0)

        async def again(_: Interaction, request: RequestContext) -> Message:
            return overview.retried(item, await self._retries.retry(request, item))

        await self._sweep_flow.confirmed(press.interaction, press.request(), again)

    async def resume(self, press: ComponentInteraction) -> None:
        """Let the clock of a customer go on, as `/access resume` does."""
        await responses.defer_in_place(press.interaction)
        subject, item = await self._subject(press), _item(press)

        async def order(request: RequestContext) -> int:
            return await self._pauses.resume(request, subject, item)

        labels = Labels("Yes, go on")
        await self._order_flow.carry_out(press.interaction, press.request(), order, labels)

    async def set_right(self, press: ComponentInteraction) -> None:
        """Have TradingView show what it should for one person and script."""
        await responses.defer_in_place(press.interaction)
        script_id, name = press.number(0), press.text(1)

        async def order(request: RequestContext) -> int:
            return await self._repairs.repair_person(request, script_id, name)

        await self._order_flow.carry_out(press.interaction, press.request(), order)

    async def follow_roles(self, press: ComponentInteraction) -> None:
        """Follow the roles that a member has now, and answer again."""
        await responses.defer_in_place(press.interaction)
        member_id, item = press.number(0), _item(press)
        roles = await self._members.roles_now(press.guild_id, member_id)
        await self._role_access.see(press.guild_id, {member_id: roles or ()})
        message = await self._answer(press.interaction, press.guild_id, Subject(member_id), item)
        await responses.reply(press.interaction, message)

    async def tell(self, press: ComponentInteraction) -> None:
        """Send the buyer where to find what they have; once a day at most."""
        await responses.defer_in_place(press.interaction)
        person = await self._person(press.guild_id, press.number(0))
        parts = await self._why.standing(press.guild_id, person)
        server = press.interaction.client.get_guild(press.guild_id)
        message = replies.to_buyer(person.username or "", parts, server.name if server else None)
        member_id = await self._guidance.send(press.request(), person.id, message.to_json())
        await responses.reply(press.interaction, replies.told(member_id))

    async def _person(self, guild_id: int, customer_id: int) -> Customer:
        person = await self._directory.by_id(guild_id, customer_id)
        if person is None:
            raise ButtonGone
        return person

    async def _subject(self, press: ComponentInteraction) -> Subject:
        """Return whom the button's key is about. Raises ButtonGone for what we never write."""
        kind, about = press.text(0)[:1], press.text(0)[1:]
        match kind:
            case "c":
                person = await self._person(press.guild_id, number_in(about))
                if person.username is None:
                    return Subject(person.member_id)
                return Subject(username=person.username)
            case "m":
                return Subject(number_in(about))
            case "n":
                return Subject(username=about)
            case _:
                raise ButtonGone


def _item(press: ComponentInteraction) -> str | None:
    """Return the short name in the button's key; None where it is about no item."""
    item = press.text(1)
    return None if item == mends.ANY else item
