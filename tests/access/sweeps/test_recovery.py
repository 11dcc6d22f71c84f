"""After a restore nothing is written before every list of the server was read; later ends win."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.errors import TradingViewSilent
from bot.access.request import Subject
from bot.access.rules.duration import parse_length
from bot.access.sweeps.recovery import AGAIN, REFUSALS, Recovery
from bot.access.sweeps.reports import Drift
from bot.access.sweeps.sweep import Sweeps
from bot.replies import history, overview
from bot.store.catalogue import guilds, scripts
from bot.store.maintenance import restore
from tests.support.access_harness import eventually, open_harness, pause
from tests.support.restored import carried_out
from tests.support.vendor_fixture import HOME, MEMBER, OTHER


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


async def restored(harness, later=1):
    """The database as it is now comes from a backup; the time is a day later."""
    async with harness.database.write() as connection:
        await restore.mark(connection, clock.now(), clock.now())
    await harness.time.advance(later)  # what is ordered from now on is not from the backup


class SilentAbout(Sweeps):
    """TradingView answers nothing about the lists of these scripts."""

    slugs = ()

    async def of_script(self, script, **more):
        if script.slug in self.slugs:
            raise TradingViewSilent
        return await super().of_script(script, **more)


async def recover(harness, jobs, *silent):
    sweeps, drift = SilentAbout(harness.database, harness.vendor.sessions), Drift(harness.database)
    sweeps.slugs = silent
    recovery = Recovery(
        harness.database, sweeps, lambda swept: drift.note(swept, None), harness.queue.wake
    )
    await recovery.start(jobs)
    return sweeps


@pytest.fixture
async def jobs(harness):
    from bot.jobs import Jobs

    async with Jobs() as jobs:
        yield jobs


async def held_back(harness):
    async with harness.database.read() as connection:
        return [one.slug for one in await scripts.unread(connection)]


async def lifted(harness, guild_id=HOME):
    async def free():
        async with harness.database.read() as connection:
            return (await guilds.by_id(connection, guild_id)).restored_at is None

    await eventually(free)


async def passes(harness, check, times=20):
    """Let a minute pass again and again until it is so."""
    for _ in range(times):
        for _ in range(50):
            if await check():
                return
            await pause()
        await harness.time.advance(AGAIN)
    raise AssertionError("it never came so far")


async def done(harness, order):
    async def is_done():
        await carried_out(harness)  # whatever waits for staff
        return await harness.state(order) == "done"

    await passes(harness, is_done)


def lists(harness, script):
    """How often the whole list of a script was asked for."""
    return sum(
        "username" not in call.form and call.form["pine_id"] == script.pine_id
        for call in harness.fake.calls("list")
    )


async def test_an_order_waits_for_the_full_read_and_says_so(harness, jobs):
    await restored(harness)
    order = await harness.grant("Ann_Trades", "1M")
    await harness.time.advance(60)
    assert not harness.writes()
    receipt = await harness.outcomes.receipt(order)
    assert (receipt.order.state, receipt.waiting_for) == ("waiting", "full_check")
    await recover(harness, jobs)
    await harness.done(order, within=30)
    assert await held_back(harness) == []
    [entry] = await harness.vendor.events("restore_checked")
    assert entry.after["later"] == 0


async def test_nothing_is_written_before_every_list_of_the_server_was_read(harness, jobs):
    await harness.vendor.add_script("other")
    await restored(harness)
    order = await harness.grant("Ann_Trades", "1M")
    sweeps = await recover(harness, jobs, "other")

    async def one_read():
        return await held_back(harness) == ["other"]

    await eventually(one_read)
    for _ in range(3):
        await pause()
        await harness.time.advance(AGAIN)
    assert not harness.writes(), "trend was read, but other was not"
    status = await harness.overview.status(HOME)
    assert status.holdup == "full_check"
    assert (status.restoring.read, [one.slug for one in status.restoring.left]) == (1, ["other"])
    said = overview.status(status)
    assert "1 of 2 lists read" in said.embeds[0].description
    assert "Other" in said.embeds[0].description
    sweeps.slugs = ()
    await done(harness, order)
    assert (await harness.overview.status(HOME)).restoring is None


async def test_a_script_added_meanwhile_waits_for_the_others(harness, jobs):
    await restored(harness)
    sweeps = await recover(harness, jobs, "trend")
    await harness.vendor.add_script("fresh")
    order = await harness.grant("Ann_Trades", "1M", "fresh")
    for _ in range(2):
        await pause()
        await harness.time.advance(AGAIN)
    assert not harness.writes()
    sweeps.slugs = ()
    await done(harness, order)


async def test_a_script_that_tradingview_refuses_is_left_out_and_told_of(harness, jobs):
    gone = await harness.vendor.add_script("gone")
    await restored(harness, later=0)
    old = await harness.grant("bob-fx", "1M", "gone")  # at the same moment: from the backup
    await harness.time.advance(1)
    there = harness.fake.world.scripts.pop(gone.pine_id)
    order = await harness.grant("Ann_Trades", "1M")
    await recover(harness, jobs)
    await done(harness, order)
    assert lists(harness, gone) == REFUSALS, "one refusal may be an accident"
    assert await held_back(harness) == ["gone"]
    assert [one.slug for one in (await harness.overview.status(HOME)).paused] == ["gone"]
    [paused] = await harness.vendor.events("script_paused")
    assert paused.script_id == gone.id
    # What waits for it goes on when its own list was read.
    harness.fake.world.scripts[gone.pine_id] = there
    seen = len(harness.fake.log)
    await harness.retries.retry(harness.request(), "gone")
    await done(harness, old)
    since = list(harness.fake.log)[seen:]
    whole = [call.name == "list" and "username" not in call.form for call in since]
    assert whole.index(True) < [call.writes for call in since].index(True)
    summaries = [one.after for one in await harness.vendor.events("restore_over")]
    assert [(one["scripts"], one.get("undecided", 0)) for one in summaries] == [(1, 0), (1, 1)]


@pytest.mark.parametrize("what", ["archived", "paused"])
async def test_an_archived_or_paused_script_holds_up_no_other(harness, jobs, what):
    other = await harness.vendor.add_script("other")
    async with harness.database.write() as connection:
        if what == "archived":
            await scripts.archive(connection, other.id, clock.now())
        else:
            await scripts.pause(connection, other.id, clock.now(), "not yours")
    await restored(harness)
    order = await harness.grant("Ann_Trades", "1M")
    await recover(harness, jobs, "other")
    await harness.done(order, within=30)
    assert await held_back(harness) == ["other"]


async def test_no_server_waits_for_the_lists_of_another(harness, jobs):
    vendor = harness.vendor.world.add_vendor("Vendor_Two")
    await harness.vendor.add_script("other", guild_id=OTHER, vendor=vendor)
    await restored(harness)
    order = await harness.grant("Ann_Trades", "1M")
    await recover(harness, jobs, "other")
    await harness.done(order, within=30)
    async with harness.database.read() as connection:
        assert [one.id for one in await guilds.held_back(connection)] == [OTHER]


async def test_a_list_that_cannot_be_read_is_tried_again_and_nothing_is_sent(harness, jobs):
    await restored(harness)
    order = await harness.grant("Ann_Trades", "1M")
    harness.switches.set("down", True)
    await recover(harness, jobs)

    async def tried():
        return lists(harness, harness.script) >= 3

    await passes(harness, tried)
    assert await held_back(harness) == ["trend"]
    assert not harness.writes()
    harness.switches.set("down", False)
    await done(harness, order)


async def test_a_later_end_on_tradingview_wins_and_is_reported(harness, jobs):
    order = await harness.grant("Ann_Trades", "1M")
    await harness.done(order, within=10)
    sold = harness.end("Ann_Trades")
    later = sold + timedelta(days=31)  # sold after the backup was made
    harness.give("Ann_Trades", later)
    await harness.time.advance(5)
    await restored(harness)
    await recover(harness, jobs)

    await lifted(harness)
    permission = await harness.permission("Ann_Trades")
    assert (permission.wanted_ends_at, permission.state) == (later, "done")
    assert harness.end("Ann_Trades") == later
    [entry] = await harness.vendor.events("found")
    assert entry.actor.member_id is None
    [checked] = await harness.vendor.events("restore_checked")
    assert checked.after == {"later": 1}
    order = await harness.grant("Ann_Trades", "1W")
    await harness.done(order, within=10)
    assert harness.end("Ann_Trades") == later + timedelta(days=7)


async def test_what_was_to_end_access_in_the_backup_waits_for_staff(harness, jobs):
    await harness.done(await harness.grant("Ann_Trades", "1M"), within=10)
    end = harness.end("Ann_Trades")
    async with harness.database.write() as connection:
        await scripts.pause(connection, harness.script.id, clock.now(), "so that the order waits")
    order = await harness.revoke("Ann_Trades")
    await restored(harness)
    async with harness.database.write() as connection:
        await scripts.unpause(connection, harness.script.id)
    await recover(harness, jobs)

    await lifted(harness)
    await harness.time.advance(60)
    assert await harness.state(order) == "stuck"
    assert (await harness.permission("Ann_Trades")).reason == "restored"
    assert harness.end("Ann_Trades") == end
    await harness.done(await harness.revoke("Ann_Trades"), within=30)
    assert harness.end("Ann_Trades") == "absent"
    assert await harness.state(order) == "superseded"


async def test_nobody_is_told_twice(harness):
    order = await harness.done(await harness.grant("Ann_Trades", "1M"), within=10)
    async with harness.database.read() as connection:
        assert await restoring_untold(connection, order)
    await restored(harness)
    assert await harness.outcomes.untold() == []
    assert await harness.outcomes.members_to_tell() == []
    assert await harness.outcomes.answer_token(order) is None


async def test_staff_read_who_may_not_have_been_told(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"), within=10)
    for it in await harness.outcomes.untold():
        await harness.outcomes.told(it.order.id, it.order.state)
    to_member = await harness.grants.grant(
        harness.request(), "trend", parse_length("1M"), Subject(MEMBER, "bob-fx")
    )
    await harness.done(to_member, within=10)
    await harness.outcomes.told(to_member, "done")  # the member was not
    await harness.done(await harness.grant("ann_trades2", "1M"), within=10)
    await restored(harness)
    [entry] = await harness.vendor.events("restored")
    assert (entry.after["number"], entry.after["names"]) == (2, ["ann_trades2", "bob-fx"])
    said = history.line(entry, None, None)
    assert "2 people may not have been told" in said
    assert "bob-fx" in said


async def test_where_everybody_was_told_staff_read_nothing_of_it(harness):
    order = await harness.grant("Ann_Trades", "1M")
    await harness.done(order, within=10)
    await harness.outcomes.told(order, "done")
    await restored(harness)
    [entry] = await harness.vendor.events("restored")
    assert "told" not in history.line(entry, None, None)


async def restoring_untold(connection, receipt):
    from bot.store.ledger import order_outcomes

    return receipt.order.id in await order_outcomes.untold(connection)


async def test_without_a_restore_there_is_nothing_to_do(harness, jobs):
    await recover(harness, jobs)
    assert not jobs._tasks
