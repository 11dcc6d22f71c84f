"""/code: codes that members turn into access by themselves."""

from discord import app_commands
from discord.ext import commands

from bot.access.orders.codes import MAX_CODES
from bot.access.request import RequestContext
from bot.interactions import confirm, levels, responses
from bot.interactions.components import ComponentInteraction
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.interactions.options import CodeSet, Item, Length, Until
from bot.interactions.responses import Interaction
from bot.replies import Message, codes as code_replies
from bot.services import Services


class Code(commands.GroupCog, group_name="code", group_description="Codes that give access"):
    """The commands about codes, and the buttons under their answers."""

    def __init__(self, services: Services) -> None:
        self._codes = services.codes
        self._router = services.router
        services.router.add(code_replies.LIST, Level.MANAGER, self.turn)
        services.router.add(code_replies.PUT_BACK, Level.MANAGER, self.put_back)

    @levels.manager
    @app_commands.command(description="Make codes, as a file with one code a line")
    @app_commands.describe(
        item="What each code gives; pick it from the list",
        duration="How much time each use gives: 7D, 2W, 1M, 1Y, or L for lifetime",
        count="How many codes; 1 if you leave it out",
        uses="How many members may use each code; 1 if you leave it out",
        expires="Until when they can be used: 2026-04-30, or a time from now such as 30D",
    )
    async def create(
        self,
        interaction: Interaction,
        item: Item,
        duration: Length,
        count: app_commands.Range[int, 1, MAX_CODES] = 1,
        uses: app_commands.Range[int, 1, MAX_CODES] = 1,
        expires: Until | None = None,
    ) -> None:
        """Make codes; asks before they give lifetime."""
        await responses.defer(interaction)

        async def act(_: Interaction, request: RequestContext) -> Message | None:
            made = await self._codes.create(
                request, item, duration, number=count, uses=uses, expires=expires
            )
            return None if made is None else code_replies.made(made)  # delivered twice

        request = levels.request(interaction)
        labels = Labels("Yes, make them")
        await confirm.carry_out(self._router, interaction, request, Level.MANAGER, act, labels)

    @levels.manager
    @app_commands.command(name="list", description="Which codes were made, and how many are used")
    async def list_(self, interaction: Interaction) -> None:
        """Show the newest."""
        await responses.defer(interaction)
        await self._show(interaction, levels.request(interaction).guild_id, 0)

    async def turn(self, press: ComponentInteraction) -> None:
        """Show another page."""
        await responses.defer_in_place(press.interaction)
        await self._show(press.interaction, press.guild_id, press.page(1))

    async def _show(self, interaction: Interaction, guild_id: int, page: int) -> None:
        size = code_replies.PER_PAGE
        found = await self._codes.sets(guild_id, skip=page * size, limit=size + 1)
        message = code_replies.listed(found[:size], guild_id, page, more=len(found) > size)
        await responses.reply(interaction, message)

    @levels.manager
    @app_commands.command(description="Let codes work no more: all of a batch, or one")
    @app_commands.describe(
        batch="The number of the batch; pick it from the list", code="One code, as it is typed"
    )
    async def revoke(
        self, interaction: Interaction, batch: CodeSet | None = None, code: str = ""
    ) -> None:
        """End them; what members got stays."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        revoked = await self._codes.revoke(request, batch, code)
        await responses.reply(interaction, code_replies.revoked(revoked, request.guild_id))

    async def put_back(self, press: ComponentInteraction) -> None:
        """Let what was revoked work again."""
        await responses.defer_in_place(press.interaction)
        back = await self._codes.put_back(press.request(), press.number(0), press.number(1) or None)
        await responses.reply(press.interaction, code_replies.put_back(back))
