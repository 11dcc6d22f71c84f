"""After a restore, somebody who cannot be read by name holds up nobody else."""

import pytest

from bot.access.sweeps.drift import Drift
from bot.access.sweeps.recovery import AGAIN, Recovery
from bot.access.sweeps.sweep import Sweeps
from bot.jobs import Jobs
from bot.replies import history
from bot.store.catalogue import guilds
from bot.tradingview import TradingViewError
from tests.support.access_harness import open_counter, pause
from tests.support.restored import MONTH, closed, restored, sold
from tests.support.vendor_fixture import HOME


@pytest.fixture
async def counter(frozen, tmp_path):
    async with open_counter(tmp_path, frozen) as counter:
        yield counter


class Odd:
    """TradingView answers nothing of use about that name, as often as `times` says."""

    def __init__(self, tradingview, name, times):
        self.find, self.name, self.times = tradingview.find_row, name, times
        self.asked = []

    async def __call__(self, pine_id, name, **more):
        self.asked.append(name)
        if name == self.name and self.times:
            self.times -= 1
            raise TradingViewError
        return await self.find(pine_id, name, **more)


async def odd(counter, name, times):
    session = await counter.shop.sessions.of(HOME)
    session.tradingview.find_row = odd = Odd(session.tradingview, name, times)
    return odd


def recovery(counter):
    sweeps, drift = Sweeps(counter.database, counter.shop.sessions), Drift(counter.database)
    return Recovery(
        counter.database, sweeps, lambda swept: drift.note(swept, None), counter.queue.wake
    )


async def passes(counter, check, minutes=30):
    for _ in range(minutes):
        for _ in range(40):
            if await check():
                return
            await pause()
        await counter.time.advance(AGAIN)
    raise AssertionError("it never came so far")


async def waiting(counter):
    """Two people's orders wait in the copy."""
    await closed(counter)
    orders = [await counter.grant(name, "1M") for name in ("Ann_Trades", "bob-fx")]
    await restored(counter)
    return orders


def is_done(counter, wish):
    async def check():
        return await counter.state(wish) == "done"

    return check


async def test_the_others_go_on_and_staff_are_told_once(counter):
    ann, bob = await waiting(counter)
    names = await odd(counter, "bob-fx", -1)
    async with Jobs() as jobs:
        await recovery(counter).start(jobs)
        await passes(counter, is_done(counter, ann))
        asked = names.asked.count("bob-fx")

        async def asked_again():
            return names.asked.count("bob-fx") >= asked + 3

        await passes(counter, asked_again)
    assert await counter.state(bob) == "stuck"
    assert counter.end("bob-fx") == "absent"
    [entry] = await counter.shop.events("restore_unread")
    assert "**bob-fx**" in history.line(entry, counter.script, None)
    [summary] = await counter.shop.events("restore_over")
    assert (summary.after["open"], summary.after["stuck"]) == (1, 0)


async def test_they_go_on_once_they_are_read_also_after_a_restart(counter):
    ann, bob = await waiting(counter)
    names = await odd(counter, "bob-fx", -1)
    async with Jobs() as jobs:
        await recovery(counter).start(jobs)
        await passes(counter, is_done(counter, ann))
    names.times = 0
    async with Jobs() as jobs:
        await recovery(counter).start(jobs)
        await passes(counter, is_done(counter, bob))
    assert [one.after["scripts"] for one in await counter.shop.events("restore_over")] == [1, 0]


async def test_who_was_read_is_not_read_again_for_somebody_else(counter):
    await waiting(counter)
    names = await odd(counter, "bob-fx", 1)
    async with Jobs() as jobs:
        await recovery(counter).start(jobs)

        async def free():
            async with counter.database.read() as connection:
                return (await guilds.by_id(connection, HOME)).restored_at is None

        await passes(counter, free)
    first = names.asked.index("bob-fx")
    again = names.asked.index("bob-fx", first + 1)
    assert "Ann_Trades" not in names.asked[first:again]
    assert not await counter.shop.events("restore_unread")
    [checked] = await counter.shop.events("restore_checked")
    assert checked.after["open"] == 2


async def test_a_new_order_does_not_carry_out_what_is_held(counter):
    await sold(counter, "bob-fx", "1Y")
    there = counter.end("bob-fx")
    await closed(counter)
    ann = await counter.grant("Ann_Trades", "1M")
    old = await counter.revoke("bob-fx")
    await restored(counter)
    counter.give("bob-fx", there + MONTH)
    names = await odd(counter, "bob-fx", -1)
    async with Jobs() as jobs:
        await recovery(counter).start(jobs)
        await passes(counter, is_done(counter, ann))
        new = await counter.grant("bob-fx", "1M")
        await counter.time.advance(60)
        await counter.rest()
        assert counter.end("bob-fx") == there + MONTH
        names.times = 0
        await passes(counter, is_done(counter, new))
    assert counter.end("bob-fx") == there + MONTH + MONTH
    assert await counter.state(old) == "stuck"
