"""The stand-in as a whole: one object that is the world, the gateway and the REST server."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.sandbox.discord import (
    observer,
    permissions,
    rest,
    rest_application,
    rest_channels,
    rest_creations,
    rest_guilds,
    rest_interactions,
    rest_premium,
)
from bot.sandbox.discord.changes import Changes
from bot.sandbox.discord.commands import Commands
from bot.sandbox.discord.errors import Json
from bot.sandbox.discord.gateway import Gateway
from bot.sandbox.discord.intents import MEMBERS
from bot.sandbox.discord.interaction_service import InteractionService
from bot.sandbox.discord.interactions import PATIENCE, Interaction
from bot.sandbox.discord.observer import Observers
from bot.sandbox.discord.people import Person
from bot.sandbox.discord.premium import Premium
from bot.sandbox.discord.snowflakes import Snowflakes, bot_token
from bot.sandbox.discord.switches import Switches
from bot.sandbox.discord.world import Channel, Guild, Member, Overwrite, Role, User, World

PREFIX = "/api/v10"
_LOOK_EVERY = 0.05


def utc_now() -> datetime:
    return datetime.now(UTC)


class FakeDiscord:
    """A Discord for one bot, on a loopback socket.

    Deadlines (`ack_within`, `token_life`, both in seconds) are measured by `now` (aware, UTC);
    waits in the driver's methods are real and bounded.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = utc_now,
        ack_within: float = 3.0,
        token_life: float = 900.0,
        heartbeat: float = 41.25,
    ) -> None:
        self.world = World(Snowflakes(now), now)
        self.bot = self.world.bot
        self.switches = Switches()
        self.observers = Observers()
        self.gateway = Gateway(self.world, self.switches, heartbeat=heartbeat)
        self.changes = Changes(self.world, self.gateway, self.observers)
        self.interaction_service = InteractionService(
            self.changes, now, ack_within=ack_within, token_life=token_life
        )
        self.calls: list[tuple[str, str, int]] = []
        self.premium = Premium(self.world, self.gateway)
        self._office = rest.Office(
            self.world,
            self.changes,
            self.gateway,
            Commands(self.world.ids, self.bot.id),
            self.interaction_service,
            self.switches,
            self.calls,
            self.premium,
        )
        self.gateway.token = bot_token(self.bot.id)
        self.gateway.on_line_change = self._line_changed
        self._online = False
        self._runner: web.AppRunner | None = None
        self._watch: asyncio.Task[None] | None = None
        self.api_url = ""
        self.gateway_url = ""

    # The server

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; afterwards `api_url` and `gateway_url` say where."""
        endpoints = [
            *rest_application.ENDPOINTS,
            *rest_channels.ENDPOINTS,
            *rest_guilds.ENDPOINTS,
            *rest_creations.ENDPOINTS,
            *rest_interactions.ENDPOINTS,
            *rest_premium.ENDPOINTS,
        ]
        app = rest.application(self._office, PREFIX, endpoints)
        for path in ("/gateway", "/gateway/"):
            app.router.add_get(path, self._connected)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        address = "{}:{}".format(*self._runner.addresses[0][:2])
        self.world.files_url = f"http://{address}"
        self.api_url = f"http://{address}{PREFIX}"
        self.gateway.url = self.gateway_url = f"ws://{address}/gateway"
        self._watch = asyncio.create_task(self._look())

    async def _connected(self, request: web.Request) -> web.StreamResponse:
        struck = next(
            (each for each in self.switches.take("gateway") if each.kind == "status"), None
        )
        return await self.gateway.handle(request) if struck is None else rest.broken(struck)

    async def close(self) -> None:
        """Stop listening; held requests and open sockets are let go."""
        self.switches.clear()
        if self._watch is not None:
            self._watch.cancel()
        self.gateway.drop(resumable=False)
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def bot_token(self) -> str:
        return self.gateway.token

    def reset_token(self) -> str:
        """Make a new token, as the developer page can: the old one is refused, its sockets close."""
        self.gateway.token = bot_token(self.bot.id)
        self.gateway.close_all(4004)
        return self.gateway.token

    def allow_intents(self, *, members: bool, presences: bool, message_content: bool) -> None:
        """Set the three privileged intents of the developer page; others are refused with 4014."""
        bits = (1 << 1) * members | (1 << 8) * presences | (1 << 15) * message_content
        self.gateway.privileged = bits

    @property
    def members_allowed(self) -> bool:
        """Whether the developer page grants the members intent."""
        return bool(self.gateway.privileged & MEMBERS)

    @property
    def hears_members(self) -> bool:
        """Whether a bot is connected that hears of members."""
        sessions = self.gateway.sessions.values()
        return any(each.line is not None and each.intents & MEMBERS for each in sessions)

    def allow_members_intent(self, *, allowed: bool) -> None:
        """Grant or refuse the members intent from the next identify on, the others as they are."""
        others = self.gateway.privileged & ~MEMBERS
        self.gateway.privileged = others | (MEMBERS if allowed else 0)

    # The world

    def add_user(self, name: str, *, bot: bool = False, display_name: str | None = None) -> User:
        user = self.world.new_user(name, bot=bot)
        user.display_name = display_name
        return user

    def add_guild(
        self, name: str, owner: User, *, with_bot: bool = True, channel: str = "general"
    ) -> Guild:
        """A guild with its owner, one public channel and (unless told not to) the bot."""
        guild = self.changes.add_guild(name, owner)
        self.changes.add_channel(guild, channel, public=True)
        if with_bot:
            self.invite_bot(guild)
        return guild

    def invite_bot(self, guild: Guild, *, bot_permissions: int = permissions.BOT) -> None:
        self.changes.invite_bot(guild, bot_permissions)

    def remove_bot(self, guild: Guild) -> None:
        self.changes.remove_bot(guild)

    def add_role(
        self, guild: Guild, name: str, permissions: int = 0, position: int | None = None
    ) -> Role:
        """A role, by default above all that exist."""
        return self.changes.add_role(guild, name, permissions, position)

    def change_role(
        self,
        guild: Guild,
        role: Role,
        *,
        position: int | None = None,
        permissions: int | None = None,
    ) -> None:
        self.changes.change_role(guild, role, position=position, bits=permissions)

    def drag_role(self, guild: Guild, role: Role, *, to_top: bool) -> None:
        """Put a role above all others, the bot's too, or below them."""
        self.changes.drag_role(guild, role, to_top=to_top)

    def delete_role(self, guild: Guild, role: Role) -> None:
        self.changes.delete_role(guild, role)

    def bot_role(self, guild: Guild) -> Role:
        """The managed role that came with the bot."""
        return next(role for role in guild.roles.values() if role.bot is self.bot)

    def add_member(self, guild: Guild, user: User, roles: list[Role] | None = None) -> Member:
        return self.changes.add_member(guild, user, roles or [])

    def add_crowd(self, guild: Guild, count: int, name: str = "member") -> None:
        """Many members who were there all along, called member0 upwards; before the bot connects."""
        self.changes.add_crowd(guild, count, name)

    def remove_member(self, guild: Guild, user: User) -> None:
        """Leave or be kicked: Discord tells of both in the same way."""
        self.changes.remove_member(guild, user)

    def ban(self, guild: Guild, user: User) -> None:
        self.changes.ban(guild, user)

    def unban(self, guild: Guild, user: User) -> None:
        self.changes.unban(guild, user)

    def boost(self, guild: Guild, user: User) -> None:
        """Begin to boost, which brings Discord's own role for it."""
        self.changes.set_boost(guild, guild.members[user.id], boosts=True)

    def end_boost(self, guild: Guild, user: User) -> None:
        self.changes.set_boost(guild, guild.members[user.id], boosts=False)

    def set_nick(self, guild: Guild, user: User, nick: str | None) -> None:
        self.changes.set_nick(guild, guild.members[user.id], nick)

    def give_role(self, guild: Guild, user: User, role: Role) -> None:
        self.changes.give_role(guild, guild.members[user.id], role)

    def take_role(self, guild: Guild, user: User, role: Role) -> None:
        self.changes.take_role(guild, guild.members[user.id], role)

    def add_channel(self, guild: Guild, name: str, public: bool = True) -> Channel:
        """A text channel; one that is not public is for the owner, administrators and the bot."""
        return self.changes.add_channel(guild, name, public=public)

    def delete_channel(self, channel: Channel) -> None:
        self.changes.delete_channel(channel)

    def set_overwrite(
        self, channel: Channel, who: Role | User, *, allow: int = 0, deny: int = 0
    ) -> None:
        kind = 0 if isinstance(who, Role) else 1
        overwrite = Overwrite(who.id, 0 if kind == 0 else 1, allow, deny)
        self.changes.set_overwrite(channel, overwrite)

    def close_dms(self, user: User) -> None:
        """That user takes no more direct messages (50007)."""
        self.changes.set_dms(user, are_open=False)

    def open_dms(self, user: User) -> None:
        self.changes.set_dms(user, are_open=True)

    def open_commands(
        self, guild: Guild, name: str | None = None, *, to: User | Role | None = None
    ) -> None:
        """Show a command (None: all) to somebody (None: everyone) in the server's settings."""
        self._office.commands.open_to(guild, name, to)

    def end_answers(self) -> int:
        """Let no answer given so far be changed any more, as after 15 minutes; returns how many that are."""
        return self.interaction_service.end_all()

    # Watching and driving

    def person(self, user: User) -> Person:
        return Person(self._office, user)

    @property
    def interactions(self) -> list[Interaction]:
        """All of them, oldest first."""
        return list(self.interaction_service.all.values())

    def commands(self, guild: Guild | None = None) -> list[Json]:
        """What is registered in a guild, or (None) globally."""
        return self._office.commands.listed(None if guild is None else guild.id)

    @property
    def online(self) -> bool:
        """Whether a bot is connected that has been sent its guilds."""
        return self.gateway.online

    async def bot_ready(self, timeout: float = PATIENCE) -> None:  # noqa: ASYNC109
        """Wait (real seconds) until a bot is connected and has been sent its guilds."""
        await self._until(lambda: self.gateway.online, timeout)

    async def bot_gone(self, timeout: float = PATIENCE) -> None:  # noqa: ASYNC109
        """Wait (real seconds) until no bot is connected."""
        await self._until(lambda: not self.gateway.online, timeout)

    async def drop_gateway(self, resumable: bool = True) -> None:
        """Cut the socket; without `resumable` the session is forgotten and a resume refused."""
        self.gateway.drop(resumable=resumable)
        await asyncio.sleep(0)

    def subscribe(self) -> "asyncio.Queue[Json]":
        """Every change from now on, as small JSON dicts with a "type"."""
        return self.observers.subscribe()

    def unsubscribe(self, queue: "asyncio.Queue[Json]") -> None:
        self.observers.unsubscribe(queue)

    def snapshot(self) -> Json:
        """Guilds, users, roles, channels and messages as JSON."""
        return observer.snapshot(self.world, online=self.online)

    async def _until(self, check: Callable[[], Any], timeout: float) -> None:  # noqa: ASYNC109
        async with asyncio.timeout(timeout):
            while not check():
                self.gateway.changed.clear()
                await self.gateway.changed.wait()

    def _line_changed(self, online: bool) -> None:
        if online is not self._online:
            self._online = online
            self.observers.tell("bot_online" if online else "bot_offline")

    async def _look(self) -> None:
        """Notice interactions whose time ran out; the clock may be one that is moved by hand."""
        while True:
            self.interaction_service.look_for_overdue()
            await asyncio.sleep(_LOOK_EVERY)
