"""Who may do what: levels are declared on commands and enforced once for each interaction."""

import enum
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

import discord
from discord import app_commands

from bot import clock
from bot.access.errors import HalfCharacter, NotAllowed, OnlyInServer
from bot.access.people.guild_settings import GuildSettings
from bot.access.request import RequestContext, Subject
from bot.interactions import responses
from bot.interactions.members import Members
from bot.interactions.responses import Interaction
from bot.store.kinds import RoleLevel
from bot.store.records import OPERATOR_ID, Actor

_Runnable: TypeAlias = "app_commands.Command[Any, ..., Any] | app_commands.ContextMenu"
CommandT = TypeVar("CommandT", bound=_Runnable)


_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")


class Level(enum.IntEnum):
    """How much a member may do; each includes those before it."""

    ANYONE = 0
    STAFF = 1
    MANAGER = 2
    MANAGE_SERVER = 3


# What Discord itself asks for before it shows a command with this lowest level.
_DISCORD_ASKS = {
    Level.ANYONE: None,
    Level.STAFF: discord.Permissions(moderate_members=True),
    Level.MANAGER: discord.Permissions(manage_guild=True),
    Level.MANAGE_SERVER: discord.Permissions(manage_guild=True),
}


def anyone(command: CommandT) -> CommandT:
    """Let everybody in the server run the command."""
    return _declare(command, Level.ANYONE)


def staff(command: CommandT) -> CommandT:
    """Let staff roles, manager roles and Manage Server run the command."""
    return _declare(command, Level.STAFF)


def manager(command: CommandT) -> CommandT:
    """Let manager roles and Manage Server run the command."""
    return _declare(command, Level.MANAGER)


def manage_server(command: CommandT) -> CommandT:
    """Let only Manage Server run the command."""
    return _declare(command, Level.MANAGE_SERVER)


def _declare(command: CommandT, level: Level) -> CommandT:
    if not isinstance(command, app_commands.Command | app_commands.ContextMenu):
        raise TypeError("a level stands above @app_commands.command, not below it")
    command.extras["level"] = level
    return command


def level_of(
    user: discord.User | discord.Member, roles: Mapping[RoleLevel, frozenset[int]]
) -> Level:
    """Return what that user may do in the server they are a member of; a mere user is anyone."""
    if not isinstance(user, discord.Member):
        return Level.ANYONE
    # Filled from the interaction; guild_permissions counts roles for members from the cache.
    rights = user.resolved_permissions or user.guild_permissions
    if rights.manage_guild or rights.administrator or user.guild.owner_id == user.id:
        return Level.MANAGE_SERVER
    # The public `roles` leaves out what the cache does not know yet, as just after the start.
    held = set(user._roles)  # noqa: SLF001
    if held & roles[RoleLevel.MANAGER]:
        return Level.MANAGER
    return Level.STAFF if held & roles[RoleLevel.STAFF] else Level.ANYONE


def require(
    user: discord.User | discord.Member, guild_settings: GuildSettings, level: Level | None
) -> None:
    """Raise NotAllowed unless `user` has that level; None, no level, allows no user."""
    if level is Level.ANYONE:
        return
    held = Level.ANYONE
    if isinstance(user, discord.Member):
        held = level_of(user, guild_settings.level_roles(user.guild.id))
    if level is None or held < level:
        raise NotAllowed((Level.MANAGE_SERVER if level is None else level).name.lower())


def may_set_up(user: discord.User | discord.Member, guild_settings: GuildSettings) -> bool:
    """Return whether that user has the level Manage Server where they are a member."""
    return isinstance(user, discord.Member) and (
        level_in(user, guild_settings) >= Level.MANAGE_SERVER
    )


async def may_manage(
    members: Members, guild_settings: GuildSettings, guild_id: int, member_id: int
) -> bool:
    """Return whether that member of that server has the level manager, asked outside of an interaction.

    The operator has. Raises DiscordSilent when Discord does not tell.
    """
    if member_id == OPERATOR_ID:
        return True
    member = await members.find(guild_id, member_id)
    return member is not None and level_in(member, guild_settings) >= Level.MANAGER


