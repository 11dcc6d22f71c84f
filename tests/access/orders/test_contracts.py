"""What payments come to: purchases are opened, renewed, held, put back and ended, and nothing twice."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot import clock
from bot.access.request import RequestContext, Subject
from bot.access.rules.payments import (
    Buyer,
    Dispute,
    DisputeState,
    Failure,
    Line,
    Payment,
    Refund,
    RefundState,
    Same,
    Snapshot,
    Status,
)
from bot.replies.orders import to_customer
from bot.replies.why import why
from bot.store.catalogue import products
from bot.store.kinds import ActorKind, DeliveryState
from bot.store.ledger import entitlements, events, order_outcomes, purchases
from bot.store.people import customers, reminders
from bot.store.records import Actor
from bot.store.sales import prices
from tests.support.access_harness import open_harness
from tests.support.contract_shop import open_contract_shop
from tests.support.vendor_fixture import HOME, STAFF

ANN, BEN = 501, 502
MONTH = timedelta(days=30)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


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


def paid(key="in_1", end=None, price="p_trend", contract="sub_1", **more):
    now = clock.now()
    end = end or now + MONTH
    return Payment(key, contract, now, (Line((price,)),), now, end, amount=Decimal(2900), **more)


def sold(key="pi_1", price="gold", **more):
    return Payment(key, key, clock.now(), (Line((price,)),), amount=Decimal(2900), **more)


def runs(status=Status.ACTIVE, renews=True, contract="sub_1", **more):
    return Snapshot(contract, clock.now(), status, renews, **more)


NAMED = Buyer(contract="sub_1", username="Ann_Trades")


async def bought_by(harness, name):
    async with harness.database.read() as connection:
        person = await customers.by_name(connection, HOME, name)
        found = (await purchases.of_customers(connection, [person.id]))[person.id]
    return next(each for each in found if each.source == "payment")


async def test_what_is_paid_for_a_name_stands_until_its_end_and_the_slack(harness, shop):
    end = (clock.now() + MONTH).replace(microsecond=0)
    taken = await shop.tells(paid(end=end), NAMED, runs())
    assert taken.state is DeliveryState.DONE
    assert harness.end("Ann_Trades") == end + timedelta(days=2)


async def test_the_same_message_again_changes_nothing(harness, shop):
    facts = (paid(), NAMED, runs())
    await shop.tells(*facts)
    writes = len(harness.writes())
    await shop.tells(*facts)
    assert len(harness.writes()) == writes
    async with harness.database.read() as connection:
        person = await customers.by_name(connection, HOME, "Ann_Trades")
        assert len((await purchases.of_customers(connection, [person.id]))[person.id]) == 1


async def test_a_renewal_moves_the_end_and_a_cancel_leaves_it_at_the_paid_one(harness, shop):
    await shop.tells(paid(), NAMED, runs())
    end = clock.now() + 2 * MONTH
    await shop.tells(paid("in_2", end))
    assert harness.end("Ann_Trades") == cut(end) + timedelta(days=2)
    await harness.let_pass(1)
    await shop.tells(runs(renews=False))
    assert harness.end("Ann_Trades") == cut(end)


async def test_a_full_refund_ends_it_and_one_that_failed_puts_it_back_with_the_old_end(
    harness, shop
):
    first = paid()
    await shop.tells(first, NAMED)
    until = harness.end("Ann_Trades")
    back = Refund("re_1", "in_1", clock.now(), amount=Decimal(2900))
    await shop.tells(back)
    assert harness.row("Ann_Trades") is None
    await shop.tells(Refund("re_1", "in_1", clock.now(), RefundState.FAILED, Decimal(2900)))
    assert harness.end("Ann_Trades") == until


async def test_a_refund_of_the_last_period_shortens_it_and_staff_can_put_that_back(harness, shop):
    end = clock.now() + MONTH
    await shop.tells(paid(end=end), NAMED, runs(renews=False))
    await shop.tells(paid("in_2", end + MONTH))
    assert harness.end("Ann_Trades") == cut(end + MONTH)
    await shop.tells(Refund("re_1", "in_2", clock.now(), amount=Decimal(2900)))
    assert harness.end("Ann_Trades") == cut(end)
    async with harness.database.read() as connection:
        [ended] = await events.of_action(connection, HOME, "set", LONG_AGO)
    assert ended.after["shortened"]
    await harness.put_back(ended.order_id)
    await harness.rest()
    assert harness.end("Ann_Trades") == cut(end + MONTH)
    await shop.tells(Refund("re_1", "in_2", clock.now(), amount=Decimal(2900)))
    assert harness.end("Ann_Trades") == cut(end + MONTH)  # staff decided, and nothing is new
    await shop.tells(paid("in_3", end + 2 * MONTH))
    assert harness.end("Ann_Trades") >= cut(end + 2 * MONTH)


async def test_a_dispute_holds_it_and_a_won_one_puts_it_back(harness, shop):
    await shop.tells(paid(), NAMED, runs())
    until = harness.end("Ann_Trades")
    await shop.tells(Dispute("du_1", "in_1", clock.now(), DisputeState.OPEN))
    assert harness.row("Ann_Trades") is None
    await shop.tells(Dispute("du_1", "in_1", clock.now(), DisputeState.WON))
    assert harness.end("Ann_Trades") == until


async def test_a_partial_refund_keeps_it_and_tells_staff_once(harness, shop):
    await shop.tells(paid(), NAMED, runs())
    until = harness.end("Ann_Trades")
    for _ in range(2):
        await shop.tells(Refund("re_1", "in_1", clock.now(), amount=Decimal(1000)))
    assert harness.end("Ann_Trades") == until
    assert await noted(harness, "payment_partly_refunded") == 1


async def test_a_failed_payment_starts_the_grace_days_once_and_a_retry_brings_the_invoices_end(
    harness, shop
):
    paid_end = clock.now() + MONTH
    await shop.tells(paid(end=paid_end), NAMED, runs())
    await harness.let_pass(MONTH.total_seconds())
    for attempt in (1, 2):
        failed = Failure("in_2", "sub_1", clock.now(), paid_end, attempt)
        await shop.tells(failed, runs(Status.PAST_DUE, renews=False))
        await harness.let_pass(60)
    assert harness.end("Ann_Trades") == cut(paid_end) + timedelta(days=3)
    await shop.tells(paid("in_2", paid_end + MONTH), runs())
    assert harness.end("Ann_Trades") == cut(paid_end + MONTH) + timedelta(days=2)


async def test_who_hears_that_a_payment_failed_does_not_hear_besides_that_it_goes_on(harness, shop):
    named = Buyer(contract="sub_1", username="Ann_Trades", discord_id=ANN)
    paid_end = clock.now() + MONTH
    await shop.tells(paid(end=paid_end), named, runs())
    await harness.let_pass(MONTH.total_seconds())

    async def unheard():
        async with harness.database.read() as connection:
            return await order_outcomes.members_to_tell(connection)

    async def all_hear():
        async with harness.database.write() as connection:
            for number in await order_outcomes.members_to_tell(connection):
                await order_outcomes.member_told(connection, number, clock.now())

    assert len(await unheard()) == 1
    await all_hear()
    failed = Failure("in_2", "sub_1", clock.now(), paid_end, 1)
    await shop.tells(failed, runs(Status.PAST_DUE, renews=False))
    assert harness.end("Ann_Trades") == cut(paid_end) + timedelta(days=3)
    assert await unheard() == []
    await shop.tells(paid("in_2", paid_end + MONTH), runs())
    assert len(await unheard()) == 1


async def test_an_upgrade_leaves_no_gap(harness, shop):
    end = clock.now() + MONTH
    await shop.tells(paid(end=end), NAMED, runs())
    await harness.let_pass(60)
    await shop.tells(paid("in_2", end, price="p_range"), runs(lines=(Line(("p_range",)),)))
    assert harness.row("Ann_Trades") is None
    assert harness.fake.world.row(harness.other.pine_id, "Ann_Trades").end == cut(end) + timedelta(
        days=2
    )


async def test_what_nobody_linked_waits_and_is_done_when_staff_say_whose_it_is(harness, shop):
    until = clock.now() + MONTH
    await shop.tells(paid(end=until), runs())
    assert await noted(harness, "payment_unclaimed") == 1
    row = await shop.contract()
    await harness.contracts.assign(harness.request("a1"), row.id, Subject(None, "Ann_Trades"))
    await harness.rest()
    assert harness.end("Ann_Trades") == cut(until) + timedelta(days=2)


async def test_what_nobody_linked_and_nobody_said_the_product_of_waits_for_both(harness, shop):
    until = clock.now() + MONTH
    taken = await shop.tells(paid(end=until, price="p_new"), runs())
    assert taken.state is DeliveryState.UNMAPPED
    assert await noted(harness, "payment_unclaimed") == 1
    assert await noted(harness, "price_asked") == 1
    row = await shop.contract()
    await harness.contracts.assign(harness.request("a1"), row.id, Subject(None, "Ann_Trades"))
    await harness.rest()
    assert harness.row("Ann_Trades") is None
    async with harness.database.write() as connection:
        price = await prices.add(connection, row.connection_id, "p_new", None, clock.now())
        await prices.set_item(connection, price.id, script_id=harness.script.id)
    await shop.tells(paid(end=until, price="p_new"), runs())  # the message that waited, once more
    assert harness.end("Ann_Trades") == cut(until) + timedelta(days=2)


async def test_the_name_in_a_message_makes_nobody_of_what_staff_assigned(harness, shop):
    await shop.tells(paid(), runs())
    row = await shop.contract()
    await harness.contracts.assign(harness.request("a1"), row.id, Subject(None, "Ann_Trades"))
    await shop.tells(Buyer(contract="sub_1", username="Somebody_Else"))
    async with harness.database.read() as connection:
        assert await customers.by_name(connection, HOME, "Somebody_Else") is None
    assert harness.row("Ann_Trades") is not None


async def test_a_contract_that_was_assigned_wrongly_moves_to_the_right_person(harness, shop):
    await shop.tells(paid(), NAMED, runs())
    row = await shop.contract()
    await harness.contracts.assign(harness.request("a1"), row.id, Subject(None, "Ben_Trades"))
    await harness.rest()
    assert harness.row("Ann_Trades") is None
    assert harness.end("Ben_Trades") is not None
    await harness.contracts.assign(harness.request("a2"), row.id, Subject(None, "Ann_Trades"))
    await harness.rest()
    assert harness.row("Ben_Trades") is None
    assert harness.end("Ann_Trades") is not None


async def test_what_went_to_the_wrong_person_and_back_is_given_anew_and_ends_as_of_the_shop(
    harness, shop
):
    whole = clock.now().replace(microsecond=0) + MONTH  # as shops tell it: nothing is rounded
    await shop.tells(paid(end=whole), NAMED, runs())
    row = await shop.contract()
    for key, name in (("a1", "Ben_Trades"), ("a2", "Ann_Trades")):
        await harness.contracts.assign(harness.request(key), row.id, Subject(None, name))
        await harness.rest()
    assert harness.end("Ann_Trades") == whole + timedelta(days=2)
    assert harness.row("Ben_Trades") is None
    async with harness.database.read() as connection:
        taken = [
            each
            for name in ("Ann_Trades", "Ben_Trades")
            for each in await events.of_customer(
                connection, HOME, (await customers.by_name(connection, HOME, name)).id
            )
            if each.action == "revoke"
        ]
    assert len(taken) == 2
    assert {each.actor_kind for each in taken} == {ActorKind.SOURCE}  # with a way back for staff


async def test_sales_chain_and_a_refund_of_the_first_lets_the_second_begin_earlier(harness, shop):
    start = clock.now()
    buyer = Buyer(payment="pi_1", username="Ann_Trades")
    await shop.tells(sold(), buyer)
    one = harness.end("Ann_Trades")
    await harness.let_pass(3600)
    again = clock.now()
    await shop.tells(sold("pi_2"), Buyer(payment="pi_2", username="Ann_Trades"))
    assert harness.end("Ann_Trades") > one + timedelta(days=27)
    await shop.tells(Refund("re_1", "pi_1", clock.now(), is_full=True))
    assert timedelta(days=28) <= harness.end("Ann_Trades") - again <= timedelta(days=31)
    assert harness.end("Ann_Trades") > start


async def test_a_staff_revoke_holds_back_the_renewal_until_they_grant_again(harness, shop):
    await shop.tells(paid(), NAMED, runs())
    await harness.revoke("Ann_Trades")
    await harness.rest()
    end = clock.now() + 2 * MONTH
    await shop.tells(paid("in_2", end))
    assert harness.row("Ann_Trades") is None
    assert await noted(harness, "payment_held") == 1
    await harness.grant("Ann_Trades", "7D")
    await harness.rest()
    await harness.contracts.look()
    await harness.rest()
    assert harness.end("Ann_Trades") == cut(end) + timedelta(days=2)


async def test_a_renewal_counts_once_for_what_staff_left_of_a_product(harness, shop):
    await shop.tells(paid(price="gold"), NAMED, runs())
    await harness.revoke("Ann_Trades")  # one of its two scripts
    await harness.rest()
    assert harness.row("Ann_Trades") is None
    end = (clock.now() + 2 * MONTH).replace(microsecond=0)
    for number in range(3):  # a shop tells of one payment in several messages
        await shop.tells(paid("in_2", end, price="gold"), runs(rank=number))
    assert harness.row("Ann_Trades") is None
    other = harness.fake.world.row(harness.other.pine_id, "Ann_Trades")
    assert other.end == end + timedelta(days=2)
    assert (await bought_by(harness, "Ann_Trades")).ends_at == end
    await harness.grant("Ann_Trades", "7D")
    await harness.rest()
    await harness.contracts.look()
    await harness.rest()
    assert harness.end("Ann_Trades") == end + timedelta(days=2)
    assert harness.fake.world.row(harness.other.pine_id, "Ann_Trades").end == other.end


async def test_what_the_shop_ended_and_staff_hold_back_counts_again_once_both_let_it(harness, shop):
    end = (clock.now() + MONTH).replace(microsecond=0)
    await shop.tells(paid(end=end), NAMED, runs())
    await harness.grant("Ann_Trades", "7D")
    await shop.tells(Dispute("du_1", "in_1", clock.now(), DisputeState.OPEN))
    await harness.revoke("Ann_Trades")
    await harness.rest()
    await shop.tells(Dispute("du_1", "in_1", clock.now(), DisputeState.WON))
    assert harness.row("Ann_Trades") is None
    await harness.grant("Ann_Trades", "7D")
    await harness.rest()
    await harness.contracts.look()
    await harness.rest()
    assert harness.end("Ann_Trades") >= end + timedelta(days=2)


async def test_where_staff_are_asked_first_nothing_ends_until_they_say_so(harness, shop):
    await shop.asks_first()
    await shop.tells(paid(), NAMED, runs())
    until = harness.end("Ann_Trades")
    back = Refund("re_1", "in_1", clock.now(), amount=Decimal(2900))
    await shop.tells(back)
    await shop.tells(back)
    assert harness.end("Ann_Trades") == until
    assert await noted(harness, "payment_asks") == 1
    row = await shop.contract()
    part = f"s{harness.script.id}"
    await harness.contracts.decide(harness.request("d1"), row.id, part, ends=True)
    await harness.rest()
    assert harness.row("Ann_Trades") is None


async def test_what_staff_keep_stays_until_the_contract_comes_to_something_else(harness, shop):
    await shop.asks_first()
    await shop.tells(paid(), NAMED, runs())
    until = harness.end("Ann_Trades")
    await shop.tells(Refund("re_1", "in_1", clock.now(), amount=Decimal(2900)))
    row = await shop.contract()
    part = f"s{harness.script.id}"
    await harness.contracts.decide(harness.request("d1"), row.id, part, ends=False)
    await shop.tells(Refund("re_1", "in_1", clock.now(), amount=Decimal(2900)))
    assert harness.end("Ann_Trades") == until
    assert await noted(harness, "payment_asks") == 1
    later = clock.now() + 2 * MONTH
    await shop.tells(paid("in_2", later))
    assert harness.end("Ann_Trades") == cut(later) + timedelta(days=2)


async def test_an_unknown_price_waits_and_goes_on_once_it_is_mapped(harness, shop):
    facts = (paid(price="p_new"), NAMED, runs())
    assert (await shop.tells(*facts)).state is DeliveryState.UNMAPPED
    assert harness.row("Ann_Trades") is None
    async with harness.database.write() as connection:
        [new] = (await prices.by_keys(connection, shop.source.id, ["p_new"])).values()
        await prices.set_item(connection, new.id, script_id=harness.script.id)
    assert (await shop.tells(*facts)).state is DeliveryState.DONE
    assert harness.row("Ann_Trades") is not None


async def test_what_runs_keeps_what_it_has_once_its_price_is_nothing_to_do_with_usher(
    harness, shop
):
    await shop.tells(paid(), NAMED, runs())
    until = harness.end("Ann_Trades")
    async with harness.database.write() as connection:
        [price] = (await prices.by_keys(connection, shop.source.id, ["p_trend"])).values()
        await prices.set_item(connection, price.id, is_ignored=True)
    await shop.tells(runs(rank=1))
    assert harness.end("Ann_Trades") == until
    await shop.tells(paid("in_2", clock.now() + 2 * MONTH))
    assert harness.end("Ann_Trades") == until


async def test_what_a_shop_calls_like_an_item_is_that_item(harness, shop):
    await shop.tells(paid(price="trend"), NAMED)
    assert harness.row("Ann_Trades") is not None


async def test_a_period_of_the_past_grants_nothing(harness, shop):
    old = clock.now() - 2 * MONTH
    payment = Payment("in_0", "sub_1", old, (Line(("p_trend",)),), old, old + MONTH)
    await shop.tells(payment, NAMED, runs(Status.ENDED, renews=False))
    assert harness.row("Ann_Trades") is None
    assert harness.writes() == []


async def test_a_refund_that_came_first_finds_its_payment(harness, shop):
    await shop.tells(Refund("re_1", "pi_9", clock.now(), is_full=True))
    await shop.tells(paid(), NAMED)
    assert harness.row("Ann_Trades") is not None
    await shop.tells(Same("pi_9", "in_1"))
    assert harness.row("Ann_Trades") is None


async def test_what_staff_moved_to_another_plan_is_renewed_there_alone(harness, shop):
    await shop.tells(paid(), NAMED, runs())
    await harness.moves.move(
        harness.request(confirmed=True), Subject(username="Ann_Trades"), "trend", "range"
    )
    await harness.rest()
    assert harness.row("Ann_Trades") is None
    end = (clock.now() + 2 * MONTH).replace(microsecond=0)
    await shop.tells(paid("in_2", end))
    moved = harness.fake.world.row(harness.other.pine_id, "Ann_Trades")
    assert abs(moved.end - (end + timedelta(days=2))) < timedelta(seconds=1)
    assert harness.row("Ann_Trades") is None


async def test_what_a_pause_shifted_stays_shifted_by_a_renewal(harness, shop):
    end = clock.now() + MONTH
    await shop.tells(paid(end=end), NAMED)
    async with harness.database.write() as connection:
        person = await customers.by_name(connection, HOME, "Ann_Trades")
        [bought] = (await purchases.of_customers(connection, [person.id]))[person.id]
        [reason] = (await entitlements.of_purchases(connection, [bought.id]))[bought.id]
        shifted = reason.ends_at + timedelta(days=5)
        await entitlements.change(connection, reason.id, ends_at=shifted)
    await shop.tells(paid("in_2", end + MONTH))
    assert harness.end("Ann_Trades") == cut(end + MONTH) + timedelta(days=7)


async def test_a_member_who_took_the_token_to_the_shop_is_the_buyer(harness, shop):
    await harness.vendor.resolve(ANN, "Ann_Trades")
    token = await harness.contracts.token(HOME, ANN)
    assert token == await harness.contracts.token(HOME, ANN)
    told = Buyer(contract="sub_1", token=token, username="Ben_Trades", discord_id=BEN)
    await shop.tells(paid(), told)
    assert harness.row("Ann_Trades") is not None
    assert harness.row("Ben_Trades") is None


async def test_a_name_from_the_checkout_becomes_the_members_who_has_none(harness, shop):
    token = await harness.contracts.token(HOME, ANN)
    await shop.tells(paid(), Buyer(contract="sub_1", token=token, username="Ann_Trades"))
    assert harness.row("Ann_Trades") is not None
    async with harness.database.read() as connection:
        person = await customers.by_member(connection, HOME, ANN)
    assert person.merely_claims


async def test_a_name_that_has_access_already_is_not_given_to_who_types_it(harness, shop):
    await harness.grant("Ann_Trades", "1M")
    await harness.rest()
    token = await harness.contracts.token(HOME, BEN)
    await shop.tells(paid(), Buyer(contract="sub_1", token=token, username="Ann_Trades"))
    async with harness.database.read() as connection:
        holder = await customers.by_name(connection, HOME, "Ann_Trades")
        buyer = await customers.by_member(connection, HOME, BEN)
    assert holder.member_id is None
    assert buyer.username is None


async def test_what_only_the_buyer_was_shown_makes_it_the_members_who_types_it(harness, shop):
    until = clock.now() + MONTH
    told = Buyer(contract="sub_1", claim_codes=("KEY-1234-SECRET",))
    await shop.tells(paid(end=until), told)
    me = member_request(ANN, "c1")
    claimed = await harness.codes.redeem(me, " KEY-1234-SECRET ")
    assert claimed.titles
    assert not claimed.has_name
    assert await harness.codes.redeem(member_request(BEN, "c2"), "KEY-1234-SECRET") is None
    await harness.vendor.resolve(ANN, "Ann_Trades")
    await harness.purchases.look()
    await harness.rest()
    assert harness.end("Ann_Trades") == cut(until) + timedelta(days=2)


async def test_a_name_typed_at_the_checkout_goes_along_with_the_claim(harness, shop):
    told = Buyer(contract="sub_1", username="Ann_Trades", claim_codes=("KEY-1234-SECRET",))
    await shop.tells(paid(), told)
    until, writes = harness.end("Ann_Trades"), len(harness.writes())
    claimed = await harness.codes.redeem(member_request(ANN, "c1"), "KEY-1234-SECRET")
    await harness.rest()
    assert claimed.has_name
    assert (harness.end("Ann_Trades"), len(harness.writes())) == (until, writes)


async def test_a_later_contract_of_the_same_buyer_is_theirs(harness, shop):
    await shop.tells(paid(), Buyer(contract="sub_1", customer="cus_1", username="Ann_Trades"))
    end = clock.now() + 2 * MONTH
    later = paid("in_9", end, contract="sub_2")
    await shop.tells(later, Buyer(contract="sub_2", customer="cus_1"))
    assert harness.end("Ann_Trades") == cut(end) + timedelta(days=2)


async def test_an_email_alone_is_nobody(harness, shop):
    await shop.tells(paid(), Buyer(contract="sub_1", email="ann@example.org"))
    assert harness.writes() == []
    assert await noted(harness, "payment_unclaimed") == 1
    row = await shop.contract()
    assert b"ann@example.org" not in row.buyer
    assert "ann@example.org" not in str(row.facts)


async def test_time_of_a_sale_runs_from_its_payment(harness, shop):
    bought_at = clock.now()
    await shop.tells(sold())
    await harness.let_pass(timedelta(days=10).total_seconds())
    row = await shop.contract()
    await harness.contracts.assign(harness.request("a1"), row.id, Subject(None, "Ann_Trades"))
    await harness.rest()
    assert harness.end("Ann_Trades") - bought_at < timedelta(days=32)


async def test_a_blocked_buyer_gets_nothing_and_staff_are_told(harness, shop):
    async with harness.database.write() as connection:
        person = await customers.add(connection, HOME, username="Ann_Trades")
        await customers.block(connection, person.id, at=clock.now(), by=STAFF, reason=None)
    taken = await shop.tells(paid(), NAMED)
    assert taken.state is DeliveryState.DONE
    assert harness.writes() == []
    assert await noted(harness, "payment_barred") == 1


async def test_why_says_that_it_was_refunded_and_by_which_order(harness, shop):
    await shop.tells(paid(), NAMED)
    await shop.tells(Refund("re_1", "in_1", clock.now(), is_full=True))

    async def no_roles(guild_id, member_id):
        return None

    found = await harness.why.ask(HOME, Subject(username="Ann_Trades"), "trend", no_roles)
    said = why(found).text
    assert "the money was refunded" in said
    assert "sub_1" in said


async def test_nobody_is_reminded_of_a_subscription_that_renews_by_itself(harness, shop):
    await harness.vendor.resolve(ANN, "Ann_Trades")
    await shop.tells(paid(), NAMED, runs())
    now = clock.now()
    async with harness.database.read() as connection:
        due = await reminders.due(connection, HOME, [60], now, timedelta(days=1), after=0, limit=9)
    assert due == []
    await shop.tells(runs(renews=False, rank=1))
    async with harness.database.read() as connection:
        due = await reminders.due(connection, HOME, [60], now, timedelta(days=1), after=0, limit=9)
    assert len(due) == 1


def member_request(member_id, key):
    return RequestContext(HOME, Actor.member(member_id), key, clock.now())


async def noted(harness, action):
    async with harness.database.read() as connection:
        return len(await events.of_action(connection, HOME, action, LONG_AGO))


def cut(moment):
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


async def told(harness):
    """What the buyer reads of each order, oldest first, and whether it can be put back."""
    async with harness.database.read() as connection:
        ids = (await connection.exec_driver_sql('SELECT id FROM "order" ORDER BY id')).scalars()
        ids = ids.all()
    receipts = [await harness.outcomes.receipt(each) for each in ids]
    return [(to_customer(each, "Trends").text, each.can_put_back) for each in receipts]


async def test_a_buyer_reads_that_a_purchase_gave_it_changed_it_and_ended_it(harness, shop):
    await shop.tells(paid(), NAMED, runs())
    await shop.tells(paid("in_2", clock.now() + 2 * MONTH))
    await harness.let_pass(1)
    await shop.tells(runs(renews=False))
    await shop.tells(Refund("re_2", "in_2", clock.now(), is_full=True))
    *said, (shortened, can_put_back) = await told(harness)
    assert can_put_back
    await shop.tells(Refund("re_1", "in_1", clock.now(), is_full=True))
    (given, _), (renewed, _), (cancelled, _) = said
    *_, (ended, _) = await told(harness)
    assert "because you bought it" in given
    assert "goes on until" in renewed
    assert "because you bought it" in renewed
    assert "was changed with what you bought" in cancelled
    assert "was changed with what you bought" in shortened
    assert "because it is no longer paid for" in ended
    assert "Buy it again" in ended
    assert not any("staff" in each for each in (given, renewed, cancelled, shortened))
