"""One wish on an idle account, from the command to "verified", beside its own upstream calls.

python -m tests.bench.one_wish
"""

import asyncio
import time

import aiohttp

from tests.bench.desk import middle, open_desk, say

WISHES = 20
LIMIT = 1.2


async def main() -> None:
    async with open_desk(pace=50, concurrency=4) as desk:
        names = [f"buyer_{n:03}" for n in range(WISHES + 1)]
        await desk.there.order(people=names)
        await desk.serve(names.pop())  # opens connections, fills caches
        ratios, spent, needed = [], [], []
        for name in names:
            await desk.there.order(forget=True)
            seconds = await desk.serve(name)
            report = await desk.there.order()
            calls = sum(report["by_name"].values()) * await one_call(desk.there.url)
            ratios.append(seconds / calls)
            spent.append(seconds)
            needed.append(calls)
        say(
            "one wish on an idle account",
            orders=len(names),
            calls_each=sum(report["by_name"].values()),
            seconds=middle(spent),
            seconds_of_its_calls=middle(needed),
            ratio=middle(ratios),
            worst_ratio=max(ratios),
            limit=LIMIT,
            good=middle(ratios) <= LIMIT,
        )


async def one_call(url: str) -> float:
    """Seconds that one upstream call takes by itself, measured beside the wish."""
    async with aiohttp.ClientSession() as http:
        took = []
        for _ in range(3):
            begun = time.perf_counter()
            async with http.get(f"{url}/username_hint/?s=buyer_000") as answer:
                await answer.read()
            took.append(time.perf_counter() - begun)
    return min(took)


if __name__ == "__main__":
    asyncio.run(main())
