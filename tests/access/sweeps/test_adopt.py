"""Taking over who is on TradingView already: nothing is written there, no end is changed."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.access.errors import ButtonGone
from bot.access.sweeps.adopt import Adopting
from bot.access.sweeps.drift import Drift
from bot.access.sweeps.errors import NothingDiffers
from bot.access.sweeps.sweep import Sweeps
from bot.store.tables.core import customer, entitlement, permission
from tests.support.access_harness import open_counter
from tests.support.fake_time import START
from tests.support.vendor_fixture import HOME, STAFF

SOON, LATER, PAST = (START + timedelta(days=days) for days in (20, 50, -3))


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_counter(tmp_path, frozen) as it:
        it.sweeps = Sweeps(it.database, it.shop.sessions)
        it.adopting = Adopting(it.database)
        it.drift = Drift(it.database)
        yield it


async def sweep(counter, item="trend"):
    return await counter.sweeps.run(HOME, item, by=STAFF)


async def numbers(counter):
    return (await counter.drift.report(HOME, counter.script.id)).numbers


async def take(counter, ids=None):
    return await counter.adopting.take_over(counter.asked(), counter.script.id, ids)


async def count(counter, table):
    async with counter.database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def test_the_list_is_counted_by_kinds_of_ends(counter):
    counter.give("a", None)
    counter.give("b", None)
    counter.give("c", SOON)
    counter.give("d", PAST)
    await sweep(counter)
    it = await numbers(counter)
    assert (it.total, it.undated, it.dated, it.lapsed, it.strangers) == (4, 2, 1, 1, 3)


async def test_taking_over_writes_nothing_and_changes_no_end(counter):
    counter.give("Ann_Trades", None)
    counter.give("bob-fx", SOON)
    counter.give("gone", PAST)
    await sweep(counter)
    assert (await take(counter)).number == 2
    await counter.time.advance(600)
    assert counter.writes() == []
    ann, bob = await counter.permission("Ann_Trades"), await counter.permission("bob-fx")
    assert (ann.wanted, ann.seen, ann.ours, ann.state) == ("open", "lifetime", "lifetime", "done")
    assert (bob.wanted, bob.ours_ends_at, bob.seen_ends_at) == ("until", SOON, SOON)
    assert (bob.revision, bob.synced_revision, bob.checked) == (0, 0, True)
    assert bob.tv_user_id == counter.row("bob-fx").user.id
    reason = (await counter.reasons("Ann_Trades"))[0]
    assert (reason.source, reason.kind, reason.ends_at) == ("found", "open", None)
    reason = (await counter.reasons("bob-fx"))[0]
    assert (reason.source, reason.kind, reason.ends_at) == ("found", "until", SOON)
    assert await counter.permission("gone") is None
    with pytest.raises(NothingDiffers):
        await take(counter)


async def test_everything_is_in_the_history_in_one_line_and_one_entry_for_each(counter):
    counter.give("Ann_Trades", None)
    counter.give("bob-fx", SOON)
    await sweep(counter)
    await take(counter)
    assert [one.after for one in await counter.shop.events("taken_over")] == [{"number": 2}]
    found = await counter.shop.events("found")
    assert {one.after["kind"] for one in found} == {"open", "until"}
    assert all(one.actor_id == STAFF and one.customer_id for one in found)


async def test_time_sold_afterwards_starts_at_the_end_that_was_found(counter):
    counter.give("bob-fx", SOON)
    await sweep(counter)
    await take(counter)
    await counter.done(await counter.grant("bob-fx", "7D"), within=5)
    assert counter.end("bob-fx") == SOON + timedelta(days=7)


async def test_only_the_chosen_are_taken_over(counter):
    for name in ("a", "b", "c"):
        counter.give(name, SOON)
    await sweep(counter)
    page = await counter.adopting.strangers(HOME, counter.script.id)
    assert [one.username for one in page.people] == ["a", "b", "c"]
    await take(counter, [page.people[0].id, page.people[2].id])
    page = await counter.adopting.strangers(HOME, counter.script.id, 9)
    assert ([one.username for one in page.people], page.page, page.pages) == (["b"], 0, 1)


async def test_somebody_known_by_name_keeps_the_member(counter):
    person = await counter.shop.resolve(77, "bob-fx")
    counter.give("bob-fx", SOON)
    await sweep(counter)
    await take(counter)
    assert (await counter.permission("bob-fx")).customer_id == person.id
    now = await counter.shop.person(member=77)
    assert now.tv_user_id == counter.row("bob-fx").user.id
    assert await count(counter, customer) == 1


async def test_one_person_on_two_scripts_is_one_customer(counter):
    other = await counter.shop.add_script("tail")
    counter.give("bob-fx", SOON)
    counter.fake.world.grant(other.pine_id, "bob-fx", None)
    await sweep(counter)
    await sweep(counter, "tail")
    await take(counter)
    await counter.adopting.take_over(counter.asked(), other.id)
    assert await count(counter, customer) == 1
    assert await count(counter, permission) == 2


async def test_whoever_was_renamed_before_the_other_script_was_added_keeps_one_name(counter):
    counter.give("bob-fx", SOON)
    await sweep(counter)
    await take(counter)
    other = await counter.shop.add_script("tail")
    counter.fake.world.grant(other.pine_id, "bob-fx", None)
    counter.fake.world.rename_user(counter.row("bob-fx").user, "Bobby")
    await sweep(counter, "tail")
    await counter.adopting.take_over(counter.asked(), other.id)
    assert (await counter.shop.person(name="bobby")).username == "Bobby"
    assert (await counter.permission("Bobby")).customer_id == (
        await counter.permission("Bobby", "tail")
    ).customer_id


async def test_the_same_name_with_another_id_is_left(counter):
    counter.give("bob-fx", SOON)
    await sweep(counter)
    await take(counter)
    other = await counter.shop.add_script("tail")
    world = counter.fake.world
    world.rename_user(counter.row("bob-fx").user, "gone")
    world.grant(other.pine_id, "bob-fx", None)  # somebody new of that name
    await sweep(counter, "tail")
    taken = await counter.adopting.take_over(counter.asked(), other.id)
    assert (taken.number, taken.left) == (0, 1)
    assert await counter.permission("bob-fx", "tail") is None


async def test_whoever_comes_later_by_hand_shows_up_and_can_be_taken_over(counter):
    counter.give("a", SOON)
    await sweep(counter)
    await take(counter)
    counter.give("b", None)
    counter.give("a", LATER)
    await counter.time.advance(60)
    await sweep(counter)
    report = await counter.drift.report(HOME, counter.script.id)
    assert {kind.value: number for kind, number in report.counts.items()} == {
        "extra": 1,
        "other_end": 1,
    }
    assert report.longer == 1
    await take(counter)
    await counter.adopting.longer_ends(counter.asked(), counter.script.id)
    assert (await counter.permission("a")).wanted_ends_at == LATER
    assert (await counter.drift.report(HOME, counter.script.id)).total == 0
    assert counter.writes() == []


async def test_an_earlier_end_is_not_taken_over(counter):
    counter.give("a", LATER)
    await sweep(counter)
    await take(counter)
    counter.give("a", SOON)
    await counter.time.advance(60)
    await sweep(counter)
    with pytest.raises(NothingDiffers):
        await counter.adopting.longer_ends(counter.asked(), counter.script.id)
    assert (await counter.permission("a")).wanted_ends_at == LATER


async def test_another_servers_script_cannot_be_taken_over(counter):
    counter.give("a", SOON)
    await sweep(counter)
    with pytest.raises(ButtonGone):
        await counter.adopting.strangers(999, counter.script.id)
    with pytest.raises(ButtonGone):
        asked = counter.asked(guild_id=999)
        await counter.adopting.take_over(asked, counter.script.id)


async def test_600_people_are_taken_over_at_once_for_few_calls(counter):
    for index in range(600):
        counter.give(f"user{index:03}", None if index % 3 else SOON)
    calls = len(counter.fake.calls())
    await sweep(counter)
    assert len(counter.fake.calls()) - calls <= 20
    assert (await take(counter)).number == 600
    assert await count(counter, entitlement) == 600
    assert len(counter.fake.calls()) - calls <= 20
    assert counter.writes() == []
