"""What differs from what should be: found, told once, mended, taken over or left alone."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.errors import ButtonGone, PutBackTooLate
from bot.access.sweeps.adopt import Adopting
from bot.access.sweeps.drift import Drift, Kind
from bot.access.sweeps.errors import NothingDiffers, TakesFromMany
from bot.access.sweeps.removal_limit import is_many
from bot.access.sweeps.repair import Mending
from bot.access.sweeps.sweep import Sweeps
from bot.store.catalogue import scripts
from bot.store.people import customers
from tests.support.access_harness import eventually, open_counter, pause
from tests.support.fake_time import START
from tests.support.vendor_fixture import HOME, STAFF

SOON, LATER = START + timedelta(days=20), START + timedelta(days=90)


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_counter(tmp_path, frozen) as it:
        it.sweeps = Sweeps(it.database, it.shop.sessions)
        it.adopting, it.drift = Adopting(it.database), Drift(it.database)
        it.mending = Mending(it.database, it.shop.vault, it.queue, it.news)
        yield it


async def sweep(counter, by=None):
    await counter.time.advance(60)
    swept = await counter.sweeps.run(HOME, "trend", by=by)
    return await counter.drift.note(swept, by)


async def report(counter):
    return await counter.drift.report(HOME, counter.script.id)


async def counts(counter):
    return {kind.value: number for kind, number in (await report(counter)).counts.items()}


async def mend(counter, kind, **more):
    return await counter.mending.mend(counter.asked(), counter.script.id, Kind(kind), **more)


async def settled(counter, mended):
    """Wait until the orders of one press have ended."""
    for _ in range(60):
        now = await counter.mending.progress(HOME, mended.reference)
        if not now.waiting:
            return
        await counter.meanwhile(pause())
    raise AssertionError(now)


async def sold(counter, *names, length="1M"):
    for name in names:
        counter.fake.world.find_user(name) or counter.fake.world.add_user(name)
        await counter.done(await counter.grant(name, length), within=5)


async def found(counter, *names, end=SOON):
    """People who were on TradingView before Usher, taken over."""
    for name in names:
        counter.give(name, end)
    await sweep(counter, STAFF)
    await counter.adopting.take_over(counter.asked(), counter.script.id)


async def test_what_agrees_is_no_difference(counter):
    await sold(counter, "bob-fx")
    counter.give("gone", START - timedelta(days=1))  # expired rows stay listed
    assert await sweep(counter) == 0
    assert await counts(counter) == {}
    assert await counter.drift.counts(HOME) == []


async def test_a_natural_end_is_no_difference(counter):
    await sold(counter, "bob-fx", length="7D")
    await counter.time.advance(8 * 86_400)
    assert await sweep(counter) == 0


async def test_every_kind_is_found_and_named(counter):
    await sold(counter, "missing", "changed", "fine")
    counter.fake.world.revoke(counter.pine_id, "missing")
    counter.give("changed", LATER)
    counter.give("stranger", None)
    await sweep(counter)
    it = await report(counter)
    assert {kind.value: [one.username for one in those] for kind, those in it.shown.items()} == {
        "missing": ["missing"],
        "extra": ["stranger"],
        "other_end": ["changed"],
    }
    assert (it.total, it.longer) == (3, 1)
    assert [(script.slug, number) for script, number in await counter.drift.counts(HOME)] == [
        ("trend", 3)
    ]


async def test_the_same_name_with_another_id_is_reported_and_never_touched(counter):
    await sold(counter, "bob-fx")
    world, user = counter.fake.world, counter.row("bob-fx").user
    world.revoke(counter.pine_id, "bob-fx")
    world.rename_user(user, "gone")
    counter.give("bob-fx", None)
    await sweep(counter)
    assert await counts(counter) == {"namesake": 1}
    with pytest.raises(NothingDiffers):
        await mend(counter, "extra")


async def test_a_namesake_of_somebody_who_is_gone_is_reported_too(counter):
    await sold(counter, "bob-fx")
    world, user = counter.fake.world, counter.row("bob-fx").user
    world.revoke(counter.pine_id, "bob-fx")
    world.rename_user(user, "gone")
    nothing = {"wanted": "nothing", "wanted_ends_at": None, "seen": "nothing", "seen_ends_at": None}
    await counter.change("bob-fx", **nothing)
    counter.give("bob-fx", None)
    await sweep(counter)
    assert await counts(counter) == {"namesake": 1}


async def test_news_is_told_once_in_one_line_and_only_when_nobody_asked(counter):
    counter.give("a", None)
    counter.give("b", SOON)
    assert await sweep(counter) == 2
    assert [one.after for one in await counter.shop.events("drift")] == [{"extra": 2}]
    assert await sweep(counter) == 0
    counter.give("c", SOON)
    assert await sweep(counter, STAFF) == 1  # told in the answer
    counter.give("b", LATER)
    assert await sweep(counter) == 1  # another difference than before
    assert [one.after for one in await counter.shop.events("drift")] == [
        {"extra": 2},
        {"extra": 1},
    ]


async def test_what_staff_ignore_stays_away_until_it_differs_in_another_way(counter):
    await sold(counter, "bob-fx")
    counter.give("bob-fx", LATER)
    counter.give("stranger", SOON)
    await sweep(counter)
    for kind in (Kind.EXTRA, Kind.OTHER_END):
        assert await counter.drift.ignore(counter.asked(), counter.script.id, kind) == 1
    assert await sweep(counter) == 0
    it = await report(counter)
    assert (it.total, it.ignored) == (0, 2)
    with pytest.raises(NothingDiffers):
        await counter.drift.ignore(counter.asked(), counter.script.id, Kind.EXTRA)
    with pytest.raises(NothingDiffers):
        await counter.adopting.take_over(counter.asked(), counter.script.id)
    counter.give("bob-fx", LATER + timedelta(days=1))
    counter.give("stranger", None)
    assert await sweep(counter) == 2


# Mending


async def test_missing_access_is_given_again_to_the_same_end(counter):
    await sold(counter, "bob-fx")
    end = counter.end("bob-fx")
    counter.fake.world.revoke(counter.pine_id, "bob-fx")
    await sweep(counter)
    mended = await mend(counter, "missing")
    assert (mended.number, mended.took) == (1, 0)
    await settled(counter, mended)
    assert counter.end("bob-fx") == end
    assert await sweep(counter) == 0


async def test_another_end_is_made_what_it_should_be_and_can_be_put_back(counter):
    await found(counter, *(f"other{index}" for index in range(40)))
    await sold(counter, "longer", "shorter")
    longer, shorter = counter.end("longer"), counter.end("shorter")
    counter.give("longer", LATER)
    counter.give("shorter", SOON)
    await sweep(counter)
    mended = await mend(counter, "other_end")
    assert (mended.number, mended.took) == (2, 1)
    await settled(counter, mended)
    assert (counter.end("longer"), counter.end("shorter")) == (longer, shorter)
    assert await counter.mending.put_back(counter.asked(), mended.reference) == 1
    for _ in range(20):
        await counter.meanwhile(pause())
    assert counter.end("longer") == LATER
    with pytest.raises(NothingDiffers):
        await counter.mending.put_back(counter.asked(), mended.reference)


async def test_a_stranger_loses_access_only_upon_an_order_and_gets_it_back(counter):
    await found(counter, *(f"other{index}" for index in range(40)))
    counter.give("stranger", SOON)
    await sweep(counter)
    assert counter.writes() == []
    mended = await mend(counter, "extra")
    await settled(counter, mended)
    assert counter.end("stranger") == "absent"
    assert [call.name for call in counter.writes()] == ["remove"]
    assert await sweep(counter) == 0
    assert await counter.mending.put_back(counter.asked(), mended.reference) == 1
    for _ in range(20):
        await counter.meanwhile(pause())
    assert counter.end("stranger") == SOON
    assert (await counter.permission("stranger")).wanted_ends_at == SOON


async def test_whoever_is_left_out_is_not_counted_among_those_with_less(counter):
    await found(counter, *(f"other{index}" for index in range(40)))
    for name in ("stranger", "namesake"):
        counter.give(name, SOON)
    await sweep(counter)
    async with counter.database.write() as connection:  # somebody else of that name
        await customers.add(connection, HOME, username="namesake", tv_user_id=987654)
    mended = await mend(counter, "extra", agreed=2)
    assert (mended.number, mended.took) == (1, 1)
    await settled(counter, mended)
    assert (counter.end("stranger"), counter.end("namesake")) == ("absent", SOON)


async def test_putting_back_is_over_after_a_day(counter):
    await found(counter, *(f"other{index}" for index in range(40)))
    counter.give("stranger", SOON)
    await sweep(counter)
    mended = await mend(counter, "extra")
    await settled(counter, mended)
    await counter.time.advance(86_500)
    with pytest.raises(PutBackTooLate):
        await counter.mending.put_back(counter.asked(), mended.reference)


async def test_taking_access_from_many_asks_a_second_time_with_the_number(counter):
    await found(counter, *(f"other{index:03}" for index in range(200)))
    for index in range(6):
        counter.give(f"stranger{index}", SOON)
    await sweep(counter)
    with pytest.raises(TakesFromMany) as question:
        await mend(counter, "extra")
    assert (question.value.ends, question.value.total) == (6, 206)
    assert counter.writes() == []
    assert (await mend(counter, "extra", agreed=6)).number == 6


@pytest.mark.parametrize(
    ("people", "total", "many"),
    [(5, 100, False), (6, 1000, True), (5, 99, True), (1, 20, False), (1, 19, True), (0, 0, False)],
)
def test_many_is_more_than_five_people_or_five_percent(people, total, many):
    assert is_many(people, total) is many


async def test_giving_back_what_is_missing_never_asks(counter):
    await found(counter, *(f"user{index}" for index in range(10)))
    for index in range(10):
        counter.fake.world.revoke(counter.pine_id, f"user{index}")
    await sweep(counter)
    mended = await mend(counter, "missing")
    assert (mended.number, mended.took) == (10, 0)
    await settled(counter, mended)
    assert all(counter.end(f"user{index}") == SOON for index in range(10))


async def test_pressed_twice_is_ordered_once(counter):
    await sold(counter, "bob-fx")
    counter.fake.world.revoke(counter.pine_id, "bob-fx")
    await sweep(counter)
    counter.switches.down = True
    asked = counter.asked()
    first = await counter.mending.mend(asked, counter.script.id, Kind.MISSING)
    with pytest.raises(NothingDiffers):  # it waits by now
        await counter.mending.mend(asked, counter.script.id, Kind.MISSING)
    counter.switches.down = False
    await settled(counter, first)
    assert len(await counter.shop.events("mend")) == 1


async def test_nobody_is_told_of_each_single_mend(counter):
    await sold(counter, "bob-fx")
    for it in await counter.answers.untold():
        await counter.answers.told(it.wish.id, it.wish.state)
    counter.fake.world.revoke(counter.pine_id, "bob-fx")
    await sweep(counter)
    await settled(counter, await mend(counter, "missing"))
    assert await counter.answers.untold() == []
    assert [one.after for one in await counter.shop.events("mended")] == [
        {"kind_of": "missing", "number": 1}
    ]


async def test_stuck_orders_that_end_access_for_many_ask_a_second_time_too(counter):
    names = [f"late{number}" for number in range(6)]
    await found(counter, *names)
    for name in names:
        await counter.change(
            name,
            state="stuck",
            reason="restored",
            wanted="nothing",
            wanted_ends_at=None,
            replaces=1,
        )
    with pytest.raises(TakesFromMany) as refused:
        await mend(counter, "stuck")
    assert (refused.value.ends, refused.value.shortens) == (6, 0)
    assert await counts(counter) == {"stuck": 6}


async def removals_wait(counter, number, state):
    """So many people's orders to end access are stuck, or wait for a script that is refused."""
    names = [f"late{each}" for each in range(number)]
    await found(counter, *names)
    async with counter.database.write() as connection:
        await scripts.pause(connection, counter.script.id, clock.now(), "not yours")
    for name in names:
        await counter.revoke(name)
        if state == "stuck":
            await counter.change(name, state="stuck", reason="refused")
    if state == "stuck":
        async with counter.database.write() as connection:
            await scripts.unpause(connection, counter.script.id)


