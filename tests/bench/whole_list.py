"""A script's whole list: read at TradingView's pace, taken over without holding anything up.

python -m tests.bench.whole_list
"""

import asyncio
import gc
import json
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import yarl

from bot import clock
from bot.access.adopt import Adopting
from bot.access.asking import Asked
from bot.access.drift import Drift
from bot.access.session import Sessions
from bot.access.sweep import Sweeps
from bot.sandbox.tradingview import FakeTradingView
from bot.store import guilds, scripts
from bot.store.database import open_database
from bot.store.vault import open_vault
from bot.tradingview import Cookies, TradingView

HOME, STAFF = 100, 1
LATENCY = 0.1
SLOWER, HOLD_UP = 1.05, 0.05  # the limits: times one cursor, and seconds
KEPT = 100  # bytes for each further row: less than a row itself, so none is kept


async def main() -> None:
    short, long = [await measure(rows) for rows in (600, 5_000)]
    kept = round((long - short) * 1e6 / (5_000 - 600))
    print(json.dumps({"memory_mb": {"600": short, "5000": long}, "bytes_per_further_row": kept}))
    assert kept <= KEPT, "a sweep keeps the rows that it has read"


async def measure(rows: int) -> float:
    fake = FakeTradingView()
    await fake.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with (
                aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
                open_database(f"sqlite+aiosqlite:///{folder}/usher.db") as database,
            ):
                return await compare(rows, fake, Path(folder), http, database)
    finally:
        await fake.close()


async def compare(
    rows: int, fake: FakeTradingView, folder: Path, http: aiohttp.ClientSession, database: Any
) -> float:
    def connect(pace: Any, cookies: Any) -> TradingView:
        return TradingView(http, base=fake.url, pine_facade=fake.url, pace=pace, cookies=cookies)

    vault = await open_vault(None, folder / "secret.key", database)
    sessions = Sessions(database, vault, connect, pace=1e9, concurrency=4)
    vendor = fake.world.add_vendor("Vendor_One")
    there = fake.world.add_script(vendor)
    now = clock.now()
    for index in range(rows):
        end = None if index % 3 else now + timedelta(days=30 + index % 300)
        created = now - timedelta(seconds=index)
        fake.world.grant(there.pine_id, f"user{index:05}", end, created=created)
    async with database.write() as connection:
        await guilds.ensure(connection, HOME, now)
        script = await scripts.add(
            connection,
            HOME,
            pine_id=there.pine_id,
            slug="trend",
            title="Trend",
            by=STAFF,
            at=now,
        )
    await sessions.take_over(HOME, Cookies(*fake.world.open_session(vendor)), by=STAFF)
    fake.switches.latency = LATENCY
    door = (await sessions.of(HOME)).tradingview
    begun = time.perf_counter()
    async for _ in door.pages(there.pine_id):
        pass
    cursor = time.perf_counter() - begun
    sweeps, drift, adopting = Sweeps(database, sessions), Drift(database), Adopting(database)
    begun = time.perf_counter()
    swept = await sweeps.of_script(script, by=STAFF)
    took = time.perf_counter() - begun
    ratio = took / cursor
    print(
        f"{rows} rows in {swept.sweep.calls} calls: {took:.1f} s, {ratio:.3f} of one cursor's time"
    )
    assert ratio <= SLOWER or took - cursor < 1, "the sweep is slower than its calls"
    asked = Asked(HOME, STAFF, "bench", clock.now())
    await held_up("telling what differs", lambda: drift.report(HOME, script.id))
    worst = await held_up("taking over", lambda: adopting.take_over(asked, script.id))
    assert rows > 600 or worst <= HOLD_UP, "taking over holds up the loop"
    tracemalloc.start()
    await drift.note(swept, STAFF)
    print(f"  memory for the comparison: {tracemalloc.get_traced_memory()[1] / 1e6:.1f} MB at most")
    tracemalloc.stop()
    fake.switches.latency = 0
    return await memory(fake, lambda tell: sweeps.of_script(script, by=STAFF, tell=tell))


async def memory(fake: FakeTradingView, sweep: Callable[[Any], Awaitable[object]]) -> float:
    """The most MB that a sweep keeps while it reads, or needs to believe what it read."""
    most = 0

    def tell(_: object) -> None:
        nonlocal most
        fake.log.clear()  # the stand-in's own
        yarl.cache_clear()  # the last addresses, a fixed number of them
        gc.collect()
        most = max(most, tracemalloc.get_traced_memory()[0])
        tracemalloc.reset_peak()  # from the last page on, the stand-in does nothing

    await sweep(lambda _: None)  # what is kept for every later one
    gc.collect()
    tracemalloc.start()
    await sweep(tell)
    most = max(most, tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    return round(most / 1e6, 2)


async def held_up(name: str, work: Callable[[], Awaitable[object]]) -> float:
    """Do it, and print the longest time for which nothing else had its turn."""
    worst, over = 0.0, False

    async def watch() -> None:
        nonlocal worst
        last = time.perf_counter()
        while not over:
            await asyncio.sleep(0)
            now = time.perf_counter()
            worst, last = max(worst, now - last), now

    watching = asyncio.ensure_future(watch())
    begun = time.perf_counter()
    await work()
    took = time.perf_counter() - begun
    over = True
    await watching
    print(f"  {name}: {took:.2f} s, nobody held up for more than {worst * 1000:.0f} ms")
    return worst


if __name__ == "__main__":
    asyncio.run(main())
