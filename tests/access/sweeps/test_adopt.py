"""Taking over who is on TradingView already: nothing is written there, no end is changed."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.access.errors import ButtonGone
from bot.access.sweeps.errors import NothingDiffers
from bot.store.tables.ledger import entitlement, permission
from bot.store.tables.people import customer
from tests.support.access_harness import open_harness
from tests.support.fake_time import START
from tests.support.vendor_fixture import HOME, STAFF

SOON, LATER, PAST = (START + timedelta(days=days) for days in (20, 50, -3))


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as it:
        yield it


async def sweep(harness, item="trend"):
    return await harness.sweeps.run(HOME, item, by=STAFF)


async def numbers(harness):
    return (await harness.drift.report(HOME, harness.script.id)).numbers


async def take(harness, ids=None):
    return await harness.adoption.take_over(harness.request(), harness.script.id, ids)


async def count(harness, table):
    async with harness.database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def test_the_list_is_counted_by_kinds_of_ends(harness):
    harness.give("a", None)
    harness.give("b", None)
    harness.give("c", SOON)
    harness.give("d", PAST)
    await sweep(harness)
    it = await numbers(harness)
    assert (it.total, it.undated, it.dated, it.lapsed, it.strangers) == (4, 2, 1, 1, 3)


async def test_taking_over_writes_nothing_and_changes_no_end(harness):
    harness.give("Ann_Trades", None)
    harness.give("bob-fx", SOON)
    harness.give("gone", PAST)
    await sweep(harness)
    assert (await take(harness)).number == 2
    await harness.time.advance(600)
    assert harness.writes() == []
    ann, bob = await harness.permission("Ann_Trades"), await harness.permission("bob-fx")
    assert (ann.wanted, ann.seen, ann.ours, ann.state) == ("open", "lifetime", "lifetime", "done")
    assert (bob.wanted, bob.ours_ends_at, bob.seen_ends_at) == ("until", SOON, SOON)
    assert (bob.revision, bob.synced_revision, bob.checked) == (0, 0, True)
    assert bob.tv_user_id == harness.row("bob-fx").user.id
    reason = (await harness.reasons("Ann_Trades"))[0]
    assert (reason.source, reason.kind, reason.ends_at) == ("found", "open", None)
    reason = (await harness.reasons("bob-fx"))[0]
    assert (reason.source, reason.kind, reason.ends_at) == ("found", "until", SOON)
    assert await harness.permission("gone") is None
    with pytest.raises(NothingDiffers):
        await take(harness)


async def test_everything_is_in_the_history_in_one_line_and_one_entry_for_each(harness):
    harness.give("Ann_Trades", None)
    harness.give("bob-fx", SOON)
    await sweep(harness)
    await take(harness)
    assert [one.after for one in await harness.vendor.events("taken_over")] == [{"number": 2}]
    found = await harness.vendor.events("found")
    assert {one.after["kind"] for one in found} == {"open", "until"}
    assert all(one.actor.member_id == STAFF and one.customer_id for one in found)


async def test_time_sold_afterwards_starts_at_the_end_that_was_found(harness):
    harness.give("bob-fx", SOON)
    await sweep(harness)
    await take(harness)
    await harness.done(await harness.grant("bob-fx", "7D"), within=5)
    assert harness.end("bob-fx") == SOON + timedelta(days=7)


async def test_only_the_chosen_are_taken_over(harness):
    for name in ("a", "b", "c"):
        harness.give(name, SOON)
    await sweep(harness)
    page = await harness.adoption.strangers(HOME, harness.script.id)
    assert [one.username for one in page.people] == ["a", "b", "c"]
    await take(harness, [page.people[0].id, page.people[2].id])
    page = await harness.adoption.strangers(HOME, harness.script.id, 9)
    assert ([one.username for one in page.people], page.page, page.pages) == (["b"], 0, 1)


async def test_somebody_known_by_name_keeps_the_member(harness):
    person = await harness.vendor.resolve(77, "bob-fx")
    harness.give("bob-fx", SOON)
    await sweep(harness)
    await take(harness)
    assert (await harness.permission("bob-fx")).customer_id == person.id
    now = await harness.vendor.person(member=77)
    assert now.tv_user_id == harness.row("bob-fx").user.id
    assert await count(harness, customer) == 1


async def test_one_person_on_two_scripts_is_one_customer(harness):
    other = await harness.vendor.add_script("tail")
    harness.give("bob-fx", SOON)
    harness.fake.world.grant(other.pine_id, "bob-fx", None)
    await sweep(harness)
    await sweep(harness, "tail")
    await take(harness)
    await harness.adoption.take_over(harness.request(), other.id)
    assert await count(harness, customer) == 1
    assert await count(harness, permission) == 2


async def test_whoever_was_renamed_before_the_other_script_was_added_keeps_one_name(harness):
    harness.give("bob-fx", SOON)
    await sweep(harness)
    await take(harness)
    other = await harness.vendor.add_script("tail")
    harness.fake.world.grant(other.pine_id, "bob-fx", None)
    harness.fake.world.rename_user(harness.row("bob-fx").user, "Bobby")
    await sweep(harness, "tail")
    await harness.adoption.take_over(harness.request(), other.id)
    assert (await harness.vendor.person(name="bobby")).username == "Bobby"
    assert (await harness.permission("Bobby")).customer_id == (
        await harness.permission("Bobby", "tail")
    ).customer_id


async def test_the_same_name_with_another_id_is_left(harness):
    harness.give("bob-fx", SOON)
    await sweep(harness)
    await take(harness)
    other = await harness.vendor.add_script("tail")
    world = harness.fake.world
    world.rename_user(harness.row("bob-fx").user, "gone")
    world.grant(other.pine_id, "bob-fx", None)  # somebody new of that name
    await sweep(harness, "tail")
    taken = await harness.adoption.take_over(harness.request(), other.id)
    assert (taken.number, taken.left) == (0, 1)
    assert await harness.permission("bob-fx", "tail") is None


async def test_whoever_comes_later_by_hand_shows_up_and_can_be_taken_over(harness):
    harness.give("a", SOON)
    await sweep(harness)
    await take(harness)
    harness.give("b", None)
    harness.give("a", LATER)
    await harness.time.advance(60)
    await sweep(harness)
    report = await harness.drift.report(HOME, harness.script.id)
    assert {kind.value: number for kind, number in report.counts.items()} == {
        "extra": 1,
        "other_end": 1,
    }
    assert report.longer == 1
    await take(harness)
    await harness.adoption.longer_ends(harness.request(), harness.script.id)
    assert (await harness.permission("a")).wanted_ends_at == LATER
    assert (await harness.drift.report(HOME, harness.script.id)).total == 0
    assert harness.writes() == []


async def test_an_earlier_end_is_not_taken_over(harness):
    harness.give("a", LATER)
    await sweep(harness)
    await take(harness)
    harness.give("a", SOON)
    await harness.time.advance(60)
    await sweep(harness)
    with pytest.raises(NothingDiffers):
        await harness.adoption.longer_ends(harness.request(), harness.script.id)
    assert (await harness.permission("a")).wanted_ends_at == LATER


async def test_another_servers_script_cannot_be_taken_over(harness):
    harness.give("a", SOON)
    await sweep(harness)
    with pytest.raises(ButtonGone):
        await harness.adoption.strangers(999, harness.script.id)
    with pytest.raises(ButtonGone):
        request = harness.request(guild_id=999)
        await harness.adoption.take_over(request, harness.script.id)


async def test_600_people_are_taken_over_at_once_for_few_calls(harness):
    for index in range(600):
        harness.give(f"user{index:03}", None if index % 3 else SOON)
    calls = len(harness.fake.calls())
    await sweep(harness)
    assert len(harness.fake.calls()) - calls <= 20
    assert (await take(harness)).number == 600
    assert await count(harness, entitlement) == 600
    assert len(harness.fake.calls()) - calls <= 20
    assert harness.writes() == []
