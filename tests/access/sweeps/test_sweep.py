"""A full read of a script's list: what it believes, what it leaves alone."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import clock
from bot.access.catalogue.lookup import find
from bot.access.errors import ScriptNotYours, TradingViewSilent
from bot.access.logins.errors import LoginNotWorking, NoLogin
from bot.access.sweeps.errors import CheckRunning
from bot.access.sweeps.sweep import Sweeps
from bot.store.ledger import events
from bot.store.people import customers
from bot.store.sweeps import sightings, sweeps
from bot.store.tables.sweeps import sighting, sweep, sweep_row
from tests.support.access_harness import open_counter
from tests.support.fake_time import START, eventually
from tests.support.vendor_fixture import HOME, STAFF

SOON = START + timedelta(days=20)


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_counter(tmp_path, frozen) as it:
        it.sweeps = Sweeps(it.database, it.shop.sessions)
        yield it


def fill(counter, number, end=None):
    """That many people on TradingView, the oldest first."""
    for index in range(number):
        counter.fake.world.grant(
            counter.pine_id, f"user{index:04}", end, created=START - timedelta(hours=number - index)
        )


async def read(counter, **more):
    return await counter.sweeps.run(HOME, "trend", by=STAFF, **more)


async def seen(counter):
    async with counter.database.read() as connection:
        return await sightings.of_script(connection, counter.script.id)


async def known(counter, name, length="1M"):
    """Somebody who got access through Usher, a while before anything else."""
    await counter.done(await counter.grant(name, length))
    await counter.time.advance(60)
    return await counter.permission(name)


async def test_in_a_long_pause_it_tells_when_it_begins(counter):
    pace = (await counter.shop.sessions.of(HOME)).pace
    pace.hold(3600)
    told = []
    reading = asyncio.ensure_future(read(counter, tell=told.append))
    await eventually(lambda: told)
    assert told[0].quiet_until == clock.now() + timedelta(hours=1)
    await counter.meanwhile(counter.time.advance(3600))
    await reading
    assert told[-1].quiet_until is None


async def test_every_person_counts_once_whatever_the_pages_do(counter):
    fill(counter, 95)
    told = []
    swept = await read(counter, tell=told.append)
    assert (swept.sweep.state, swept.sweep.rows, swept.sweep.calls) == ("complete", 95, 4)
    assert len(counter.fake.calls("list")) == 4 + 1  # the login was tested with one
    assert [one.rows for one in told] == [0, 30, 60, 90, 95]
    assert len(await seen(counter)) == 95
    counter.switches.steady_pages = False  # rows are counted: a new one shifts all others
    again = []

    def arrive(progress):
        again.append(progress.expected)
        counter.fake.world.grant(counter.pine_id, f"new{len(again)}")

    swept = await read(counter, tell=arrive)
    names = [one.username for one in await seen(counter)]
    assert len(names) == len(set(names)) == swept.sweep.rows
    assert again[0] == 95


async def test_reading_writes_nothing_and_keeps_no_page_behind(counter):
    fill(counter, 40, SOON)
    await read(counter)
    assert counter.writes() == []
    async with counter.database.read() as connection:
        assert (await connection.execute(select(sweep_row))).all() == []
    one = (await seen(counter))[0]
    assert (one.kind, one.ends_at, one.tv_user_id) == (
        "until",
        SOON,
        counter.row("user0000").user.id,
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
async def test_a_read_that_does_not_finish_changes_nothing_and_removes_nobody(counter, how):
    fill(counter, 105)
    before = await known(counter, "bob-fx")
    await read(counter)
    names = [one.username for one in await seen(counter)]
    counter.fake.world.revoke(counter.pine_id, "bob-fx")
    for index in range(10):
        counter.fake.world.revoke(counter.pine_id, f"user{index:04}")
    permission = await counter.permission("bob-fx")
    turn, error = BREAKS[how]
    turn(counter.switches)
    with pytest.raises(error):
        await counter.meanwhile(read(counter))
    assert await counter.permission("bob-fx") == permission
    assert permission.seen == "until" == before.seen
    assert [one.username for one in await seen(counter)] == names
    async with counter.database.read() as connection:
        assert (await sweeps.newest(connection, counter.script.id)).state == "failed"
        assert (await sweeps.last(connection, counter.script.id)).state == "complete"
        assert (await connection.execute(select(sweep_row))).all() == []


async def test_without_a_login_nothing_is_asked(tmp_path, frozen):
    async with open_counter(tmp_path, frozen, login=False) as counter:
        with pytest.raises(NoLogin):
            await Sweeps(counter.database, counter.shop.sessions).run(HOME, "trend", by=STAFF)
        assert counter.fake.calls() == []


async def test_one_read_of_a_script_at_a_time(counter):
    counter.switches.hang = True
    first = asyncio.ensure_future(read(counter))
    await eventually(lambda: len(counter.fake.calls("list")) > 1)
    with pytest.raises(CheckRunning):
        await read(counter)
    counter.switches.hang = False
    assert (await first).sweep.state == "complete"
    assert (await read(counter)).sweep.state == "complete"


@pytest.mark.parametrize("at_start", [True, False])
async def test_a_read_whose_end_was_not_noted_stands_in_nobodys_way(counter, at_start):
    async with counter.database.write() as connection:
        script = await find(connection, HOME, "trend")
        it = await sweeps.begin(connection, script, START, STAFF)
        await sweeps.keep(connection, it.id, [sweeps.Found(1, "Ann", None, None)], START)
    if at_start:
        await counter.sweeps.open()
    else:
        await read(counter)
        return
    async with counter.database.read() as connection:
        assert (await sweeps.newest(connection, counter.script.id)).state == "failed"
        assert (await connection.execute(select(sweep_row))).all() == []
        assert (await connection.execute(select(sighting))).all() == []
    assert (await read(counter)).sweep.state == "complete"


async def test_a_login_that_took_the_others_place_starts_the_read_again(counter):
    fill(counter, 70)
    counter.switches.logged_out_after = 2

    async def replace(*_):
        counter.fake.world.end_all_sessions()

    asking = asyncio.ensure_future(read(counter))

    async def dead():
        session = await counter.shop.sessions.of(HOME)
        return session.lock.locked() or asking.done()

    # The spare of the login steps in while the probe runs.
    async def rescue(held):
        counter.switches.logged_out_after = 0
        counter.switches.logged_out = False
        cookies = counter.shop.cookies()
        held.cookies, held.version = cookies, held.version + 1
        return True

    counter.shop.sessions.rescue = rescue
    swept = await asking
    assert (swept.sweep.state, swept.sweep.rows) == ("complete", 70)


# What it tells about those whom Usher knows


async def test_a_new_end_is_seen(counter):
    await known(counter, "bob-fx")
    counter.give("bob-fx", SOON)
    await read(counter)
    permission = await counter.permission("bob-fx")
    assert (permission.seen, permission.seen_ends_at) == ("until", SOON)
    assert (permission.state, permission.wanted_ends_at) != ("waiting", SOON)


async def test_absent_counts_only_after_a_read_by_name_too(counter):
    await known(counter, "bob-fx")
    await known(counter, "Ann_Trades")
    counter.fake.world.revoke(counter.pine_id, "bob-fx")
    calls = len(counter.fake.calls("list"))
    await read(counter)
    assert (await counter.permission("bob-fx")).seen == "nothing"
    assert (await counter.permission("Ann_Trades")).seen == "until"
    by_name = [call.username for call in counter.fake.calls("list")[calls:]]
    assert by_name == ["", "bob-fx"]
    calls = len(counter.fake.calls("list"))
    await counter.time.advance(60)
    await read(counter)  # known by now: not asked again
    assert len(counter.fake.calls("list")) == calls + 1


async def test_whoever_is_not_in_the_list_but_found_by_name_is_not_absent(counter):
    await known(counter, "bob-fx")
    end = counter.end("bob-fx")
    counter.fake.world.revoke(counter.pine_id, "bob-fx")

    def back(progress):
        if progress.to_name:
            counter.give("bob-fx", end)

    await read(counter, tell=back)
    assert (await counter.permission("bob-fx")).seen == "until"


async def test_without_an_answer_by_name_nobody_is_absent(counter):
    await known(counter, "bob-fx")
    counter.fake.world.revoke(counter.pine_id, "bob-fx")

    def break_down(progress):
        if progress.to_name:
            counter.switches.down = True

    swept = await read(counter, tell=break_down)
    assert (swept.sweep.state, swept.unread) == ("complete", 1)
    assert (await counter.permission("bob-fx")).seen == "until"


async def test_what_was_read_or_written_since_the_read_began_is_newer(counter):
    await known(counter, "bob-fx")
    counter.switches.hang = True
    reading = asyncio.ensure_future(read(counter))
    await eventually(lambda: counter.fake.calls("list")[-1].status is None)
    await counter.time.advance(1)
    newer = START + timedelta(days=400)
    await counter.change(
        "bob-fx", seen="until", seen_ends_at=newer, seen_at=START + timedelta(days=1)
    )
    counter.switches.hang = False
    await reading
    assert (await counter.permission("bob-fx")).seen_ends_at == newer


async def test_whatever_is_on_its_way_is_left_to_the_queue(counter):
    await known(counter, "bob-fx")
    counter.give("bob-fx", SOON)
    await counter.change("bob-fx", state="working")
    before = await counter.permission("bob-fx")
    await read(counter)
    assert await counter.permission("bob-fx") == before


# Names


async def test_a_renamed_user_is_followed_by_the_id(counter):
    await known(counter, "bob-fx")
    counter.fake.world.rename_user(counter.row("bob-fx").user, "Bob_Trades")
    swept = await read(counter)
    assert [(one.before, one.username) for one in swept.renamed] == [("bob-fx", "Bob_Trades")]
    permission = await counter.permission("Bob_Trades")
    assert (permission.username, permission.seen) == ("Bob_Trades", "until")
    assert await counter.permission("bob-fx") is None
    assert (await counter.shop.person(name="bob_trades")).username == "Bob_Trades"
    assert [one.after for one in await counter.shop.events("renamed")] == [
        {"username": "Bob_Trades"}
    ]
    await counter.done(await counter.grant("Bob_Trades", "1M"))


async def test_the_same_name_with_another_id_is_never_touched(counter):
    await known(counter, "bob-fx")
    before = await counter.permission("bob-fx")
    world = counter.fake.world
    user = counter.row("bob-fx").user
    world.revoke(counter.pine_id, "bob-fx")
    world.rename_user(user, "gone")
    world.grant(counter.pine_id, "bob-fx", None)  # a new person of that name, given by hand
    await read(counter)
    assert await counter.permission("bob-fx") == before


async def test_a_new_name_that_somebody_else_has_here_is_not_taken_from_them(counter):
    await known(counter, "bob-fx")
    await known(counter, "Ann_Trades")
    world = counter.fake.world
    bob, ann = counter.row("bob-fx").user, counter.row("Ann_Trades").user
    world.rename_user(ann, "Ann_Old")
    world.rename_user(bob, "Ann_Trades")
    async with counter.database.write() as connection:  # Ann's rename is not seen: the row is gone
        other = await customers.add(connection, HOME, username="Ann_Old")
    await counter.shop.hold(counter.script, other)
    await read(counter)
    assert (await counter.permission("bob-fx")).tv_user_id == bob.id
    assert (await counter.permission("Ann_Trades")).tv_user_id == ann.id


async def test_an_id_is_learned_for_whoever_was_known_by_name(counter):
    await known(counter, "bob-fx")
    await counter.change("bob-fx", tv_user_id=None)
    await read(counter)
    assert (await counter.permission("bob-fx")).tv_user_id == counter.row("bob-fx").user.id


async def test_an_ignored_row_is_news_again_when_its_end_changes(counter):
    fill(counter, 2, SOON)
    await read(counter)
    async with counter.database.write() as connection:
        await connection.execute(sighting.update().values(ignored_at=START, noted_at=START))
    counter.give("user0000", SOON + timedelta(days=9))
    await read(counter)
    assert [one.ignored_at for one in await seen(counter)] == [None, START]


async def test_a_list_of_many_pages_is_read_whole_and_blocks_nothing(counter):
    counter.switches.page_size = 30
    fill(counter, 1200)
    with contextlib.suppress(TradingViewSilent):
        swept = await read(counter)
    assert swept.sweep.rows == 1200
    async with counter.database.read() as connection:
        assert len((await connection.execute(select(sweep))).all()) == 1
        assert await sightings.count_live(connection, counter.script.id, START) == 1200
        assert await events.since(connection, HOME, 10**9) == []
