"""SIGKILL while a batch is started or runs: nobody is given to twice, and its message goes on."""

import asyncio
import signal
import sqlite3
import sys
from contextlib import closing

import pytest

from tests.support.bulk_office import NAMES, listed
from tests.support.child import open_child
from tests.support.discord_harness import text_of
from tests.support.fake_time import eventually

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")


@pytest.fixture
async def child(tmp_path):
    child = await open_child(tmp_path)
    for name in NAMES:
        child.tradingview.world.add_user(name)
    try:
        await child.start()
        yield child
    finally:
        child.tradingview.switches.hang = False
        await child._end(signal.SIGKILL)
        await child.discord.close()
        await child.tradingview.close()


async def state(child):
    def read():
        with closing(sqlite3.connect(child.tmp_path / "data/usher.db")) as raw:
            return raw.execute("SELECT state FROM batch").fetchone()

    found = await asyncio.to_thread(read)
    return None if found is None else found[0]


async def done(child, request):
    await eventually(lambda: "Batch 1 is done" in text_of(request.original))
    assert "**5** done · **0** failed" in text_of(request.original)
    assert len(child.writes()) == 5
    assert child.as_owner.dms() == []


async def killed(child):
    await child.kill()
    child.tradingview.switches.hang = False
    child.discord.switches.clear()
    await child.start()


async def test_killed_after_the_start_before_the_answer_it_runs_and_says_so_there(child):
    request = await child.run("bulk grant", file=listed(NAMES))
    child.tradingview.switches.hang = True
    child.discord.switches.fail("original", 502, None)
    press = await child.as_owner.press(request.original, "Start for 5 people")

    async def is_running():
        return await state(child) == "running"

    await eventually(is_running)
    await press.acknowledged_()
    await killed(child)
    await done(child, request)


async def test_killed_while_it_runs_its_message_goes_on(child):
    request = await child.run("bulk grant", file=listed(NAMES))
    child.tradingview.switches.latency = 0.3
    press = await child.as_owner.press(request.original, "Start for 5 people")
    await press.answered()
    await eventually(lambda: len(child.writes()) >= 2)
    child.tradingview.switches.latency = 0.0
    await killed(child)
    await done(child, request)
