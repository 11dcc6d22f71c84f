"""A blocked person gets nothing new by itself; staff are asked, and what there is stays."""

import pytest

from bot.access.ledger.changes import Change, NewOrder, Target
from bot.access.ledger.errors import NothingPaused
from bot.access.ledger.record import record
from bot.access.people.errors import (
    CustomerBlocked,
    CustomerUnknown,
    GivesToBlocked,
    NotBlocked,
    YouAreBlocked,
)
from bot.access.people.import_records import Pair
from bot.access.people.username_lookup import Spelling
from bot.access.request import FOUND, Subject
from bot.access.rules.duration import parse_length
from bot.store.kinds import OrderKind
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import AT, MEMBER

ANN = Subject(username="Ann_Trades")


@pytest.fixture
async def harness(tmp_path, frozen):
    frozen.set(AT)
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


async def test_staff_who_give_something_are_asked_and_may(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    person, has_access = await harness.blocks.block(harness.request(), ANN, "chargeback")
    assert has_access
    with pytest.raises(GivesToBlocked) as asked:
        await harness.grant("Ann_Trades", "1M")
    assert asked.value.reason == "chargeback"
    assert len(await harness.reasons("Ann_Trades")) == 1
    assert harness.end("Ann_Trades") != "absent"
    await harness.done(await harness.grant("Ann_Trades", "1M", blocked=True))
    assert (await harness.vendor.person(name="Ann_Trades")).blocked_at is not None
    assert person.username == "Ann_Trades"


async def test_the_one_door_refuses_every_automation(harness):
    await harness.blocks.block(harness.request(), ANN, None)
    target = Target("trend", ANN, Spelling("Ann_Trades", checked=True))
    change = Change(gives=parse_length("1M"), source=FOUND)
    with pytest.raises(CustomerBlocked):
        async with harness.database.write() as connection:
            order = NewOrder(harness.request(blocked=True), OrderKind.GRANT, target, change)
            await record(connection, harness.vault, order)
    assert await harness.permission("Ann_Trades") is None


async def test_a_blocked_person_loses_access_as_ever_and_gets_it_back_after_a_question(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await harness.blocks.block(harness.request(), ANN, None)
    revoked = await harness.revoke("Ann_Trades")
    await harness.done(revoked)
    assert harness.end("Ann_Trades") == "absent"
    with pytest.raises(GivesToBlocked):
        await harness.put_back(revoked)


async def test_everything_ends_with_the_block_where_staff_say_so(harness):
    given = await harness.grant("Ann_Trades", "L")
    await harness.done(given)
    await harness.outcomes.told(given, "done")
    person, _ = await harness.blocks.block(harness.request(), ANN, None)
    assert await harness.endings.end(harness.request(), person.id) == 1
    await harness.rest()
    assert harness.end("Ann_Trades") == "absent"
    assert await harness.outcomes.untold() == []  # the answer told of it


async def test_what_is_paused_ends_with_the_block_too(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await harness.done(await harness.pauses.pause(harness.request(), ANN, "trend"), within=10)
    person, has_access = await harness.blocks.block(harness.request(), ANN, None)
    assert has_access
    assert await harness.endings.end(harness.request(), person.id) == 1
    await harness.rest()
    with pytest.raises(NothingPaused):
        await harness.pauses.resume(harness.request(), ANN, "trend")


async def test_a_member_who_is_blocked_links_nothing(harness):
    person, has_access = await harness.blocks.block(
        harness.request(), Subject(member_id=MEMBER), "spam"
    )
    assert (person.username, has_access) == (None, False)
    request = harness.vendor.request(by=MEMBER)
    with pytest.raises(YouAreBlocked):
        await harness.customers.may_link(request, "Ann_Trades")
    with pytest.raises(YouAreBlocked):
        await harness.customers.link(request, "Ann_Trades")


async def test_a_blocked_member_stays_blocked_when_staff_tie_a_name(harness):
    await harness.vendor.resolve(None, "Ann_Trades")
    await harness.blocks.block(harness.request(), Subject(member_id=MEMBER), "spam")
    tied = await harness.vendor.resolve(MEMBER, "Ann_Trades")
    assert (tied.member_id, tied.block_reason) == (MEMBER, "spam")


async def test_a_blocked_member_stays_blocked_when_many_names_are_tied(harness):
    ann = await harness.vendor.resolve(None, "Ann_Trades")
    await harness.blocks.block(harness.request(), Subject(member_id=MEMBER), "spam")
    pair = Pair(ann.id, "Ann_Trades", MEMBER)
    done = await harness.imports.tie(harness.vendor.request(), [pair], {MEMBER})
    assert len(done.pairs) == 1
    assert (await harness.vendor.person(member=MEMBER)).block_reason == "spam"


@pytest.mark.parametrize("who", ["the member", "staff"])
async def test_letting_go_of_the_name_is_no_way_out_of_a_block(harness, who):
    tied = await harness.vendor.resolve(MEMBER, "Ann_Trades")
    await harness.blocks.block(harness.request(), Subject(member_id=MEMBER), "spam")
    if who == "staff":
        await harness.ties.unlink(harness.request(confirmed=True), Subject(member_id=MEMBER))
    else:
        await harness.customers.unlink(harness.vendor.request(by=MEMBER))
    with pytest.raises(YouAreBlocked):
        await harness.customers.link(harness.vendor.request(by=MEMBER), "bob-fx")
    with pytest.raises(YouAreBlocked):
        await harness.codes.redeem(harness.vendor.request(by=MEMBER), "x")
    assert (await harness.vendor.person(name="Ann_Trades")).id == tied.id
    assert (await harness.vendor.person(name="Ann_Trades")).block_reason == "spam"
    assert (await harness.vendor.person(member=MEMBER)).block_reason == "spam"


async def test_the_block_ends(harness):
    with pytest.raises(CustomerUnknown):
        await harness.blocks.unblock(harness.request(), ANN)
    await harness.blocks.block(harness.request(), ANN, "x")
    await harness.blocks.unblock(harness.request(), ANN)
    with pytest.raises(NotBlocked):
        await harness.blocks.unblock(harness.request(), ANN)
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    blocked, unblocked = await harness.vendor.events("block", "unblock")
    assert (blocked.note, unblocked.note) == ("x", None)
