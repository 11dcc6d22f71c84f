"""After a restore nothing is sent before each script's list was read whole; later ends win."""

from datetime import timedelta

import pytest
from counter import eventually, open_counter, pause

from bot import clock
from bot.access.drift import Drift
from bot.access.recovery import AGAIN, Recovery
from bot.access.sweep import Sweeps
from bot.store import restoring, scripts


@pytest.fixture
async def counter(frozen, tmp_path):
    async with open_counter(tmp_path, frozen) as counter:
        yield counter


async def restored(counter):
    """The database as it is now comes from a backup; the time is a day later."""
    async with counter.database.write() as connection:
        await restoring.mark(connection, clock.now(), clock.now())


async def recover(counter, jobs):
    sweeps, drift = Sweeps(counter.database, counter.shop.sessions), Drift(counter.database)
    recovery = Recovery(
        counter.database, sweeps, lambda swept: drift.note(swept, None), counter.queue.wake
    )
    await recovery.start(jobs)


@pytest.fixture
async def jobs(counter):
    from bot.jobs import Jobs

    async with Jobs() as jobs:
        yield jobs


async def held_back(counter):
    async with counter.database.read() as connection:
        return [one.slug for one in await scripts.restored(connection)]


async def test_an_order_waits_for_the_full_read_and_says_so(counter, jobs):
    await restored(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    await counter.time.advance(60)
    assert not counter.writes()
    receipt = await counter.answers.receipt(wish)
    assert (receipt.wish.state, receipt.waiting_for) == ("waiting", "full_check")
    await recover(counter, jobs)
    await counter.done(wish, within=30)
    assert await held_back(counter) == []
    [entry] = await counter.shop.events("restore_checked")
    assert entry.after == {"number": 0}


async def test_each_script_is_let_go_on_its_own(counter, jobs):
    await counter.shop.add_script("other")
    await restored(counter)
    pine_id = counter.pine_id
    del counter.fake.world.scripts[pine_id]
    await recover(counter, jobs)

    async def only_one_left():
        return await held_back(counter) == ["trend"]

    await eventually(only_one_left)
    assert [one.script_id for one in await counter.shop.events("restore_checked")]


async def test_a_list_that_cannot_be_read_is_tried_again_and_nothing_is_sent(counter, jobs):
    await restored(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    counter.switches.set("down", True)
    await recover(counter, jobs)
    for _ in range(3):
        await pause()
        await counter.time.advance(AGAIN)
    assert await held_back(counter) == ["trend"]
    assert not counter.writes()
    counter.switches.set("down", False)
    await counter.time.advance(AGAIN)
    await counter.done(wish, within=400)


async def test_a_later_end_on_tradingview_wins_and_is_reported(counter, jobs):
    wish = await counter.grant("Ann_Trades", "1M")
    await counter.done(wish, within=10)
    sold = counter.end("Ann_Trades")
    later = sold + timedelta(days=31)  # sold after the backup was made
    counter.give("Ann_Trades", later)
    await counter.time.advance(5)
    await restored(counter)
    await recover(counter, jobs)

    async def free():
        return await held_back(counter) == []

    await eventually(free)
    permission = await counter.permission("Ann_Trades")
    assert (permission.wanted_ends_at, permission.state) == (later, "done")
    assert counter.end("Ann_Trades") == later
    [entry] = await counter.shop.events("found")
    assert entry.actor_id is None
    [checked] = await counter.shop.events("restore_checked")
    assert checked.after == {"number": 1}
    wish = await counter.grant("Ann_Trades", "1W")
    await counter.done(wish, within=10)
    assert counter.end("Ann_Trades") == later + timedelta(days=7)


async def test_what_was_to_end_access_in_the_backup_waits_for_staff(counter, jobs):
    await counter.done(await counter.grant("Ann_Trades", "1M"), within=10)
    end = counter.end("Ann_Trades")
    async with counter.database.write() as connection:
        await scripts.pause(connection, counter.script.id, clock.now(), "so that the order waits")
    wish = await counter.revoke("Ann_Trades")
    await restored(counter)
    async with counter.database.write() as connection:
        await scripts.unpause(connection, counter.script.id)
    await recover(counter, jobs)

    async def free():
        return await held_back(counter) == []

    await eventually(free)
    await counter.time.advance(60)
    assert await counter.state(wish) == "stuck"
    assert (await counter.permission("Ann_Trades")).reason == "restored"
    assert counter.end("Ann_Trades") == end
    await counter.queue.retry(counter.asked(), "trend")
    await counter.done(wish, within=30)


async def test_nobody_is_told_twice(counter):
    wish = await counter.done(await counter.grant("Ann_Trades", "1M"), within=10)
    async with counter.database.read() as connection:
        assert await restoring_untold(connection, wish)
    await restored(counter)
    assert await counter.answers.untold() == []
    assert await counter.answers.members_to_tell() == []
    assert await counter.answers.answer_token(wish) is None


async def restoring_untold(connection, receipt):
    from bot.store import wishes

    return receipt.wish.id in await wishes.untold(connection)


async def test_without_a_restore_there_is_nothing_to_do(counter, jobs):
    await recover(counter, jobs)
    assert not jobs._tasks
