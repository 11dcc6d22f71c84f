"""What one page of 30 rows with 50 KB pictures costs to read: time and memory.

python -m tests.bench.big_page
"""

import asyncio
import time
import tracemalloc
from datetime import timedelta

import aiohttp

from bot import clock
from bot.sandbox.tradingview import FakeTradingView
from bot.tradingview import parsing, response_errors, wire
from bot.tradingview.models import Page
from bot.tradingview.response_errors import Reply
from tests.bench.desk import middle, percentile, say

PINE_ID = "PUB;" + "0123456789abcdef" * 2
ROWS, TIMES = 30, 50
MAX_SECONDS, MAX_BYTES = 0.02, 10 * 1024 * 1024


async def page_of_pictures() -> bytes:
    """The page as the stand-in sends it."""
    tradingview = FakeTradingView()
    await tradingview.start()
    world = tradingview.world
    vendor = world.add_vendor("Vendor_One")
    world.add_script(vendor, PINE_ID)
    tradingview.switches.pictures = "always"
    for n in range(ROWS):
        world.grant(PINE_ID, f"buyer_{n:03}", clock.now() + timedelta(days=n))
    sessionid, sign = world.open_session(vendor)
    async with aiohttp.ClientSession() as http:
        answer = await http.post(
            f"{tradingview.url}/pine_perm/list_users/?limit={ROWS}",
            data={"pine_id": PINE_ID},
            headers={"Cookie": f"sessionid={sessionid}; sessionid_sign={sign}"},
        )
        body = await answer.read()
    await tradingview.close()
    return body


def main() -> None:
    body = asyncio.run(page_of_pictures())
    took = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        read(bytearray(body))
        took.append(time.perf_counter() - begun)
    tracemalloc.start()
    page = read(bytearray(body))
    peak = tracemalloc.get_traced_memory()[1]
    assert len(page.rows) == ROWS
    say(
        f"a page of {ROWS} rows with pictures",
        page_bytes=len(body),
        seconds=middle(took),
        seconds_p95=percentile(took, 0.95),
        most_seconds=MAX_SECONDS,
        bytes=peak,
        most_bytes=MAX_BYTES,
        good=middle(took) <= MAX_SECONDS and peak <= MAX_BYTES,
    )


def read(received: bytearray) -> Page:
    """Everything between the last byte and the rows, as the client does it."""
    reply = Reply(200, {"content-type": "application/json"}, bytes(received))
    error = response_errors.failure(reply, wire.Purpose.READ, clock.now())
    assert error is None
    return parsing.page(reply, "https://www.tradingview.com")


if __name__ == "__main__":
    main()
