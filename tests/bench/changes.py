"""What N changes among L rows cost in calls, beside what the better of two ways would cost.

python -m tests.bench.changes [N L]    without numbers: (300, 0), (100, 600), (100, 5000)

The names are TradingView's own spelling, known from the full read that every new script begins with.
"""

import asyncio
import sys

from bot.store.people import customers
from tests.bench.desk import CLERK, HOME, Desk, open_desk, say

CASES = ((300, 0), (100, 600), (100, 5_000))
PAGE = 30
GOAL = 1.05


async def main(changes: int, rows: int) -> None:
    async with open_desk(pace=1000, concurrency=4) as desk:
        names = [f"buyer_{n:04}" for n in range(changes)]
        told = await desk.there.order(people=names, listed=rows, switches={"latency": 0})
        await desk.services.sweeps.run(HOME, "trend", by=None)
        await know(desk, told["ids"])
        await desk.pause(paused=True)
        orders = [await desk.grant(name, by=CLERK) for name in names]
        await desk.there.order(switches={"latency": 0.1}, forget=True)
        await desk.pause(paused=False)
        await desk.all_ended()
        report = await desk.there.order()
        done = await desk.done(orders)
    after = rows + changes
    best = min(changes + 2 * -(-after // PAGE), 3 * changes)
    ratio = report["taken"] / best
    say(
        f"{changes} changes among {rows} rows",
        calls=report["taken"],
        best=best,
        ratio=ratio,
        goal=GOAL,
        requests=report["by_name"],
        done=done,
        doubled=report["changes"] - changes,
        seconds=report["ended"] - report["begun"],
        good=ratio <= GOAL and done == changes and report["changes"] == changes,
    )


async def know(desk: Desk, ids: dict[str, int]) -> None:
    """Their spelling was found before, as after a link or an earlier sale."""
    async with desk.database.write() as connection:
        for name, user_id in ids.items():
            await customers.add(connection, HOME, username=name, tv_user_id=user_id)


if __name__ == "__main__":
    given = [int(number) for number in sys.argv[1:3]]
    for case in [tuple(given)] if len(given) == 2 else CASES:
        asyncio.run(main(*case))
