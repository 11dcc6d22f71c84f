"""A shop's messages, from the address that a vendor was shown to the buyer's row on TradingView and one message."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import delete

from bot import clock
from bot.sandbox.payments import signing
from bot.store.tables.payments import price
from tests.support.discord_harness import labels, open_office, text_of
from tests.support.payments_office import NAME, SECRET, open_payments

OTHERS = "whsec_" + "B" * 32
KEYS = {"generic": "a-secret-of-a-shop-0123456789", "whop": "ws_0123456789abcdef0123456789abcdef"}


@pytest.fixture
async def office(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        async with open_payments(harness) as office:
            office.is_ben = {"username": NAME, "discord_id": str(office.buyer.id)}
            yield office


async def put_back(office, *words):
    """Press *Put back* under the newest line with these words in the log channel."""
    await office.passes(lambda: labels(office.logged(*words)[-1]) == ["Put back"])
    line = office.logged(*words)[-1]
    await office.as_owner.press(line, "Put back")


async def test_an_order_is_paid_renewed_refunded_and_put_back(office):
    path = await office.connect()
    first, later = office.in_days(30), office.in_days(61)
    # Nobody said yet what "gold" is: one question, and all that waits goes on.
    for order in ("A-1", "A-1"):
        assert (
            await office.own(path, "paid", order, until=first.isoformat(), **office.is_ben) == 200
        )
    question = await office.maps()
    assert "2 messages that waited" in text_of(question)
    await office.ends(first)
    await office.passes(lambda: office.told("You can use"))
    # The next period, twice at the same moment; a secret of somebody else's.
    body, message_id = office.own_message("paid", "A-1", until=later.isoformat(), **office.is_ben)
    headers = signing.standard(SECRET, body, int(clock.now().timestamp()), message_id)
    copies = [office.post(path, body, headers) for _ in range(2)]
    assert await asyncio.gather(*copies) == [200, 200]
    assert await office.own(path, "refunded", secret="whsec_" + "A" * 32) == 401
    await office.ends(later)
    assert await office.own(path, "refunded") == 200
    await office.ends("absent")
    await office.passes(lambda: office.logged("ended **Trend**", "standard A-1: refunded"))
    assert len(office.logged("ended **Trend**")) == 1
    await put_back(office, "ended **Trend**")
    await office.ends(later)
    await office.passes(lambda: office.told("is back"))
    await office.rest(65)  # nothing of that is looked at anew
    assert office.end() == later
    assert len(office.logged("Which product")) == 0  # the one question says what was chosen
    for words in ("You can use", "goes on until", "has ended", "is back"):
        assert len(office.told(words)) == 1
    assert len(office.as_buyer.dms()) == 4


async def test_a_dispute_a_cancellation_a_failed_payment_and_the_end(office):
    path = await office.connect()
    end = office.in_days(0.1)
    assert await office.own(path, "paid", until=end.isoformat(), **office.is_ben) == 200
    await office.maps()
    await office.ends(end)
    await office.own(path, "disputed")
    await office.ends("absent")
    await office.passes(lambda: office.logged("ended **Trend**", "disputed"))
    await office.own(path, "dispute_won")
    await office.ends(end)
    await office.own(path, "cancelled")
    await office.rest(5)
    assert office.end() == end
    assert await office.own(path, "paid", "B-1", until=end.isoformat(), **office.is_ben) == 200
    for _ in range(2):
        assert await office.own(path, "payment_failed", "B-1", message_id="failed") == 200
    await office.passes(lambda: office.end() > end)  # some days of grace
    await office.passes(lambda: office.told("did not go through"))
    await office.rest(5)
    assert len(office.told("did not go through")) == 1
    await office.own(path, "ended", "B-1")
    await office.ends(end)
    await put_back(office)


async def test_whoever_has_no_name_is_asked_for_it_and_has_access_once_they_link(office):
    path = await office.connect()
    end = office.in_days(30)
    data = {"discord_id": str(office.buyer.id), "until": end.isoformat()}
    assert await office.own(path, "paid", **data) == 200
    await office.maps()
    await office.passes(lambda: office.told("`/link`") or office.told("Link"))
    asked = await office.run(office.as_buyer, "link", username=NAME)
    await office.as_buyer.press(asked.original, "Yes, that is me")
    await office.ends(end)
    await office.passes(lambda: office.told("You can use"))
    assert len(office.as_buyer.dms()) == 2


async def test_another_name_at_the_second_purchase_and_a_price_that_is_taken_away(office):
    path = await office.connect()
    end, later = office.in_days(30), office.in_days(60)
    office.vendor.world.add_user("Second_Name")
    second = {"username": "Second_Name"}
    assert await office.own(path, "paid", "A-1", until=end.isoformat(), username=NAME) == 200
    await office.maps()
    await office.ends(end)
    await office.own(path, "paid", "A-2", until=end.isoformat(), **second)
    await office.ends(end, "Second_Name")
    # An end that is over when it is told of: nothing but stored.
    await office.own(path, "paid", "A-3", until="2026-01-01T00:00:00Z", **second)
    await office.rest()
    assert (office.end(), office.end("Second_Name")) == (end, end)
    # Nobody says any more what "gold" is: who has it keeps it, and the next month asks.
    async with office.vendor.database.write() as connection:
        await connection.execute(delete(price))
    await office.own(path, "cancelled", "A-1")
    await office.rest()
    assert not office.logged("Which product")
    await office.own(path, "paid", "A-2", until=later.isoformat(), **second)
    await office.passes(lambda: office.logged("Which product"))
    assert (office.end(), office.end("Second_Name")) == (end, end)
    await office.maps()
    await office.ends(later, "Second_Name")
    assert office.end() == end


async def test_what_two_servers_are_told_under_the_same_ids_does_not_mix(office):
    path = await office.connect()
    end = office.in_days(30)
    other = office.fake.add_guild("Another shop", office.owner)
    theirs = await office.connect(secret=OTHERS, guild=other)
    assert theirs != path
    assert await office.own(theirs, "paid", secret=SECRET, until=end.isoformat()) == 401
    assert (
        await office.own(
            theirs, "paid", secret=OTHERS, message_id="m", until=end.isoformat(), username=NAME
        )
        == 200
    )
    await office.rest()
    assert not office.logged("Which product")  # it is not this server's
    assert (
        await office.own(path, "paid", message_id="m", until=end.isoformat(), username=NAME) == 200
    )
    await office.maps()
    await office.ends(end)
    assert await office.own(theirs, "refunded", secret=OTHERS) == 200
    await office.rest()
    assert office.end() == end


@pytest.mark.parametrize("provider", ["generic", "whop"])
async def test_other_forms_with_nothing_set(office, provider):
    path = await office.connect(provider, KEYS[provider])
    end, at = office.in_days(30), int(clock.now().timestamp())
    if provider == "generic":
        body, _ = office.own_message("paid", "A-1", until=end.isoformat(), **office.is_ben)
        headers = signing.generic(KEYS[provider], body)
    else:
        membership = {
            "id": "mem_1", "product": {"id": "prod_1", "title": "Gold"}, "plan": {"id": "plan_1"},
            "user": {"id": "user_1", "username": "ben", "email": "a@example.org"},
            "status": "active", "valid": True, "cancel_at_period_end": False,
            "renewal_period_start": office.iso(clock.now()), "renewal_period_end": office.iso(end),
            "custom_field_responses": [{"question": "TradingView username", "answer": NAME}],
        }  # fmt: skip
        message = {
            "id": "msg_1", "api_version": "v1", "type": "membership.activated",
            "timestamp": office.iso(clock.now()), "data": membership,
        }  # fmt: skip
        body = json.dumps(message).encode()
        headers = signing.whop(KEYS[provider], body, at, "msg_1")
    assert await office.post(path, body, headers) == 200
    await office.maps()
    await office.passes(lambda: office.end() != "absent")
    slack = timedelta() if provider == "generic" else timedelta(hours=48)
    assert timedelta() <= office.end() - end <= slack


async def test_stripes_messages_swapped_with_the_name_in_a_field(office):
    path = await office.connect("stripe", "whsec_test_secret_0123456789")
    end = office.in_days(30).replace(microsecond=0)
    at = int(clock.now().timestamp())

    def event(number, kind, data, live=True):
        return {
            "id": f"evt_{number}", "object": "event", "api_version": "2025-03-31.basil",
            "created": at, "livemode": live, "type": kind, "account": None,
            "data": {"object": data},
        }  # fmt: skip

    def invoice(number):
        return {
            "object": "invoice", "id": f"in_{number}", "status": "paid", "customer": f"cus_{number}",
            "billing_reason": "subscription_create", "customer_email": "a@example.org",
            "amount_paid": 2900, "attempt_count": 1,
            "parent": {"type": "subscription_details",
                       "subscription_details": {"subscription": f"sub_{number}", "metadata": {}}},
            "lines": {"has_more": False, "data": [{
                "amount": 2900, "period": {"start": at, "end": int(end.timestamp())},
                "pricing": {"price_details": {"price": "price_1", "product": "prod_1"}},
                "parent": {"type": "subscription_item_details", "subscription_item_details": {
                    "subscription": f"sub_{number}", "subscription_item": "si_1",
                    "proration": False}},
            }]},
        }  # fmt: skip

    session = {
        "object": "checkout.session", "id": "cs_1", "mode": "subscription", "status": "complete",
        "payment_status": "paid", "livemode": True, "customer": "cus_1", "subscription": "sub_1",
        "invoice": "in_1", "payment_intent": None, "payment_link": "plink_1",
        "client_reference_id": None, "metadata": {}, "customer_details": {"email": "a@example.org"},
        "custom_fields": [{
            "key": "tradingviewusername", "type": "text", "optional": False,
            "label": {"type": "custom", "custom": "TradingView username"},
            "text": {"value": " Ann_Trades "},
        }],
    }  # fmt: skip
    messages = [
        event(0, "invoice.paid", invoice(9), live=False),
        event(1, "invoice.paid", invoice(1)),
        event(2, "checkout.session.completed", session),
    ]
    for message in messages:
        body = json.dumps(message).encode()
        headers = signing.stripe("whsec_test_secret_0123456789", body, at)
        assert await office.post(path, body, headers) == 200
        await office.rest()
    await office.maps()
    await office.passes(lambda: office.end() != "absent")
    assert timedelta() <= office.end() - end <= timedelta(hours=48)
