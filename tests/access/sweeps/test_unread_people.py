"""After a restore, somebody who cannot be read by name holds up nobody else."""

import pytest

from bot.access.sweeps.recovery import AGAIN
from bot.jobs import Jobs
from bot.replies import history
from bot.store.catalogue import guilds
from bot.tradingview import TradingViewError
from tests.support.access_harness import open_harness, pause
from tests.support.restored import MONTH, carried_out, closed, restored, sold
from tests.support.vendor_fixture import HOME


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


class Odd:
    """TradingView answers nothing of use about that name, as often as `times` says."""

    def __init__(self, tradingview, name, times):
        self.find, self.name, self.times = tradingview.find_row, name, times
        self.request = []

    async def __call__(self, pine_id, name, **more):
        self.request.append(name)
        if name == self.name and self.times:
            self.times -= 1
            raise TradingViewError
        return await self.find(pine_id, name, **more)


async def odd(harness, name, times):
    session = await harness.vendor.sessions.of(HOME)
    session.tradingview.find_row = odd = Odd(session.tradingview, name, times)
    return odd


async def passes(harness, check, minutes=30):
    for _ in range(minutes):
        for _ in range(40):
            if await check():
                return
            await pause()
        await harness.time.advance(AGAIN)
    raise AssertionError("it never came so far")


async def waiting(harness):
    """Two people's orders wait in the copy."""
    await closed(harness)
    orders = [await harness.grant(name, "1M") for name in ("Ann_Trades", "bob-fx")]
    await restored(harness)
    return orders


def is_done(harness, order):
    async def check():
        await carried_out(harness)  # whatever waits for staff
        return await harness.state(order) == "done"

    return check


async def test_the_others_go_on_and_staff_are_told_once(harness):
    ann, bob = await waiting(harness)
    names = await odd(harness, "bob-fx", -1)
    async with Jobs() as jobs:
        await harness.recovery.start(jobs)
        await passes(harness, is_done(harness, ann))
        request = names.request.count("bob-fx")

        async def asked_again():
            return names.request.count("bob-fx") >= request + 3

        await passes(harness, asked_again)
    assert await harness.state(bob) == "stuck"
    assert harness.end("bob-fx") == "absent"
    [entry] = await harness.vendor.events("restore_unread")
    assert "**bob-fx**" in history.line(entry, harness.script, None)
    [summary] = await harness.vendor.events("restore_over")
    assert (summary.after["undecided"], summary.after["stuck"]) == (1, 0)


async def test_they_go_on_once_they_are_read_also_after_a_restart(harness):
    ann, bob = await waiting(harness)
    names = await odd(harness, "bob-fx", -1)
    async with Jobs() as jobs:
        await harness.recovery.start(jobs)
        await passes(harness, is_done(harness, ann))
    names.times = 0
    async with Jobs() as jobs:
        await harness.recovery.start(jobs)
        await passes(harness, is_done(harness, bob))
    assert [one.after["scripts"] for one in await harness.vendor.events("restore_over")] == [1, 0]


async def test_who_was_read_is_not_read_again_for_somebody_else(harness):
    await waiting(harness)
    names = await odd(harness, "bob-fx", 1)
    async with Jobs() as jobs:
        await harness.recovery.start(jobs)

        async def free():
            async with harness.database.read() as connection:
                return (await guilds.by_id(connection, HOME)).restored_at is None

        await passes(harness, free)
    first = names.request.index("bob-fx")
    again = names.request.index("bob-fx", first + 1)
    assert "Ann_Trades" not in names.request[first:again]
    assert not await harness.vendor.events("restore_unread")
    [checked] = await harness.vendor.events("restore_checked")
    assert checked.after["undecided"] == 2


async def test_a_new_order_does_not_carry_out_what_is_held(harness):
    await sold(harness, "bob-fx", "1Y")
    there = harness.end("bob-fx")
    await closed(harness)
    ann = await harness.grant("Ann_Trades", "1M")
    old = await harness.revoke("bob-fx")
    await restored(harness)
    harness.give("bob-fx", there + MONTH)
    names = await odd(harness, "bob-fx", -1)
    async with Jobs() as jobs:
        await harness.recovery.start(jobs)
        await passes(harness, is_done(harness, ann))
        new = await harness.grant("bob-fx", "1M")
        await harness.time.advance(60)
        await harness.rest()
        assert harness.end("bob-fx") == there + MONTH
        names.times = 0
        await passes(harness, is_done(harness, new))
    assert harness.end("bob-fx") == there + MONTH + MONTH
    assert await harness.state(old) == "stuck"
