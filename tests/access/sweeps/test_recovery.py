"""After a restore nothing is written before every list of the server was read; later ends win."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.errors import TradingViewSilent
from bot.access.request import Who
from bot.access.rules.duration import parse_length
from bot.access.sweeps.drift import Drift
from bot.access.sweeps.recovery import AGAIN, REFUSALS, Recovery
from bot.access.sweeps.sweep import Sweeps
from bot.replies import history, overview
from bot.store.catalogue import guilds, scripts
from bot.store.maintenance import restore
from tests.support.access_harness import eventually, open_counter, pause
from tests.support.vendor_fixture import HOME, MEMBER, OTHER


@pytest.fixture
async def counter(frozen, tmp_path):
    async with open_counter(tmp_path, frozen) as counter:
        yield counter


async def restored(counter):
    """The database as it is now comes from a backup; the time is a day later."""
    async with counter.database.write() as connection:
        await restore.mark(connection, clock.now(), clock.now())


class SilentAbout(Sweeps):
    """TradingView answers nothing about the lists of these scripts."""

    slugs = ()

    async def of_script(self, script, **more):
        if script.slug in self.slugs:
            raise TradingViewSilent
        return await super().of_script(script, **more)


async def recover(counter, jobs, *silent):
    sweeps, drift = SilentAbout(counter.database, counter.shop.sessions), Drift(counter.database)
    sweeps.slugs = silent
    recovery = Recovery(
        counter.database, sweeps, lambda swept: drift.note(swept, None), counter.queue.wake
    )
    await recovery.start(jobs)
    return sweeps


@pytest.fixture
async def jobs(counter):
    from bot.jobs import Jobs

    async with Jobs() as jobs:
        yield jobs


async def held_back(counter):
    async with counter.database.read() as connection:
        return [one.slug for one in await scripts.unread(connection)]


async def lifted(counter, guild_id=HOME):
    async def free():
        async with counter.database.read() as connection:
            return (await guilds.by_id(connection, guild_id)).restored_at is None

    await eventually(free)


async def passes(counter, check, times=20):
    """Let a minute pass again and again until it is so."""
    for _ in range(times):
        for _ in range(50):
            if await check():
                return
            await pause()
        await counter.time.advance(AGAIN)
    raise AssertionError("it never came so far")


async def done(counter, wish):
    async def is_done():
        return await counter.state(wish) == "done"

    await passes(counter, is_done)


def lists(counter, script):
    """How often the whole list of a script was asked for."""
    return sum(
        "username" not in call.form and call.form["pine_id"] == script.pine_id
        for call in counter.fake.calls("list")
    )


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
    assert entry.after["later"] == 0


async def test_nothing_is_written_before_every_list_of_the_server_was_read(counter, jobs):
    await counter.shop.add_script("other")
    await restored(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    sweeps = await recover(counter, jobs, "other")

    async def one_read():
        return await held_back(counter) == ["other"]

    await eventually(one_read)
    for _ in range(3):
        await pause()
        await counter.time.advance(AGAIN)
    assert not counter.writes(), "trend was read, but other was not"
    status = await counter.views.status(HOME)
    assert status.holdup == "full_check"
    assert (status.restoring.read, [one.slug for one in status.restoring.left]) == (1, ["other"])
    said = overview.status(status)
    assert "1 of 2 lists read" in said.embeds[0].description
    assert "Other" in said.embeds[0].description
    sweeps.slugs = ()
    await done(counter, wish)
    assert (await counter.views.status(HOME)).restoring is None


async def test_a_script_added_meanwhile_waits_for_the_others(counter, jobs):
    await restored(counter)
    sweeps = await recover(counter, jobs, "trend")
    await counter.shop.add_script("fresh")
    wish = await counter.grant("Ann_Trades", "1M", "fresh")
    for _ in range(2):
        await pause()
        await counter.time.advance(AGAIN)
    assert not counter.writes()
    sweeps.slugs = ()
    await done(counter, wish)


async def test_a_script_that_tradingview_refuses_is_left_out_and_told_of(counter, jobs):
    gone = await counter.shop.add_script("gone")
    await restored(counter)
    old = await counter.grant("bob-fx", "1M", "gone")
    there = counter.fake.world.scripts.pop(gone.pine_id)
    wish = await counter.grant("Ann_Trades", "1M")
    await recover(counter, jobs)
    await done(counter, wish)
    assert lists(counter, gone) == REFUSALS, "one refusal may be an accident"
    assert await held_back(counter) == ["gone"]
    assert [one.slug for one in (await counter.views.status(HOME)).paused] == ["gone"]
    [paused] = await counter.shop.events("script_paused")
    assert paused.script_id == gone.id
    # What waits for it goes on when its own list was read.
    counter.fake.world.scripts[gone.pine_id] = there
    seen = len(counter.fake.log)
    await counter.queue.retry(counter.asked(), "gone")
    await done(counter, old)
    since = list(counter.fake.log)[seen:]
    whole = [call.name == "list" and "username" not in call.form for call in since]
    assert whole.index(True) < [call.writes for call in since].index(True)
    summaries = [one.after for one in await counter.shop.events("restore_over")]
    assert [(one["scripts"], one.get("open", 0)) for one in summaries] == [(1, 1), (1, 1)]


@pytest.mark.parametrize("what", ["archived", "paused"])
async def test_an_archived_or_paused_script_holds_up_no_other(counter, jobs, what):
    other = await counter.shop.add_script("other")
    async with counter.database.write() as connection:
        if what == "archived":
            await scripts.archive(connection, other.id, clock.now())
        else:
            await scripts.pause(connection, other.id, clock.now(), "not yours")
    await restored(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    await recover(counter, jobs, "other")
    await counter.done(wish, within=30)
    assert await held_back(counter) == ["other"]


async def test_no_server_waits_for_the_lists_of_another(counter, jobs):
    vendor = counter.shop.world.add_vendor("Vendor_Two")
    await counter.shop.add_script("other", guild_id=OTHER, vendor=vendor)
    await restored(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    await recover(counter, jobs, "other")
    await counter.done(wish, within=30)
    async with counter.database.read() as connection:
        assert [one.id for one in await guilds.held_back(connection)] == [OTHER]


async def test_a_list_that_cannot_be_read_is_tried_again_and_nothing_is_sent(counter, jobs):
    await restored(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    counter.switches.set("down", True)
    await recover(counter, jobs)

    async def tried():
        return lists(counter, counter.script) >= 3

    await passes(counter, tried)
    assert await held_back(counter) == ["trend"]
    assert not counter.writes()
    counter.switches.set("down", False)
    await done(counter, wish)


async def test_a_later_end_on_tradingview_wins_and_is_reported(counter, jobs):
    wish = await counter.grant("Ann_Trades", "1M")
    await counter.done(wish, within=10)
    sold = counter.end("Ann_Trades")
    later = sold + timedelta(days=31)  # sold after the backup was made
    counter.give("Ann_Trades", later)
    await counter.time.advance(5)
    await restored(counter)
    await recover(counter, jobs)

    await lifted(counter)
    permission = await counter.permission("Ann_Trades")
    assert (permission.wanted_ends_at, permission.state) == (later, "done")
    assert counter.end("Ann_Trades") == later
    [entry] = await counter.shop.events("found")
    assert entry.actor_id is None
    [checked] = await counter.shop.events("restore_checked")
    assert checked.after == {"later": 1}
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

    await lifted(counter)
    await counter.time.advance(60)
    assert await counter.state(wish) == "stuck"
    assert (await counter.permission("Ann_Trades")).reason == "restored"
    assert counter.end("Ann_Trades") == end
    await counter.done(await counter.revoke("Ann_Trades"), within=30)
    assert counter.end("Ann_Trades") == "absent"
    assert await counter.state(wish) == "superseded"


async def test_nobody_is_told_twice(counter):
    wish = await counter.done(await counter.grant("Ann_Trades", "1M"), within=10)
    async with counter.database.read() as connection:
        assert await restoring_untold(connection, wish)
    await restored(counter)
    assert await counter.answers.untold() == []
    assert await counter.answers.members_to_tell() == []
    assert await counter.answers.answer_token(wish) is None


async def test_staff_read_who_may_not_have_been_told(counter):
    await counter.done(await counter.grant("Ann_Trades", "1M"), within=10)
    for it in await counter.answers.untold():
        await counter.answers.told(it.wish.id, it.wish.state)
    to_member = await counter.grants.grant(
        counter.asked(), "trend", parse_length("1M"), Who(MEMBER, "bob-fx")
    )
    await counter.done(to_member, within=10)
    await counter.answers.told(to_member, "done")  # the member was not
    await counter.done(await counter.grant("ann_trades2", "1M"), within=10)
    await restored(counter)
    [entry] = await counter.shop.events("restored")
    assert (entry.after["number"], entry.after["names"]) == (2, ["ann_trades2", "bob-fx"])
    said = history.line(entry, None, None)
    assert "2 people may not have been told" in said
    assert "bob-fx" in said


async def test_where_everybody_was_told_staff_read_nothing_of_it(counter):
    wish = await counter.grant("Ann_Trades", "1M")
    await counter.done(wish, within=10)
    await counter.answers.told(wish, "done")
    await restored(counter)
    [entry] = await counter.shop.events("restored")
    assert "told" not in history.line(entry, None, None)


async def restoring_untold(connection, receipt):
    from bot.store.ledger import orders

    return receipt.wish.id in await orders.untold(connection)


async def test_without_a_restore_there_is_nothing_to_do(counter, jobs):
    await recover(counter, jobs)
    assert not jobs._tasks
