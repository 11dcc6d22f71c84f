"""Who comes first: whoever stands and waits, then the order asked; nobody waits for another's pause."""

import asyncio

import pytest

from bot.access.sync.reconcile import READ_BACK
from tests.support.access_harness import open_counter
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import HOME

CROWD = [f"buyer_{n:02}" for n in range(45)]


@pytest.fixture
async def counter(tmp_path, frozen, monkeypatch):
    """Many were granted something while there was no login yet."""
    monkeypatch.setattr("bot.access.sync.batch.SMALLEST", 1_000)  # each is read for itself here
    async with open_counter(tmp_path, frozen, login=False) as counter:
        for name in CROWD:
            counter.fake.world.add_user(name)
        counter.wishes = [await counter.grant(name, "1M") for name in CROWD]
        yield counter


def asked_about(counter, kind="list"):
    return [call.username for call in counter.fake.calls(kind) if call.username]


async def all_done(counter, *, within=0):
    for wish in counter.wishes:
        if not within:
            await eventually(lambda wish=wish: is_done(counter, wish))
        await counter.done(wish, within=within)


async def is_done(counter, wish):
    return await counter.state(wish) == "done"


async def test_what_waits_is_done_in_the_order_asked(counter):
    await counter.shop.log_in()
    await all_done(counter)
    begun = list(dict.fromkeys(name for name in asked_about(counter) if name in CROWD))
    assert not set(begun[:10]) & set(CROWD[-10:])
    assert not set(begun[-10:]) & set(CROWD[:10])


async def test_whoever_stands_and_waits_goes_before_the_crowd(counter):
    await counter.shop.log_in()
    counter.switches.fault("hang", path="list")
    before = len(asked_about(counter))
    await eventually(lambda: len(asked_about(counter)) == before + 8)
    wish = await counter.meanwhile(counter.grant("Ann_Trades", "1M", anyway=True))
    standing = asyncio.ensure_future(counter.answers.outcome(wish, 600))
    await counter.rest()  # in line behind the eight
    counter.switches.lift("hang")
    await standing
    assert asked_about(counter)[before + 8] == "Ann_Trades"
    assert "Ann_Trades" in asked_about(counter, "add")[:9]
    await all_done(counter)


async def test_who_no_longer_waits_is_one_of_the_crowd(counter):
    await counter.shop.log_in()
    counter.switches.fault("hang", path="list")
    before = len(asked_about(counter))
    await eventually(lambda: len(asked_about(counter)) == before + 8)
    wish = await counter.meanwhile(counter.grant("Ann_Trades", "1M", anyway=True))
    counter.switches.lift("hang")
    await all_done(counter)
    await eventually(lambda: is_done(counter, wish))
    assert asked_about(counter)[before:].index("Ann_Trades") > 8


async def test_a_crowd_waiting_for_the_list_keeps_nobody_from_being_served(counter):
    """Read-back pauses are nobody's turn: all are written before the first one is shown."""
    counter.switches.read_delay = 3.0
    await counter.shop.log_in()
    await eventually(lambda: len(asked_about(counter, "add")) == len(CROWD), tries=4000)
    assert sum(READ_BACK) >= 7
    await all_done(counter, within=10)
    assert len(counter.writes()) == len(CROWD)


async def test_being_told_to_slow_down_is_no_failure(tmp_path, frozen):
    async with open_counter(tmp_path, frozen) as counter:
        counter.switches.fault("too_many", path="list", times=1)
        wish = await counter.grant("Ann_Trades", "1M")

        async def told():
            return (await counter.permission("Ann_Trades")).reason == "slow_down"

        await eventually(told)
        receipt = await counter.done(wish, within=40)
        assert receipt.permission.attempts == 0
        assert asked_about(counter).count("Ann_Trades") == 1 + 2
        assert not counter.queue.is_blocked(HOME)
