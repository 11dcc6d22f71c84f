"""Another program with the same account: does with a pace what it is told, a JSON line for each.

As its clock stands wherever it is told, a test can keep step with it.
"""

import asyncio
import contextlib
import json
import sys
import time
from datetime import timedelta
from pathlib import Path

from bot import clock
from bot.tradingview import Pace
from bot.tradingview.book import open_book
from tests.support.fake_time import START, FakeTime, settle


class Visitor:
    """Turns that were asked for, and those that were given."""

    def __init__(self, pace):
        self.pace = pace
        self.asked, self.had = [], 0
        self.leave = asyncio.Semaphore(0)

    async def turn(self):
        async with self.pace.turn():
            self.had += 1
            await self.leave.acquire()

    def ask(self):
        self.asked.append(asyncio.ensure_future(self.turn()))


async def told(line, visitor, time_):
    match line["do"]:
        case "ask":
            visitor.ask()
        case "leave":
            visitor.leave.release()
        case "hold":
            visitor.pace.hold(line["seconds"])
        case "begin" | "end" as act:
            getattr(visitor.pace._book, act)()
        case "clock":
            await time_.advance(
                (START + timedelta(seconds=line["at"]) - time_.now()).total_seconds()
            )
    await settle()
    return {"had": visitor.had, "held_for": visitor.pace.held_for()}


async def obey(path, rate, concurrency):
    loop = asyncio.get_running_loop()
    time_ = FakeTime()
    with clock.taken_from(time_):
        pace = Pace(rate, concurrency, book=open_book(path, path.parent))
        visitor = Visitor(pace)
        print(json.dumps({}), flush=True)
        while text := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(await told(json.loads(text), visitor, time_)), flush=True)


async def crowd(path, rate, concurrency, turns):
    """As many turns as fast as it goes, by the real clock; says when each began and ended."""
    pace = Pace(rate, concurrency, book=open_book(path, path.parent))
    spans = []

    async def one():
        async with pace.turn():
            began = time.monotonic()
            await asyncio.sleep(0.001)
            spans.append((began, time.monotonic()))

    print(json.dumps({}), flush=True)
    sys.stdin.readline()
    await asyncio.gather(*(one() for _ in range(turns)))
    print(json.dumps(spans), flush=True)


if __name__ == "__main__":
    where, rate, concurrency, *turns = sys.argv[1:]
    work = crowd if turns else obey
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(work(Path(where), float(rate), int(concurrency), *map(int, turns)))
