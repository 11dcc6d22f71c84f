"""Another program with the same account: sends as much as it is told, and prints when as JSON."""

import asyncio
import json
import sys
import time

from bot import clock, tradingview_accounts
from bot.settings import Settings
from tests.support.fake_time import FakeTime


async def crowd(settings, guild_id, turns):
    """Send so many requests as fast as it goes, by the real clock; print when each began and ended."""
    spans = []
    async with tradingview_accounts.limiter_of(settings, guild_id) as limiter:

        async def one():
            async with limiter.permit():
                began = time.monotonic()
                await asyncio.sleep(0.001)
                spans.append((began, time.monotonic()))

        print(json.dumps("ready"), flush=True)
        sys.stdin.readline()
        await asyncio.gather(*(one() for _ in range(turns)))
    print(json.dumps(spans), flush=True)


async def stay(settings, guild_id):
    """Send one request that has no answer, while the clock stands still."""
    with clock.taken_from(FakeTime()):
        async with (
            tradingview_accounts.limiter_of(settings, guild_id) as limiter,
            limiter.permit(),
        ):
            print(json.dumps("sent"), flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    url, guild_id, rate, concurrency, *turns = sys.argv[1:]
    settings = Settings(database_url=url, tv_pace=float(rate), tv_concurrency=int(concurrency))
    work = crowd if turns else stay
    asyncio.run(work(settings, int(guild_id), *map(int, turns)))
