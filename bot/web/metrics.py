"""`GET /metrics`: how the program stands, for Prometheus; with no name in it."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from bot import metrics
from bot.access.logins.sessions import LoginState
from bot.access.queries.figures import Figures, Standing
from bot.access.rules.api_keys import Scope
from bot.web.api import keys

if TYPE_CHECKING:
    from prometheus_client.core import Metric

# What `bot.metrics` counts while the program runs: what each number is, and its labels.
_COUNTERS = {
    "http_requests": ("Requests that were answered.", ("method", "route", "status")),
    "tradingview_calls": ("Requests to TradingView, by how they ended.", ("purpose", "outcome")),
    "database_writes": ("Transactions that wrote.", ()),
    "database_write_wait_seconds": ("Seconds that transactions waited to write.", ()),
}
# What is counted in the database when somebody asks.
_GAUGES = {
    "orders": ("Orders, by how they stand.", ("guild", "state", "reason")),
    "waiting": ("Access that waits or is stuck.", ("guild", "state", "reason")),
    "deliveries": ("Messages of shops.", ("guild", "provider", "state")),
    "outgoing": ("Messages to programs that they have not taken.", ("guild", "state")),
    "seats": ("The most people with access today.", ("guild",)),
}
_LAG_EVERY = 0.5  # seconds between two looks at how late the loop is


class LoopLag:
    """The longest that the loop was late since somebody asked; it looks only once somebody has."""

    def __init__(self) -> None:
        self._longest = 0.0
        self._next: asyncio.TimerHandle | None = None

    def taken(self) -> float:
        """Return it in seconds, and begin anew."""
        if self._next is None:
            self._look_later()
        longest, self._longest = self._longest, 0.0
        return longest

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._next = loop.call_later(_LAG_EVERY, self._look, loop.time() + _LAG_EVERY)

    def _look(self, due: float) -> None:
        self._longest = max(self._longest, asyncio.get_running_loop().time() - due)
        self._look_later()

    async def close(self, _: web.Application) -> None:
        """Look no more."""
        if self._next is not None:
            self._next.cancel()


FIGURES = web.AppKey("figures", Figures)
LAG = web.AppKey("lag", LoopLag)


def add_to(app: web.Application, figures: Figures) -> None:
    """Serve `/metrics` with these figures, of one server or of all."""
    app[FIGURES], app[LAG] = figures, LoopLag()
    app.on_cleanup.append(app[LAG].close)
    app.router.add_get("/metrics", show, allow_head=False)


async def show(request: web.Request) -> web.Response:
    """Answer with the figures of one server for a key of it, on this computer too.

    Raises HTTPUnauthorized and HTTPForbidden.
    """
    key = await keys.require(request, Scope.METRICS)
    standing = await request.app[FIGURES].now(key.guild_id)
    lag = request.app[LAG].taken()
    # In a thread: the first time, the library is loaded.
    text, content_type = await asyncio.to_thread(_written, standing, lag)
    return web.Response(body=text, headers={"Content-Type": content_type})


def _written(standing: Standing, lag: float) -> tuple[bytes, str]:
    """Return the figures as Prometheus reads them, and the type of that text (blocking)."""
    # Loaded when somebody asks: until then it costs no memory.
    from prometheus_client import CollectorRegistry, ProcessCollector, exposition  # noqa: PLC0415

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Families(standing, lag))
    return exposition.generate_latest(registry), exposition.CONTENT_TYPE_LATEST


class _Families:
    """What the registry of the library asks for the numbers."""

    def __init__(self, standing: Standing, lag: float) -> None:
        self._standing = standing
        self._lag = lag

    def collect(self) -> "Iterable[Metric]":
        """Yield every number with its name and labels."""
        from prometheus_client.core import CounterMetricFamily  # noqa: PLC0415

        counted = metrics.counted()
        for name, (what, labels) in _COUNTERS.items():
            family = CounterMetricFamily(f"usher_{name}", what, labels=labels)
            for (of, values), number in counted.items():
                if of == name:
                    family.add_metric([text for _, text in values], number)
            yield family
        yield from self._gauges()

    def _gauges(self) -> "Iterator[Metric]":
        standing = self._standing
        for name, (what, labels) in _GAUGES.items():
            yield _gauge(name, what, labels, getattr(standing, name))
        ages: dict[tuple[str, ...], float] = {
            (guild,): age for guild, age in standing.oldest.items()
        }
        yield _gauge("oldest_seconds", "How long the oldest order waits.", ("guild",), ages)
        logins: dict[tuple[str, ...], float] = {
            (guild, str(state)): float(state == current)
            for guild, current in standing.logins.items()
            for state in LoginState
        }
        yield _gauge("login", "Whether the login is in that state.", ("guild", "state"), logins)
        blocked: dict[tuple[str, ...], float] = {
            (guild,): float(is_open) for guild, is_open in standing.blocked.items()
        }
        what = "Whether TradingView is left alone, as it kept failing."
        yield _gauge("breaker_open", what, ("guild",), blocked)
        what = "The longest that the loop was late since the last look."
        yield _gauge("event_loop_lag_seconds", what, (), {(): self._lag})


def _gauge(
    name: str, what: str, labels: tuple[str, ...], numbers: Mapping[tuple[str, ...], float]
) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

    family = GaugeMetricFamily(f"usher_{name}", what, labels=labels)
    for values, number in numbers.items():
        family.add_metric(list(values), number)
    return family
