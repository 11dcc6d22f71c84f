"""What the benchmarks share: the bot's own client, queue and sync against a TradingView next door."""

import asyncio
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import func, select

from bot import clock
from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import parse_length
from bot.jobs import Jobs
from bot.services import Services, build
from bot.settings import Settings
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import open_database
from bot.store.records import Actor
from bot.store.tables.ledger import order
from bot.store.vault import open_vault
from bot.tradingview import Cookies

HOME, STAFF, CLERK = 100, 1, 2
MONTH = parse_length("1M")
PATIENCE = 60.0


class Upstream:
    """TradingView in another process; `latency` in seconds."""

    def __init__(self, process: asyncio.subprocess.Process, facts: dict[str, Any]) -> None:
        self._process = process
        self.url: str = facts["url"]
        self.pine_id: str = facts["pine_id"]
        self.cookies = Cookies(facts["sessionid"], facts["sign"])

    async def order(self, **order: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return answer


@asynccontextmanager
async def upstream() -> AsyncIterator[Upstream]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.upstream",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield Upstream(process, json.loads(await process.stdout.readline()))
    finally:
        process.terminate()
        await process.wait()


class Desk:
    """Where staff grant access; everything behind it is the bot's own."""

    def __init__(self, services: Services, there: Upstream) -> None:
        self.services, self.there = services, there
        self.database, self.queue = services.database, services.queue
        self.grants, self.outcomes = services.grants, services.outcomes
        self._references = itertools.count(1)

    async def grant(self, name: str, by: int = STAFF) -> int:
        request = RequestContext(
            HOME, Actor.member(by), f"i{next(self._references)}", clock.now(), "token"
        )
        return await self.grants.grant(request, "trend", MONTH, Subject(username=name))

    async def serve(self, name: str) -> float:
        """Grant and wait for the end as somebody at the counter does; seconds until it is verified."""
        begun = time.perf_counter()
        receipt = await self.outcomes.outcome(await self.grant(name), PATIENCE)
        assert receipt.order.state == "done", receipt.order.state
        return time.perf_counter() - begun

    async def pause(self, *, paused: bool) -> None:
        """Let everything wait, as when the bot was removed from the server, or go on."""
        async with self.database.write() as connection:
            await guilds.set_left(connection, HOME, clock.now() if paused else None)
        self.queue.wake(HOME)

    async def all_ended(self) -> None:
        """Wait until every order of the clerk has ended; asks so little that it slows nothing."""
        query = select(func.count()).where(
            order.c.state == "waiting", order.c.actor_id == str(CLERK)
        )
        left = 1
        while left:
            await asyncio.sleep(0.1)
            async with self.database.read() as connection:
                left = int((await connection.execute(query)).scalar_one())

    async def done(self, orders: list[int]) -> int:
        """How many of these are done."""
        return [(await self.outcomes.receipt(one)).order.state for one in orders].count("done")


@asynccontextmanager
async def open_desk(*, pace: float, concurrency: int) -> AsyncIterator[Desk]:
    """A fresh database with one script and a living login, and a TradingView of 100 ms."""
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(upstream())
        http = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        settings = Settings(
            database_url=f"sqlite+aiosqlite:///{folder}/usher.db",
            tradingview_url=there.url,
            pine_facade_url=there.url,
            tv_pace=pace,
            tv_concurrency=concurrency,
        )
        database = await stack.enter_async_context(open_database(settings.database_url))
        vault = await open_vault(None, Path(folder) / "secret.key", database)
        jobs = Jobs()
        services = build(settings, database, vault, http, jobs)
        stack.push_async_callback(services.sessions.close)  # when no job uses them any more
        await stack.enter_async_context(jobs)
        await services.open()
        now = clock.now()
        async with database.write() as connection:
            await guilds.ensure(connection, HOME, now)
            await scripts.add(
                connection,
                HOME,
                pine_id=there.pine_id,
                slug="trend",
                title="Trend",
                by=STAFF,
                at=now,
            )
        await services.sessions.take_over(HOME, there.cookies, by=STAFF)
        await services.queue.start()
        await there.order(switches={"latency": 0.1}, forget=True)
        yield Desk(services, there)


class Lag:
    """How late the event loop is, looked at every 10 ms."""

    STEP = 0.01

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def watch(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(self.STEP)
            self.seconds.append(max(0.0, time.perf_counter() - begun - self.STEP))


def percentile(values: list[float], share: float) -> float:
    """The value that this share of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def say(name: str, **figures: Any) -> None:
    """The result, as JSON."""
    rounded = {
        key: round(value, 4) if isinstance(value, float) else value
        for key, value in figures.items()
    }
    load = os.getloadavg()[0]
    print(json.dumps({"benchmark": name, **rounded, "load_of_the_machine": round(load, 2)}))


def middle(values: list[float]) -> float:
    """The median."""
    return statistics.median(values)
