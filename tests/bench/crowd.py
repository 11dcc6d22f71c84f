"""Three hundred new people by single orders, with staff at the counter meanwhile.

python -m tests.bench.crowd limited      TradingView takes 5 requests a second, 2 at once
python -m tests.bench.crowd unlimited    TradingView takes what comes; 4 at once, 100 ms each
"""

import argparse
import asyncio
import contextlib
import time
from collections.abc import Iterator

from tests.bench.desk import CLERK, Desk, Lag, middle, open_desk, percentile, say

PEOPLE, CLERKS = 300, 8
REQUESTS, BURST, RETRY_AFTER = 5, 2, 1.0
CONCURRENCY, LATENCY = 4, 0.1
GOALS = {"limited": 0.9, "unlimited": 0.85}
SLOWEST, LATEST = 3.0, 0.05  # seconds: an interactive grant, the loop
EVERY = {"limited": 4.0, "unlimited": 1.0}  # seconds between two people at the counter


async def main(kind: str) -> None:
    limited = kind == "limited"
    async with open_desk(pace=20 if limited else 1000, concurrency=CONCURRENCY) as desk:
        crowd = [f"buyer_{n:03}" for n in range(PEOPLE)]
        harness = [f"visitor_{n:03}" for n in range(PEOPLE)]
        switches = {"rate_limit": REQUESTS, "rate_burst": BURST, "retry_after": RETRY_AFTER}
        await desk.there.order(people=crowd + harness, switches=switches if limited else {})
        await desk.there.order(forget=True)
        lag, served = Lag(), list[float]()
        begun, worked = time.perf_counter(), time.process_time()
        watching = asyncio.ensure_future(lag.watch())
        visiting = asyncio.ensure_future(visit(desk, harness, EVERY[kind], served))
        try:
            waiting = iter(crowd)
            recording = [record(desk, waiting) for _ in range(CLERKS)]
            orders = [order for some in await asyncio.gather(*recording) for order in some]
            recorded = time.perf_counter() - begun
            await desk.all_ended()
            report = await desk.there.order()
        finally:
            for task in (visiting, watching):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        done = await desk.done(orders)
        limit = REQUESTS if limited else CONCURRENCY / LATENCY
        seconds = report["ended"] - report["begun"]
        used = report["taken"] / seconds / limit
        say(
            f"{PEOPLE} new people, {kind}",
            requests_a_second=report["taken"] / seconds,
            limit_a_second=limit,
            used=used,
            goal=GOALS[kind],
            seconds=seconds,
            seconds_to_record=recorded,
            busy=(time.process_time() - worked) / (time.perf_counter() - begun),
            requests=report["by_name"],
            too_fast=report["too_fast"],
            done=done,
            lost=PEOPLE - done,
            doubled=report["changes"] - report["rows"],
            at_the_counter=len(served),
            counter_median=middle(served),
            counter_p95=percentile(served, 0.95),
            loop_late_p99=percentile(lag.seconds, 0.99),
            good=used >= GOALS[kind]
            and done == PEOPLE
            and report["changes"] == report["rows"]
            and percentile(served, 0.95) <= SLOWEST
            and percentile(lag.seconds, 0.99) <= LATEST,
        )


async def record(desk: Desk, names: Iterator[str]) -> list[int]:
    """One of the staff types one command after another, and waits for none to be verified."""
    return [await desk.grant(name, by=CLERK) for name in names]


async def visit(desk: Desk, names: list[str], every: float, served: list[float]) -> None:
    """One person after another comes to the counter."""
    for name in names:
        await asyncio.sleep(every)
        served.append(await desk.serve(name))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(GOALS))
    asyncio.run(main(parser.parse_args().kind))
