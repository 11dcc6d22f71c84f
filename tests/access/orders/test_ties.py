"""Staff untie, move and merge customers; nothing that was sold is lost by it."""

from dataclasses import replace

import pytest

from bot.access.people.errors import (
    BothHaveNames,
    CustomerUnknown,
    MergesCustomers,
    MovesCustomer,
    NotTied,
    SamePerson,
    TargetHasName,
    UnlinkKeepsAccess,
)
from bot.access.request import Subject
from bot.store.ledger import entitlements, events, permissions
from bot.store.people import customers
from bot.store.records import Actor
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import AT, HOME, MEMBER, OTHER, STRANGER

ANN = Subject(username="Ann_Trades")


@pytest.fixture
async def harness(tmp_path, frozen):
    frozen.set(AT)
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


def agreed(harness):
    return harness.request(confirmed=True)


async def sold_to_ann(harness):
    """Ann, a member, has a month."""
    await harness.vendor.resolve(MEMBER, "Ann_Trades")
    await harness.done(await harness.grant("Ann_Trades", "1M"))


async def actions_of(harness, customer_id):
    async with harness.database.read() as connection:
        found = await events.of_customer(connection, HOME, customer_id, limit=20)
    return [each.action for each in found]


async def bare(harness, member_id):
    async with harness.database.write() as connection:
        return await customers.add(connection, HOME, member_id=member_id)


# Untie


async def test_a_name_with_access_is_untied_after_a_question_and_keeps_it(harness):
    await sold_to_ann(harness)
    with pytest.raises(UnlinkKeepsAccess):
        await harness.ties.unlink(harness.request(), ANN)
    person = await harness.ties.unlink(agreed(harness), Subject(member_id=MEMBER))
    assert person.member_id == MEMBER
    assert (await harness.vendor.person(name="Ann_Trades")).member_id is None
    assert harness.end("Ann_Trades") != "absent"
    [entry] = await harness.vendor.events("unlink")
    assert (entry.member_id, entry.before) == (MEMBER, {"username": "Ann_Trades"})


async def test_a_name_without_access_is_untied_at_once(harness):
    await harness.vendor.resolve(MEMBER, "Ann_Trades")
    await harness.ties.unlink(harness.request(), ANN)
    with pytest.raises(NotTied):
        await harness.ties.unlink(harness.request(), ANN)
    with pytest.raises(CustomerUnknown):
        await harness.ties.unlink(harness.request(), Subject(member_id=MEMBER))


# Move


async def test_everything_goes_to_another_member_also_when_the_old_one_has_left(harness):
    await sold_to_ann(harness)
    with pytest.raises(MovesCustomer) as asked:
        await harness.ties.move(harness.request(), Subject(member_id=MEMBER), STRANGER)
    assert (asked.value.username, asked.value.number) == ("Ann_Trades", 1)
    before = await harness.vendor.person(name="Ann_Trades")
    writes = len(harness.writes())
    moved = await harness.ties.move(agreed(harness), Subject(member_id=MEMBER), STRANGER)
    assert (moved.customer.id, moved.customer.member_id) == (before.id, STRANGER)
    assert await harness.vendor.person(member=MEMBER) is None
    assert len(await harness.reasons("Ann_Trades")) == 1
    await harness.rest()
    assert len(harness.writes()) == writes
    assert (await actions_of(harness, before.id))[0] == "customer_move"


async def test_what_was_given_to_a_name_that_was_merely_claimed_is_the_other_members(harness):
    claims = replace(harness.request(), actor=Actor.member(MEMBER))
    user = harness.fake.world.find_user("Ann_Trades")
    assert await harness.customers.link(claims, "Ann_Trades", user.id)
    await harness.done(await harness.grant("Ann_Trades", "1M", bare_name=True))
    await harness.ties.move(agreed(harness), ANN, STRANGER)
    [reason] = await harness.reasons("Ann_Trades")
    assert not reason.withheld
    assert [each.script.slug for each in (await harness.overview.me(HOME, STRANGER)).scripts] == [
        "trend"
    ]


async def test_a_member_known_without_a_name_becomes_the_customer(harness):
    await sold_to_ann(harness)
    ben = await bare(harness, STRANGER)
    async with harness.database.write() as connection:
        await customers.block(connection, ben.id, AT, by=1, reason="fraud")
        await events.record(connection, HOME, AT, "block", customer_id=ben.id)
    moved = await harness.ties.move(agreed(harness), ANN, STRANGER)
    assert (moved.customer.member_id, moved.customer.block_reason) == (STRANGER, "fraud")
    assert "block" in await actions_of(harness, moved.customer.id)


