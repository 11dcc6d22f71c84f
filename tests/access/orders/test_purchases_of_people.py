"""What somebody bought goes along when staff tie, move, merge, block or forget them."""

import pytest

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.orders.purchases import Bought
from bot.access.people.errors import CustomerBlocked
from bot.access.request import RequestContext, Subject
from bot.access.rules.entitlements import State
from bot.store.kinds import ActorKind, StateKind
from bot.store.ledger import entitlements, purchases
from bot.store.people import customers
from bot.store.records import Actor
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import AT, HOME

BEN, ZOE = 781_555_000_111_222_333, 502
OPEN = State(StateKind.OPEN)
ROLE = Actor(ActorKind.SOURCE, "found")


@pytest.fixture
async def harness(tmp_path, frozen):
    frozen.set(AT)
    async with open_harness(tmp_path, frozen) as harness:
        harness.path = tmp_path / "usher.db"
        yield harness


async def buy(harness, member_id=BEN, key=f"role 9 of {BEN}"):
    """Something comes from an automation, as long as its source lasts."""
    async with harness.database.read() as connection:
        item = await find_item(connection, HOME, "trend")
    request = RequestContext(HOME, ROLE, key, clock.now())
    return await harness.purchases.open(request, Bought("found", item, member_id, OPEN))


async def bought_by(harness, person):
    async with harness.database.read() as connection:
        return (await purchases.of_customers(connection, [person.id]))[person.id]


def agreed(harness):
    return harness.request(confirmed=True)


async def test_what_waited_for_a_name_is_given_once_two_records_are_one(harness):
    opened = await buy(harness)
    await harness.vendor.resolve(None, "Ann_Trades")
    names = Subject(member_id=BEN), Subject(username="Ann_Trades")
    merged = await harness.ties.merge(agreed(harness), *names)
    assert [each.id for each in await bought_by(harness, merged)] == [opened.purchase.id]
    await harness.purchases.look()
    await harness.rest()
    assert harness.end("Ann_Trades") is None


async def test_what_was_bought_moves_with_its_customer(harness):
    opened = await buy(harness)
    await harness.ties.move(agreed(harness), Subject(member_id=BEN), ZOE)
    zoe = await harness.vendor.person(member=ZOE)
    assert [each.id for each in await bought_by(harness, zoe)] == [opened.purchase.id]
    shown = await harness.directory.show(HOME, Subject(member_id=ZOE))
    assert [each.id for each in shown.purchases] == [opened.purchase.id]


async def test_an_automation_gives_a_blocked_member_nothing_known_or_not(harness):
    await harness.blocks.block(harness.request(), Subject(member_id=BEN), "fraud")
    with pytest.raises(CustomerBlocked):
        await buy(harness)
    await harness.vendor.resolve(BEN, "Ann_Trades")
    with pytest.raises(CustomerBlocked):
        await buy(harness)
    ben = await harness.vendor.person(member=BEN)
    assert await bought_by(harness, ben) == []


async def test_what_waits_for_a_name_ends_where_staff_end_what_a_blocked_person_has(harness):
    opened = await buy(harness)
    person, has_access = await harness.blocks.block(harness.request(), Subject(member_id=BEN), None)
    assert has_access
    await harness.endings.end(harness.request(), person.id)
    async with harness.database.read() as connection:
        given = (await entitlements.of_purchases(connection, [opened.purchase.id])).values()
    assert all(reason.ended_at is not None for reasons in given for reason in reasons)


async def test_a_forgotten_buyer_without_a_name_leaves_a_purchase_of_nobody(harness):
    await buy(harness)
    ben = await harness.vendor.person(member=BEN)
    done = await harness.erasures.forget(agreed(harness), Subject(member_id=BEN))
    assert done.number is not None
    [bought] = await bought_by(harness, ben)
    assert bought.ended_at is not None
    assert str(BEN) not in bought.reference
    content = b"".join(path.read_bytes() for path in harness.path.parent.glob("usher.db*"))
    assert str(BEN).encode() not in content
    assert BEN.to_bytes(8) not in content
    async with harness.database.read() as connection:
        assert await customers.by_member(connection, HOME, BEN) is None
