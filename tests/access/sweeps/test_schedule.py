"""The daily round reads every script once a day, whatever happens to one of them."""

import pytest

from bot.access.errors import ScriptNotYours
from bot.access.sweeps.drift import Drift
from bot.access.sweeps.schedule import LOOK_EVERY, Rounds
from bot.access.sweeps.sweep import Sweeps
from bot.jobs import Jobs
from bot.replies import history, overview
from bot.store.catalogue import guilds, scripts
from bot.store.sweeps import sweeps
from tests.support.access_harness import open_counter
from tests.support.vendor_fixture import HOME, STAFF

DAY = 26 * 3600


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_counter(tmp_path, frozen) as it:
        it.sweeps = Sweeps(it.database, it.shop.sessions)
        it.rounds = Rounds(it.database, it.sweeps, Drift(it.database))
        yield it


def reads(counter):
    """The lists that were read, by pine id, but for the test of the login."""
    return [
        call.form["pine_id"] for call in counter.fake.calls("list") if "username" not in call.form
    ]


async def test_every_script_is_read_once_a_day(counter):
    other = await counter.shop.add_script("tail")
    await counter.rounds.turn()
    assert sorted(reads(counter)) == sorted([counter.pine_id, other.pine_id])
    await counter.time.advance(12 * 3600)
    await counter.rounds.turn()
    assert len(reads(counter)) == 2
    await counter.time.advance(DAY - 12 * 3600)
    await counter.rounds.turn()
    assert len(reads(counter)) == 4


async def test_a_read_that_staff_asked_for_counts(counter):
    await counter.sweeps.run(HOME, "trend", by=STAFF)
    await counter.rounds.turn()
    assert len(reads(counter)) == 1


async def test_one_that_fails_holds_up_no_other_and_is_tried_again_after_an_hour(counter):
    other = await counter.shop.add_script("tail")
    counter.fake.world.scripts[counter.pine_id].forbidden = True
    await counter.rounds.turn()
    assert set(reads(counter)) == {counter.pine_id, other.pine_id}
    await counter.time.advance(1800)
    await counter.rounds.turn()
    assert len(reads(counter)) == 2
    counter.fake.world.scripts[counter.pine_id].forbidden = False
    await counter.time.advance(1801)
    await counter.rounds.turn()
    assert reads(counter)[2:] == [counter.pine_id]


async def test_archived_and_paused_scripts_and_servers_that_were_left_are_not_read(counter):
    archived, paused = await counter.shop.add_script("a"), await counter.shop.add_script("b")
    async with counter.database.write() as connection:
        now = counter.time.now()
        await scripts.archive(connection, archived.id, now)
        await scripts.pause(connection, paused.id, now, "refused")
    await counter.rounds.turn()
    assert reads(counter) == [counter.pine_id]
    async with counter.database.write() as connection:
        await guilds.set_left(connection, HOME, counter.time.now())
    await counter.time.advance(DAY)
    await counter.rounds.turn()
    assert len(reads(counter)) == 1


async def test_only_news_gets_a_line(counter):
    counter.give("stranger", None)
    await counter.rounds.turn()
    await counter.time.advance(DAY)
    await counter.rounds.turn()
    assert len(await counter.shop.events("drift")) == 1


async def test_it_goes_on_after_a_failure_of_its_own(counter, monkeypatch):
    turns = []

    async def turn():
        turns.append(counter.time.now())
        raise RuntimeError("broken")

    monkeypatch.setattr(counter.rounds, "turn", turn)
    async with Jobs() as jobs:
        counter.rounds.start(jobs)
        await counter.time.advance(1)
        assert turns == []
        await counter.time.advance(3 * LOOK_EVERY)
        assert len(turns) == 3


async def test_without_a_login_nothing_is_asked_and_nothing_is_noted(tmp_path, frozen):
    async with open_counter(tmp_path, frozen, login=False) as counter:
        reader = Sweeps(counter.database, counter.shop.sessions)
        await Rounds(counter.database, reader, Drift(counter.database)).turn()
        assert counter.fake.calls() == []
        async with counter.database.read() as connection:
            assert await sweeps.newest(connection, counter.script.id) is None


async def test_staff_hear_once_of_an_outage_and_the_status_says_why(counter):
    await counter.rounds.turn()
    await counter.time.advance(DAY)
    counter.switches.down = True
    for _ in range(3):
        await counter.rounds.turn()
        await counter.time.advance(3601)
    [entry] = await counter.shop.events("check_failed")
    assert (entry.script_id, entry.after) == (counter.script.id, {"reason": "tradingview"})
    assert "did not answer" in history.line(entry, counter.script, None)
    [failed] = (await counter.views.status(HOME)).unchecked
    assert failed.last is not None
    assert failed.failed.failure == "tradingview"
    said = overview.status(await counter.views.status(HOME)).embeds[0].description
    assert "last checked" in said
    assert "failed: TradingView did not answer" in said
    # The next outage is another one.
    counter.switches.down = False
    await counter.rounds.turn()
    assert (await counter.views.status(HOME)).unchecked == ()
    await counter.time.advance(DAY)
    counter.fake.world.scripts[counter.pine_id].forbidden = True
    await counter.rounds.turn()
    reasons = [one.after["reason"] for one in await counter.shop.events("check_failed")]
    assert reasons == ["tradingview", "script"]


async def test_a_full_check_that_staff_asked_for_answers_them_alone(counter):
    counter.fake.world.scripts[counter.pine_id].forbidden = True
    with pytest.raises(ScriptNotYours):
        await counter.sweeps.run(HOME, "trend", by=STAFF)
    assert await counter.shop.events("check_failed") == []
    [failed] = (await counter.views.status(HOME)).unchecked
    assert (failed.last, failed.failed.failure) == (None, "script")


async def test_a_login_that_ended_is_told_of_as_such(counter):
    counter.shop.world.end_all_sessions()
    await counter.rounds.turn()
    assert await counter.shop.events("check_failed") == []
    [failed] = (await counter.views.status(HOME)).unchecked
    assert failed.failed.failure == "login"


async def test_each_script_is_told_of(counter):
    await counter.shop.add_script("tail")
    counter.switches.down = True
    await counter.rounds.turn()
    assert len(await counter.shop.events("check_failed")) == 2
