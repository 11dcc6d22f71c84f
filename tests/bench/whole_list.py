"""A script's whole list: read at TradingView's pace, taken over without holding anything up.

python -m tests.bench.whole_list

Limits, set before the first measure: a full check of 5,000 rows takes at most 1.05 times as long as
reading its pages and doing nothing with them; taking over 600 people holds up nobody for more than
50 ms; and what a full check keeps in memory does not depend on the list: from 600 rows to 5,000, and
from there to 20,000, its peak grows by at most 0.15 MB. Were the rows kept, it would be 2 and 7 MB.
"""

import asyncio
import gc
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from itertools import pairwise

from bot import clock
from bot.access.catalogue.lookup import find
from bot.access.request import RequestContext
from bot.store.records import Actor, Script
from tests.bench.desk import HOME, STAFF, Desk, open_desk, say

SIZES = (600, 5_000, 20_000)
TIMED = 5_000
SLOWER, HELD_UP, GROWS = 1.05, 0.05, 0.15  # times the cursor's time, seconds, MB


async def main() -> None:
    peaks = {}
    for rows in SIZES:
        async with open_desk(pace=100_000, concurrency=4) as desk:
            await desk.there.order(listed=rows)
            if rows == TIMED:
                await in_time(desk, rows)
            await desk.there.order(switches={"latency": 0}, forget=True)
            peaks[rows] = await peak(desk)
            await believed(desk, rows)
    steps = [round(peaks[more] - peaks[less], 2) for less, more in pairwise(SIZES)]
    say(
        "memory of a full check, MB at most",
        peaks=peaks,
        steps=steps,
        limit=GROWS,
        good=max(steps) <= GROWS,
    )


async def in_time(desk: Desk, rows: int) -> None:
    """A full check beside reading alone."""
    client = (await desk.services.sessions.of(HOME)).tradingview
    begun = time.perf_counter()
    async for _ in client.pages(desk.there.pine_id):
        pass
    cursor = time.perf_counter() - begun
    begun = time.perf_counter()
    swept = await desk.services.sweeps.run(HOME, "trend", by=STAFF)
    ratio = (time.perf_counter() - begun) / cursor
    say(
        f"a full check of {rows} rows, beside reading alone",
        calls=swept.sweep.calls,
        ratio=round(ratio, 3),
        goal=SLOWER,
        good=ratio <= SLOWER and swept.sweep.rows == rows,
    )


async def peak(desk: Desk) -> float:
    """The most MB that a full check needs beyond what is there before it."""
    sweeps = desk.services.sweeps
    client = (await desk.services.sessions.of(HOME)).tradingview
    tracemalloc.start()
    await sweeps.run(HOME, "trend", by=STAFF)  # what is kept for every later one
    for number in range(200):  # aiohttp keeps the last 128 addresses: as many as after any list
        async for _ in client.pages(desk.there.pine_id, username=f"nobody{number}"):
            pass
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    await sweeps.run(HOME, "trend", by=STAFF)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round((most - before) / 1e6, 2)


async def believed(desk: Desk, rows: int) -> None:
    """What happens with a list once it was read."""
    async with desk.database.read() as connection:
        script: Script = await find(connection, HOME, "trend")
    drift, adoption = desk.services.drift, desk.services.adoption
    request = RequestContext(HOME, Actor.member(STAFF), "bench", clock.now())
    telling = await held_up(lambda: drift.report(HOME, script.id))
    taking = await held_up(lambda: adoption.take_over(request, script.id))
    say(
        f"{rows} rows: the longest that nobody else had a turn, in ms",
        telling=round(telling * 1000),
        taking_over=round(taking * 1000),
        limit=f"{HELD_UP * 1000:.0f} for 600",
        good=rows > SIZES[0] or max(telling, taking) <= HELD_UP,
    )


async def held_up(work: Callable[[], Awaitable[object]]) -> float:
    """Do it; the longest time in seconds for which nothing else had its turn."""
    worst, over = 0.0, False

    async def watch() -> None:
        nonlocal worst
        last = time.perf_counter()
        while not over:
            await asyncio.sleep(0)
            now = time.perf_counter()
            worst, last = max(worst, now - last), now

    watching = asyncio.ensure_future(watch())
    await work()
    over = True
    await watching
    return worst


if __name__ == "__main__":
    asyncio.run(main())
