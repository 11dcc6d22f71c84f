"""A renamed TradingView user stays one person here, or staff read that the names are mixed up."""

import pytest

from bot.access.errors import NameTaken
from bot.access.sweeps.drift import Drift
from bot.access.sweeps.sweep import Sweeps
from bot.store.people import customers
from bot.store.tables.core import customer
from tests.support.access_harness import open_counter
from tests.support.vendor_fixture import HOME, MEMBER, STAFF, STRANGER


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_counter(tmp_path, frozen) as it:
        it.sweeps, it.drift = Sweeps(it.database, it.shop.sessions), Drift(it.database)
        yield it


async def sweep(counter):
    await counter.time.advance(60)
    swept = await counter.sweeps.run(HOME, "trend", by=STAFF)
    await counter.drift.note(swept, STAFF)
    return [(one.before, one.username) for one in swept.renamed]


async def counts(counter):
    report = await counter.drift.report(HOME, counter.script.id)
    return {kind.value: number for kind, number in report.counts.items()}


async def people(counter):
    async with counter.database.read() as connection:
        found = await connection.execute(customer.select().order_by(customer.c.id))
        return [(one.username, one.member_id) for one in found]


async def sold_and_renamed(counter, new="ann_new"):
    await counter.done(await counter.grant("Ann_Trades", "1M"), within=10)
    await sweep(counter)
    counter.fake.world.rename_user(counter.row("Ann_Trades").user, new)


async def add(counter, name, **more):
    async with counter.database.write() as connection:
        return await customers.add(connection, HOME, username=name, **more)


async def test_more_time_under_the_new_name_goes_to_the_same_person(counter):
    await sold_and_renamed(counter)
    first = counter.end("ann_new")
    await counter.done(await counter.grant("ann_new", "1M"), within=10)
    assert counter.end("ann_new") > first
    assert await people(counter) == [("ann_new", None)]
    assert await counter.permission("Ann_Trades") is None
    assert await sweep(counter) == []
    assert await counts(counter) == {}
    assert [one.after for one in await counter.shop.events("renamed")] == [{"username": "ann_new"}]


async def test_staff_tie_the_new_name_to_the_same_person(counter):
    await sold_and_renamed(counter)
    await counter.shop.customers.tie(counter.shop.asked(), MEMBER, "ann_new")
    assert await people(counter) == [("ann_new", MEMBER)]
    await sweep(counter)
    assert await counts(counter) == {}


async def test_a_new_name_is_not_taken_from_the_member_who_has_the_old_one(counter):
    await sold_and_renamed(counter)
    await counter.shop.resolve(STRANGER, "Ann_Trades")
    with pytest.raises(NameTaken):
        await counter.shop.customers.tie(counter.shop.asked(), MEMBER, "ann_new")
    assert await people(counter) == [("Ann_Trades", STRANGER)], "nothing was changed"


@pytest.mark.parametrize("holder", [None, STRANGER])
async def test_a_member_who_links_the_new_name_gets_nothing_of_the_old_one(counter, holder):
    await counter.done(await counter.grant("Ann_Trades", "1M"), within=10)
    if holder:
        await counter.shop.resolve(holder, "Ann_Trades")
    user = counter.row("Ann_Trades").user
    counter.fake.world.revoke(counter.pine_id, "Ann_Trades")  # TradingView shows no access
    counter.fake.world.rename_user(user, "ann_new")
    linked = await counter.shop.customers.link(counter.shop.asked(MEMBER), "ann_new", user.id)
    assert not linked, "staff look first"
    assert await people(counter) == [("Ann_Trades", holder)]


async def test_a_person_who_has_nothing_but_the_new_name_becomes_one_with_the_old(counter):
    await sold_and_renamed(counter)
    await add(counter, "ann_new", member_id=MEMBER)
    assert await sweep(counter) == [("Ann_Trades", "ann_new")]
    assert await people(counter) == [("ann_new", MEMBER)]
    assert (await counter.permission("ann_new")).seen == "until"
    assert await counts(counter) == {}


@pytest.mark.parametrize("clash", ["members", "other id", "access"])
async def test_a_new_name_that_somebody_else_has_here_is_reported(counter, clash):
    await sold_and_renamed(counter)
    if clash == "members":
        await counter.shop.resolve(STRANGER, "Ann_Trades")
        await add(counter, "ann_new", member_id=MEMBER)
    elif clash == "other id":
        await add(counter, "ann_new", tv_user_id=987654)
    else:
        other = await add(counter, "ann_new")
        await counter.shop.hold(counter.script, other, wanted="nothing")
    for _ in range(2):
        assert await sweep(counter) == []
        assert await counts(counter) == {"namesake": 1}
    assert await counter.permission("Ann_Trades") is not None


async def test_names_that_were_swapped_are_reported(counter):
    for name in ("Ann_Trades", "bob-fx"):
        await counter.done(await counter.grant(name, "1Y"), within=10)
    await sweep(counter)
    world = counter.fake.world
    ann, bob = counter.row("Ann_Trades").user, counter.row("bob-fx").user
    world.rename_user(ann, "between")
    world.rename_user(bob, "Ann_Trades")
    world.rename_user(ann, "bob-fx")
    for _ in range(2):
        assert await sweep(counter) == []
        assert await counts(counter) == {"namesake": 2}
