"""A trial is taken once, by a member, a TradingView name and a TradingView id, however these are tied."""

import asyncio
from datetime import timedelta

import pytest

from bot import clock
from bot.access.orders.errors import NoSuchTrial, TrialForNewOnly, TrialTaken
from bot.access.people.errors import YouAreBlocked
from bot.access.request import RequestContext, Subject
from bot.access.rules.duration import parse_length
from bot.store.catalogue import products
from bot.store.kinds import Tie
from bot.store.ledger import purchases
from bot.store.people import customers
from bot.store.records import Actor
from bot.store.sweeps import observations
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import HOME, OTHER, STAFF

ANN, BOB = 501, 502


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        harness.other = await harness.vendor.add_script(slug="range")
        for slug, trial, scripts in (
            ("gold", "3D", [harness.script, harness.other]),
            ("silver", "7D", [harness.script]),
            ("bronze", None, [harness.script]),
            ("empty", "7D", []),
        ):
            async with harness.database.write() as connection:
                product = await products.add(
                    connection, HOME, by=STAFF, at=clock.now(), slug=slug, title=slug.title(),
                    trial=trial, grace_days=5,
                )  # fmt: skip
                ids = [script.id for script in scripts]
                await products.add_scripts(connection, product.id, ids)
        yield harness


def asks(harness, member, key=None, guild_id=HOME):
    request = harness.request(key, guild_id=guild_id)
    return RequestContext(
        guild_id, Actor.member(member), request.idempotency_key, clock.now(), "token"
    )


async def begin(harness, member=ANN, product="gold", key=None):
    return await harness.trials.begin(asks(harness, member, key), product)


async def link(harness, member=ANN, name="Ann_Trades", user_id=None):
    """As /link ties a name; what waited is looked at."""
    async with harness.database.write() as connection:
        from bot.access.people.identity import tie

        await tie(connection, asks(harness, member), name, member, how=Tie.STAFF, user_id=user_id)
    await harness.purchases.look()


async def unlink(harness, member=ANN):
    await harness.customers.unlink(asks(harness, member))


async def refused(harness, member, kind=TrialTaken, product="gold"):
    with pytest.raises(kind):
        await begin(harness, member, product)
    return True


async def test_a_trial_gives_every_script_of_the_product_without_grace_days(harness):
    await link(harness)
    got = await begin(harness)
    receipt = await harness.done(got.order_id)
    assert receipt.entitlement.source == "trial"
    assert receipt.entitlement.ends_at == receipt.order.asked_at + timedelta(days=3)
    assert harness.end("Ann_Trades") == receipt.entitlement.ends_at
    assert len(receipt.every) == 2


async def test_the_same_press_twice_is_one_trial_and_another_press_is_refused(harness):
    await link(harness)
    first, again = await begin(harness, key="twice"), await begin(harness, key="twice")
    assert first.order_id == again.order_id is not None
    assert await refused(harness, ANN)


async def test_two_presses_at_the_same_moment_are_one_trial(harness):
    results = await asyncio.gather(begin(harness), begin(harness), return_exceptions=True)
    assert sum(isinstance(each, TrialTaken) for each in results) == 1


async def test_once_for_a_member_also_with_another_name(harness):
    await link(harness)
    await harness.done((await begin(harness)).order_id)
    await unlink(harness)
    assert await refused(harness, ANN)
    await link(harness, ANN, "bob-fx")
    assert await refused(harness, ANN)


async def test_once_for_a_name_also_with_another_member(harness):
    await link(harness)
    await harness.done((await begin(harness)).order_id)
    await unlink(harness)
    await link(harness, BOB)
    assert await refused(harness, BOB)


async def test_once_for_a_tradingview_id_also_under_another_name(harness):
    await link(harness, user_id=77)
    assert (await begin(harness)).order_id
    await unlink(harness)
    await link(harness, BOB, "bob-fx", user_id=77)
    assert await refused(harness, BOB)


async def test_an_id_that_was_learnt_after_the_trial_counts_too(harness):
    await link(harness)
    await harness.done((await begin(harness)).order_id)
    async with harness.database.write() as connection:
        person = await customers.by_member(connection, HOME, ANN)
        renamed = observations.Renamed(person.id, 77, "Ann_Trades", "Ann_New")
        await customers.rename(connection, person.id, "Ann_Trades", 77)
        await observations.follow(connection, HOME, renamed, clock.now())
    await unlink(harness)
    await link(harness, BOB, "bob-fx", user_id=77)
    assert await refused(harness, BOB)


