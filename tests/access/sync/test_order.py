"""Who comes first: whoever stands and waits, then the order asked; nobody waits for another's pause."""

import asyncio

import pytest

from bot.access.sync.reconcile import READ_BACK
from tests.support.access_harness import open_harness
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import HOME

CROWD = [f"buyer_{n:02}" for n in range(45)]


@pytest.fixture
async def harness(tmp_path, frozen, monkeypatch):
    """Many were granted something while there was no login yet."""
    monkeypatch.setattr("bot.access.sync.chunk.SMALLEST", 1_000)  # each is read for itself here
    async with open_harness(tmp_path, frozen, login=False) as harness:
        for name in CROWD:
            harness.fake.world.add_user(name)
        harness.orders = [await harness.grant(name, "1M") for name in CROWD]
        yield harness


def asked_about(harness, kind="list"):
    return [call.username for call in harness.fake.calls(kind) if call.username]


async def all_done(harness, *, within=0):
    for order in harness.orders:
        if not within:
            await eventually(lambda order=order: is_done(harness, order))
        await harness.done(order, within=within)


async def is_done(harness, order):
    return await harness.state(order) == "done"


async def test_what_waits_is_done_in_the_order_asked(harness):
    await harness.vendor.log_in()
    await all_done(harness)
    begun = list(dict.fromkeys(name for name in asked_about(harness) if name in CROWD))
    assert not set(begun[:10]) & set(CROWD[-10:])
    assert not set(begun[-10:]) & set(CROWD[:10])


async def test_whoever_stands_and_waits_goes_before_the_crowd(harness):
    await harness.vendor.log_in()
    harness.switches.fault("hang", path="list")
    before = len(asked_about(harness))
    await eventually(lambda: len(asked_about(harness)) == before + 8)
    order = await harness.meanwhile(harness.grant("Ann_Trades", "1M", unknown_name=True))
    standing = asyncio.ensure_future(harness.outcomes.outcome(order, 600))
    await harness.rest()  # in line behind the eight
    harness.switches.lift("hang")
    await standing
    assert asked_about(harness)[before + 8] == "Ann_Trades"
    assert (
        "Ann_Trades" in asked_about(harness, "add")[:12]
    )  # read first, and written among the first
    await all_done(harness)


async def test_who_no_longer_waits_is_one_of_the_crowd(harness):
    await harness.vendor.log_in()
    harness.switches.fault("hang", path="list")
    before = len(asked_about(harness))
    await eventually(lambda: len(asked_about(harness)) == before + 8)
    order = await harness.meanwhile(harness.grant("Ann_Trades", "1M", unknown_name=True))
    harness.switches.lift("hang")
    await all_done(harness)
    await eventually(lambda: is_done(harness, order))
    assert asked_about(harness)[before:].index("Ann_Trades") > 8


async def test_a_crowd_waiting_for_the_list_keeps_nobody_from_being_served(harness):
    """Read-back pauses are nobody's turn: all are written before the first one is shown."""
    harness.switches.read_delay = 3.0
    await harness.vendor.log_in()
    await eventually(lambda: len(asked_about(harness, "add")) == len(CROWD))
    assert sum(READ_BACK) >= 7
    await all_done(harness, within=10)
    assert len(harness.writes()) == len(CROWD)


async def test_being_told_to_slow_down_is_no_failure(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        harness.switches.fault("too_many", path="list", times=1)
        order = await harness.grant("Ann_Trades", "1M")

        async def told():
            return (await harness.permission("Ann_Trades")).reason == "slow_down"

        await eventually(told)
        receipt = await harness.done(order, within=40)
        assert receipt.permission.attempts == 0
        assert asked_about(harness).count("Ann_Trades") == 1 + 2
        assert not harness.queue.is_blocked(HOME)
