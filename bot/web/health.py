"""`GET /healthz` and `GET /readyz`, for what watches over the program."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot import clock
from bot.jobs import Jobs
from bot.web.answers import error

log = logging.getLogger(__name__)

Probe = Callable[[], Awaitable[bool]]

PROBES = web.AppKey("probes", dict[str, Probe])
JOBS = web.AppKey("jobs", Jobs)

_MAX_LENGTH = 2.0  # seconds; watchers give up soon themselves


async def alive(_: web.Request) -> web.Response:
    """Answer that the loop runs; nothing else is asked, so that an outage elsewhere causes no restart."""
    return web.json_response({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """Answer 200 when everything needed is there, else 503 that names what is not."""
    probes, jobs = request.app[PROBES], request.app[JOBS]
    missing = [name for name, probe in probes.items() if not await _there(name, probe, jobs)]
    if missing:
        return error(503, f"Not ready: {' and '.join(missing)}.")
    return web.json_response({"status": "ok"})


async def _there(name: str, probe: Probe, jobs: Jobs) -> bool:
    answer = jobs.spawn(_ask(name, probe), f"ask whether the {name} is there")
    if not await clock.within(_MAX_LENGTH, answer):
        answer.cancel()
        return False
    return answer.result()


async def _ask(name: str, probe: Probe) -> bool:
    try:
        return await probe()
    except Exception as failure:  # noqa: BLE001 - whatever it is, it is not ready
        log.warning("not ready: %s (%s)", name, type(failure).__name__)
        return False
