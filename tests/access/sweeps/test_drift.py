"""What differs from what should be: found, told once, mended, taken over or left alone."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.errors import ButtonGone
from bot.access.ledger.errors import PutBackTooLate
from bot.access.sweeps.drift import Kind
from bot.access.sweeps.errors import NothingDiffers, TakesFromMany
from bot.access.sweeps.removal_limit import is_many
from bot.store.catalogue import scripts
from bot.store.people import customers
from bot.store.records import Untaken
from tests.support.access_harness import eventually, open_harness, pause
from tests.support.fake_time import START
from tests.support.vendor_fixture import HOME, STAFF

SOON, LATER = START + timedelta(days=20), START + timedelta(days=90)


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as it:
        yield it


async def sweep(harness, by=None):
    await harness.time.advance(60)
    swept = await harness.sweeps.run(HOME, "trend", by=by)
    return await harness.drift.note(swept, by)


async def report(harness):
    return await harness.drift.report(HOME, harness.script.id)


async def counts(harness):
    return {kind.value: number for kind, number in (await report(harness)).counts.items()}


async def repair(harness, kind, **consent):
    request = harness.request(**consent)
    return await harness.repairs.repair(request, harness.script.id, Kind(kind))


async def settled(harness, repaired):
    """Wait until the orders of one press have ended."""

    async def ended():
        await harness.meanwhile(pause())
        return not (await harness.repairs.progress(HOME, repaired.reference)).waiting

    await eventually(ended)


async def becomes(harness, name, end):
    """Wait until TradingView holds that end."""

    async def there():
        await harness.meanwhile(pause())
        return harness.end(name) == end

    await eventually(there)


async def sold(harness, *names, length="1M"):
    for name in names:
        harness.fake.world.find_user(name) or harness.fake.world.add_user(name)
        await harness.done(await harness.grant(name, length), within=5)


async def found(harness, *names, end=SOON):
    """People who were on TradingView before Usher, taken over."""
    for name in names:
        harness.give(name, end)
    await sweep(harness, STAFF)
    await harness.adoption.take_over(harness.request(), harness.script.id)


async def test_what_agrees_is_no_difference(harness):
    await sold(harness, "bob-fx")
    harness.give("gone", START - timedelta(days=1))  # expired rows stay listed
    assert await sweep(harness) == 0
    assert await counts(harness) == {}
    overall = await harness.drift.overall(HOME)
    assert (overall.differing, overall.strangers) == ((), ())


async def test_a_natural_end_is_no_difference(harness):
    await sold(harness, "bob-fx", length="7D")
    await harness.time.advance(8 * 86_400)
    assert await sweep(harness) == 0


async def test_every_kind_is_found_and_named(harness):
    await sold(harness, "missing", "changed", "fine")
    harness.fake.world.revoke(harness.pine_id, "missing")
    harness.give("changed", LATER)
    harness.give("stranger", None)
    await sweep(harness)
    it = await report(harness)
    assert {kind.value: [one.username for one in those] for kind, those in it.shown.items()} == {
        "missing": ["missing"],
        "extra": ["stranger"],
        "other_end": ["changed"],
    }
    assert (it.total, it.differing, it.extra, it.longer) == (3, 2, 0, 1)
    overall = await harness.drift.overall(HOME)
    assert [(script.slug, number) for script, number in overall.differing] == [("trend", 2)]
    assert [(script.slug, number) for script, number in overall.strangers] == [("trend", 1)]
    assert overall.untaken == Untaken(1, 1)


async def test_the_same_name_with_another_id_is_reported_and_never_touched(harness):
    await sold(harness, "bob-fx")
    world, user = harness.fake.world, harness.row("bob-fx").user
    world.revoke(harness.pine_id, "bob-fx")
    world.rename_user(user, "gone")
    harness.give("bob-fx", None)
    await sweep(harness)
    assert await counts(harness) == {"namesake": 1}
    with pytest.raises(NothingDiffers):
        await repair(harness, "extra")


async def test_a_namesake_of_somebody_who_is_gone_is_reported_too(harness):
    await sold(harness, "bob-fx")
    world, user = harness.fake.world, harness.row("bob-fx").user
    world.revoke(harness.pine_id, "bob-fx")
    world.rename_user(user, "gone")
    nothing = {"wanted": "nothing", "wanted_ends_at": None, "seen": "nothing", "seen_ends_at": None}
    await harness.change("bob-fx", **nothing)
    harness.give("bob-fx", None)
    await sweep(harness)
    assert await counts(harness) == {"namesake": 1}


async def test_news_is_told_once_in_one_line_and_only_when_nobody_asked(harness):
    harness.give("a", None)
    harness.give("b", SOON)
    assert await sweep(harness) == 2
    assert [one.after for one in await harness.vendor.events("drift")] == [{"strangers": 2}]
    assert await sweep(harness) == 0
    harness.give("c", SOON)
    assert await sweep(harness, STAFF) == 1  # told in the answer
    harness.give("b", LATER)
    assert await sweep(harness) == 1  # another difference than before
    assert [one.after for one in await harness.vendor.events("drift")] == [
        {"strangers": 2},
        {"strangers": 1},
    ]


async def test_what_staff_ignore_stays_away_until_it_differs_in_another_way(harness):
    await sold(harness, "bob-fx")
    harness.give("bob-fx", LATER)
    harness.give("stranger", SOON)
    await sweep(harness)
    for kind in (Kind.EXTRA, Kind.OTHER_END):
        assert await harness.drift.ignore(harness.request(), harness.script.id, kind) == 1
    assert await sweep(harness) == 0
    it = await report(harness)
    assert (it.total, it.ignored) == (0, 2)
    with pytest.raises(NothingDiffers):
        await harness.drift.ignore(harness.request(), harness.script.id, Kind.EXTRA)
    with pytest.raises(NothingDiffers):
        await harness.adoption.take_over(harness.request(), harness.script.id)
    harness.give("bob-fx", LATER + timedelta(days=1))
    harness.give("stranger", None)
    assert await sweep(harness) == 2


# Mending


async def test_missing_access_is_given_again_to_the_same_end(harness):
    await sold(harness, "bob-fx")
    end = harness.end("bob-fx")
    harness.fake.world.revoke(harness.pine_id, "bob-fx")
    await sweep(harness)
    repaired = await repair(harness, "missing")
    assert (repaired.number, repaired.took) == (1, 0)
    await settled(harness, repaired)
    assert harness.end("bob-fx") == end
    assert await sweep(harness) == 0


async def test_another_end_is_made_what_it_should_be_and_can_be_put_back(harness):
    await found(harness, *(f"other{index}" for index in range(40)))
    await sold(harness, "longer", "shorter")
    longer, shorter = harness.end("longer"), harness.end("shorter")
    harness.give("longer", LATER)
    harness.give("shorter", SOON)
    await sweep(harness)
    repaired = await repair(harness, "other_end")
    assert (repaired.number, repaired.took) == (2, 1)
    await settled(harness, repaired)
    assert (harness.end("longer"), harness.end("shorter")) == (longer, shorter)
    assert await harness.repairs.put_back(harness.request(), repaired.reference) == 1
    await becomes(harness, "longer", LATER)
    with pytest.raises(NothingDiffers):
        await harness.repairs.put_back(harness.request(), repaired.reference)


async def test_a_stranger_loses_access_only_upon_an_order_and_gets_it_back(harness):
    await found(harness, *(f"other{index}" for index in range(40)))
    harness.give("stranger", SOON)
    await sweep(harness)
    assert harness.writes() == []
    repaired = await repair(harness, "extra")
    await settled(harness, repaired)
    assert harness.end("stranger") == "absent"
    assert [call.name for call in harness.writes()] == ["remove"]
    assert await sweep(harness) == 0
    assert await harness.repairs.put_back(harness.request(), repaired.reference) == 1
    await becomes(harness, "stranger", SOON)
    assert (await harness.permission("stranger")).wanted_ends_at == SOON


async def test_whoever_is_left_out_is_not_counted_among_those_with_less(harness):
    await found(harness, *(f"other{index}" for index in range(40)))
    for name in ("stranger", "namesake"):
        harness.give(name, SOON)
    await sweep(harness)
    async with harness.database.write() as connection:  # somebody else of that name
        await customers.add(connection, HOME, username="namesake", tv_user_id=987654)
    repaired = await repair(harness, "extra", removals=2)
    assert (repaired.number, repaired.took) == (1, 1)
    await settled(harness, repaired)
    assert (harness.end("stranger"), harness.end("namesake")) == ("absent", SOON)


async def test_putting_back_is_over_after_a_day(harness):
    await found(harness, *(f"other{index}" for index in range(40)))
    harness.give("stranger", SOON)
    await sweep(harness)
    repaired = await repair(harness, "extra")
    await settled(harness, repaired)
    await harness.time.advance(86_500)
    with pytest.raises(PutBackTooLate):
        await harness.repairs.put_back(harness.request(), repaired.reference)


async def test_taking_access_from_many_asks_a_second_time_with_the_number(harness):
    await found(harness, *(f"other{index:03}" for index in range(200)))
    for index in range(6):
        harness.give(f"stranger{index}", SOON)
    await sweep(harness)
    with pytest.raises(TakesFromMany) as question:
        await repair(harness, "extra")
    assert (question.value.ends, question.value.total) == (6, 206)
    assert harness.writes() == []
    assert (await repair(harness, "extra", removals=6)).number == 6


@pytest.mark.parametrize(
    ("people", "total", "many"),
    [(5, 100, False), (6, 1000, True), (5, 99, True), (1, 20, False), (1, 19, True), (0, 0, False)],
)
def test_many_is_more_than_five_people_or_five_percent(people, total, many):
    assert is_many(people, total) is many


async def test_giving_back_what_is_missing_never_asks(harness):
    await found(harness, *(f"user{index}" for index in range(10)))
    for index in range(10):
        harness.fake.world.revoke(harness.pine_id, f"user{index}")
    await sweep(harness)
    repaired = await repair(harness, "missing")
    assert (repaired.number, repaired.took) == (10, 0)
    await settled(harness, repaired)
    assert all(harness.end(f"user{index}") == SOON for index in range(10))


async def test_pressed_twice_is_ordered_once(harness):
    await sold(harness, "bob-fx")
    harness.fake.world.revoke(harness.pine_id, "bob-fx")
    await sweep(harness)
    harness.switches.down = True
    request = harness.request()
    first = await harness.repairs.repair(request, harness.script.id, Kind.MISSING)
    with pytest.raises(NothingDiffers):  # it waits by now
        await harness.repairs.repair(request, harness.script.id, Kind.MISSING)
    harness.switches.down = False
    await settled(harness, first)
    assert len(await harness.vendor.events("repair")) == 1


async def test_nobody_is_told_of_each_single_mend(harness):
    await sold(harness, "bob-fx")
    for it in await harness.outcomes.untold():
        await harness.outcomes.told(it.order.id, it.order.state)
    harness.fake.world.revoke(harness.pine_id, "bob-fx")
    await sweep(harness)
    await settled(harness, await repair(harness, "missing"))
    assert await harness.outcomes.untold() == []
    assert [one.after for one in await harness.vendor.events("repaired")] == [
        {"kind_of": "missing", "number": 1}
    ]


async def test_stuck_orders_that_end_access_for_many_ask_a_second_time_too(harness):
    names = [f"late{number}" for number in range(6)]
    await found(harness, *names)
    for name in names:
        await harness.change(
            name,
            state="stuck",
            reason="restored",
            wanted="nothing",
            wanted_ends_at=None,
            replaces=1,
        )
    with pytest.raises(TakesFromMany) as refused:
        await repair(harness, "stuck")
    assert (refused.value.ends, refused.value.shortens) == (6, 0)
    assert await counts(harness) == {"stuck": 6}


async def removals_wait(harness, number, state):
    """So many people's orders to end access are stuck, or wait for a script that is refused."""
    names = [f"late{each}" for each in range(number)]
    await found(harness, *names)
    async with harness.database.write() as connection:
        await scripts.pause(connection, harness.script.id, clock.now(), "not yours")
    for name in names:
        await harness.revoke(name)
        if state == "stuck":
            await harness.change(name, state="stuck", reason="refused")
    if state == "stuck":
        async with harness.database.write() as connection:
            await scripts.unpause(connection, harness.script.id)


