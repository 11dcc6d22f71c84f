"""A renamed TradingView user stays one person here, or staff read that the names are mixed up."""

import pytest

from bot.access.people.errors import NameTaken
from bot.store.people import customers
from bot.store.tables.people import customer
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import HOME, MEMBER, STAFF, STRANGER


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as it:
        yield it


async def sweep(harness):
    await harness.time.advance(60)
    swept = await harness.sweeps.run(HOME, "trend", by=STAFF)
    await harness.drift.note(swept, STAFF)
    return [(one.before, one.username) for one in swept.renamed]


async def counts(harness):
    report = await harness.drift.report(HOME, harness.script.id)
    return {kind.value: number for kind, number in report.counts.items()}


async def people(harness):
    async with harness.database.read() as connection:
        found = await connection.execute(customer.select().order_by(customer.c.id))
        return [(one.username, one.member_id) for one in found]


async def sold_and_renamed(harness, new="ann_new"):
    await harness.done(await harness.grant("Ann_Trades", "1M"), within=10)
    await sweep(harness)
    harness.fake.world.rename_user(harness.row("Ann_Trades").user, new)


async def add(harness, name, **more):
    async with harness.database.write() as connection:
        return await customers.add(connection, HOME, username=name, **more)


async def test_more_time_under_the_new_name_goes_to_the_same_person(harness):
    await sold_and_renamed(harness)
    first = harness.end("ann_new")
    await harness.done(await harness.grant("ann_new", "1M"), within=10)
    assert harness.end("ann_new") > first
    assert await people(harness) == [("ann_new", None)]
    assert await harness.permission("Ann_Trades") is None
    assert await sweep(harness) == []
    assert await counts(harness) == {}
    assert [one.after for one in await harness.vendor.events("renamed")] == [
        {"username": "ann_new"}
    ]


async def test_staff_tie_the_new_name_to_the_same_person(harness):
    await sold_and_renamed(harness)
    await harness.vendor.customers.tie(harness.vendor.request(), MEMBER, "ann_new")
    assert await people(harness) == [("ann_new", MEMBER)]
    await sweep(harness)
    assert await counts(harness) == {}


async def test_a_new_name_is_not_taken_from_the_member_who_has_the_old_one(harness):
    await sold_and_renamed(harness)
    await harness.vendor.resolve(STRANGER, "Ann_Trades")
    with pytest.raises(NameTaken):
        await harness.vendor.customers.tie(harness.vendor.request(), MEMBER, "ann_new")
    assert await people(harness) == [("Ann_Trades", STRANGER)], "nothing was changed"


@pytest.mark.parametrize("holder", [None, STRANGER])
async def test_a_member_who_links_the_new_name_gets_nothing_of_the_old_one(harness, holder):
    await harness.done(await harness.grant("Ann_Trades", "1M"), within=10)
    if holder:
        await harness.vendor.resolve(holder, "Ann_Trades")
    user = harness.row("Ann_Trades").user
    harness.fake.world.revoke(harness.pine_id, "Ann_Trades")  # TradingView shows no access
    harness.fake.world.rename_user(user, "ann_new")
    linked = await harness.vendor.customers.link(harness.vendor.request(MEMBER), "ann_new", user.id)
    assert not linked, "staff look first"
    assert await people(harness) == [("Ann_Trades", holder)]


async def test_a_person_who_has_nothing_but_the_new_name_becomes_one_with_the_old(harness):
    await sold_and_renamed(harness)
    await add(harness, "ann_new", member_id=MEMBER)
    assert await sweep(harness) == [("Ann_Trades", "ann_new")]
    assert await people(harness) == [("ann_new", MEMBER)]
    assert (await harness.permission("ann_new")).seen == "until"
    assert await counts(harness) == {}


@pytest.mark.parametrize("clash", ["members", "other id", "access"])
async def test_a_new_name_that_somebody_else_has_here_is_reported(harness, clash):
    await sold_and_renamed(harness)
    if clash == "members":
        await harness.vendor.resolve(STRANGER, "Ann_Trades")
        await add(harness, "ann_new", member_id=MEMBER)
    elif clash == "other id":
        await add(harness, "ann_new", tv_user_id=987654)
    else:
        other = await add(harness, "ann_new")
        await harness.vendor.hold(harness.script, other, wanted="nothing")
    for _ in range(2):
        assert await sweep(harness) == []
        assert await counts(harness) == {"namesake": 1}
    assert await harness.permission("Ann_Trades") is not None


async def test_names_that_were_swapped_are_reported(harness):
    for name in ("Ann_Trades", "bob-fx"):
        await harness.done(await harness.grant(name, "1Y"), within=10)
    await sweep(harness)
    world = harness.fake.world
    ann, bob = harness.row("Ann_Trades").user, harness.row("bob-fx").user
    world.rename_user(ann, "between")
    world.rename_user(bob, "Ann_Trades")
    world.rename_user(ann, "bob-fx")
    for _ in range(2):
        assert await sweep(harness) == []
        assert await counts(harness) == {"namesake": 2}
