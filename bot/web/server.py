"""Serving the application on a loop that belongs to somebody else."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self

from aiohttp import hdrs, web
from aiohttp.abc import AbstractAccessLogger

from bot import metrics
from bot.errors import StartupError
from bot.jobs import Jobs
from bot.web.answers import route_of
from bot.web.connections import BACKLOG, Connection, Connections

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 100
_OTHER_FILES = 100  # that the program may have open beside them: database, Discord, TradingView
# Well under the ten seconds that containers get to stop.
_SHUTDOWN = 5.0
_LOOK_EVERY = 1.0  # seconds, for clients that take too long
# Asked every few seconds: by what watches over the program, and by a page that waits for its next step.
_WATCHERS = frozenset({"/healthz", "/readyz", "/setup/"})


class AccessLog(AbstractAccessLogger):
    """One line for each request: no address, no query string, no name in it."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        route = route_of(request)
        method = request.method if request.method in hdrs.METH_ALL else "other"
        metrics.count("http_requests", method=method, route=route, status=str(response.status))
        quiet = route in _WATCHERS and response.status < 400
        level = logging.DEBUG if quiet else logging.INFO
        if self.logger.isEnabledFor(level):
            what = (request.method, route, response.status, time * 1000)
            # A record of our own: the logger's method would first look for the line it is called at.
            record = self.logger.makeRecord(
                self.logger.name, level, __file__, 0, "%s %s %s in %.0f ms", what, None
            )
            self.logger.handle(record)


@asynccontextmanager
async def serve(
    app: web.Application, host: str, port: int, connections: int = MAX_CONNECTIONS
) -> AsyncIterator[int]:
    """Serve `app` inside the block, to so many connections at once; yield the port (of use for 0).

    Raises StartupError when the address cannot be listened at.
    """
    async with Listener(host, port, connections) as listener:
        await listener.show(app)
        yield listener.port


class Listener:
    """One address that is listened at from the first application on; another may take its place there."""

    def __init__(self, host: str, port: int, connections: int = MAX_CONNECTIONS) -> None:
        self._host = host
        self._connections = _connections(connections)
        self._runner: web.AppRunner | None = None
        self._open = AsyncExitStack()
        self._is_listening = False
        self.port = port  # the one that was found, once it listens at port 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()
        await self.clear()

    async def show(self, app: web.Application) -> None:
        """Serve this application from now on; the one before is closed, and meanwhile nobody is refused.

        Raises StartupError when the address cannot be listened at.
        """
        runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=_SHUTDOWN)
        await runner.setup()
        before, self._runner = self._runner, runner
        if before is not None:
            await before.cleanup()
        elif not self._is_listening:
            listening = _listening(self._connection, self._host, self.port, self._connections)
            self.port = await self._open.enter_async_context(listening)
            self._is_listening = True
        log.info("web endpoint at http://%s:%s", self._host, self.port)

    async def clear(self) -> None:
        """Serve nothing more: what is asked still gets its answer, and who comes now gets none."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def _connection(self) -> asyncio.Protocol:
        if self._runner is None or self._runner.server is None:
            return _Nothing()
        server = self._runner.server
        return Connection(self._connections, server, access_log_class=AccessLog, access_log=log)


class _Nothing(asyncio.Protocol):
    """Closes a connection that comes while nothing is served."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _connections(wanted: int) -> Connections:
    """Return room for so many, as far as the system lets the program open files."""
    try:
        import resource  # noqa: PLC0415 - Windows has none, nor such a limit
    except ImportError:
        return Connections(wanted)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if soft == resource.RLIM_INFINITY else max(10, soft - _OTHER_FILES)
    if wanted > most:
        log.warning(
            "HTTP_CONNECTIONS is %s; the system's limit of open files allows %s", wanted, most
        )
    return Connections(min(wanted, most))


@asynccontextmanager
async def _listening(
    factory: Callable[[], asyncio.Protocol], host: str, port: int, connections: Connections
) -> AsyncIterator[int]:
    """Accept connections of our own kind inside the block; a site of aiohttp's makes only its own."""
    loop = asyncio.get_running_loop()
    try:
        listening = await loop.create_server(factory, host, port, backlog=BACKLOG)
    except OSError as error:
        raise StartupError(
            f"Usher cannot listen at HTTP_HOST {host}, HTTP_PORT {port}: {error.strerror}. "
            "Stop the program that uses it, or choose another HTTP_PORT.",
            exit_code=69,
        ) from error
    before = loop.get_exception_handler()
    loop.set_exception_handler(connections.on_loop_trouble)
    try:
        async with Jobs() as jobs:
            jobs.every(_LOOK_EVERY, "close slow connections", connections.drop_overdue)
            yield listening.sockets[0].getsockname()[1]
    finally:
        loop.set_exception_handler(before)
        listening.close()