@pytest.mark.parametrize("state", ["stuck", "waiting"])
async def test_trying_again_asks_too_before_access_ends_for_many(harness, state):
    await removals_wait(harness, 6, state)
    with pytest.raises(TakesFromMany) as question:
        await harness.retries.retry(harness.request(), "trend")
    assert (question.value.ends, question.value.people, question.value.total) == (6, 6, 6)
    await harness.time.advance(60)
    assert harness.writes() == []
    assert await harness.retries.retry(harness.request(removals=6), "trend") == 6
    await eventually(lambda: all(harness.end(f"late{each}") == "absent" for each in range(6)))


async def test_what_waits_and_goes_on_by_itself_is_not_asked_about(harness):
    await found(harness, *(f"late{each}" for each in range(6)))
    harness.switches.down = True
    for each in range(6):
        await harness.revoke(f"late{each}")
    assert await harness.retries.retry(harness.request(), "trend") == 6


async def test_a_yes_to_a_number_is_none_to_a_larger_one(harness):
    for number in range(7):
        harness.give(f"hand{number}", SOON)
    await sweep(harness)
    with pytest.raises(TakesFromMany):
        await repair(harness, "extra", removals=6)
    assert (await repair(harness, "extra", removals=7)).number == 7


async def test_stuck_orders_are_tried_again(harness):
    harness.fake.world.add_user("late")
    order_id = await harness.grant("late", "7D")
    await harness.done(order_id, within=5)
    await harness.change("late", state="stuck", reason="refused")
    await sweep(harness)
    assert await counts(harness) == {"stuck": 1}
    await settled(harness, await repair(harness, "stuck"))
    assert await counts(harness) == {}


async def test_a_script_of_another_server_is_not_shown(harness):
    with pytest.raises(ButtonGone):
        await harness.drift.report(999, harness.script.id)
    with pytest.raises(ButtonGone):
        request = harness.request(guild_id=999)
        await harness.repairs.repair(request, harness.script.id, Kind.EXTRA)
