"""Yesterday's database is put back: no paid day is lost, and nothing is taken away."""

import asyncio
import signal
import sys
from datetime import UTC, datetime

import pytest
from child import open_child
from conftest import eventually
from dateutil.relativedelta import relativedelta

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")


@pytest.fixture
async def child(tmp_path):
    child = await open_child(tmp_path)
    try:
        yield child
    finally:
        await child._end(signal.SIGKILL)
        await child.discord.close()
        await child.tradingview.close()


async def usher(child, *arguments):
    """One command in the terminal; returns its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments,
        cwd=child.tmp_path, env=child.environment(),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


async def grant(child, name, length):
    order = await child.run("access grant", item="trend", duration=length, username=name)
    await eventually(lambda: "✅" in order.messages[0].text)


async def test_yesterdays_database_is_restored_and_no_paid_day_is_lost(child):
    for name in ("Ann_Trades", "bob-fx", "Carl", "Dora"):
        child.tradingview.world.add_user(name)
    await child.start()
    await grant(child, "Ann_Trades", "1M")
    await grant(child, "bob-fx", "1M")
    code, said = await usher(child, "backup", "yesterday.db")
    assert code == 0, said
    # After the backup: one more month, and somebody new.
    await grant(child, "Ann_Trades", "1M")
    await grant(child, "Carl", "L")
    assert await child.stop() == 0
    there = {name: child.end(name) for name in ("Ann_Trades", "bob-fx", "Carl", "Dora")}
    writes, told = len(child.writes()), len(child.as_owner.dms())

    code, said = await usher(child, "restore", "yesterday.db")
    assert code == 0, said
    seen = len(child.tradingview.log)
    child.tradingview.switches.hang = True
    await child.start()
    order = await child.run("access grant", item="trend", duration="1M", username="Dora")
    assert "restored" in order.messages[0].text
    child.tradingview.switches.hang = False
    await eventually(lambda: child.end("Dora") != "absent")
    since = list(child.tradingview.log)[seen:]
    whole = [call.name == "list" and "username" not in call.form for call in since]
    wrote = [call.writes for call in since]
    assert whole.index(True) < wrote.index(True), "the whole list is read before any write"
    assert {name: child.end(name) for name in list(there)[:3]} == dict(list(there.items())[:3])
    assert len(child.writes()) == writes + 1
    assert len(child.as_owner.dms()) == told

    # What TradingView showed counts: the next month begins where the lost one ended.
    await grant(child, "Ann_Trades", "1M")
    expected = datetime.now(UTC) + relativedelta(months=3)
    assert abs((child.end("Ann_Trades") - expected).total_seconds()) < 3 * 86_400
    assert not list((child.tmp_path / "data").glob(".*"))
    assert list((child.tmp_path / "data/backups").glob("usher-replaced-*.db"))
