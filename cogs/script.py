"""/script: the catalogue of scripts."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.errors import ButtonGone
from bot.access.request import RequestContext
from bot.interactions import levels, responses
from bot.interactions.components import Choice, ComponentInteraction, Form
from bot.interactions.levels import Level
from bot.interactions.options import Script as ScriptOption
from bot.interactions.progress import taking_a_while
from bot.interactions.responses import Interaction
from bot.replies import discovery as discovery_replies, key, scripts as script_replies
from bot.services import Services

_ITEM = "The script; pick it from the list"
_SLUG = "What you and your staff type: small letters, digits, - and _"
_TITLE = "What your customers read"


class Script(
    commands.GroupCog, group_name="script", group_description="Your invite-only TradingView scripts"
):
    """The commands about the catalogue, and the form that adds the first script."""

    def __init__(self, services: Services) -> None:
        self._scripts = services.scripts
        self._discovery = services.discovery
        self._discovery_flow = services.discovery_flow
        self._sweep_flow = services.sweep_flow
        self._router = services.router
        services.router.add(script_replies.OPEN_FORM, Level.MANAGER, self.open_form)
        services.router.add(script_replies.FORM, Level.MANAGER, self.submitted)
        services.router.add(discovery_replies.FIND, Level.MANAGER, self.find)
        services.router.add(discovery_replies.CHOSEN, Level.MANAGER, self.chosen)

    @levels.manager
    @app_commands.command(description="Add one of your invite-only scripts")
    @app_commands.describe(
        pine_id="PUB; and 32 letters and digits, from the page source of your script",
        slug=_SLUG,
        title=_TITLE,
    )
    async def add(self, interaction: Interaction, pine_id: str, slug: str, title: str) -> None:
        """Add it once TradingView showed that it is yours."""
        await responses.defer(interaction)
        await self._add(interaction, levels.request(interaction), pine_id, slug, title)

    async def open_form(self, press: ComponentInteraction) -> None:
        """Open the form."""
        form = Form(
            script_replies.FORM_TITLE,
            key(script_replies.FORM, press.guild_id),
            script_replies.form_items(),
        )
        await responses.open_form(press.interaction, form)

    async def submitted(self, press: ComponentInteraction) -> None:
        """Add the script that the form names."""
        await responses.defer(press.interaction)
        pine_id, slug, title = (
            press.fields.get(name, "")
            for name in (script_replies.PINE_ID, script_replies.SLUG, script_replies.TITLE)
        )
        await self._add(press.interaction, press.request(), pine_id, slug, title)

    async def _add(
        self, interaction: Interaction, request: RequestContext, pine_id: str, slug: str, title: str
    ) -> None:
        work = self._scripts.add(request, pine_id, slug, title)
        added = await taking_a_while(interaction, work, script_replies.proving())
        await self._sweep_flow.check_added(
            interaction, request, [added.script], script_replies.added(added)
        )

    @levels.manager
    @app_commands.command(description="List your invite-only scripts on TradingView, and add some")
    async def discover(self, interaction: Interaction) -> None:
        """Ask TradingView which scripts are the vendor's own."""
        await responses.defer(interaction)
        await self._discovery_flow.offer(interaction, levels.request(interaction).guild_id)

    async def find(self, press: ComponentInteraction) -> None:
        """Ask from a button."""
        await responses.defer_in_place(press.interaction)
        await self._discovery_flow.offer(press.interaction, press.guild_id)

    async def chosen(self, press: ComponentInteraction) -> None:
        """Add those that were chosen, and read who has them."""
        if not press.values:
            raise ButtonGone  # no list of ours can be sent empty
        await responses.defer_in_place(press.interaction)
        request = press.request()
        work = self._discovery.add(request, press.values)
        done = await taking_a_while(press.interaction, work, discovery_replies.adding())
        scripts = [added.script for added in done.added]
        first = discovery_replies.added(done)
        await self._sweep_flow.check_added(press.interaction, request, scripts, first)

    @levels.manager
    @app_commands.command(description="Give a script another short name and title")
    @app_commands.describe(item=_ITEM, slug=_SLUG, title=_TITLE)
    async def rename(
        self, interaction: Interaction, item: ScriptOption, slug: str, title: str
    ) -> None:
        """Rename it; no access changes."""
        await responses.defer(interaction)
        before, after = await self._scripts.rename(levels.request(interaction), item, slug, title)
        await responses.reply(interaction, script_replies.renamed(before, after))

    @levels.manager
    @app_commands.command(description="Take a script out of the catalogue; nobody loses access")
    @app_commands.describe(item=_ITEM)
    async def archive(self, interaction: Interaction, item: ScriptOption) -> None:
        """Say how many still have it, and ask."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        entry = await self._scripts.entry(request.guild_id, item)

        async def yes(press: ComponentInteraction) -> None:
            done = await self._scripts.archive(press.request(), entry.script.slug)
            await responses.reply(press.interaction, script_replies.archived(done))

        async def no(press: ComponentInteraction) -> None:
            await responses.reply(press.interaction, script_replies.left(entry.script))

        buttons = self._router.question(
            request.guild_id,
            request.member_id,
            Level.MANAGER,
            (
                Choice("Yes, archive it", yes, discord.ButtonStyle.primary),
                Choice("No, leave it", no),
            ),
        )
        await responses.reply(interaction, script_replies.archive(entry, buttons))

    @levels.manager
    @app_commands.command(name="list", description="All scripts, and how many people have each")
    async def list_(self, interaction: Interaction) -> None:
        """Show the catalogue, archived scripts included."""
        await responses.defer(interaction)
        entries = await self._scripts.listed(levels.request(interaction).guild_id)
        await responses.reply(interaction, script_replies.listing(entries))
