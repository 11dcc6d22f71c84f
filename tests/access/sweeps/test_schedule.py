"""The daily round reads every script once a day, whatever happens to one of them."""

import pytest

from bot.access.catalogue.errors import ScriptNotYours
from bot.access.sweeps.schedule import LOOK_EVERY
from bot.jobs import Jobs
from bot.replies import history, overview
from bot.store.catalogue import guilds, scripts
from bot.store.sweeps import sweeps
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import HOME, STAFF

DAY = 26 * 3600


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as it:
        yield it


def reads(harness):
    """The lists that were read, by pine id, but for the test of the login."""
    return [
        call.form["pine_id"] for call in harness.fake.calls("list") if "username" not in call.form
    ]


async def test_every_script_is_read_once_a_day(harness):
    other = await harness.vendor.add_script("tail")
    await harness.sweep_schedule.turn()
    assert sorted(reads(harness)) == sorted([harness.pine_id, other.pine_id])
    await harness.time.advance(12 * 3600)
    await harness.sweep_schedule.turn()
    assert len(reads(harness)) == 2
    await harness.time.advance(DAY - 12 * 3600)
    await harness.sweep_schedule.turn()
    assert len(reads(harness)) == 4


async def test_a_read_that_staff_asked_for_counts(harness):
    await harness.sweeps.run(HOME, "trend", by=STAFF)
    await harness.sweep_schedule.turn()
    assert len(reads(harness)) == 1


async def test_one_that_fails_holds_up_no_other_and_is_tried_again_after_an_hour(harness):
    other = await harness.vendor.add_script("tail")
    harness.fake.world.scripts[harness.pine_id].forbidden = True
    await harness.sweep_schedule.turn()
    assert set(reads(harness)) == {harness.pine_id, other.pine_id}
    await harness.time.advance(1800)
    await harness.sweep_schedule.turn()
    assert len(reads(harness)) == 2
    harness.fake.world.scripts[harness.pine_id].forbidden = False
    await harness.time.advance(1801)
    await harness.sweep_schedule.turn()
    assert reads(harness)[2:] == [harness.pine_id]


async def test_archived_and_paused_scripts_and_servers_that_were_left_are_not_read(harness):
    archived, paused = await harness.vendor.add_script("a"), await harness.vendor.add_script("b")
    async with harness.database.write() as connection:
        now = harness.time.now()
        await scripts.archive(connection, archived.id, now)
        await scripts.pause(connection, paused.id, now, "refused")
    await harness.sweep_schedule.turn()
    assert reads(harness) == [harness.pine_id]
    async with harness.database.write() as connection:
        await guilds.set_left(connection, HOME, harness.time.now())
    await harness.time.advance(DAY)
    await harness.sweep_schedule.turn()
    assert len(reads(harness)) == 1


async def test_only_news_gets_a_line(harness):
    harness.give("stranger", None)
    await harness.sweep_schedule.turn()
    await harness.time.advance(DAY)
    await harness.sweep_schedule.turn()
    assert len(await harness.vendor.events("drift")) == 1


async def test_it_goes_on_after_a_failure_of_its_own(harness, monkeypatch):
    turns = []

    async def turn():
        turns.append(harness.time.now())
        raise RuntimeError("broken")

    monkeypatch.setattr(harness.sweep_schedule, "turn", turn)
    async with Jobs() as jobs:
        harness.sweep_schedule.start(jobs)
        await harness.time.advance(1)
        assert turns == []
        await harness.time.advance(3 * LOOK_EVERY)
        assert len(turns) == 3


async def test_without_a_login_nothing_is_asked_and_nothing_is_noted(tmp_path, frozen):
    async with open_harness(tmp_path, frozen, login=False) as harness:
        await harness.sweep_schedule.turn()
        assert harness.fake.calls() == []
        async with harness.database.read() as connection:
            assert await sweeps.newest(connection, harness.script.id) is None


async def test_staff_hear_once_of_an_outage_and_the_status_says_why(harness):
    await harness.sweep_schedule.turn()
    await harness.time.advance(DAY)
    harness.switches.down = True
    for _ in range(3):
        await harness.sweep_schedule.turn()
        await harness.time.advance(3601)
    [entry] = await harness.vendor.events("check_failed")
    assert (entry.script_id, entry.after) == (harness.script.id, {"reason": "tradingview"})
    assert "did not answer" in history.line(entry, harness.script, None)
    [failed] = (await harness.overview.status(HOME)).unchecked
    assert failed.last is not None
    assert failed.failed.failure == "tradingview"
    said = overview.status(await harness.overview.status(HOME)).embeds[0].description
    assert "last checked" in said
    assert "failed: TradingView did not answer" in said
    # The next outage is another one.
    harness.switches.down = False
    await harness.sweep_schedule.turn()
    assert (await harness.overview.status(HOME)).unchecked == ()
    await harness.time.advance(DAY)
    harness.fake.world.scripts[harness.pine_id].forbidden = True
    await harness.sweep_schedule.turn()
    reasons = [one.after["reason"] for one in await harness.vendor.events("check_failed")]
    assert reasons == ["tradingview", "script"]


async def test_a_full_check_that_staff_asked_for_answers_them_alone(harness):
    harness.fake.world.scripts[harness.pine_id].forbidden = True
    with pytest.raises(ScriptNotYours):
        await harness.sweeps.run(HOME, "trend", by=STAFF)
    assert await harness.vendor.events("check_failed") == []
    [failed] = (await harness.overview.status(HOME)).unchecked
    assert (failed.last, failed.failed.failure) == (None, "script")


async def test_a_login_that_ended_is_told_of_as_such(harness):
    harness.vendor.world.end_all_sessions()
    await harness.sweep_schedule.turn()
    assert await harness.vendor.events("check_failed") == []
    [failed] = (await harness.overview.status(HOME)).unchecked
    assert failed.failed.failure == "login"


async def test_each_script_is_told_of(harness):
    await harness.vendor.add_script("tail")
    harness.switches.down = True
    await harness.sweep_schedule.turn()
    assert len(await harness.vendor.events("check_failed")) == 2
