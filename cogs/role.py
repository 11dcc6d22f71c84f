"""/role: Discord roles that open items."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.interactions import levels, responses
from bot.interactions.components import Choice, ComponentInteraction
from bot.interactions.levels import Level
from bot.interactions.options import Item
from bot.interactions.progress import taking_a_while
from bot.interactions.responses import Interaction
from bot.interactions.roles import opening_role
from bot.replies import Message, roles as role_replies
from bot.services import Services

Grace = app_commands.Range[int, 0, 90]

_ITEM = "What the role opens; pick it from the list"
_ROLE = "The role"


class RoleCommands(
    commands.GroupCog, group_name="role", group_description="Discord roles that open an item"
):
    """The commands about rules, and the buttons where many lost a role."""

    def __init__(self, services: Services) -> None:
        self._rules = services.role_rules
        self._losses = services.role_losses
        self._members = services.client.members
        self._router = services.router
        services.router.add(role_replies.PUT_BACK, Level.MANAGER, self.put_back)
        services.router.add(role_replies.END, Level.MANAGER, self.end)
        services.router.add(role_replies.KEEP, Level.MANAGER, self.keep)

    @levels.manager
    @app_commands.command(description="Let whoever has a Discord role have an item")
    @app_commands.describe(
        role=_ROLE, item=_ITEM, grace="How many days they keep it after they lost the role"
    )
    async def add(
        self, interaction: Interaction, role: discord.Role, item: Item, grace: Grace = 0
    ) -> None:
        """Say how many get it at once, and ask; where nobody does, it is added."""
        await responses.defer(interaction)
        request, chosen = levels.request(interaction), opening_role(role)
        opens = await self._rules.may_add(request, chosen, item, grace)
        known = await self._rules.known_members(request.guild_id)
        counting = self._members.number_with(request.guild_id, role.id, known)
        number = await taking_a_while(interaction, counting, role_replies.counting())
        if number is not None and not number[0]:
            rule, opens = await self._rules.add(request, chosen, item, grace)
            await responses.reply(interaction, role_replies.added(rule, opens))
            return

        async def yes(press: ComponentInteraction) -> None:
            rule, opened = await self._rules.add(press.request(), chosen, item, grace)
            await responses.reply(press.interaction, role_replies.added(rule, opened))

        async def no(press: ComponentInteraction) -> None:
            await responses.reply(press.interaction, role_replies.not_added(opens))

        buttons = self._router.question(
            request.guild_id,
            request.member_id,
            Level.MANAGER,
            (
                Choice("Yes, let it open that", yes, discord.ButtonStyle.success),
                Choice("No, leave it", no),
            ),
        )
        message = role_replies.add(role.id, opens, grace, number, buttons)
        await responses.reply(interaction, message)

    @levels.manager
    @app_commands.command(description="Let a Discord role open an item no longer")
    @app_commands.describe(role=_ROLE, item=_ITEM)
    async def remove(self, interaction: Interaction, role: discord.Role, item: Item) -> None:
        """Say who loses what, and ask."""
        await responses.defer(interaction)
        request = levels.request(interaction)
        opening = await self._rules.opening(request, role.id, item)

        async def yes(press: ComponentInteraction) -> None:
            done = await self._rules.remove(press.request(), opening.rule.id)
            await responses.reply(press.interaction, role_replies.removed(done))

        async def no(press: ComponentInteraction) -> None:
            await responses.reply(press.interaction, role_replies.kept(opening))

        buttons = self._router.question(
            request.guild_id,
            request.member_id,
            Level.MANAGER,
            (
                Choice("Yes, remove it", yes, discord.ButtonStyle.danger),
                Choice("No, leave it", no),
            ),
        )
        await responses.reply(interaction, role_replies.remove(opening, buttons))

    @levels.manager
    @app_commands.command(name="list", description="Which roles open what, and for how many")
    async def list_(self, interaction: Interaction) -> None:
        """Show the rules, and what waits for a decision."""
        await responses.defer(interaction)
        await responses.reply(
            interaction, await self._listing(levels.request(interaction).guild_id)
        )

    async def _listing(self, guild_id: int) -> Message:
        undecided = await self._losses.undecided(guild_id)
        return role_replies.listing(await self._rules.listed(guild_id), undecided, guild_id)

    async def put_back(self, press: ComponentInteraction) -> None:
        """Let a removed rule count again."""
        await responses.defer_in_place(press.interaction)
        done = await self._rules.put_back(press.request(), press.number(0))
        await responses.reply(press.interaction, role_replies.put_back(done))

    async def end(self, press: ComponentInteraction) -> None:
        """End what the role gave to those who lost it."""
        await self._decide(press, keep=False)

    async def keep(self, press: ComponentInteraction) -> None:
        """Let those keep it who lost the role."""
        await self._decide(press, keep=True)

    async def _decide(self, press: ComponentInteraction, *, keep: bool) -> None:
        loss_id = press.number(0)
        await responses.defer_in_place(press.interaction)
        done = await self._losses.decide(press.request(), loss_id, keep=keep)
        await responses.reply(press.interaction, role_replies.decided(done))
