"""Makes what a new server needs in Discord: a role for staff, and a private channel for the history."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import discord

from bot import clock
from bot.access.people.guild_settings import GuildSettings, Making
from bot.access.request import RequestContext
from bot.interactions.responses import Interaction
from bot.notifications.log_channel import RIGHTS
from bot.notifications.trouble import TROUBLE, code_of, in_short
from bot.replies.quick_setup import Outcome, Quick
from bot.store.kinds import RoleLevel

log = logging.getLogger(__name__)

ROLE_NAME = "Usher Staff"
CHANNEL_NAME = "usher-log"
_TOPIC = "What Usher did, for whom, and what needs a look. Staff only: the lines name customers."
_REASON = "Asked for with /setup quick"
_MOMENT = 2.0  # seconds: Discord tells of several changes one after the other
_CHANGEABLE = timedelta(minutes=14)  # for as long Discord lets an answer be changed, with room
_FULL = frozenset({30005, 30013})  # so many roles, channels as a server may have
_REFUSED = frozenset({50001, 50013})  # no access, no right

MadeT = TypeVar("MadeT", discord.Role, discord.TextChannel)


@dataclass(slots=True)
class QuickSetup:
    """One press for both; pressed again, it goes on where it stopped and makes nothing twice.

    `say_what_is_unseen` is called once there is a log channel.
    """

    guild_settings: GuildSettings
    say_what_is_unseen: Callable[[], Awaitable[object]]
    _asked: dict[int, "Asked"] = field(default_factory=dict)  # for rights, by server
    _turns: dict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def make(
        self,
        guild: discord.Guild,
        member: discord.abc.User,
        request: RequestContext,
        press_id: int,
    ) -> Quick:
        """Make what is not there, and note each as soon as it is made; `press_id`: of the interaction."""
        async with self._turns[guild.id]:
            self._asked.pop(guild.id, None)
            staff = self._known(guild, RoleLevel.STAFF)
            channel = await self._channel(guild)
            kept = Outcome.KEPT
            if staff and channel is not None:
                return Quick(
                    kept, kept, _ids(staff), channel.id, unseen_by=_unseen_by(staff, channel)
                )
            missing = _missing(guild, role=not staff, channel=channel is None)
            if missing:
                lacking = Outcome.LEFT
                return Quick(
                    kept if staff else lacking,
                    kept if channel is not None else lacking,
                    _ids(staff),
                    None if channel is None else channel.id,
                    missing,
                    _invite(guild, missing),
                )
            making = await self.guild_settings.begin_making(
                request, press_id, role=not staff, channel=channel is None
            )
            part = _Parts(guild, member, press_id)
            return await self._make(part, request, making, staff, channel)

    def asks(
        self, interaction: Interaction, request: RequestContext, rights: tuple[str, ...]
    ) -> None:
        """Remember who was asked for rights, so that it goes on by itself once the bot has them."""
        self._asked[request.guild_id] = Asked(interaction, request, rights)

    def may_go_on(self, guild: discord.Guild) -> bool:
        """Return whether the bot has the rights that were asked for there."""
        asked = self._asked.get(guild.id)
        return asked is not None and asked.is_met(guild)

    async def given(self, guild: discord.Guild) -> "Asked | None":
        """Return which answer can go on, a moment after the bot's rights changed; None where none can.

        Not any more when *Try again* was pressed meanwhile, or the answer cannot be changed any longer.
        """
        asked = self._asked.get(guild.id)
        await clock.sleep(_MOMENT)
        if asked is None or self._asked.get(guild.id) is not asked or not asked.is_met(guild):
            return None
        del self._asked[guild.id]
        return asked if clock.now() - asked.request.at < _CHANGEABLE else None

    async def _make(
        self,
        parts: "_Parts",
        request: RequestContext,
        making: Making,
        staff: list[discord.Role],
        channel: discord.TextChannel | None,
    ) -> Quick:
        of_role = of_channel = Outcome.KEPT
        if making.role_after is not None:
            role, of_role = await parts.role(making.role_after)
            if role is None:
                left = Outcome.LEFT if channel is None else Outcome.KEPT
                return Quick(of_role, left, channel_id=None if channel is None else channel.id)
            await self.guild_settings.add_role(request, role.id, RoleLevel.STAFF)
            staff = [role]
        unseen: tuple[int, ...] = ()
        if making.channel_after is not None:
            readers = [*staff, *self._known(parts.guild, RoleLevel.MANAGER)]
            channel, of_channel = await parts.channel(readers, making.channel_after)
            if channel is not None:
                await self.guild_settings.set_log_channel(request, channel.id)
                await self.say_what_is_unseen()
        elif channel is not None:
            unseen = _unseen_by(staff, channel)
        channel_id = None if channel is None else channel.id
        return Quick(of_role, of_channel, _ids(staff), channel_id, unseen_by=unseen)

    # What is there

    def _known(self, guild: discord.Guild, level: RoleLevel) -> list[discord.Role]:
        ids = self.guild_settings.level_roles(guild.id)[level]
        found = (guild.get_role(each) for each in sorted(ids))
        return [role for role in found if role is not None]

    async def _channel(self, guild: discord.Guild) -> discord.TextChannel | None:
        """Return the chosen log channel; None where none is chosen, or that is gone."""
        chosen = (await self.guild_settings.setup(guild.id)).log_channel_id
        found = None if chosen is None else guild.get_channel(chosen)
        return found if isinstance(found, discord.TextChannel) else None


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer that asked for rights, and what asked for it."""

    interaction: Interaction
    request: RequestContext
    rights: tuple[str, ...]

    def is_met(self, guild: discord.Guild) -> bool:
        """Return whether the bot has them all."""
        return not _lacking(guild, self.rights)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What one press makes in a server."""

    guild: discord.Guild
    member: discord.abc.User
    press_id: int

    async def role(self, after: int) -> tuple[discord.Role | None, Outcome]:
        async def there() -> list[discord.Role]:
            return [
                role
                for role in await self.guild.fetch_roles()
                if role.name == ROLE_NAME and not role.managed and not role.permissions.value
            ]

        async def create() -> discord.Role:
            nothing = discord.Permissions.none()
            return await self.guild.create_role(name=ROLE_NAME, permissions=nothing, reason=_REASON)

        return await self._once(there, create, after)

    async def channel(
        self, readers: Iterable[discord.Role], after: int
    ) -> tuple[discord.TextChannel | None, Outcome]:
        async def there() -> list[discord.TextChannel]:
            return [
                channel
                for channel in await self.guild.fetch_channels()
                if isinstance(channel, discord.TextChannel) and channel.name == CHANNEL_NAME
            ]

        async def create() -> discord.TextChannel:
            overwrites = _overwrites(self.guild, self.member, readers)
            return await self.guild.create_text_channel(
                CHANNEL_NAME, topic=_TOPIC, overwrites=overwrites, reason=_REASON
            )

        return await self._once(there, create, after)

    async def _once(
        self,
        there: Callable[[], Awaitable[list[MadeT]]],
        create: Callable[[], Awaitable[MadeT]],
        after: int,
    ) -> tuple[MadeT | None, Outcome]:
        """Return what this press or an earlier try of it made, and what became of it.

        Discord is asked afterwards what is there: an answer may be lost after something was made, and
        what discord.py tried again for that may have made two, of which the first one stays.
        """
        try:
            found = [] if after == self.press_id else await _younger(there, after)
        except TROUBLE as error:
            log.warning("/setup quick cannot see what it made before (%s)", in_short(error))
            return None, _why(error)
        made, outcome = None, Outcome.MADE
        try:
            if not found:
                made = await create()
        except TROUBLE as error:
            log.warning("/setup quick could not make a part (%s)", in_short(error))
            outcome = _why(error)
        try:
            found = await _younger(there, after)
            for twin in found[1:]:
                await twin.delete(reason="Made twice, as an answer of Discord was lost")
        except TROUBLE as error:
            log.info("/setup quick cannot see what it made (%s)", in_short(error))
        made = found[0] if found else made
        return made, outcome if made is None else Outcome.MADE


async def _younger(there: Callable[[], Awaitable[list[MadeT]]], after: int) -> list[MadeT]:
    """Return what is younger than the press that began it, the oldest first."""
    return sorted((each for each in await there() if each.id > after), key=lambda each: each.id)


def _why(error: BaseException) -> Outcome:
    code = code_of(error)
    if code in _FULL:
        return Outcome.FULL
    is_final = isinstance(error, discord.HTTPException) and 400 <= error.status < 500
    if code in _REFUSED or (is_final and getattr(error, "status", 0) != 429):
        return Outcome.REFUSED
    return Outcome.SILENT


def _overwrites(
    guild: discord.Guild, member: discord.abc.User, readers: Iterable[discord.Role]
) -> Mapping[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite]:
    """Return who sees the channel: the bot, staff, managers, and whoever asked for it.

    Manage Server lets nobody see a hidden channel, so the member who asked gets that by name.
    """
    see = discord.PermissionOverwrite(view_channel=True)
    own = discord.PermissionOverwrite(**dict.fromkeys(RIGHTS, True))
    return {
        guild.default_role: discord.PermissionOverwrite(view_channel=False),
        guild.me: own,
        **dict.fromkeys(readers, see),
        discord.Object(member.id, type=discord.Member): see,
    }


def _missing(guild: discord.Guild, *, role: bool, channel: bool) -> tuple[str, ...]:
    """Return the rights that the bot lacks in the server for what is to be made."""
    needed = ("manage_roles",) * role + ("manage_channels", *RIGHTS) * channel
    return _lacking(guild, needed)


def _lacking(guild: discord.Guild, rights: Iterable[str]) -> tuple[str, ...]:
    held = guild.me.guild_permissions
    return tuple(right for right in rights if not (held.administrator or getattr(held, right)))


def _invite(guild: discord.Guild, missing: Collection[str]) -> str:
    """Return the address that gives the bot these rights in that server, beside those that it has."""
    own = guild.self_role
    wanted = discord.Permissions(0 if own is None else own.permissions.value)
    wanted.update(**dict.fromkeys((*RIGHTS, *missing), True))
    return discord.utils.oauth_url(
        guild.me.id,
        permissions=wanted,
        guild=guild,
        scopes=("bot", "applications.commands"),
        disable_guild_select=True,
    )


def _unseen_by(staff: Iterable[discord.Role], channel: discord.TextChannel) -> tuple[int, ...]:
    return tuple(role.id for role in staff if not channel.permissions_for(role).view_channel)


def _ids(roles: Iterable[discord.Role]) -> tuple[int, ...]:
    return tuple(role.id for role in roles)
