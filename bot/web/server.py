"""Serving the application on a loop that belongs to somebody else."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from bot.errors import StartupError
from bot.web.answers import route_of

log = logging.getLogger(__name__)

# Well under the ten seconds that containers get to stop.
_SHUTDOWN = 5.0
_WATCHERS = frozenset({"/healthz", "/readyz"})


class AccessLog(AbstractAccessLogger):
    """One line for each request: no address, no query string, no name in it."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        route = route_of(request)
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
async def serve(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve `app` inside the block; gives the port (of use when 0 was asked for).

    Raises StartupError when the address cannot be listened at.
    """
    runner = web.AppRunner(
        app,
        access_log_class=AccessLog,
        access_log=log,
        handle_signals=False,
        shutdown_timeout=_SHUTDOWN,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise StartupError(
                f"Usher cannot listen at HTTP_HOST {host}, HTTP_PORT {port}: {error.strerror}. "
                "Stop the program that uses it, or choose another HTTP_PORT.",
                exit_code=69,
            ) from error
        bound: int = runner.addresses[0][1]
        log.info("web endpoint at http://%s:%s", host, bound)
        yield bound
    finally:
        await runner.cleanup()