async def test_a_member_with_another_name_gets_nothing(harness):
    await sold_to_ann(harness)
    await harness.vendor.resolve(STRANGER, "bob-fx")
    with pytest.raises(TargetHasName):
        await harness.ties.move(agreed(harness), ANN, STRANGER)
    with pytest.raises(SamePerson):
        await harness.ties.move(agreed(harness), ANN, MEMBER)
    with pytest.raises(CustomerUnknown):
        await harness.ties.move(agreed(harness), Subject(username="nobody"), STRANGER)


# Merge


async def test_a_bare_member_and_a_bare_name_become_one(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    ben = await bare(harness, MEMBER)
    with pytest.raises(MergesCustomers) as asked:
        await harness.ties.merge(harness.request(), Subject(member_id=MEMBER), ANN)
    assert asked.value.needs_manager
    merged = await harness.ties.merge(agreed(harness), Subject(member_id=MEMBER), ANN)
    assert (merged.member_id, merged.username) == (MEMBER, "Ann_Trades")
    async with harness.database.read() as connection:
        assert (await customers.by_ids(connection, [ben.id]))[ben.id].id == merged.id
    with pytest.raises(SamePerson):
        await harness.ties.merge(agreed(harness), Subject(member_id=MEMBER), ANN)


async def test_a_bare_name_merged_into_a_member_keeps_what_was_sold(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await bare(harness, MEMBER)
    merged = await harness.ties.merge(agreed(harness), ANN, Subject(member_id=MEMBER))
    assert (merged.member_id, merged.username) == (MEMBER, "Ann_Trades")
    assert (await harness.permission("Ann_Trades")).customer_id == merged.id
    assert await actions_of(harness, merged.id) == ["merge", "done", "grant"]
    await harness.done(await harness.grant("Ann_Trades", "1M"))


async def test_two_names_of_two_accounts_stay_two(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await harness.done(await harness.grant("bob-fx", "1M"))
    with pytest.raises(BothHaveNames):
        await harness.ties.merge(agreed(harness), ANN, Subject(username="bob-fx"))


async def test_two_names_of_one_account_hold_the_reasons_of_both(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await harness.done(await harness.grant("bob-fx", "L"))
    async with harness.database.write() as connection:
        for person in ("Ann_Trades", "bob-fx"):
            known = await customers.by_name(connection, HOME, person)
            await customers.rename(connection, known.id, person, 5)
    merged = await harness.ties.merge(agreed(harness), Subject(username="bob-fx"), ANN)
    held = await harness.permission("Ann_Trades")
    async with harness.database.read() as connection:
        assert len(await permissions.of_customer(connection, merged.id)) == 1
        assert len(await entitlements.active(connection, held.id)) == 2
    await harness.rest()
    assert (held.wanted, harness.end("Ann_Trades")) == ("lifetime", None)
    assert (await harness.permission("Ann_Trades")).state == "done"


async def test_a_revoke_of_one_name_is_held_for_both(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    for name in ("Ann_Trades", "bob-fx"):
        await harness.done(await harness.grant(name, "1M"))
    await harness.done(await harness.revoke("bob-fx"))
    async with harness.database.write() as connection:
        for name in ("Ann_Trades", "bob-fx"):
            known = await customers.by_name(connection, HOME, name)
            await customers.rename(connection, known.id, name, 5)
    await harness.ties.merge(agreed(harness), Subject(username="bob-fx"), ANN)
    assert (await harness.permission("Ann_Trades")).held_back


async def test_another_servers_customer_is_unknown_here(harness):
    async with harness.database.write() as connection:
        await customers.add(connection, OTHER, username="Ann_Trades", member_id=MEMBER)
    for who in (ANN, Subject(member_id=MEMBER)):
        with pytest.raises(CustomerUnknown):
            await harness.ties.unlink(agreed(harness), who)
        with pytest.raises(CustomerUnknown):
            await harness.ties.move(agreed(harness), who, STRANGER)
        with pytest.raises(CustomerUnknown):
            await harness.ties.merge(agreed(harness), who, who)


async def test_the_number_of_a_record_that_is_gone_is_nobody_elses(harness):
    """Else the next customer would have their history, and could be made one with nobody."""
    for number in range(3):
        gone = await bare(harness, MEMBER)
        tied = await harness.vendor.resolve(MEMBER, "Ann_Trades")
        assert tied.member_id == MEMBER
        newcomer = await bare(harness, 9_000 + number)
        assert newcomer.id not in (gone.id, tied.id)
        assert await actions_of(harness, newcomer.id) == []
        async with harness.database.read() as connection:
            found = await customers.by_ids(connection, range(1, newcomer.id + 1))
        assert len(found) == newcomer.id  # each number is somebody, then and now
        await harness.ties.unlink(agreed(harness), ANN)