def level_in(member: discord.Member, guild_settings: GuildSettings) -> Level:
    """Return what a member may do in their server."""
    return level_of(member, guild_settings.level_roles(member.guild.id))


def request(interaction: Interaction) -> RequestContext:
    """Return who asks, where and when; an interaction delivered twice has the same key."""
    if interaction.guild_id is None:
        raise OnlyInServer
    return RequestContext(
        guild_id=interaction.guild_id,
        actor=Actor.member(interaction.user.id),
        idempotency_key=str(interaction.id),
        at=clock.moment_of(interaction.created_at),
        token=interaction.token,
    )


def subject(member: discord.Member | discord.User | None, username: str | None) -> Subject:
    """Return the person meant by the two options that most commands have."""
    return Subject(None if member is None else member.id, username or None)


def require_whole(interaction: Interaction) -> None:
    """Raise HalfCharacter for typed text that no database and no answer takes."""
    if _HALF_CHARACTER.search(json.dumps(interaction.data, ensure_ascii=False)):
        raise HalfCharacter


class LevelTree(app_commands.CommandTree[Any]):
    """The command tree that asks for the level before a command or its autocomplete runs."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Return whether the command may run; a refusal is answered here, without a name or number."""
        try:
            await self.client.meet(interaction.guild_id)
            command = interaction.command
            if interaction.guild_id is None:
                raise OnlyInServer  # noqa: TRY301 - one way to say no
            require_whole(interaction)
            if command is not None:  # an unknown one has nothing to run: the tree says so itself
                require(interaction.user, self.client.guild_settings, command.extras.get("level"))
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here, the answer is no
            if interaction.type is discord.InteractionType.autocomplete:
                await responses.no_choices(interaction)
            else:
                await responses.fail(interaction, error, doing_of(interaction))
            return False
        return True

    async def on_error(
        self, interaction: Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        """Explain whatever a command raises."""
        if interaction.type is not discord.InteractionType.autocomplete:
            await responses.fail(interaction, error, doing_of(interaction))
            self.client.door.left(interaction)


def doing_of(interaction: Interaction) -> str:
    """Return what was asked for, for the log: the command's name, never its options."""
    command = interaction.command
    name = "an unknown command" if command is None else _called(command)
    return f"{name} by {interaction.user.id} in {interaction.guild_id}"


def commands_in(
    tree: "app_commands.CommandTree[Any]",
) -> "Iterator[app_commands.Command[Any, ..., Any]]":
    """Yield every slash command that can be run, those in groups included."""
    for command in tree.walk_commands():
        if isinstance(command, app_commands.Command):
            yield command


def menus_in(tree: "app_commands.CommandTree[Any]") -> "Iterator[app_commands.ContextMenu]":
    """Yield every command in the menu of a member or a message."""
    for kind in (discord.AppCommandType.user, discord.AppCommandType.message):
        yield from tree.walk_commands(type=kind)


def _called(command: _Runnable) -> str:
    """Return a command's name as people see it: only those that are typed have a slash."""
    slash = "/" if isinstance(command, app_commands.Command) else ""
    return f"{slash}{command.qualified_name}"


def seal(tree: "app_commands.CommandTree[Any]") -> None:
    """Prepare the tree for Discord: servers only, hidden from members who could run none of it.

    Raises TypeError for a command without a level: a forgotten one must not reach Discord.
    """
    every: list[_Runnable] = [*commands_in(tree), *menus_in(tree)]
    for command in every:
        if not isinstance(command.extras.get("level"), Level):
            raise TypeError(f"{_called(command)} has no level")
    for top in tree.get_commands():
        leaves = list(_leaves(top)) if isinstance(top, app_commands.Group) else [top]
        top.default_permissions = _DISCORD_ASKS[min(leaf.extras["level"] for leaf in leaves)]
        top.guild_only = True
        top.allowed_contexts = app_commands.AppCommandContext(guild=True)
        top.allowed_installs = app_commands.AppInstallationType(guild=True)


def _leaves(group: app_commands.Group) -> "Iterator[app_commands.Command[Any, ..., Any]]":
    for command in group.walk_commands():
        if isinstance(command, app_commands.Command):
            yield command
