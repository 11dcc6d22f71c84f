"""The gateway, version 10: identify, heartbeat, resume with replay, member chunks, dispatch."""

import asyncio
import json
import secrets
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.discord import intents as wanted, payloads
from bot.sandbox.discord.errors import ApiError, Json
from bot.sandbox.discord.intents import Scope
from bot.sandbox.discord.members import (
    FULL_EVERY,
    chunks,
    guild_create,
    is_full,
    may_ask,
    rate_limited,
)
from bot.sandbox.discord.switches import Switches
from bot.sandbox.discord.world import Guild, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE = 0, 1, 2, 3, 4
RESUME, RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, ACK = 6, 7, 8, 9, 10, 11

_REPLAY = 5000
_LARGE = 50  # the large_threshold of those who name none
# Seconds. discord.py notes in a thread of its own when it sent a heartbeat: an answer that is there
# before that counts from the heartbeat before, and it warns of 41 seconds.
ROUND_TRIP = 0.05


class Line:
    """One open socket; frames leave in the order in which they were put."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self._transport = request.transport
        self._queue: asyncio.Queue[Json | int] = asyncio.Queue()
        self._deflate = (
            zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        )

    def put(self, op: int, data: Any, *, event: str | None = None, seq: int | None = None) -> None:
        self._queue.put_nowait({"op": op, "d": data, "s": seq, "t": event})

    def close(self, code: int) -> None:
        self._queue.put_nowait(code)

    def cut(self) -> None:
        """Break the connection as a lost network does: no closing frame."""
        if self._transport is not None:
            self._transport.abort()

    async def write(self) -> None:
        """Send what was put until the socket is gone."""
        while not self.socket.closed:
            frame = await self._queue.get()
            try:
                if isinstance(frame, int):
                    await self.socket.close(code=frame)
                else:
                    await self._send(json.dumps(frame))
            except ConnectionError:
                return

    async def _send(self, text: str) -> None:
        if self._deflate is None:
            await self.socket.send_str(text)
            return
        data = self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        await self.socket.send_bytes(data)


class Session:
    """What survives a lost socket: the sequence, the intents and the frames to replay."""

    def __init__(self, intents: int, large_threshold: int) -> None:
        self.id = secrets.token_hex(16)
        self.intents = intents
        self.large_threshold = large_threshold
        self.line: Line | None = None
        self.listed_at: dict[int, datetime] = {}  # by guild: when all its members were asked for
        self._seq = 0
        self._sent: list[tuple[int, str, Any]] = []

    def send(self, event: str, data: Any) -> None:
        self._seq += 1
        self._sent.append((self._seq, event, data))
        del self._sent[:-_REPLAY]
        if self.line is not None:
            self.line.put(DISPATCH, data, event=event, seq=self._seq)

    @property
    def events(self) -> list[str]:
        """The names of the events that it was sent, the last of them."""
        return [event for _, event, _ in self._sent]

    def replay(self, line: Line, after: int) -> None:
        self.line = line
        for seq, event, data in self._sent:
            if seq > after:
                line.put(DISPATCH, data, event=event, seq=seq)


class Gateway:
    """Keeps the sessions of the one bot and sends them what their intents ask for."""

    def __init__(self, world: World, switches: Switches, *, heartbeat: float = 41.25) -> None:
        self.world = world
        self.switches = switches
        self.heartbeat = heartbeat
        self.url = ""
        self.token = ""
        self.privileged = wanted.PRIVILEGED
        self.on_line_change: Callable[[bool], None] = lambda _: None
        self.sessions: dict[str, Session] = {}
        self._lines: dict[Line, Session | None] = {}
        self.changed = asyncio.Event()

    @property
    def online(self) -> bool:
        """Whether a bot is connected that has been sent its guilds."""
        return any(session.line is not None for session in self.sessions.values())

    def dispatch(self, event: str, data: Any, scope: Scope) -> None:
        """Send an event to every session that may have it."""
        for session in self.sessions.values():
            shown = wanted.filtered(event, data, scope, session.intents, self.world.bot)
            if shown is not None:
                session.send(event, shown)

    def show_guild(self, guild: Guild) -> None:
        """Send a guild that the bot came into to every session that hears of guilds."""
        for session in self.sessions.values():
            self._send_guild(session, guild)

    def _send_guild(self, session: Session, guild: Guild, **more: Any) -> None:
        if session.intents & wanted.GUILDS:
            intents, threshold = session.intents, session.large_threshold
            body = guild_create(guild, self.world.bot, intents=intents, large_threshold=threshold)
            session.send("GUILD_CREATE", {**body, **more})

    def drop(self, *, resumable: bool) -> None:
        """Cut every socket; without `resumable` the sessions are forgotten too."""
        if not resumable:
            self.sessions.clear()
        for line in list(self._lines):
            line.cut()

    def ask_to_reconnect(self) -> None:
        for line in self._lines:
            line.put(RECONNECT, None)

    def close_all(self, code: int) -> None:
        """Close every socket with a gateway close code."""
        self.sessions.clear()
        for line in self._lines:
            line.close(code)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection until it ends."""
        socket = web.WebSocketResponse(max_msg_size=0, timeout=1.0)
        await socket.prepare(request)
        line = Line(socket, request)
        self._lines[line] = None
        writer = asyncio.create_task(line.write())
        line.put(HELLO, {"heartbeat_interval": int(self.heartbeat * 1000), "_trace": []})
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._receive(line, frame.data)
        except ConnectionError:
            pass
        finally:
            self._end(line)
            writer.cancel()
        return socket

    def _end(self, line: Line) -> None:
        session = self._lines.pop(line, None)
        if session is not None and session.line is line:
            session.line = None
            if line.socket.close_code in (1000, 1001):
                self.sessions.pop(session.id, None)
        self._tell()

    def _tell(self) -> None:
        self.changed.set()
        self.on_line_change(self.online)

    def _receive(self, line: Line, text: str) -> None:
        try:
            frame = json.loads(text)
            op, data = frame["op"], frame.get("d")
        except (ValueError, KeyError, TypeError):
            line.close(4002)
            return
        session = self._lines.get(line)
        if op == HEARTBEAT:
            asyncio.get_running_loop().call_later(ROUND_TRIP, line.put, ACK, None)
        elif op == IDENTIFY:
            self._identify(line, data) if session is None else line.close(4005)
        elif op == RESUME:
            self._resume(line, data)
        elif session is None:
            line.close(4003)
        elif op == REQUEST_MEMBERS:
            self._request_members(session, data)
        elif op not in (PRESENCE, VOICE_STATE):
            line.close(4001)

    def _identify(self, line: Line, data: Json) -> None:
        refusal = self._refusal(data)
        if refusal is not None:
            line.close(refusal)
            return
        for old in [each for each in self.sessions.values() if each.line is None]:
            del self.sessions[old.id]  # the process that held it is gone
        session = Session(data["intents"], data.get("large_threshold") or _LARGE)
        session.line = line
        self._lines[line] = session
        guilds = self.world.bot_guilds()
        session.send(
            "READY",
            {
                "v": 10,
                "user": payloads.self_user(self.world.bot),
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "session_type": "normal",
                "resume_gateway_url": self.url,
                "shard": data.get("shard") or [0, 1],
                "application": {"id": str(self.world.bot.id), "flags": self.flags},
                "private_channels": [],
                "user_settings": {},
                "relationships": [],
                "presences": [],
                "_trace": [],
            },
        )
        for guild in guilds:
            self._send_guild(session, guild, unavailable=False)
        self.sessions[session.id] = session
        self._tell()

    @property
    def flags(self) -> int:
        """The application's flags: which privileged intents its page has switched on."""
        flags = 0
        for intent, flag in ((1 << 8, 1 << 13), (1 << 1, 1 << 15), (1 << 15, 1 << 19)):
            flags |= flag if self.privileged & intent else 0
        return flags

    def _refusal(self, data: Any) -> int | None:
        if not isinstance(data, dict) or not isinstance(data.get("intents"), int):
            return 4013
        if data.get("token") != self.token:
            return 4004
        if data["intents"] & ~wanted.KNOWN:
            return 4013
        if data["intents"] & wanted.PRIVILEGED & ~self.privileged:
            return 4014
        if (data.get("shard") or [0, 1])[0] >= (data.get("shard") or [0, 1])[1]:
            return 4010
        return None

    def _resume(self, line: Line, data: Json) -> None:
        if data.get("token") != self.token:
            line.close(4004)
            return
        session = self.sessions.get(data.get("session_id") or "")
        if session is None:
            line.put(INVALID_SESSION, False)
            return
        if session.line is not None:
            session.line.close(4000)
        self._lines[line] = session
        session.replay(line, data.get("seq") or 0)
        session.send("RESUMED", {"_trace": []})
        self._tell()

    def _request_members(self, session: Session, data: Json) -> None:
        try:
            guild = self.world.guild(data.get("guild_id"))
        except ApiError:
            return  # Discord ignores requests for guilds that the bot is not in
        if not may_ask(data, session.intents):
            return
        wait = self._wait_for_members(session, guild, data)
        if wait > 0:
            session.send("RATE_LIMITED", rate_limited(data, wait))
            return
        if self.switches.members_silent:
            return
        for chunk in chunks(guild, data):
            session.send("GUILD_MEMBERS_CHUNK", chunk)

    def _wait_for_members(self, session: Session, guild: Guild, data: Json) -> float:
        """Seconds until all members of that guild may be asked for again; 0: now."""
        if not is_full(data):
            return 0.0
        now = self.world.now()
        before = session.listed_at.get(guild.id)
        left = 0.0 if before is None else FULL_EVERY - (now - before).total_seconds()
        if self.switches.member_limit and left > 0:
            return left
        session.listed_at[guild.id] = now
        return 0.0
