"""What staff, product changes and unlucky messages do to what contracts gave: no time is doubled or lost."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from bot import clock
from bot.access.ledger.errors import NothingPaused
from bot.access.request import Subject
from bot.access.rules.payments import (
    Buyer,
    Line,
    Payment,
    Refund,
    Same,
    Snapshot,
    Status,
)
from bot.store.catalogue import products
from bot.store.sales import connections, prices
from bot.store.tables.payments import connection as connection_table
from tests.support.access_harness import open_harness
from tests.support.contract_shop import Shop, open_contract_shop
from tests.support.vendor_fixture import HOME, STAFF

ANN = 501
MONTH = timedelta(days=30)
SLACK = timedelta(days=2)


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        harness.other = await harness.vendor.add_script(slug="range")
        async with harness.database.write() as connection:
            gold = await products.add(
                connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold", length="1M"
            )
            await products.add_scripts(connection, gold.id, [harness.script.id, harness.other.id])
        harness.vendor.world.add_user("Ben_Trades")
        yield harness


@pytest.fixture
async def shop(harness):
    return await open_contract_shop(harness)


def paid(key, end, price="gold", contract="sub_1", **more):
    now = clock.now()
    return Payment(key, contract, now, (Line((price,)),), now, end, amount=Decimal(2900), **more)


def sold(key, price="gold", **more):
    return Payment(key, key, clock.now(), (Line((price,)),), amount=Decimal(2900), **more)


def runs(status=Status.ACTIVE, renews=True, contract="sub_1", **more):
    return Snapshot(contract, clock.now(), status, renews, **more)


def ends(harness, name="Ann_Trades"):
    """The ends of both scripts on TradingView."""
    rows = [harness.fake.world.row(s.pine_id, name) for s in (harness.script, harness.other)]
    return ["absent" if row is None else row.end for row in rows]


NAMED = Buyer(contract="sub_1", username="Ann_Trades")


def month_end():
    return (clock.now() + MONTH).replace(microsecond=0)


def named(contract, username="Ann_Trades"):
    return Buyer(contract=contract, username=username)


async def test_of_two_scripts_one_is_revoked_and_the_other_gets_each_month_once(harness, shop):
    first = month_end()
    await shop.tells(paid("in_1", first), NAMED, runs())
    await harness.done(await harness.revoke("Ann_Trades", "trend"))
    second = first + MONTH
    await shop.tells(paid("in_2", second))
    assert ends(harness) == ["absent", second + SLACK]
    await shop.tells(runs())
    assert ends(harness) == ["absent", second + SLACK]
    await shop.tells(paid("in_3", second + MONTH))
    assert ends(harness) == ["absent", second + MONTH + SLACK]
    await harness.done(await harness.grant("Ann_Trades", "1D", "trend"))
    await harness.contracts.look()
    await harness.rest()
    assert ends(harness) == [second + MONTH + SLACK] * 2


async def test_who_lost_it_to_staff_does_not_get_it_back_by_a_change_of_plan(harness, shop):
    end = month_end()
    await shop.tells(paid("in_1", end, "p_trend"), NAMED, runs())
    await harness.done(await harness.revoke("Ann_Trades", "trend"))
    await shop.tells(paid("in_2", end + MONTH, "gold"))
    assert ends(harness) == ["absent", "absent"]
    await shop.tells(runs())
    assert ends(harness) == ["absent", "absent"]
    await harness.done(await harness.grant("Ann_Trades", "1D", "trend"))
    await harness.contracts.look()
    await harness.rest()
    assert ends(harness) == [end + MONTH + SLACK] * 2


async def test_a_script_taken_out_of_the_product_does_not_come_back_by_a_renewal(harness, shop):
    first = month_end()
    await shop.tells(paid("in_1", first), NAMED, runs())
    request = harness.request(confirmed=True, removals=10)
    await harness.product_scripts.change(request, "gold", remove=["range"])
    await harness.rest()
    assert ends(harness) == [first + SLACK, "absent"]
    await shop.tells(paid("in_2", first + MONTH))
    assert ends(harness) == [first + MONTH + SLACK, "absent"]


async def test_what_was_paused_ends_by_a_refund_also_after_the_paid_end(harness, shop):
    await shop.tells(paid("in_1", month_end(), "p_trend"), NAMED, runs(renews=False))
    await harness.let_pass(86400)
    ann = Subject(username="Ann_Trades")
    await harness.pauses.pause(harness.request(), ann, "trend")
    await harness.let_pass(40 * 86400)
    await shop.tells(Refund("re_1", "in_1", clock.now(), is_full=True))
    with pytest.raises(NothingPaused):
        await harness.pauses.resume(harness.request(), ann, "trend")
    assert harness.end("Ann_Trades") == "absent"


async def test_days_of_a_pause_stay_when_the_subscription_ends_at_its_paid_end(harness, shop):
    first = month_end()
    await shop.tells(paid("in_1", first, "p_trend"), NAMED, runs())
    ann = Subject(username="Ann_Trades")
    await harness.pauses.pause(harness.request(), ann, "trend")
    await harness.let_pass(10 * 86400)
    await harness.pauses.resume(harness.request(), ann, "trend")
    await harness.let_pass(21 * 86400)
    await shop.tells(runs(Status.ENDED, renews=False))
    assert harness.end("Ann_Trades") == first + timedelta(days=10)


async def test_a_month_that_was_refunded_does_not_come_with_the_next_one(harness, shop):
    first = month_end()
    await shop.tells(paid("in_1", first, "p_trend"), NAMED, runs())
    await shop.tells(paid("in_2", first + MONTH, "p_trend"))
    await harness.let_pass((MONTH + timedelta(days=1)).total_seconds())
    await shop.tells(Refund("re_1", "in_2", clock.now(), is_full=True))
    assert harness.end("Ann_Trades") == "absent"
    await shop.tells(paid("in_3", first + 2 * MONTH, "p_trend"))
    assert harness.end("Ann_Trades") == first + 2 * MONTH + SLACK


async def test_two_contracts_joined_do_not_give_the_next_one_an_old_number(harness, shop):
    first = month_end()
    await shop.tells(paid("in_1", first, "p_trend", "sub_1"), NAMED)
    await shop.tells(paid("in_2", first, "p_trend", "sub_2"), named("sub_2"))
    await shop.tells(Same("in_1", "in_2"))
    await shop.tells(paid("in_9", first + MONTH, "p_trend", contract="sub_9"), named("sub_9"))
    assert harness.end("Ann_Trades") == first + MONTH + SLACK


async def test_what_two_contracts_that_are_one_gave_another_person_ends(harness, shop):
    first = month_end()
    await shop.tells(paid("in_1", first, "p_trend"), NAMED, runs())
    await shop.tells(paid("in_2", first, "p_range", contract="sub_2"), named("sub_2", "Ben_Trades"))
    await shop.tells(Same("in_1", "in_2"))
    assert ends(harness) == [first + SLACK, first + SLACK]
    assert ends(harness, "Ben_Trades") == ["absent", "absent"]


async def test_two_parts_of_one_message_about_one_contract_count_both(harness, shop):
    first = month_end()
    await shop.tells(paid("in_1", first, "p_trend"), NAMED, runs())
    await shop.tells(Same("in_1", "pi_1"))
    refund = Refund("re_1", "pi_1", clock.now(), is_full=True)
    await shop.tells(refund, paid("in_2", first + MONTH, "p_trend"))
    assert harness.end("Ann_Trades") == first + MONTH + SLACK


async def test_a_message_that_waited_for_a_price_counts_with_the_terms_of_then(harness, shop):
    first = month_end()
    await shop.tells(paid("in_1", first, "p_trend"), NAMED, runs())
    lines = (Line(("p_trend",)), Line(("p_new",)))
    renewal = Payment("in_2", "sub_1", clock.now(), lines, first, first + MONTH, amount=Decimal(5))
    await shop.tells(renewal)
    async with harness.database.write() as connection:
        shop.source = await connections.change(connection, shop.source.id, terms={"slack_days": 5})
    await harness.let_pass(60)
    shop.sent -= 1  # the same message again
    await shop.tells(renewal)
    assert harness.end("Ann_Trades") == first + MONTH + timedelta(days=5)


async def test_who_types_anothers_discord_id_with_a_name_gets_nothing_that_waits_for_them(
    harness, shop
):
    first = month_end()
    await shop.tells(paid("in_1", first, "p_range"), Buyer(contract="sub_1", discord_id=ANN))
    typed = Buyer(contract="sub_2", discord_id=ANN, username="bob-fx")
    await shop.tells(paid("in_2", first, "p_trend", "sub_2"), typed)
    await harness.purchases.look()
    await harness.rest()
    assert ends(harness, "bob-fx") == [first + SLACK, "absent"]


@pytest.mark.parametrize("sale", [True, False])
async def test_a_refund_leaves_what_somebody_had_before_a_stranger_bought_for_their_name(
    harness, shop, sale
):
    until = clock.now() + 10 * MONTH
    harness.give("bob-fx", until)
    bought = sold("in_1", "trend", length="1M") if sale else paid("in_1", month_end(), "p_trend")
    await shop.tells(bought, named(bought.contract, "bob-fx"))
    await shop.tells(Refund("re_1", "in_1", clock.now(), is_full=True))
    assert harness.end("bob-fx") == until


async def test_a_shop_that_is_connected_anew_goes_on_with_what_it_sold_before(harness, shop):
    shop.source = await removed(harness, shop, "stripe")
    bought = sold("pi_1", "trend", length="1M"), paid("in_1", month_end(), "p_range")
    who = Buyer(payment="pi_1", username="Ann_Trades"), NAMED
    await shop.tells(*bought, *who)
    before = ends(harness)
    again = await anew(harness, "stripe")
    await again.tells(*bought, *who)
    assert ends(harness) == before
    await again.tells(
        paid("in_2", month_end() + MONTH, "p_range")
    )  # without a name, as renewals are
    assert ends(harness)[1] == month_end() + MONTH + SLACK


async def test_the_same_number_of_another_shop_is_another_order(harness, shop):
    shop.source = await removed(harness, shop, "woocommerce")
    await shop.tells(paid("order:1", month_end(), "p_trend", "order:1"), named("order:1"))
    again = await anew(harness, "woocommerce")
    other = paid("order:1", month_end(), "p_trend", "order:1")
    await again.tells(other, named("order:1", "Ben_Trades"))
    assert ends(harness, "Ben_Trades")[0] == month_end() + SLACK


async def removed(harness, shop, provider):
    async with harness.database.write() as connection:
        await connection.execute(update(connection_table).values(provider=provider))
        return await connections.change(connection, shop.source.id, removed_at=clock.now())


async def anew(harness, provider):
    """The same shop, connected once more."""
    async with harness.database.write() as connection:
        source = await connections.add(
            connection, HOME, provider=provider, reference="r2", public_id="y" * 22, by=STAFF,
            at=clock.now(), options={},
        )  # fmt: skip
        for key, script in (("p_trend", harness.script), ("p_range", harness.other)):
            price = await prices.add(connection, source.id, key, None, clock.now())
            await prices.set_item(connection, price.id, script_id=script.id)
    return Shop(harness, source)


async def test_a_shortening_that_staff_refused_does_not_come_with_the_next_message(harness, shop):
    first = month_end()
    await shop.asks_first()
    await shop.tells(paid("in_1", first, "p_trend"), NAMED, runs())
    await shop.tells(paid("in_2", first + MONTH, "p_trend"))
    before = harness.end("Ann_Trades")
    await shop.tells(Refund("re_1", "in_2", clock.now(), is_full=True))
    contract = await shop.contract()
    await harness.contracts.decide(
        harness.request(), contract.id, f"s{harness.script.id}", ends=False
    )
    await harness.time.advance(3600)
    await shop.tells(runs())
    assert harness.end("Ann_Trades") == before
    await shop.tells(paid("in_3", first + 2 * MONTH, "p_trend"))
    assert harness.end("Ann_Trades") == first + 2 * MONTH + SLACK
