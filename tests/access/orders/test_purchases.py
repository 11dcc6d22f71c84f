"""What a source gives opens, waits for a name, lapses and ends; a product is all of its scripts."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.orders.purchases import Bought
from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import parse_length
from bot.access.rules.entitlements import State
from bot.store.catalogue import products
from bot.store.kinds import ActorKind, StateKind
from bot.store.ledger import entitlements, purchases
from bot.store.people import customers
from bot.store.records import Actor
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import HOME, STAFF

ANN = 501
OPEN = State(StateKind.OPEN)
ROLE = Actor(ActorKind.SOURCE, "staff")


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        harness.other = await harness.vendor.add_script(slug="range")
        async with harness.database.write() as connection:
            gold = await products.add(
                connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold", grace_days=3
            )
            ids = [harness.script.id, harness.other.id]
            await products.add_scripts(connection, gold.id, ids)
        yield harness


async def buy(harness, key, gives=OPEN, item="gold", **more):
    async with harness.database.read() as connection:
        sold = await find_item(connection, HOME, item)
    request = RequestContext(HOME, ROLE, key, clock.now())
    return await harness.purchases.open(request, Bought("staff", sold, ANN, gives, **more))


async def end(harness, opened, key="gone"):
    request = RequestContext(HOME, ROLE, key, clock.now())
    return await harness.purchases.end(request, [opened.purchase.id])


async def link(harness, name="Ann_Trades"):
    async with harness.database.write() as connection:
        person = await customers.by_member(connection, HOME, ANN)
        if person is None:
            person = await customers.add(connection, HOME, member_id=ANN)
        await customers.rename(connection, person.id, name, None)
    await harness.purchases.look()


def ends(harness, name="Ann_Trades"):
    world = harness.fake.world
    rows = (world.row(each.pine_id, name) for each in (harness.script, harness.other))
    return ["absent" if row is None else row.end for row in rows]


async def test_a_product_gives_each_of_its_scripts_in_one_request(harness):
    order = await harness.grant("Ann_Trades", "1M", "gold")
    receipt = await harness.done(order)
    assert receipt.state == "done"
    assert [each.script.slug for each in receipt.every] == ["range", "trend"]
    one, other = ends(harness)
    assert one == other == receipt.entitlement.ends_at + timedelta(days=3)  # grace on top
    assert (
        await harness.grant("Ann_Trades", "1M", "gold", request=harness.request("again")) != order
    )


async def test_a_request_for_a_product_that_is_delivered_twice_counts_once(harness):
    request = harness.request("twice")
    first = await harness.grant("Ann_Trades", "1M", "gold", request=request)
    assert await harness.grant("Ann_Trades", "1M", "gold", request=request) == first
    await harness.done(first)
    assert len(await harness.reasons("Ann_Trades")) == 1


async def test_more_time_in_the_grace_days_counts_from_the_paid_end(harness):
    first = (await harness.done(await harness.grant("Ann_Trades", "7D", "gold"))).entitlement
    await harness.time.advance(9 * 86_400)
    assert harness.fake.world.row(harness.script.pine_id, "Ann_Trades").end > clock.now()
    receipt = await harness.done(await harness.grant("Ann_Trades", "1M", "gold"), within=10)
    assert receipt.entitlement.start_at == first.ends_at
    assert (
        receipt.paid_until
        == receipt.entitlement.ends_at
        == parse_length("1M").add_to(first.ends_at)
    )
    assert ends(harness) == [receipt.paid_until + timedelta(days=3)] * 2  # grace, once
    assert receipt.end == receipt.paid_until + timedelta(days=3)


async def test_more_time_after_the_grace_days_counts_from_the_asking(harness):
    await harness.done(await harness.grant("Ann_Trades", "7D", "gold"))
    await harness.time.advance(11 * 86_400)
    receipt = await harness.done(await harness.grant("Ann_Trades", "7D", "gold"), within=10)
    assert receipt.entitlement.start_at == receipt.order.asked_at


async def test_a_refund_in_the_grace_days_ends_them(harness):
    await link(harness)
    opened = await buy(harness, "paid 1", parse_length("7D"), grace=True)
    await harness.done(opened.order_id)
    await harness.time.advance(8 * 86_400)
    [order] = await end(harness, opened)
    await harness.done(order, within=10)
    assert ends(harness) == ["absent", "absent"]


async def test_time_that_meets_no_end_is_dated_from_the_paid_end_in_the_grace_days(harness):
    await link(harness)
    first = (await harness.done(await harness.grant("Ann_Trades", "7D", "gold"))).entitlement
    await harness.done((await buy(harness, "role 1")).order_id)
    await harness.time.advance(8 * 86_400)
    receipt = await harness.done(await harness.grant("Ann_Trades", "7D", "gold"), within=10)
    assert receipt.open_ended
    assert receipt.paid_until is None
    assert receipt.dated_end(clock.now()).at == first.ends_at + timedelta(days=7)


async def test_without_a_name_it_waits_and_is_done_once_one_is_known(harness):
    opened = await buy(harness, "role 1", parse_length("1M"))
    assert opened.order_id is None
    await harness.rest()
    assert not harness.writes()
    await harness.time.advance(10 * 86_400)
    linked_at = clock.now()
    await link(harness)
    await harness.rest()
    held = [end for end in ends(harness) if end != "absent"]
    assert len(held) == 2
    assert all(end - linked_at > timedelta(days=27) for end in held)  # no paid day is lost
    await link(harness)
    await harness.rest()
    assert len(harness.writes()) == 2


async def test_the_same_event_twice_opens_one_purchase(harness):
    await link(harness)
    first, second = await buy(harness, "role 1"), await buy(harness, "role 1")
    assert (first.is_new, second.is_new) == (True, False)
    assert first.purchase.id == second.purchase.id
    await harness.done(first.order_id)
    assert ends(harness) == [None, None]


async def test_what_ends_with_its_source_leaves_what_another_reason_gives(harness):
    await link(harness)
    opened = await buy(harness, "role 1")
    await harness.done(opened.order_id)
    kept = (await harness.done(await harness.grant("Ann_Trades", "1M"))).entitlement
    [order] = await end(harness, opened)
    await harness.done(order)
    assert ends(harness) == [kept.ends_at, "absent"]


async def test_what_somebody_gave_by_hand_outlives_a_source(harness):
    await link(harness)
    opened = await buy(harness, "role 1", parse_length("7D"))
    await harness.done(opened.order_id)
    by_hand = clock.now() + timedelta(days=300)
    harness.give("Ann_Trades", by_hand)
    [order] = await end(harness, opened)
    await harness.done(order)
    shown, other = ends(harness)
    assert other == "absent"
    assert abs(shown - by_hand) < timedelta(seconds=1)


async def test_a_lost_source_ends_it_later_and_not_when_it_comes_back(harness):
    await link(harness)
    opened = await buy(harness, "role 1")
    await harness.done(opened.order_id)
    await harness.purchases.lapse([opened.purchase.id], clock.now() + timedelta(days=2))
    await harness.time.advance(86_400)
    await harness.purchases.keep([opened.purchase.id])
    await harness.time.advance(2 * 86_400)
    await harness.purchases.look()
    await harness.rest()
    assert ends(harness) == [None, None]
    await harness.purchases.lapse([opened.purchase.id], clock.now() + timedelta(days=2))
    await harness.time.advance(2 * 86_400 + 1)
    await harness.purchases.look()
    await harness.rest()
    assert ends(harness) == ["absent", "absent"]


async def test_what_waits_for_a_name_can_end_before_there_is_one(harness):
    opened = await buy(harness, "role 1")
    assert await end(harness, opened) == []
    await link(harness)
    await harness.rest()
    assert not harness.writes()


async def test_a_revoke_of_a_product_leaves_what_another_product_gives(harness):
    async with harness.database.write() as connection:
        silver = await products.add(
            connection, HOME, by=STAFF, at=clock.now(), slug="silver", title="Silver"
        )
        await products.add_scripts(connection, silver.id, [harness.script.id])
    await harness.done(await harness.grant("Ann_Trades", "1M", "gold"))
    silver = (await harness.done(await harness.grant("Ann_Trades", "7D", "silver"))).entitlement
    order = await harness.revoke("Ann_Trades", "gold")
    await harness.done(order)
    shown, other = ends(harness)
    assert other == "absent"
    assert shown == silver.ends_at
    back = await harness.put_back(order)
    await harness.done(back)
    assert "absent" not in ends(harness)


async def test_a_product_without_scripts_is_refused_and_nothing_is_kept(harness):
    async with harness.database.write() as connection:
        await products.add(connection, HOME, by=STAFF, at=clock.now(), slug="empty", title="Empty")
    from bot.access.catalogue.errors import ProductEmpty

    with pytest.raises(ProductEmpty):
        await harness.grant("Ann_Trades", "1M", "empty")
    async with harness.database.read() as connection:
        assert await customers.by_name(connection, HOME, "Ann_Trades") is None


async def test_the_name_of_somebody_else_takes_over_what_waited_for_the_member(harness):
    opened = await buy(harness, "role 1")
    order = await harness.grants.grant(
        harness.request(), "range", parse_length("1M"), Subject(ANN, "Ann_Trades")
    )
    await harness.done(order)
    await harness.purchases.look()
    await harness.rest()
    async with harness.database.read() as connection:
        purchase = await purchases.by_id(connection, opened.purchase.id)
        person = await customers.by_member(connection, HOME, ANN)
        given = (await entitlements.of_purchases(connection, [purchase.id]))[purchase.id]
    assert purchase.customer_id == person.id
    assert all(reason.permission_id for reason in given)
    assert ends(harness) == [None, None]
