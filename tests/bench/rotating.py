"""Forty grants where each answer brings a new cookie pair and ends the one before it.

Four desks at work side by side, each with a TradingView of its own: one request at a time and two at once,
with such cookies and with lasting ones.

python -m tests.bench.rotating
"""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

from tests.bench.desk import CLERK, Desk, open_desk, say

PEOPLE = 40
LIMIT = 1.3
ROTATING = {"rotation": "pair, old one ends", "rotations": -1}


async def main() -> None:
    async with AsyncExitStack() as stack:
        desks = [  # one after the other: two databases cannot be made at once
            await stack.enter_async_context(open_desk(pace=1000, concurrency=concurrency))
            for concurrency in (1, 2, 1, 2)
        ]
        switches: list[dict[str, Any]] = [ROTATING, ROTATING, {}, {}]
        single, double, plain_single, plain_double = await asyncio.gather(
            *map(granted, desks, switches)
        )
    ratio = double["seconds"] / single["seconds"]
    say(
        f"{PEOPLE} grants with rotating cookies",
        ratio=ratio,
        limit=LIMIT,
        seconds_single_file=single["seconds"],
        seconds_two_at_once=double["seconds"],
        refused=double["refused"],
        refused_twice=double["refused_twice"],
        done=double["done"],
        lasting_cookies_ratio=plain_double["seconds"] / plain_single["seconds"],
        lasting_cookies_seconds_two_at_once=plain_double["seconds"],
        good=ratio <= LIMIT and double["refused_twice"] == 0 and double["done"] == PEOPLE,
    )


async def granted(desk: Desk, switches: dict[str, Any]) -> dict[str, Any]:
    """How long everybody took, and how TradingView saw it."""
    names = [f"buyer_{n:03}" for n in range(PEOPLE)]
    await desk.there.order(people=names, switches=switches, forget=True)
    begun = time.perf_counter()
    orders = [await desk.grant(name, by=CLERK) for name in names]
    await desk.all_ended()
    seconds, report = time.perf_counter() - begun, await desk.there.order()
    return report | {"seconds": seconds, "done": await desk.done(orders)}


if __name__ == "__main__":
    asyncio.run(main())
