"""/product: what is sold, made of scripts."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.catalogue.products import MAX_GRACE, Clearable, Terms
from bot.access.request import RequestContext
from bot.interactions import confirm, levels, responses
from bot.interactions.components import Choice, ComponentInteraction
from bot.interactions.confirm import Labels
from bot.interactions.levels import Level
from bot.interactions.options import Length, Product as ProductOption, Scripts
from bot.interactions.responses import Interaction
from bot.interactions.roles import holder_role
from bot.replies import Message, product_scripts as scripts_replies, products as product_replies
from bot.services import Services

_PRODUCT = "The product; pick it from the list"
_SLUG = "What you and your staff type: small letters, digits, - and _"
_TITLE = "What your customers read"
_DURATION = "How long it is usually sold for: 1M, 1Y, or L for lifetime"
_ROLE = "The Discord role that its holders get, as long as they have it"
_GRACE = "Days that access goes on after the paid end, 0 to 90"
_TRIAL = "How long a trial lasts, such as 7D; once for each person"
_LINK = "Where people buy it: the address of your shop's page"

Grace = app_commands.Range[int, 0, MAX_GRACE]


class Product(
    commands.GroupCog, group_name="product", group_description="What you sell, made of your scripts"
):
    """The commands about products."""

    def __init__(self, services: Services) -> None:
        self._products = services.products
        self._product_scripts = services.product_scripts
        self._holder_roles = services.holder_role_giver
        self._router = services.router
        services.router.add(scripts_replies.PUT_BACK, Level.MANAGER, self.put_back)

    @levels.manager
    @app_commands.command(description="Sell scripts together, under one name")
    @app_commands.describe(
        slug=_SLUG,
        title=_TITLE,
        scripts="Its scripts: their short names, with commas between them",
        duration=_DURATION,
        role=_ROLE,
        grace=_GRACE,
        trial=_TRIAL,
        link=_LINK,
    )
    async def create(
        self,
        interaction: Interaction,
        slug: str,
        title: str,
        scripts: Scripts | None = None,
        duration: Length | None = None,
        role: discord.Role | None = None,
        grace: Grace | None = None,
        trial: Length | None = None,
        link: str | None = None,
    ) -> None:
        """Add it to what can be given and sold."""
        await responses.defer(interaction)
        holders = None if role is None else holder_role(role)
        terms = Terms(slug, title, duration, holders, grace, trial, link)
        entry = await self._products.create(levels.request(interaction), terms, scripts or ())
        await responses.reply(
            interaction,
            product_replies.created(entry, self._holder_roles.trouble_of(entry.product)),
        )

    @levels.manager
    @app_commands.command(description="Change how a product is sold; people keep what they have")
    @app_commands.describe(
        product=_PRODUCT,
        slug=_SLUG,
        title=_TITLE,
        duration=_DURATION,
        role=_ROLE,
        grace=_GRACE,
        trial=_TRIAL,
        link=_LINK,
        without="What it is to have no longer",
    )
    async def edit(
        self,
        interaction: Interaction,
        product: ProductOption,
        slug: str | None = None,
        title: str | None = None,
        duration: Length | None = None,
        role: discord.Role | None = None,
        grace: Grace | None = None,
        trial: Length | None = None,
        link: str | None = None,
        without: Clearable | None = None,
    ) -> None:
        """Change what was given, and nothing else."""
        await responses.defer(interaction)
        holders = None if role is None else holder_role(role)
        cleared = () if without is None else (without,)
        terms = Terms(slug, title, duration, holders, grace, trial, link, cleared)
        before, after = await self._products.edit(levels.request(interaction), product, terms)
        trouble = self._holder_roles.trouble_of(after.product)
        await responses.reply(interaction, product_replies.edited(before, after, trouble))

    @commands.Cog.listener()
    async def on_member_join(self, member: discord.Member) -> None:
        """Give somebody who comes back the roles of what they hold."""
        await self._holder_roles.came_back(member.guild.id, member.id)

    @levels.manager
    @app_commands.command(
        description="Add scripts to a product or take some out, for everybody who has it"
    )
    @app_commands.describe(
        product=_PRODUCT,
        add="Scripts to add: their short names, with commas between them",
        remove="Scripts to take out: their short names, with commas between them",
    )
    async def scripts(
        self,
        interaction: Interaction,
        product: ProductOption,
        add: Scripts | None = None,
        remove: Scripts | None = None,
    ) -> None:
        """Show who gains and who loses what, and do it upon a yes."""
        await responses.defer(interaction)

        async def act(_: Interaction, request: RequestContext) -> Message:
            changed = await self._product_scripts.change(request, product, add or (), remove or ())
            return scripts_replies.changed(changed, request.guild_id)

        request = levels.request(interaction)
        await confirm.carry_out(
            self._router, interaction, request, Level.MANAGER, act, Labels("Yes, change it")
        )

    async def put_back(self, press: ComponentInteraction) -> None:
        """Put back what one change took out; pressed twice, done once."""
        await responses.defer_in_place(press.interaction)
        event_id = press.number(0)

        async def act(_: Interaction, request: RequestContext) -> Message:
            changed = await self._product_scripts.put_back(request, event_id)
            return scripts_replies.changed(changed, request.guild_id)

        await confirm.carry_out(
            self._router, press.interaction, press.request(), Level.MANAGER, act
        )

    @levels.manager
    @app_commands.command(description="Sell a product no more; whoever has it keeps it")
    @app_commands.describe(product=_PRODUCT)
    async def archive(self, interaction: Interaction, product: ProductOption) -> None:
        """Say how many have it, and ask."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        entry = await self._products.entry(request.guild_id, product)

        async def yes(press: ComponentInteraction) -> None:
            done = await self._products.archive(press.request(), entry.product.slug)
            await responses.reply(press.interaction, product_replies.archived(done))

        async def no(press: ComponentInteraction) -> None:
            await responses.reply(press.interaction, product_replies.left(entry.product))

        choices = (
            Choice("Yes, archive it", yes, discord.ButtonStyle.primary),
            Choice("No, leave it", no),
        )
        buttons = self._router.question(request.guild_id, request.member_id, Level.MANAGER, choices)
        await responses.reply(interaction, product_replies.archive(entry, buttons))

    @levels.manager
    @app_commands.command(name="list", description="All products, their scripts and who has them")
    async def list_(self, interaction: Interaction) -> None:
        """Show what is sold, archived products included."""
        await responses.defer(interaction)
        entries = await self._products.listed(levels.request(interaction).guild_id)
        await responses.reply(interaction, product_replies.listing(entries))
