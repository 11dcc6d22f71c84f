"""The Discord side of Usher: one client that keeps the commands registered."""

import asyncio
import hashlib
import json
import logging
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot import clock
from bot.access.ledger.members_notice import MembersNotice
from bot.access.people.guild_settings import GuildSettings
from bot.access.people.member_facts import MembersIntent
from bot.access.queries.autocomplete import Autocomplete
from bot.errors import DatabaseBusyError, DiskFullError
from bot.interactions import levels
from bot.interactions.components import ComponentRouter
from bot.interactions.door import Door
from bot.interactions.member_events import MemberEvents
from bot.interactions.members import Members
from bot.interactions.responses import Interaction
from bot.notifications.trouble import TROUBLE, in_short
from bot.replies.command_mentions import CommandMentions

log = logging.getLogger(__name__)

_GLOBAL = "global:"
_LOCAL = "server:"
_MEET_TIMEOUT = 1.0  # seconds
_LAST_MOMENT = 2.0  # seconds; what was ordered is recorded, so nothing is lost


class Usher(commands.Bot):
    """Receives interactions; what they do lives in the cogs.

    `guild_id` registers the commands in that server only, at once; otherwise they are registered
    everywhere. `connector` makes the connections to Discord. No member is kept in memory: a large server
    would cost a kilobyte for each, and everything here is found by number.
    """

    def __init__(
        self,
        *,
        guild_settings: GuildSettings,
        router: ComponentRouter,
        autocomplete: Autocomplete,
        door: Door,
        member_events: MemberEvents,
        members_notice: MembersNotice,
        asks_for_members: bool = True,
        guild_id: int | None = None,
        connector: Callable[[], aiohttp.BaseConnector],
    ) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        intents.members = asks_for_members
        intents.dm_messages = True  # that somebody wrote to the bot; what they wrote is not read
        # Voice is not for us: no advice to install what it needs.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            command_prefix=(),
            help_command=None,
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            tree_cls=levels.LevelTree,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            # Longer pauses raise: what is told by itself waits for its turn, and holds up nothing else.
            max_ratelimit_timeout=60.0,
            connector=connector(),
            http_trace=_comparing_clocks(),
        )
        self._connector = connector
        self.members = Members(self, self._connection)
        _keep_only_itself(self._connection)
        member_events.attach(self._connection.parsers)
        self._members_notice = members_notice
        self._asks_for_members = asks_for_members
        self.guild_settings = guild_settings
        self.router = router
        self.autocomplete = autocomplete
        self.door = door
        self._guild_id = guild_id
        self._met: set[int] = set()
        self._comings = asyncio.Lock()  # comings and goings in their order
        self._registered_there = False
        self.command_mentions = CommandMentions()
        # Called with each server that is there, after a start, an invitation or a connection anew.
        self.on_arrival: list[Callable[[int], None]] = []

    @property
    def members_intent(self) -> MembersIntent:
        """Return whether Discord tells who comes, goes, gains and loses roles."""
        if not self._asks_for_members:
            return MembersIntent.OFF
        return MembersIntent.GRANTED if self.intents.members else MembersIntent.REFUSED

    def go_without_members(self) -> None:
        """Ask for no events about members from the next connection on."""
        self._connection._intents.members = False  # noqa: SLF001 - `intents` is a copy

    async def say_what_is_unseen(self) -> None:
        """Have each log channel say once that Discord does not tell of members, or that it does again."""
        await self._members_notice.say(self.members_intent)

    async def forget_login(self) -> None:
        """Close what a login that failed left open, before the next one."""
        await self.http.close()
        self.http.connector = self._connector()

    async def ask_the_time(self) -> None:
        """Have Discord answer something small, once logged in: every answer tells its time."""
        if self.user is None or self.is_closed():
            return
        try:
            await self.application_info()
        except TROUBLE as error:
            log.info("Discord could not be asked for the time (%s)", in_short(error))

    async def setup_hook(self) -> None:
        """Seal the commands, and register them where Discord has other ones.

        Raises TypeError for a command without a level, discord.HTTPException when Discord refuses them.
        """
        levels.seal(self.tree)
        await self._register_commands()

    async def on_connect(self) -> None:
        """Learn the ids of commands that were registered before this start."""
        if not self.command_mentions.known:
            await self._learn_mentions()

    async def on_ready(self) -> None:
        """Catch up with the servers that were joined or left while the program was off."""
        here = {guild.id for guild in self.guilds}
        log.info("connected to Discord; servers: %s", len(here))
        for guild_id in here:
            await self.meet(guild_id)
            self._say_arrived(guild_id)
        for guild_id in await self.guild_settings.known() - here:
            await self._part(guild_id)
        await self.say_what_is_unseen()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Note that the bot was invited, or is back: what waited goes on."""
        await self._arrive(guild.id)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Note a server at the start, and one joined while discord.py gets ready."""
        await self._arrive(guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Note that the bot was removed: its queue pauses, its data stays. Outages do not come here."""
        await self._part(guild.id)

    async def on_interaction(self, interaction: Interaction) -> None:
        """Route buttons, lists and forms; commands go through the tree."""
        if interaction.type in (
            discord.InteractionType.component,
            discord.InteractionType.modal_submit,
        ):
            await self.router.handle(interaction, self.meet)

    async def on_app_command_completion(self, interaction: Interaction, _command: object) -> None:
        """Note that nothing works on a command any more."""
        self.door.left(interaction)

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """Log what an event handler raised; its arguments stay out of the log."""
        error = sys.exc_info()[1]
        if isinstance(error, (DiskFullError, DatabaseBusyError)):  # said once by the database
            log.warning("%s failed (%s)", event_method, type(error).__name__)
        else:
            log.error("%s failed", event_method, exc_info=error)

    def dispatch(self, event_name: str, /, *args: Any, **kwargs: Any) -> None:
        """Pass an event on while connected: discord.py may find servers ready after the end."""
        if not self.is_closed():
            super().dispatch(event_name, *args, **kwargs)

    async def close(self) -> None:
        """Disconnect, and give what is being worked on a moment to end; it needs the database."""
        getting_ready = self._connection._ready_task  # noqa: SLF001 - discord.py forgets it at the end
        if getting_ready is not None:  # it waits for servers on a connection that is closing
            getting_ready.cancel()
        await super().close()
        ours = ("discord.py: ", "CommandTree-")
        working = [
            task
            for task in asyncio.all_tasks()
            if task.get_name().startswith(ours) and task is not asyncio.current_task()
        ]
        if working:
            _, late = await asyncio.wait(working, timeout=_LAST_MOMENT)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def meet(self, guild_id: int | None) -> None:
        """Make sure that the server has its row: commands work before discord.py is ready.

        A database that is busy delays it, and holds up no acknowledgement.
        """
        if guild_id is None or guild_id in self._met:
            return
        meeting = asyncio.ensure_future(self._meet(guild_id))
        if await clock.within(_MEET_TIMEOUT, meeting):
            meeting.result()
        else:
            meeting.add_done_callback(_note_failure)

    async def _meet(self, guild_id: int) -> None:
        async with self._comings:
            await self.guild_settings.joined(guild_id)
            self._met.add(guild_id)

    async def _arrive(self, guild_id: int) -> None:
        await self.meet(guild_id)
        self._say_arrived(guild_id)
        if guild_id == self._guild_id and not self._registered_there:
            await self._register_commands()

    def _say_arrived(self, guild_id: int) -> None:
        for tell in self.on_arrival:
            tell(guild_id)

    async def _part(self, guild_id: int) -> None:
        self._met.discard(guild_id)  # whoever comes back meanwhile waits behind this
        async with self._comings:
            self._met.discard(guild_id)
            if guild_id == self._guild_id:
                self._registered_there = False  # they go with the bot
            await self.guild_settings.left(guild_id)

    async def _register_commands(self) -> None:
        """Register only what changed: Discord allows few registrations a day.

        Where commands were registered in the other way before, they are taken away: people would
        see each of them twice. Another bot's token is another application, which has none yet.
        """
        commands = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        registered = [self._application_number(), commands]
        digest = hashlib.sha256(json.dumps(registered, sort_keys=True).encode()).hexdigest()
        known = await self.guild_settings.command_digests()
        here = None if self._guild_id is None else discord.Object(self._guild_id)
        for guild_id, old in known.items():
            if old is not None and old.startswith(_LOCAL) and guild_id != self._guild_id:
                await self._forget_local(guild_id)
        if here is None:
            wanted = f"{_GLOBAL}{digest}"[:64]
            if wanted not in known.values():
                self.command_mentions.learn(await self.tree.sync())
            await self.guild_settings.remember_commands(set(known), wanted)
            return
        if any(old and old.startswith(_GLOBAL) for old in known.values()):
            await self.http.bulk_upsert_global_commands(self._application_number(), payload=[])
        wanted = f"{_LOCAL}{digest}"[:64]
        await self.guild_settings.remember_commands(set(known) - {here.id}, None)
        if known.get(here.id) == wanted:
            self._registered_there = True
            return
        self.tree.copy_global_to(guild=here)
        try:
            self.command_mentions.learn(await self.tree.sync(guild=here))
        except discord.Forbidden:
            log.warning("the bot is not in server %s yet: invite it there", here.id)
            return
        finally:
            self.tree.clear_commands(guild=here)
        self._registered_there = True
        await self.meet(here.id)
        await self.guild_settings.remember_commands({here.id}, wanted)

    async def _learn_mentions(self) -> None:
        """Ask Discord for the ids of what is registered there."""
        here = None if self._guild_id is None else discord.Object(self._guild_id)
        try:
            self.command_mentions.learn(await self.tree.fetch_commands(guild=here))
        except TROUBLE as error:  # the names stay plain; nothing else depends on it
            log.warning("the ids of the commands are not known (%s)", in_short(error))

    async def _forget_local(self, guild_id: int) -> None:
        try:
            await self.http.bulk_upsert_guild_commands(
                self._application_number(), guild_id, payload=[]
            )
        except discord.Forbidden:
            log.info("commands of server %s stay: the bot is not there any more", guild_id)

    def _application_number(self) -> int:
        if self.application_id is None:
            raise app_commands.MissingApplicationID
        return self.application_id


def _keep_only_itself(state: Any) -> None:
    """Have discord.py keep of a server's members the bot alone, whose rights count: its flags spare voices."""
    parsers = state.parsers
    parse = parsers["GUILD_CREATE"]

    def parsed(data: dict[str, Any]) -> None:
        own = [
            member
            for member in data.get("members", ())
            if int(member["user"]["id"]) == state.self_id
        ]
        parse({**data, "members": own, "presences": [], "voice_states": []})

    parsers["GUILD_CREATE"] = parsed


def _comparing_clocks() -> aiohttp.TraceConfig:
    """Return what has the clock compared with Discord's at each of its answers."""

    async def asked(_: aiohttp.ClientSession, request: SimpleNamespace, __: object) -> None:
        request.asked_at = clock.monotonic()

    async def answered(
        _: aiohttp.ClientSession, request: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        clock.compare("Discord", end.response.headers, request.asked_at)

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(asked)
    trace.on_request_end.append(answered)
    return trace


def _note_failure(meeting: "asyncio.Task[None]") -> None:
    if not meeting.cancelled() and (error := meeting.exception()):
        log.warning("a server could not be noted yet (%s)", type(error).__name__)
