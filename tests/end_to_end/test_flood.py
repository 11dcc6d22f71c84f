"""Strangers who open more connections than the program has files: everything else goes on."""

import asyncio
import contextlib
import re
import sys

import aiohttp
import pytest

from tests.end_to_end.test_process import child  # noqa: F401 - the fixture
from tests.support.fake_time import eventually

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits as on Linux and macOS")

FILES, SOCKETS = 256, 300


async def half_open(port):
    """Open a connection, send half a request line, and again as soon as it is closed."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET /readyz HT")
                await reader.read()
            finally:
                writer.close()
        await asyncio.sleep(0.2)


async def test_half_requests_on_more_sockets_than_files_stop_nothing(child):  # noqa: F811
    await child.start(files=FILES)
    port = int(re.search(rb"web endpoint at http://127.0.0.1:(\d+)", child.printed)[1])
    loop = asyncio.get_running_loop()
    attack = [loop.create_task(half_open(port)) for _ in range(SOCKETS)]
    try:
        await eventually(lambda: b"connections at once" in child.printed)
        async with aiohttp.ClientSession() as http:

            async def ready():
                async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    return answer.status == 200

            await eventually(ready)  # discord.py waits a moment before it is
            for number in range(5):
                assert await ready()
                name = f"Ann_Trades{number}"
                child.tradingview.world.add_user(name)
                await child.run("access grant", item="trend", duration="1M", username=name)
                await eventually(lambda name=name: child.end(name) != "absent")
    finally:
        for task in attack:
            task.cancel()
        await asyncio.gather(*attack, return_exceptions=True)
    assert await child.stop() == 0
    assert b"Traceback" not in child.printed
    assert child.printed.count(b"connections at once") <= 2
