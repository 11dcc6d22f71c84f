"""Lemon Squeezy: what it signs, and what its events say."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from bot.access.rules.payments import (
    Buyer,
    Failure,
    Line,
    Payment,
    Refund,
    Refused,
    Same,
    Snapshot,
    Status,
)
from bot.access.sources.payments import provider
from tests.support.payment_messages import (
    NOW,
    changed_json,
    of_kind,
    reading,
    refuse_malformed,
    refuse_or_read,
    stored,
    vouch_only_for_these_bytes,
)

LEMON = provider("lemonsqueezy")
SECRET = "lemonsecret"
CREATED, UPDATED = "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:03.000000Z"
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
AT = BEGUN + timedelta(seconds=3)
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)
LINE = Line(("variant:3", "product:2"), "Scripts · Monthly")
BOUGHT = {
    "product_id": 2,
    "variant_id": 3,
    "product_name": "Scripts",
    "variant_name": "Monthly",
}
SUBSCRIPTION = {
    **BOUGHT,
    "customer_id": 5,
    "order_id": 7,
    "user_email": "a@example.org",
    "status": "active",
    "renews_at": "2026-02-01T00:00:00.000000Z",
    "ends_at": None,
    "created_at": CREATED,
    "updated_at": UPDATED,
}
INVOICE = {
    "subscription_id": 1,
    "customer_id": 5,
    "user_email": "a@example.org",
    "billing_reason": "renewal",
    "status": "paid",
    "currency": "USD",
    "total": 2900,
    "refunded": False,
    "created_at": CREATED,
    "updated_at": UPDATED,
}
ORDER = {
    "customer_id": 5,
    "user_email": "a@example.org",
    "status": "paid",
    "currency": "USD",
    "total": 2900,
    "refunded": False,
    "first_order_item": {"id": 1, **BOUGHT},
    "created_at": CREATED,
    "updated_at": UPDATED,
}
PERIOD = Payment(
    "subscription:1:2026-02-01",
    "subscription:1",
    AT,
    (LINE,),
    starts_at=BEGUN,
    ends_at=FEBRUARY,
)
# It pays for no time of its own: the order beside a subscription is its first payment.
FIRST = Payment("order:7", "subscription:1", BEGUN, (LINE,), starts_at=BEGUN, ends_at=BEGUN)


def message(name, kind, number, attributes, **meta):
    return json.dumps(
        {
            "meta": {"event_name": name, "test_mode": False, **meta},
            "data": {"type": kind, "id": str(number), "attributes": attributes},
        }
    ).encode()


def signed(body, secret=SECRET):
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Signature": digest, "X-Event-Name": "subscription_created"}


def sample(_):
    body = message(
        "subscription_created", "subscriptions", 1, SUBSCRIPTION, custom_data={"tv": "Trader_Joe"}
    )
    return signed(body), body, SECRET


def facts(name, kind, attributes, number=1, **meta):
    return reading(LEMON, {}, message(name, kind, number, attributes, **meta)).facts


def subscription(name="subscription_updated", **changes):
    return facts(name, "subscriptions", {**SUBSCRIPTION, **changes})


def invoice(name="subscription_payment_success", **changes):
    return facts(name, "subscription-invoices", {**INVOICE, **changes}, number=9)


def order(name="order_created", **changes):
    return facts(name, "orders", {**ORDER, **changes}, number=7)


def test_the_vector_is_vouched_for():
    body = b'{"meta":{"event_name":"order_created"}}'
    digest = "fd2358dce124db1c199f61e19988ecd57e333a6d367339e8ad388083c25a2f89"
    for written in (digest, digest.upper()):
        LEMON.verify({"X-Signature": written}, body, [SECRET], NOW, {})
    assert LEMON.head({}, body, {}).kind == "order_created"


def test_only_the_secrets_vouch_and_only_for_these_bytes():
    vouch_only_for_these_bytes(LEMON, sample(NOW))


def test_a_malformed_header_is_refused():
    refuse_malformed(LEMON, sample(NOW), "X-Signature", ("sha256=", "zz" * 32))


def test_a_copy_has_the_same_id_and_another_change_has_another():
    body = sample(NOW)[1]
    first = stored(LEMON, {}, body)
    assert stored(LEMON, {"X-Event-Name": "other"}, body, at=NOW + timedelta(1)).event_id == (
        first.event_id
    )
    assert first.event_id.startswith("subscription_created:subscriptions:1:")
    later = body.replace(b"00:00:03", b"00:00:04")
    assert stored(LEMON, {}, later).event_id != first.event_id


def test_a_new_subscription_is_paid_until_it_renews_and_its_order_is_that_payment():
    assert reading(LEMON, {}, sample(NOW)[1]).facts == (
        Buyer(
            contract="subscription:1",
            customer="customer:5",
            username="Trader_Joe",
            email="a@example.org",
        ),
        Snapshot(
            "subscription:1",
            AT,
            Status.ACTIVE,
            renews=True,
            rank=0,
            ends_at=FEBRUARY,
            lines=(LINE,),
            customer="customer:5",
        ),
        PERIOD,
        FIRST,
        Same("order:7", PERIOD.key),
    )


def test_the_order_beside_a_subscription_has_the_payment_that_the_subscription_names():
    [sale] = of_kind(Payment, order())
    assert sale.key == FIRST.key
    assert sale.ends_at is None


def test_a_renewal_is_the_next_period_and_no_longer_that_of_the_order():
    told = subscription(
        renews_at="2026-03-01T00:00:00.000000Z", updated_at="2026-02-01T01:00:05.000000Z"
    )
    period, first = of_kind(Payment, told)
    assert period.key == "subscription:1:2026-03-01"
    # The invoice is a little older than the word of the subscription: it lies in the new period.
    assert period.starts_at == datetime(2026, 2, 1, 0, 0, 5, tzinfo=UTC)
    assert first == FIRST
    assert of_kind(Same, told) == []


def test_the_body_of_the_page_is_read():
    body = b"""{"meta":{"event_name":"subscription_created","test_mode":false,"custom_data":{"tv":"Joe"}},
        "data":{"type":"subscriptions","id":"1","attributes":{"status":"active","user_email":"a@example.org",
        "product_id":2,"variant_id":3,"renews_at":"2026-02-01T00:00:00Z","ends_at":null,
        "updated_at":"2026-01-01T00:00:00Z"}}}"""
    [period] = of_kind(Payment, reading(LEMON, {}, body).facts)
    assert (period.contract, period.ends_at) == ("subscription:1", FEBRUARY)


def test_a_success_is_a_receipt_under_the_id_of_the_invoice():
    assert invoice()[1] == Payment(
        "invoice:9",
        "subscription:1",
        BEGUN,
        amount=Decimal(2900),
        currency="USD",
        is_receipt=True,
    )
    assert invoice("subscription_payment_recovered")[1:] == invoice()[1:]


def test_a_failed_payment_was_due_when_its_invoice_was_made():
    assert of_kind(Failure, invoice("subscription_payment_failed", status="pending")) == [
        Failure("invoice:9", "subscription:1", AT, due_at=BEGUN)
    ]
    assert of_kind(Payment, invoice("subscription_payment_failed", status="pending")) == []


def test_a_cancelled_one_goes_on_until_its_end_which_is_the_period_it_had():
    told = subscription(
        "subscription_cancelled", status="cancelled", ends_at="2026-02-01T00:00:20.000000Z"
    )
    [snapshot] = of_kind(Snapshot, told)
    assert (snapshot.status, snapshot.renews) == (Status.ACTIVE, False)
    assert of_kind(Payment, told)[0].key == PERIOD.key
    [snapshot] = of_kind(Snapshot, subscription("subscription_resumed"))
    assert snapshot.renews


@pytest.mark.parametrize(
    ("word", "status", "pays"),
    [
        ("on_trial", Status.TRIAL, True),
        ("paused", Status.PAUSED, False),
        ("past_due", Status.PAST_DUE, False),
        ("unpaid", Status.UNPAID, False),
        ("expired", Status.ENDED, False),
    ],
)
def test_each_status_has_its_meaning(word, status, pays):
    told = subscription(status=word)
    [snapshot] = of_kind(Snapshot, told)
    assert (snapshot.status, snapshot.renews) == (status, word == "on_trial")
    assert snapshot.rank == (2 if word == "expired" else 1)
    assert (PERIOD in told) == pays


def test_a_status_that_nobody_knows_says_nothing():
    assert [type(fact) for fact in subscription(status="dreaming")] == [Buyer]


def test_an_order_is_a_sale_once_it_is_paid():
    assert order() == (
        Buyer(contract="order:7", customer="customer:5", email="a@example.org"),
        Payment("order:7", "order:7", BEGUN, (LINE,), amount=Decimal(2900), currency="USD"),
    )
    for status in ("pending", "failed", "fraudulent"):
        assert of_kind(Payment, order(status=status)) == []


@pytest.mark.parametrize(
    ("changes", "is_full", "total"),
    [
        ({"status": "refunded", "refunded_amount": 2900}, True, 2900),
        ({"status": "refunded"}, True, None),
        ({"status": "partial_refund", "refunded_amount": 1000}, False, 1000),
        ({"status": "partial_refund", "refunded_amount": 2900}, True, 2900),
        ({"refunded": True, "refunded_amount": 1000}, False, 1000),
        ({"refunded": True}, True, None),
    ],
)
def test_a_refund_is_full_or_partial_by_its_status_or_its_amounts(changes, is_full, total):
    for told, payment, contract in (
        (order("order_refunded", **changes), "order:7", "order:7"),
        (invoice("subscription_payment_refunded", **changes), "invoice:9", "subscription:1"),
    ):
        assert of_kind(Refund, told) == [
            Refund(
                f"refund:{payment}",
                payment,
                AT,
                total=None if total is None else Decimal(total),
                is_full=is_full,
                contract=contract,
            )
        ]
        assert of_kind(Payment, told)[0].key == payment


def test_custom_data_names_the_buyer():
    custom = {"usher": "u-7f3a", "handle": "Trader_Joe", "discord_id": 781784956044574751}
    body = message("order_created", "orders", 7, ORDER, custom_data=custom)
    [buyer] = of_kind(Buyer, reading(LEMON, {}, body, options={"name_field": "handle"}).facts)
    assert (buyer.token, buyer.username) == ("u-7f3a", "Trader_Joe")
    assert buyer.discord_id == 781784956044574751
    [buyer] = of_kind(Buyer, reading(LEMON, {}, body).facts)
    assert buyer.username is None


@pytest.mark.parametrize(
    ("custom", "username"),
    [
        ({"TradingView name": "Joe"}, "Joe"),
        ({"trading_view": "Joe"}, "Joe"),
        ({"tv_name": "Joe"}, "Joe"),
        ({"tv": "Joe", "tradingview": "Joe"}, "Joe"),
        ({"tv": "Joe", "tradingview": "Ann"}, None),  # nobody guesses
        ({"outvoted": "Joe"}, None),
        ({"tv": ""}, None),
        ({"tv": ["Joe"]}, None),
        ([], None),
        ("Joe", None),
    ],
)
def test_a_field_that_asks_for_tradingview_has_the_name(custom, username):
    told = facts("order_created", "orders", ORDER, custom_data=custom)
    assert of_kind(Buyer, told)[0].username == username


def test_a_licence_key_claims_its_order():
    told = facts(
        "license_key_created",
        "license-keys",
        {"order_id": 7, "key": "80e15db5-c796-436b-850c-8f9c98a48abe", "created_at": CREATED},
    )
    assert told == (
        Buyer(contract="order:7", claim_codes=("80e15db5-c796-436b-850c-8f9c98a48abe",)),
    )


def test_a_message_of_the_test_mode_changes_nothing():
    assert reading(LEMON, {}, message("order_created", "orders", 7, ORDER, test_mode=True)).is_test
    assert reading(
        LEMON, {}, message("order_created", "orders", 7, {**ORDER, "test_mode": True})
    ).is_test
    assert not reading(LEMON, {}, message("order_created", "orders", 7, ORDER)).is_test


def test_an_object_that_usher_does_not_need_says_nothing():
    assert facts("affiliate_activated", "affiliates", {"status": "active"}) == ()
    assert reading(LEMON, {}, b'{"meta":{"event_name":"order_created"}}').facts == ()


def test_an_invoice_without_a_subscription_is_refused():
    with pytest.raises(Refused):
        invoice(subscription_id=None)
    with pytest.raises(Refused):
        invoice(total="much")


@settings(max_examples=60, deadline=None)
@given(data=st.data(), told=st.sampled_from([SUBSCRIPTION, INVOICE, ORDER]))
def test_anything_is_refused_or_read(data, told):
    kind = (
        "orders"
        if told is ORDER
        else "subscriptions"
        if told is SUBSCRIPTION
        else "subscription-invoices"
    )
    body = changed_json(message("subscription_payment_refunded", kind, 1, told), data)
    refuse_or_read(LEMON, {"X-Signature": data.draw(st.text(max_size=40))}, body, SECRET)