async def test_without_a_name_it_waits_and_begins_once_one_is_known(harness):
    got = await begin(harness)
    assert (got.order_id, got.has_name) == (None, False)
    await harness.time.advance(10 * 86_400)
    await link(harness)
    await harness.rest()
    assert harness.end("Ann_Trades") > clock.now() + timedelta(days=2)
    await unlink(harness)
    await link(harness, BOB)
    assert await refused(harness, BOB)  # the name was learnt when it began


@pytest.mark.parametrize("user_id", [None, 77])
async def test_what_waited_does_not_begin_for_a_name_that_had_one(harness, user_id):
    await link(harness, BOB, "bob-fx", user_id)
    assert (await begin(harness, BOB)).order_id
    await harness.rest()
    await unlink(harness, BOB)
    got = await begin(harness)
    writes = len(harness.writes())
    await link(harness, ANN, "bob-fx" if user_id is None else "Ann_Trades", user_id)
    await harness.rest()
    assert len(harness.writes()) == writes
    async with harness.database.read() as connection:
        purchase = await purchases.by_id(connection, got.purchase.id)
    assert purchase.ended_at is not None
    [told] = await harness.direct_messages._waiting.waiting()
    assert told.user_id == ANN
    assert "trial of" in told.content["text"]
    assert [entry.member_id for entry in await harness.vendor.events("trial_refused")] == [ANN]
    await harness.purchases.look()  # it is told once
    assert len(await harness.direct_messages._waiting.waiting()) == 1


async def test_who_has_or_had_it_is_no_new_customer(harness):
    await link(harness)
    await harness.done(await harness.grant("Ann_Trades", "7D", "range"))
    assert await refused(harness, ANN, TrialForNewOnly)
    await harness.time.advance(8 * 86_400)
    assert await refused(harness, ANN, TrialForNewOnly)
    got = await begin(harness, ANN, "silver")  # of another script: that one is new
    await harness.done(got.order_id)


async def test_what_a_merely_claimed_name_has_is_not_told_by_a_refusal(harness):
    user = harness.fake.world.find_user("Ann_Trades")
    assert await harness.customers.link(asks(harness, ANN), "Ann_Trades", user.id)
    for item in ("trend", "range"):
        await harness.done(await harness.grant("Ann_Trades", "L", item, bare_name=True))
    assert (await begin(harness)).order_id is not None
    made = await harness.codes.create(
        harness.request(), "gold", parse_length("1M"), number=1, uses=1, expires=None
    )
    assert await harness.codes.redeem(asks(harness, ANN), made.codes[0]) is not None


async def test_what_waited_does_not_begin_for_a_customer(harness):
    await harness.done(await harness.grant("Ann_Trades", "7D"))
    await begin(harness)
    await link(harness)
    await harness.rest()
    [told] = await harness.direct_messages._waiting.waiting()
    assert "new customers" in told.content["text"]


async def test_a_trial_that_is_over_makes_nobody_a_customer_of_another_product(harness):
    await link(harness)
    await harness.done((await begin(harness)).order_id)
    assert await refused(harness, ANN, TrialForNewOnly, "silver")  # it runs
    await harness.time.advance(4 * 86_400)
    await harness.done((await begin(harness, product="silver")).order_id)


async def test_paid_time_after_a_trial_counts_from_its_end(harness):
    await link(harness)
    trial = await harness.done((await begin(harness)).order_id)
    paid = await harness.done(await harness.grant("Ann_Trades", "7D", "gold"))
    assert paid.entitlement.start_at == trial.entitlement.ends_at


async def test_a_blocked_member_gets_neither_a_trial_nor_what_a_code_gives(harness):
    made = await harness.codes.create(
        harness.request(), "gold", parse_length("1M"), number=1, uses=1, expires=None
    )
    await harness.blocks.block(harness.request(), Subject(ANN), "chargeback")
    with pytest.raises(YouAreBlocked):
        await begin(harness)
    for code in (made.codes[0], "no code"):
        with pytest.raises(YouAreBlocked):
            await harness.codes.redeem(asks(harness, ANN), code)
    await harness.blocks.unblock(harness.request(), Subject(ANN))
    assert await harness.codes.redeem(asks(harness, ANN), made.codes[0]) is not None


@pytest.mark.parametrize("slug", ["bronze", "empty", "nothing", "", "trend"])
async def test_only_what_can_be_tried_is_offered(harness, slug):
    with pytest.raises(NoSuchTrial) as caught:
        await begin(harness, product=slug)
    assert "bronze" not in caught.value.near
    async with harness.database.read() as connection:
        assert await customers.by_member(connection, HOME, ANN) is None


async def test_another_servers_trials_are_none_here(harness):
    with pytest.raises(NoSuchTrial) as caught:
        await harness.trials.begin(asks(harness, ANN, guild_id=OTHER), "gold")
    assert caught.value.near == ()
