"""`usher import --as` as a process of its own: beside the bot, without it, and ended in the middle."""

import asyncio
import signal
import sqlite3
import sys
from contextlib import closing

import pytest

from tests.support.bulk_office import NAMES
from tests.support.child import open_child, usher
from tests.support.fake_time import eventually

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")


@pytest.fixture
async def child(tmp_path):
    child = await open_child(tmp_path)
    for name in NAMES:
        child.tradingview.world.add_user(name)
    rows = "".join(f"{name},trend,L\n" for name in NAMES)
    (tmp_path / "members.csv").write_text(f"username,item,duration\n{rows}")
    try:
        await child.start()
        yield child
    finally:
        child.tradingview.switches.latency = 0.0
        await child._end(signal.SIGKILL)
        await child.discord.close()
        await child.tradingview.close()


async def state(child, table="batch"):
    def read():
        with closing(sqlite3.connect(child.tmp_path / "data/usher.db")) as raw:
            return raw.execute(f"SELECT state FROM {table}").fetchone()

    return await asyncio.to_thread(read)


async def test_the_running_bot_carries_out_what_the_terminal_starts(child):
    code, printed = await usher(child, "import", "members.csv", "--as", "grant", "--yes")
    assert code == 0, printed
    assert "Batch 1 is carried out by the running Usher." in printed
    assert "5 done · 0 failed" in printed
    assert len(child.writes()) == 5


async def test_ended_in_the_middle_it_goes_on_with_the_next_run_of_the_bot(child):
    await eventually(lambda: state(child, "session"))  # the login is there
    await child.stop()
    await child.discord.bot_gone()
    child.printed = b""
    import_ = ("bot", "import", "members.csv", "--as", "grant", "--yes")
    child.tradingview.switches.latency = 2.0
    await child.spawn(module=import_)
    await eventually(lambda: b"Batch 1 is carried out here" in child.printed)
    await eventually(lambda: child.tradingview.calls("add"))
    assert await child.stop() == 130
    assert b"Stopped. Batch 1 is not finished: it goes on with the next usher run" in child.printed
    assert await state(child) == ("running",)
    child.tradingview.switches.latency = 0.0
    await child.start()
    code, printed = await usher(child, "import", "--follow", "1")
    assert code == 0, printed
    assert "5 done · 0 failed" in printed
    assert len(child.writes()) == 5
