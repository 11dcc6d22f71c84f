"""/redeem and /trial: what members get by themselves."""

from discord import app_commands
from discord.ext import commands

from bot.access.orders.codes import Got
from bot.access.orders.contract_claims import ClaimedPurchase
from bot.access.request import RequestContext
from bot.interactions import levels, responses
from bot.interactions.components import ComponentInteraction, Form
from bot.interactions.levels import Level
from bot.interactions.options import Trial
from bot.interactions.responses import Interaction
from bot.replies import codes as code_replies, for_oneself, key, own, own_payments
from bot.services import Services


class Redeem(commands.Cog):
    """The commands, and the form in which a code is typed."""

    def __init__(self, services: Services) -> None:
        self._codes = services.codes
        self._trials = services.trials
        self._order_flow = services.order_flow
        services.router.add(own.REDEEM, Level.ANYONE, self.open_form)
        services.router.add(code_replies.REDEEM_FORM, Level.ANYONE, self.submitted)

    @levels.anyone
    @app_commands.command(description="Use a code that you bought or were given")
    @app_commands.describe(code="The code; hyphens and capitals do not matter")
    async def redeem(self, interaction: Interaction, code: str) -> None:
        """Give what the code gives."""
        await responses.defer(interaction)
        await self._redeem(interaction, levels.request(interaction), code)

    async def open_form(self, press: ComponentInteraction) -> None:
        """Open the form."""
        form_key = key(code_replies.REDEEM_FORM, press.guild_id)
        form = Form(code_replies.FORM_TITLE, form_key, code_replies.form_items())
        await responses.open_form(press.interaction, form)

    async def submitted(self, press: ComponentInteraction) -> None:
        """Give what the typed code gives."""
        await responses.defer(press.interaction)
        code = press.fields.get(code_replies.CODE, "")
        await self._redeem(press.interaction, press.request(), code)

    @levels.anyone
    @app_commands.command(description="Try a product for a short while, once")
    @app_commands.describe(product="What you want to try; pick it from the list")
    async def trial(self, interaction: Interaction, product: Trial) -> None:
        """Begin the trial of a product."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        await self._show(interaction, request, await self._trials.begin(request, product))

    async def _redeem(self, interaction: Interaction, request: RequestContext, code: str) -> None:
        got = await self._codes.redeem(request, code)
        if got is None:
            await responses.reply(interaction, code_replies.invalid(request.guild_id))
        elif isinstance(got, ClaimedPurchase):
            await responses.reply(interaction, own_payments.claimed(got, request.guild_id))
        else:
            await self._show(interaction, request, got)

    async def _show(self, interaction: Interaction, request: RequestContext, got: Got) -> None:
        """Answer with how it stands; what is ordered changes by itself."""
        if got.order_id is None:
            await responses.reply(interaction, for_oneself.waits_for_name(got, request.guild_id))
        else:
            await self._order_flow.show(interaction, got.order_id, request.at)
