"""A full read of a script's list: what it believes, what it leaves alone."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import clock
from bot.access.catalogue.errors import ScriptNotYours
from bot.access.catalogue.lookup import find
from bot.access.errors import TradingViewSilent
from bot.access.logins.errors import LoginNotWorking, NoLogin
from bot.access.sweeps.errors import CheckRunning
from bot.store.ledger import events
from bot.store.people import customers
from bot.store.sweeps import sightings, sweeps
from bot.store.tables.sweeps import sighting, sweep, sweep_row
from tests.support.access_harness import open_harness
from tests.support.fake_time import START, eventually
from tests.support.vendor_fixture import HOME, STAFF

SOON = START + timedelta(days=20)


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as it:
        yield it


def fill(harness, number, end=None):
    """That many people on TradingView, the oldest first."""
    for index in range(number):
        harness.fake.world.grant(
            harness.pine_id, f"user{index:04}", end, created=START - timedelta(hours=number - index)
        )


async def read(harness, **more):
    return await harness.sweeps.run(HOME, "trend", by=STAFF, **more)


async def seen(harness):
    async with harness.database.read() as connection:
        return await sightings.of_script(connection, harness.script.id)


async def known(harness, name, length="1M"):
    """Somebody who got access through Usher, a while before anything else."""
    await harness.done(await harness.grant(name, length))
    await harness.time.advance(60)
    return await harness.permission(name)


async def test_in_a_long_pause_it_tells_when_it_begins(harness):
    limiter = (await harness.vendor.sessions.of(HOME)).limiter
    limiter.hold(3600)
    told = []
    reading = asyncio.ensure_future(read(harness, tell=told.append))
    await eventually(lambda: told)
    assert told[0].quiet_until == clock.now() + timedelta(hours=1)
    await harness.meanwhile(harness.time.advance(3600))
    await reading
    assert told[-1].quiet_until is None


async def test_every_person_counts_once_whatever_the_pages_do(harness):
    fill(harness, 95)
    told = []
    swept = await read(harness, tell=told.append)
    assert (swept.sweep.state, swept.sweep.rows, swept.sweep.calls) == ("complete", 95, 4)
    assert len(harness.fake.calls("list")) == 4 + 1  # the login was tested with one
    assert [one.rows for one in told] == [0, 30, 60, 90, 95]
    assert len(await seen(harness)) == 95
    harness.switches.steady_pages = False  # rows are counted: a new one shifts all others
    again = []

    def arrive(progress):
        again.append(progress.expected)
        harness.fake.world.grant(harness.pine_id, f"new{len(again)}")

    swept = await read(harness, tell=arrive)
    names = [one.username for one in await seen(harness)]
    assert len(names) == len(set(names)) == swept.sweep.rows
    assert again[0] == 95


async def test_reading_writes_nothing_and_keeps_no_page_behind(harness):
    fill(harness, 40, SOON)
    await read(harness)
    assert harness.writes() == []
    async with harness.database.read() as connection:
        assert (await connection.execute(select(sweep_row))).all() == []
    one = (await seen(harness))[0]
    assert (one.kind, one.ends_at, one.tv_user_id) == (
        "until",
        SOON,
        harness.row("user0000").user.id,
    )


BREAKS = {
    "the login ends in the middle": (
        lambda it: setattr(it, "logged_out_after", 2),
        LoginNotWorking,
    ),
    "an answer is cut": (lambda it: it.fault("truncated", path="c="), TradingViewSilent),
    "too fast, for long": (lambda it: it.fault("too_many", path="c=", times=-1), TradingViewSilent),
    "an error": (lambda it: it.fault("errors_500", path="c="), TradingViewSilent),
    "an odd answer": (lambda it: it.fault("odd_answers", path="c="), TradingViewSilent),
    "no rights any more": (lambda it: setattr(it, "forbidden", True), ScriptNotYours),
}


@pytest.mark.parametrize("how", BREAKS)
async def test_a_read_that_does_not_finish_changes_nothing_and_removes_nobody(harness, how):
    fill(harness, 105)
    before = await known(harness, "bob-fx")
    await read(harness)
    names = [one.username for one in await seen(harness)]
    harness.fake.world.revoke(harness.pine_id, "bob-fx")
    for index in range(10):
        harness.fake.world.revoke(harness.pine_id, f"user{index:04}")
    permission = await harness.permission("bob-fx")
    turn, error = BREAKS[how]
    turn(harness.switches)
    with pytest.raises(error):
        await harness.meanwhile(read(harness))
    assert await harness.permission("bob-fx") == permission
    assert permission.seen == "until" == before.seen
    assert [one.username for one in await seen(harness)] == names
    async with harness.database.read() as connection:
        assert (await sweeps.newest(connection, harness.script.id)).state == "failed"
        assert (await sweeps.last(connection, harness.script.id)).state == "complete"
        assert (await connection.execute(select(sweep_row))).all() == []


async def test_without_a_login_nothing_is_asked(tmp_path, frozen):
    async with open_harness(tmp_path, frozen, login=False) as harness:
        with pytest.raises(NoLogin):
            await harness.sweeps.run(HOME, "trend", by=STAFF)
        assert harness.fake.calls() == []


async def test_one_read_of_a_script_at_a_time(harness):
    harness.switches.hang = True
    first = asyncio.ensure_future(read(harness))
    await eventually(lambda: len(harness.fake.calls("list")) > 1)
    with pytest.raises(CheckRunning):
        await read(harness)
    harness.switches.hang = False
    assert (await first).sweep.state == "complete"
    assert (await read(harness)).sweep.state == "complete"


@pytest.mark.parametrize("at_start", [True, False])
async def test_a_read_whose_end_was_not_noted_stands_in_nobodys_way(harness, at_start):
    async with harness.database.write() as connection:
        script = await find(connection, HOME, "trend")
        it = await sweeps.begin(connection, script, START, STAFF)
        await sweeps.keep(connection, it.id, [sweeps.Found(1, "Ann", None, None)], START)
    if at_start:
        await harness.sweeps.open()
    else:
        await read(harness)
        return
    async with harness.database.read() as connection:
        assert (await sweeps.newest(connection, harness.script.id)).state == "failed"
        assert (await connection.execute(select(sweep_row))).all() == []
        assert (await connection.execute(select(sighting))).all() == []
    assert (await read(harness)).sweep.state == "complete"


async def test_a_login_that_took_the_others_place_starts_the_read_again(harness):
    fill(harness, 70)
    harness.switches.logged_out_after = 2

    async def replace(*_):
        harness.fake.world.end_all_sessions()

    asking = asyncio.ensure_future(read(harness))

    async def dead():
        session = await harness.vendor.sessions.of(HOME)
        return session.lock.locked() or asking.done()

    # The spare of the login steps in while the probe runs.
    async def rescue(held):
        harness.switches.logged_out_after = 0
        harness.switches.logged_out = False
        cookies = harness.vendor.cookies()
        held.cookies, held.version = cookies, held.version + 1
        return True

    harness.vendor.sessions.rescue = rescue
    swept = await asking
    assert (swept.sweep.state, swept.sweep.rows) == ("complete", 70)


# What it tells about those whom Usher knows


async def test_a_new_end_is_seen(harness):
    await known(harness, "bob-fx")
    harness.give("bob-fx", SOON)
    await read(harness)
    permission = await harness.permission("bob-fx")
    assert (permission.seen, permission.seen_ends_at) == ("until", SOON)
    assert (permission.state, permission.wanted_ends_at) != ("waiting", SOON)


async def test_absent_counts_only_after_a_read_by_name_too(harness):
    await known(harness, "bob-fx")
    await known(harness, "Ann_Trades")
    harness.fake.world.revoke(harness.pine_id, "bob-fx")
    calls = len(harness.fake.calls("list"))
    await read(harness)
    assert (await harness.permission("bob-fx")).seen == "nothing"
    assert (await harness.permission("Ann_Trades")).seen == "until"
    by_name = [call.username for call in harness.fake.calls("list")[calls:]]
    assert by_name == ["", "bob-fx"]
    calls = len(harness.fake.calls("list"))
    await harness.time.advance(60)
    await read(harness)  # known by now: not asked again
    assert len(harness.fake.calls("list")) == calls + 1


async def test_whoever_is_not_in_the_list_but_found_by_name_is_not_absent(harness):
    await known(harness, "bob-fx")
    end = harness.end("bob-fx")
    harness.fake.world.revoke(harness.pine_id, "bob-fx")

    def back(progress):
        if progress.to_name:
            harness.give("bob-fx", end)

    await read(harness, tell=back)
    assert (await harness.permission("bob-fx")).seen == "until"


async def test_without_an_answer_by_name_nobody_is_absent(harness):
    await known(harness, "bob-fx")
    harness.fake.world.revoke(harness.pine_id, "bob-fx")

    def break_down(progress):
        if progress.to_name:
            harness.switches.down = True

    swept = await read(harness, tell=break_down)
    assert (swept.sweep.state, swept.unread) == ("complete", 1)
    assert (await harness.permission("bob-fx")).seen == "until"


async def test_what_was_read_or_written_since_the_read_began_is_newer(harness):
    await known(harness, "bob-fx")
    harness.switches.hang = True
    reading = asyncio.ensure_future(read(harness))
    await eventually(lambda: harness.fake.calls("list")[-1].status is None)
    await harness.time.advance(1)
    newer = START + timedelta(days=400)
    await harness.change(
        "bob-fx", seen="until", seen_ends_at=newer, seen_at=START + timedelta(days=1)
    )
    harness.switches.hang = False
    await reading
    assert (await harness.permission("bob-fx")).seen_ends_at == newer


async def test_whatever_is_on_its_way_is_left_to_the_queue(harness):
    await known(harness, "bob-fx")
    harness.give("bob-fx", SOON)
    await harness.change("bob-fx", state="working")
    before = await harness.permission("bob-fx")
    await read(harness)
    assert await harness.permission("bob-fx") == before


# Names


async def test_a_renamed_user_is_followed_by_the_id(harness):
    await known(harness, "bob-fx")
    harness.fake.world.rename_user(harness.row("bob-fx").user, "Bob_Trades")
    swept = await read(harness)
    assert [(one.before, one.username) for one in swept.renamed] == [("bob-fx", "Bob_Trades")]
    permission = await harness.permission("Bob_Trades")
    assert (permission.username, permission.seen) == ("Bob_Trades", "until")
    assert await harness.permission("bob-fx") is None
    assert (await harness.vendor.person(name="bob_trades")).username == "Bob_Trades"
    assert [one.after for one in await harness.vendor.events("renamed")] == [
        {"username": "Bob_Trades"}
    ]
    await harness.done(await harness.grant("Bob_Trades", "1M"))


async def test_the_same_name_with_another_id_is_never_touched(harness):
    await known(harness, "bob-fx")
    before = await harness.permission("bob-fx")
    world = harness.fake.world
    user = harness.row("bob-fx").user
    world.revoke(harness.pine_id, "bob-fx")
    world.rename_user(user, "gone")
    world.grant(harness.pine_id, "bob-fx", None)  # a new person of that name, given by hand
    await read(harness)
    assert await harness.permission("bob-fx") == before


async def test_a_new_name_that_somebody_else_has_here_is_not_taken_from_them(harness):
    await known(harness, "bob-fx")
    await known(harness, "Ann_Trades")
    world = harness.fake.world
    bob, ann = harness.row("bob-fx").user, harness.row("Ann_Trades").user
    world.rename_user(ann, "Ann_Old")
    world.rename_user(bob, "Ann_Trades")
    async with harness.database.write() as connection:  # Ann's rename is not seen: the row is gone
        other = await customers.add(connection, HOME, username="Ann_Old")
    await harness.vendor.hold(harness.script, other)
    await read(harness)
    assert (await harness.permission("bob-fx")).tv_user_id == bob.id
    assert (await harness.permission("Ann_Trades")).tv_user_id == ann.id


async def test_an_id_is_learned_for_whoever_was_known_by_name(harness):
    await known(harness, "bob-fx")
    await harness.change("bob-fx", tv_user_id=None)
    await read(harness)
    assert (await harness.permission("bob-fx")).tv_user_id == harness.row("bob-fx").user.id


async def test_an_ignored_row_is_news_again_when_its_end_changes(harness):
    fill(harness, 2, SOON)
    await read(harness)
    async with harness.database.write() as connection:
        await connection.execute(sighting.update().values(ignored_at=START, noted_at=START))
    harness.give("user0000", SOON + timedelta(days=9))
    await read(harness)
    assert [one.ignored_at for one in await seen(harness)] == [None, START]


async def test_a_list_of_many_pages_is_read_whole_and_blocks_nothing(harness):
    harness.switches.page_size = 30
    fill(harness, 1200)
    with contextlib.suppress(TradingViewSilent):
        swept = await read(harness)
    assert swept.sweep.rows == 1200
    async with harness.database.read() as connection:
        assert len((await connection.execute(select(sweep))).all()) == 1
        assert await sightings.count_live(connection, harness.script.id, START) == 1200
        assert await events.since(connection, HOME, 10**9) == []