@pytest.mark.parametrize("state", ["stuck", "waiting"])
async def test_trying_again_asks_too_before_access_ends_for_many(counter, state):
    await removals_wait(counter, 6, state)
    with pytest.raises(TakesFromMany) as question:
        await counter.queue.retry(counter.asked(), "trend")
    assert (question.value.ends, question.value.people, question.value.total) == (6, 6, 6)
    await counter.time.advance(60)
    assert counter.writes() == []
    assert await counter.queue.retry(counter.asked(), "trend", agreed=6) == 6
    await eventually(lambda: all(counter.end(f"late{each}") == "absent" for each in range(6)))


async def test_what_waits_and_goes_on_by_itself_is_not_asked_about(counter):
    await found(counter, *(f"late{each}" for each in range(6)))
    counter.switches.down = True
    for each in range(6):
        await counter.revoke(f"late{each}")
    assert await counter.queue.retry(counter.asked(), "trend") == 6


async def test_a_yes_to_a_number_is_none_to_a_larger_one(counter):
    for number in range(7):
        counter.give(f"hand{number}", SOON)
    await sweep(counter)
    with pytest.raises(TakesFromMany):
        await mend(counter, "extra", agreed=6)
    assert (await mend(counter, "extra", agreed=7)).number == 7


async def test_stuck_orders_are_tried_again(counter):
    counter.fake.world.add_user("late")
    wish_id = await counter.grant("late", "7D")
    await counter.done(wish_id, within=5)
    await counter.change("late", state="stuck", reason="refused")
    await sweep(counter)
    assert await counts(counter) == {"stuck": 1}
    await settled(counter, await mend(counter, "stuck"))
    assert await counts(counter) == {}


async def test_a_script_of_another_server_is_not_shown(counter):
    with pytest.raises(ButtonGone):
        await counter.drift.report(999, counter.script.id)
    with pytest.raises(ButtonGone):
        asked = counter.asked(guild_id=999)
        await counter.mending.mend(asked, counter.script.id, Kind.EXTRA)
