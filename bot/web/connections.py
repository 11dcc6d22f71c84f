"""Connections to the web endpoint: so many at once, and none that keeps Usher waiting."""

import asyncio
import logging
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from bot import clock
from bot.web.answers import add_headers_to, error

log = logging.getLogger(__name__)

# Seconds that a client may take: for a whole header, for a whole body, to read the answer.
TIMEOUT = 10.0
KEEP_ALIVE = 30.0  # between two requests

# Connections that are taken from the system in one go: until each is counted, it is one more open file.
BACKLOG = 32
_SAY_AGAIN = 60.0  # seconds; an attack must not fill the disk with lines about it
_NOT_ACCEPTED = ("socket.accept() out of system resource", "Accept failed on a socket")


class Connection(RequestHandler):
    """One client's connection; aiohttp itself waits for ever for a header or a body that was begun."""

    __slots__ = ("_answering", "_connections", "_idle", "since")

    def __init__(self, connections: "Connections", server: web.Server, **options: Any) -> None:
        # Nobody who means well packs a few bytes; unopened, a bomb stays small.
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, auto_decompress=False, **options)
        self._connections = connections
        self._idle = False  # between two requests
        self._answering = False
        self.since = 0.0  # by clock.monotonic(): when what it waits for now began

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.since = clock.monotonic()
        super().connection_made(transport)
        self._connections.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._idle:
            self._idle, self.since = False, clock.monotonic()
        super().data_received(data)
        if self._messages and not self._messages[-1][1].is_eof():
            self.since = clock.monotonic()  # a header has come whole, and its body has not

    def pause_writing(self) -> None:
        self.since = clock.monotonic()
        super().pause_writing()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer; what aiohttp itself refuses is worded as everything else is."""
        self._answering = True
        if isinstance(resp, web.HTTPException) and resp.status >= 400:
            resp = error(resp.status)
        finished = await super().finish_response(request, resp, start_time)
        self._answering, self._idle, self.since = False, True, clock.monotonic()
        return finished

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it holds what was sent
    ) -> web.StreamResponse:
        """Return the answer to what is no HTTP; it repeats nothing of what was sent."""
        if status < 500:
            # Not worth a line: strangers send as many of them as they like.
            log.debug("a request was not understood (%s)", type(exc).__name__)
        else:
            log.error("a request failed", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the answer is sent already")
        answer = error(status)
        add_headers_to(answer)
        answer.force_close()
        return answer

    @property
    def waits_for_client(self) -> bool:
        """Return whether it is the client's turn: to send, or to read."""
        if self._answering:
            return self._paused
        request = self._current_request
        return request is None or not request.content.is_eof()

    def is_overdue(self, now: float) -> bool:
        """Return whether the client took longer than it may."""
        between = self._idle and self._current_request is None
        allowed = KEEP_ALIVE if between else TIMEOUT
        return self.waits_for_client and now - self.since >= allowed

    def goes_on(self) -> None:
        """Let the client send on for as long again: a good piece of a long body has come."""
        self.since = clock.monotonic()

    def drop(self) -> None:
        """Close at once, also when the client does not read what was sent."""
        transport = self.transport
        self.force_close()
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()


class Connections:
    """All connections of one server, at most `most` at once.

    One more takes the place of the one that has kept Usher waiting longest: so a flood of half requests
    closes itself, and an honest one, which comes whole, gets in.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[Connection, None] = {}
        self._said: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection) -> None:
        """Count one in, or close it or another where there is no room."""
        self._open[connection] = None
        if len(self._open) > self._most:
            self._say("more than %s connections at once: the idlest are closed", self._most)
            others = (known for known in self._open if known is not connection)
            waiting = (known for known in others if known.waits_for_client)
            self._drop(min(waiting, key=lambda known: known.since, default=connection))

    def remove(self, connection: Connection) -> None:
        """Count one out."""
        self._open.pop(connection, None)

    async def drop_overdue(self) -> None:
        """Close those whose client took too long."""
        now = clock.monotonic()
        for connection in [known for known in self._open if known.is_overdue(now)]:
            self._drop(connection)

    def on_loop_trouble(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Say once a minute that no connection can be accepted; all other trouble as usual."""
        if context.get("message") not in _NOT_ACCEPTED:
            loop.default_exception_handler(context)
            return
        self._say("no further connection can be accepted: %s", context.get("exception"))

    def _drop(self, connection: Connection) -> None:
        self.remove(connection)
        connection.drop()

    def _say(self, line: str, detail: object) -> None:
        now = clock.monotonic()
        if now >= self._said.get(line, now):
            self._said[line] = now + _SAY_AGAIN
            log.warning(line, detail)
