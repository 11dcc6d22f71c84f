"""How long somebody at the counter waits while a batch runs, beside the same without one."""

import asyncio
import time

from bot.access.orders.bulk.records import Draft
from bot.store.kinds import BatchKind, BatchState
from tests.bench.batch_past import by_names, request
from tests.bench.desk import HOME, Desk, middle, open_desk, percentile, say

ROWS, SECONDS, EVERY = 1_000, 60.0, 2.0
REQUESTS, BURST, RETRY_AFTER = 5, 2, 1.0
MEDIAN, SLOWEST = 3.0, 5.0  # seconds until an order at the counter is verified


async def counter() -> None:
    """A minute at the counter without a batch, then a minute with one of a thousand rows."""
    async with open_desk(pace=20, concurrency=2) as desk:
        rows = [f"row_{number:04}" for number in range(ROWS)]
        visitors = [f"visitor_{number:03}" for number in range(int(2 * SECONDS))]
        switches = {"rate_limit": REQUESTS, "rate_burst": BURST, "retry_after": RETRY_AFTER}
        await desk.there.order(people=rows + visitors, switches=switches, forget=True)
        alone = await _visits(desk, visitors[: len(visitors) // 2])
        bulk = desk.services.bulk
        number = await bulk.batches.draft(request("batch"), Draft(BatchKind.GRANT, by_names(rows)))
        bulk.start()
        await bulk.batches.start(request("start"), number)
        await asyncio.sleep(EVERY)
        await desk.there.order(forget=True)
        beside = await _visits(desk, visitors[len(visitors) // 2 :])
        report = await desk.there.order()
        view = await bulk.views.view(HOME, number)
        say(
            f"an order at the counter while {ROWS} rows run at {REQUESTS} requests a second",
            alone_median=middle(alone),
            alone_p95=percentile(alone, 0.95),
            beside_median=middle(beside),
            beside_p95=percentile(beside, 0.95),
            visits=[len(alone), len(beside)],
            goals={"median": MEDIAN, "p95": SLOWEST},
            used=report["taken"] / (report["ended"] - report["begun"]) / REQUESTS,
            batch_done=view.numbers.orders.get("done", 0),
            good=view.batch.state is BatchState.RUNNING
            and middle(beside) <= MEDIAN
            and percentile(beside, 0.95) <= SLOWEST,
        )


async def _visits(desk: Desk, names: list[str]) -> list[float]:
    """Serve one person after another, for a minute."""
    served: list[float] = []
    until = time.monotonic() + SECONDS
    for name in names:
        if time.monotonic() >= until:
            break
        served.append(await desk.serve(name))
        await asyncio.sleep(EVERY)
    return served
