"""SIGKILL between a role and its order, between the order and TradingView, between done and the message: once each."""

import asyncio
import signal
import sqlite3
import sys
from contextlib import closing

import pytest

from tests.support.child import open_child
from tests.support.discord_harness import text_of
from tests.support.fake_time import eventually

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")


@pytest.fixture
async def child(tmp_path):
    child = await open_child(tmp_path)
    child.as_buyer = child.discord.person(child.buyer)
    child.tradingview.world.add_user("Ann_Trades")
    child.vip = child.discord.add_role(child.guild, "VIP")
    try:
        await child.start()
        await child.run("role add", role=child.vip, item="trend")
        await child.run("access grant", item="trend", duration="1M", username="Ann_Trades")
        await child.run("customer link", member=child.buyer, username="Ann_Trades")
        await eventually(lambda: len(child.as_buyer.dms()) <= 1)
        yield child
    finally:
        child.tradingview.switches.hang = False
        await child._end(signal.SIGKILL)
        await child.discord.close()
        await child.tradingview.close()


def rows(child, query):
    with closing(sqlite3.connect(child.tmp_path / "data/usher.db")) as raw:
        return raw.execute(query).fetchall()


async def has(child, query):
    return await asyncio.to_thread(rows, child, query)


async def told(child):
    """How often the buyer read that the role brings access."""
    return sum("because you have the role" in text_of(each) for each in child.as_buyer.dms())


ORDERS = "SELECT 1 FROM 'order' WHERE actor_kind = 'source'"


@pytest.mark.parametrize("moment", ["before the order", "before the write", "before the message"])
async def test_a_role_is_followed_once_whenever_the_program_is_killed(child, moment):
    if moment == "before the order":
        await child.kill()
        child.discord.give_role(child.guild, child.buyer, child.vip)
    elif moment == "before the write":
        child.tradingview.switches.hang = True
        child.discord.give_role(child.guild, child.buyer, child.vip)
        await eventually(lambda: has(child, ORDERS))
        await child.kill()
        child.tradingview.switches.hang = False
    else:
        child.discord.switches.fail("message", 502, None)
        child.discord.give_role(child.guild, child.buyer, child.vip)
        await eventually(lambda: child.end("Ann_Trades") is None)
        await child.kill()
        child.discord.switches.clear()
    await child.start()

    async def is_told():
        return await told(child)

    await eventually(is_told)
    assert child.end("Ann_Trades") is None
    assert await told(child) == 1
    assert len(await has(child, ORDERS)) == 1
    assert len(await has(child, "SELECT 1 FROM purchase WHERE source = 'role'")) == 1
    assert len(child.writes()) == 2  # the month before, and this
