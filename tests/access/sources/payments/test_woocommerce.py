"""WooCommerce: what it signs, its greeting, and how an order stands by any of its messages."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from bot.access.rules.payments import Buyer, Line, Payment, Refund, Refused, Snapshot, Status
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

WOO = provider("woocommerce")
SECRET = "woo-secret"
PAID_AT = datetime(2026, 1, 1, tzinfo=UTC)
AT = datetime(2026, 1, 1, 0, 0, 9, tzinfo=UTC)
LINE = Line(("script-a", "product:11"), "Script A")
ORDER = {
    "id": 7,
    "status": "completed",
    "currency": "EUR",
    "date_created_gmt": "2025-12-31T23:59:00",
    "date_paid_gmt": "2026-01-01T00:00:00",
    "date_modified_gmt": "2026-01-01T00:00:09",
    "customer_id": 0,
    "billing": {"email": "a@example.org"},
    "customer_note": "",
    "total": "29.00",
    "line_items": [
        {
            "id": 1,
            "name": "Script A",
            "product_id": 11,
            "variation_id": 0,
            "sku": "script-a",
            "quantity": 1,
            "total": "29.00",
            "meta_data": [],
        }
    ],
    "meta_data": [{"id": 5, "key": "_tradingview_username", "value": "Trader_Joe"}],
    "refunds": [],
}


def signed(body, topic="order.updated", secret=SECRET):
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {
        "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Delivery-ID": "d-1",
    }


def sample(_):
    body = json.dumps(ORDER).encode()
    return signed(body), body, SECRET


def facts(topic="order.updated", options=None, **changes):
    body = json.dumps({**ORDER, **changes}).encode()
    return reading(WOO, signed(body, topic), body, options=options).facts


def test_the_vector_is_vouched_for():
    body = b'{"id":7,"status":"completed"}'
    headers = {"X-WC-Webhook-Signature": "ALrhoZS5yihsO5+NCB/ddV7Zbw2P1pLQQ/Jz6ZwyvDI="}
    WOO.verify(headers, body, [SECRET], NOW, {})


def test_only_the_secrets_vouch_and_only_for_these_bytes():
    vouch_only_for_these_bytes(WOO, sample(NOW))


def test_a_malformed_header_is_refused():
    good = sample(NOW)[0]["X-WC-Webhook-Signature"]
    refuse_malformed(
        WOO, sample(NOW), "X-WC-Webhook-Signature", (good.replace("=", ""), "%%%", f"sha256={good}")
    )
    for topic in ("order", "order.", "Order.Updated", "a.b\0", "ä.ö", "x" * 99):
        with pytest.raises(Refused):
            WOO.head({"X-WC-Webhook-Topic": topic}, b"{}", {})


def test_without_a_topic_it_is_a_look_at_an_order():
    assert WOO.head({}, json.dumps(ORDER).encode(), {}).kind == "order.updated"


def test_the_greeting_passes_unsigned_and_is_not_stored():
    for secrets in ([], [SECRET]):
        WOO.verify({}, b"webhook_id=12", secrets, NOW, {})
    assert WOO.head({}, b"webhook_id=12", {}) is None


@pytest.mark.parametrize(
    "body",
    [
        b"webhook_id=",
        b"webhook_id=1&a=2",
        b"webhook_id=x",
        b"webhook_id=1\n",
        b" webhook_id=1",
        b"webhook_id=" + b"1" * 30,
        b"{}",
        b"",
    ],
)
def test_nothing_else_passes_unsigned(body):
    with pytest.raises(Refused):
        WOO.verify({}, body, [SECRET], NOW, {})


def test_the_delivery_id_of_the_header_does_not_count():
    headers, body, _ = sample(NOW)
    first = stored(WOO, headers, body)
    assert first.kind == "order.updated"
    other = stored(WOO, {**headers, "X-WC-Webhook-Delivery-ID": "d-2"}, body)
    assert other.event_id == first.event_id
    changed = json.dumps({**ORDER, "date_modified_gmt": "2026-01-01T00:00:10"}).encode()
    assert stored(WOO, headers, changed).event_id != first.event_id
    assert stored(WOO, headers, body + b" ").event_id != first.event_id


def test_a_paid_order_is_a_sale_of_each_of_its_articles():
    read = reading(WOO, *sample(NOW)[:2])
    assert read.occurred_at == AT
    assert not read.is_test
    assert read.facts == (
        Buyer(contract="order:7", username="Trader_Joe", email="a@example.org"),
        Snapshot("order:7", AT, Status.ACTIVE, renews=False, rank=1),
        Payment("order:7", "order:7", PAID_AT, (LINE,), amount=Decimal("29.00"), currency="EUR"),
    )
    items = [*ORDER["line_items"], {"id": 2, "product_id": 12, "variation_id": 13, "sku": ""}]
    [payment] = of_kind(Payment, facts(line_items=items))
    assert payment.lines == (LINE, Line(("variation:13", "product:12")))


def test_all_messages_of_one_order_name_one_payment():
    told = [
        *of_kind(Payment, facts("order.created", status="processing")),
        *of_kind(Payment, facts(date_modified_gmt="2026-01-02T00:00:00")),
        *of_kind(Payment, facts("order.restored")),
    ]
    assert len(told) == 3
    assert len(set(told)) == 1


@pytest.mark.parametrize(
    ("word", "status", "pays"),
    [
        ("pending", Status.PENDING, False),
        ("on-hold", Status.PENDING, False),
        ("checkout-draft", Status.PENDING, False),
        ("processing", Status.ACTIVE, True),
        ("failed", Status.UNPAID, False),
        ("cancelled", Status.ENDED, False),
        ("refunded", Status.ENDED, True),
        ("packed", None, False),
    ],
)
def test_each_status_has_its_meaning(word, status, pays):
    told = facts(status=word)
    assert [snapshot.status for snapshot in of_kind(Snapshot, told)] == ([status] if status else [])
    assert bool(of_kind(Payment, told)) == pays


def test_an_order_without_a_moment_of_payment_counts_from_another_of_its_moments():
    [payment] = of_kind(Payment, facts(date_paid_gmt=None))
    assert payment.at == datetime(2025, 12, 31, 23, 59, tzinfo=UTC)
    none = dict.fromkeys(("date_paid_gmt", "date_created_gmt", "date_modified_gmt"))
    told = facts(**none)
    assert of_kind(Payment, told)[0].at == NOW
    assert of_kind(Snapshot, told)[0].at == NOW


def test_refunds_are_listed_as_negative_texts():
    listed = [{"id": 8, "total": "-10.00"}, {"id": 9, "total": "-19.00"}]
    told = of_kind(Refund, facts(refunds=listed))
    assert told == [
        Refund("refund:8", "order:7", AT, amount=Decimal("10.00"), contract="order:7"),
        Refund("refund:9", "order:7", AT, amount=Decimal("19.00"), contract="order:7"),
    ]
    [whole] = of_kind(Refund, facts(status="refunded"))
    assert whole.is_full


def test_an_order_that_was_deleted_is_over():
    body = b'{"id":7}'
    assert reading(WOO, signed(body, "order.deleted"), body).facts == (
        Snapshot("order:7", NOW, Status.ENDED, renews=False, rank=2),
    )
    with pytest.raises(Refused):
        reading(WOO, signed(body), body)


@pytest.mark.parametrize("topic", ["subscription.updated", "product.updated", "action.some_hook"])
def test_other_topics_say_nothing(topic):
    assert facts(topic) == ()


def test_the_name_stands_in_the_order_or_in_its_articles():
    item = {**ORDER["line_items"][0], "meta_data": [{"key": "TradingView name", "value": "Ann"}]}
    [buyer] = of_kind(Buyer, facts(line_items=[item], meta_data=[]))
    assert buyer.username == "Ann"
    [buyer] = of_kind(Buyer, facts(line_items=[item]))
    assert buyer.username == "Trader_Joe"
    other = {**item, "meta_data": [{"key": "tv", "value": "Joe"}]}
    [buyer] = of_kind(Buyer, facts(line_items=[item, other], meta_data=[]))
    assert buyer.username is None
    meta = [{"key": "billing_handle", "value": "Eve"}, {"key": "_usher", "value": "u-7f3a"}]
    [buyer] = of_kind(Buyer, facts(meta_data=meta, options={"name_field": "billing_handle"}))
    assert (buyer.username, buyer.token) == ("Eve", "u-7f3a")


def test_a_customer_with_an_account_is_known_again():
    assert of_kind(Buyer, facts(customer_id=3))[0].customer == "customer:3"
    assert of_kind(Snapshot, facts(customer_id=3))[0].customer == "customer:3"


def test_what_is_not_readable_is_refused():
    for changes in (
        {"id": None},
        {"status": None},
        {"total": "much"},
        {"date_paid_gmt": "soon"},
        {"refunds": [{"total": "-1"}]},
    ):
        with pytest.raises(Refused):
            facts(**changes)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), topic=st.sampled_from(["order.updated", "order.deleted", "x.y"]))
def test_anything_is_refused_or_read(data, topic):
    body = changed_json(json.dumps({**ORDER, "refunds": [{"id": 8, "total": "-1"}]}).encode(), data)
    headers = {
        "X-WC-Webhook-Signature": data.draw(st.text(max_size=40)),
        "X-WC-Webhook-Topic": topic,
    }
    refuse_or_read(WOO, headers, body, SECRET)
