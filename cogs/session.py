"""/session: the TradingView login of the server."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.logins.cookies import LARGEST, read_cookies, read_file
from bot.access.logins.errors import CookiesUnreadable, NoLogin
from bot.access.logins.sessions import LoginState
from bot.access.request import RequestContext
from bot.interactions import confirm, levels, responses
from bot.interactions.components import Choice, ComponentInteraction, Form
from bot.interactions.levels import Level
from bot.interactions.progress import taking_a_while
from bot.interactions.responses import Interaction
from bot.replies import Message, key, login as login_replies
from bot.services import Services
from bot.tradingview import Cookies

_CHANGE_ACCOUNT = confirm.Labels("Yes, change the account")


class Session(commands.GroupCog, group_name="session", group_description="The TradingView login"):
    """The commands about the login, and the form for its cookies."""

    def __init__(self, services: Services) -> None:
        self._sessions = services.sessions
        self._spares = services.spares
        self._one_time_pages = services.one_time_pages
        self._discovery_flow = services.discovery_flow
        self._router = services.router
        services.router.add(login_replies.OPEN_FORM, Level.MANAGER, self.open_form)
        services.router.add(login_replies.FORM, Level.MANAGER, self.submitted)
        services.router.add(login_replies.OPEN_SPARE, Level.MANAGER, self.open_spare_form)
        services.router.add(login_replies.SPARE_FORM, Level.MANAGER, self.spare_submitted)

    @levels.manager
    @app_commands.command(description="Whether the TradingView login works")
    async def status(self, interaction: Interaction) -> None:
        """Test it now and say how it stands."""
        await responses.defer(interaction)
        guild_id = levels.request(interaction).guild_id
        check = await taking_a_while(
            interaction, self._sessions.test(guild_id), login_replies.testing_now()
        )
        status = await self._sessions.status(guild_id)
        await responses.reply(interaction, login_replies.status(status, check, guild_id))

    @levels.manager
    @app_commands.command(description="Add or renew the TradingView login: a form for two cookies")
    @app_commands.describe(
        file="What a cookie extension exported, when it is too long for the form"
    )
    async def update(
        self, interaction: Interaction, file: discord.Attachment | None = None
    ) -> None:
        """Open the form, or read the file."""
        if file is None:
            guild_id = levels.request(interaction).guild_id
            await responses.open_form(interaction, _form(guild_id))
            return
        await responses.defer(interaction)
        if file.size > LARGEST:
            raise CookiesUnreadable("sessionid")
        cookies = read_file(await file.read())
        await self._use(interaction, levels.request(interaction), cookies)

    async def open_form(self, press: ComponentInteraction) -> None:
        """Open the form from a button."""
        await responses.open_form(press.interaction, _form(press.guild_id))

    async def submitted(self, press: ComponentInteraction) -> None:
        """Take the cookies out of the form; they are never repeated."""
        await responses.defer(press.interaction)
        cookies = read_cookies(
            press.fields.get(login_replies.SESSIONID, ""), press.fields.get(login_replies.SIGN)
        )
        await self._use(press.interaction, press.request(), cookies)

    async def _use(
        self, interaction: Interaction, request: RequestContext, cookies: Cookies
    ) -> None:
        """Test the cookies and use them; another account's need a yes."""

        async def act(interaction: Interaction, request: RequestContext) -> Message | None:
            work = self._sessions.update(request, cookies)
            updated = await taking_a_while(interaction, work, login_replies.testing())
            if updated.has_scripts:
                return login_replies.updated(updated, request.guild_id)
            await responses.reply(interaction, login_replies.updated(updated))
            above = login_replies.updated(updated, scripts_follow=True)
            await self._discovery_flow.offer_under(above, interaction, request.guild_id)
            return None

        await confirm.carry_out(
            self._router, interaction, request, Level.MANAGER, act, _CHANGE_ACCOUNT
        )

    async def open_spare_form(self, press: ComponentInteraction) -> None:
        """Open the form for a pair that is kept until the one in use ends."""
        form = Form(
            login_replies.SPARE_TITLE,
            key(login_replies.SPARE_FORM, press.guild_id),
            login_replies.form_items(),
        )
        await responses.open_form(press.interaction, form)

    async def spare_submitted(self, press: ComponentInteraction) -> None:
        """Test the cookies and keep them; where no login works they are used at once."""
        await responses.defer(press.interaction)
        cookies = read_cookies(
            press.fields.get(login_replies.SESSIONID, ""), press.fields.get(login_replies.SIGN)
        )

        async def act(interaction: Interaction, request: RequestContext) -> Message:
            work = self._spares.add(request, cookies)
            outcome = await taking_a_while(interaction, work, login_replies.testing())
            return login_replies.kept_or_used(outcome, request.guild_id)

        await confirm.carry_out(
            self._router, press.interaction, press.request(), Level.MANAGER, act, _CHANGE_ACCOUNT
        )

    @levels.manager
    @app_commands.command(description="A one-time page to add the login, for a phone too")
    async def link(self, interaction: Interaction) -> None:
        """Make the page and give its address to the person who asked alone."""
        await responses.defer(interaction)
        address = await self._one_time_pages.create(levels.request(interaction))
        await responses.reply(interaction, login_replies.link(address))

    @levels.manager
    @app_commands.command(description="Delete the TradingView login; access stays as it is")
    async def forget(self, interaction: Interaction) -> None:
        """Ask, then delete it."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        status = await self._sessions.status(request.guild_id)
        if status.state is LoginState.NONE:
            raise NoLogin

        async def yes(press: ComponentInteraction) -> None:
            await self._sessions.forget(press.request())
            await responses.reply(press.interaction, login_replies.forgotten())

        async def no(press: ComponentInteraction) -> None:
            await responses.reply(press.interaction, login_replies.kept())

        buttons = self._router.question(
            request.guild_id,
            request.member_id,
            Level.MANAGER,
            (
                Choice("Yes, delete it", yes, discord.ButtonStyle.danger),
                Choice("No, keep it", no),
            ),
        )
        await responses.reply(interaction, login_replies.forget(status.username, buttons))


def _form(guild_id: int) -> Form:
    return Form(login_replies.TITLE, key(login_replies.FORM, guild_id), login_replies.form_items())
