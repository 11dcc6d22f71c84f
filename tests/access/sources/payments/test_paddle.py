"""Paddle Billing: what it signs, and what its events say."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from bot.access.rules.payments import (
    Buyer,
    Dispute,
    DisputeState,
    Failure,
    Line,
    Notice,
    NoticeKind,
    Payment,
    Refund,
    RefundState,
    Refused,
    Snapshot,
    Status,
)
from bot.access.sources.payments import OptionInvalid, provider
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

PADDLE = provider("paddle")
SECRET = "pdl_ntfset_test"
AT = datetime(2026, 1, 1, 0, 0, 5, 123_000, tzinfo=UTC)
JANUARY, FEBRUARY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
TRANSACTION = {
    "id": "txn_1",
    "status": "completed",
    "customer_id": "ctm_1",
    "subscription_id": "sub_1",
    "origin": "subscription_recurring",
    "custom_data": {"tv": "Trader_Joe"},
    "currency_code": "USD",
    "billing_period": {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-02-01T00:00:00Z"},
    "details": {"totals": {"grand_total": "2900"}},
    "items": [{"price": {"id": "pri_1", "product_id": "pro_1", "name": "Monthly"}, "quantity": 1}],
}
SUBSCRIPTION = {
    "id": "sub_1",
    "status": "active",
    "customer_id": "ctm_1",
    "custom_data": {"usher": "u-7f3a", "discord_id": "781784956044574751"},
    "current_billing_period": {
        "starts_at": "2026-01-01T00:00:00Z",
        "ends_at": "2026-02-01T00:00:00Z",
    },
    "scheduled_change": None,
    "items": [{"price": {"id": "pri_1", "product_id": "pro_1"}}],
}
ADJUSTMENT = {
    "id": "adj_1",
    "action": "refund",
    "type": "full",
    "status": "approved",
    "transaction_id": "txn_1",
    "subscription_id": "sub_1",
    "totals": {"total": "2900"},
}


def event(kind, data, at="2026-01-01T00:00:05.123456Z", **more):
    message = {"event_id": "evt_1", "event_type": kind, "occurred_at": at, "data": data, **more}
    return json.dumps(message).encode()


def signed(body, at, secret=SECRET):
    sent = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), f"{sent}:".encode() + body, hashlib.sha256).hexdigest()
    return {"Paddle-Signature": f"ts={sent};h1={digest}"}


def sample(now):
    body = event("transaction.completed", TRANSACTION, notification_id="ntf_1")
    return signed(body, now), body, SECRET


def facts(kind, data, **more):
    return reading(PADDLE, {}, event(kind, data, **more)).facts


def test_the_vector_is_vouched_for():
    body = b'{"event_id":"evt_1","event_type":"transaction.completed"}'
    digest = "f83fb0a6a7712ee73b96f0376bc5415fa4fad7898734872631b621edef4c67f0"
    at = datetime.fromtimestamp(1_760_000_100, UTC)
    for written in (digest, digest.upper(), f"{'0' * 64};h1={digest}"):
        headers = {"Paddle-Signature": f"ts=1760000000;h1={written}"}
        PADDLE.verify(headers, body, [SECRET], at, {})
    assert PADDLE.head({}, body, {}).event_id == "evt_1"


def test_only_the_secrets_vouch_and_only_for_these_bytes():
    vouch_only_for_these_bytes(PADDLE, sample(NOW))


def test_the_header_is_read_strictly():
    good = sample(NOW)[0]["Paddle-Signature"]
    time, _, digest = good.partition(";")
    others = (
        f"{digest};{time}",
        f"{good};",
        f"{good};h2=00",
        f"{time};{time};{digest}",
        time,
        digest,
    )
    refuse_malformed(
        PADDLE, sample(NOW), "Paddle-Signature", (*others, good.replace(";", ","), f"{time};h1=zz")
    )


def test_an_old_time_is_refused_and_a_vendor_may_allow_more():
    headers, body, secret = sample(NOW)
    for minutes in (-6, 6):
        with pytest.raises(Refused):
            PADDLE.verify(headers, body, [secret], NOW + timedelta(minutes=minutes), {})
        PADDLE.verify(headers, body, [secret], NOW + timedelta(minutes=minutes), {"tolerance": 600})
    PADDLE.verify(headers, body, [secret], NOW + timedelta(minutes=4), {})


def test_the_tolerance_is_a_minute_at_least():
    assert PADDLE.check_options({"tolerance": "60", "name_field": "handle"}) == {
        "tolerance": 60,
        "name_field": "handle",
    }
    for junk in ({"tolerance": 59}, {"tolerance": "soon"}, {"tolerance": "9" * 9}, {"other": "1"}):
        with pytest.raises(OptionInvalid):
            PADDLE.check_options(junk)


def test_a_renewal_pays_for_its_period():
    kept = stored(PADDLE, {}, sample(NOW)[1])
    assert (kept.event_id, kept.kind) == ("evt_1", "transaction.completed")
    read = PADDLE.read(kept, {})
    assert read.occurred_at == AT
    assert not read.is_test
    assert read.facts == (
        Payment(
            "txn_1",
            "sub_1",
            AT,
            (Line(("pri_1", "pro_1"), "Monthly"),),
            starts_at=JANUARY,
            ends_at=FEBRUARY,
            amount=Decimal(2900),
            currency="USD",
        ),
        Buyer(contract="sub_1", customer="ctm_1", username="Trader_Joe"),
    )


def test_paid_and_completed_name_one_payment():
    keys = {facts(f"transaction.{name}", TRANSACTION)[0].key for name in ("paid", "completed")}
    assert keys == {"txn_1"}


def test_a_transaction_without_a_subscription_is_a_sale():
    once = {**TRANSACTION, "subscription_id": None, "origin": "web", "billing_period": None}
    [payment] = of_kind(Payment, facts("transaction.completed", once))
    assert (payment.contract, payment.ends_at, payment.is_receipt) == ("txn_1", None, False)


def test_a_charge_besides_the_period_is_a_sale_of_its_own():
    charge = {**TRANSACTION, "origin": "subscription_charge", "billing_period": None}
    [payment] = of_kind(Payment, facts("transaction.completed", charge))
    assert (payment.contract, payment.ends_at, payment.is_receipt) == ("txn_1", None, False)
    changed = {**charge, "origin": "subscription_update"}
    [payment] = of_kind(Payment, facts("transaction.completed", changed))
    assert (payment.contract, payment.is_receipt) == ("sub_1", True)


def test_another_card_pays_for_nothing():
    card = {**TRANSACTION, "origin": "subscription_payment_method_change"}
    assert of_kind(Payment, facts("transaction.completed", card)) == []


def test_an_end_that_is_not_readable_is_no_sale():
    broken = {**TRANSACTION, "billing_period": {"ends_at": "soon"}}
    with pytest.raises(Refused):
        facts("transaction.completed", broken)


@pytest.mark.parametrize("kind", ["transaction.payment_failed", "transaction.past_due"])
def test_a_failed_renewal_was_due_when_its_period_began(kind):
    assert facts(kind, TRANSACTION) == (Failure("txn_1", "sub_1", AT, due_at=JANUARY),)
    assert facts(kind, {**TRANSACTION, "subscription_id": None}) == ()


def test_a_subscription_says_how_it_stands():
    assert facts("subscription.updated", SUBSCRIPTION) == (
        Snapshot(
            "sub_1",
            AT,
            Status.ACTIVE,
            renews=True,
            rank=1,
            ends_at=FEBRUARY,
            lines=(Line(("pri_1", "pro_1")),),
            customer="ctm_1",
        ),
        Buyer(
            contract="sub_1",
            customer="ctm_1",
            token="u-7f3a",
            discord_id=781784956044574751,
        ),
    )
    [created] = of_kind(Snapshot, facts("subscription.created", SUBSCRIPTION))
    assert created.rank == 0


@pytest.mark.parametrize(
    ("action", "renews"), [("cancel", False), ("pause", False), ("resume", True)]
)
def test_a_scheduled_change_ends_it_at_its_moment(action, renews):
    change = {"action": action, "effective_at": "2026-01-20T00:00:00Z"}
    [snapshot] = of_kind(
        Snapshot, facts("subscription.updated", {**SUBSCRIPTION, "scheduled_change": change})
    )
    assert (snapshot.status, snapshot.renews) == (Status.ACTIVE, renews)
    assert snapshot.ends_at == (FEBRUARY if renews else datetime(2026, 1, 20, tzinfo=UTC))


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("trialing", Status.TRIAL),
        ("past_due", Status.PAST_DUE),
        ("paused", Status.PAUSED),
        ("canceled", Status.ENDED),
    ],
)
def test_each_status_has_its_meaning(word, status):
    ended = {**SUBSCRIPTION, "status": word, "current_billing_period": None}
    [snapshot] = of_kind(Snapshot, facts("subscription.canceled", ended))
    assert (snapshot.status, snapshot.renews) == (status, word == "trialing")
    assert snapshot.rank == (2 if word == "canceled" else 1)


def test_a_status_that_nobody_knows_says_nothing():
    told = facts("subscription.updated", {**SUBSCRIPTION, "status": "imported"})
    assert of_kind(Snapshot, told) == []


def test_only_an_approved_refund_counts():
    assert facts("adjustment.created", {**ADJUSTMENT, "status": "pending_approval"}) == ()
    full = Refund("adj_1", "txn_1", AT, amount=Decimal(2900), is_full=True, contract="sub_1")
    assert facts("adjustment.updated", ADJUSTMENT) == (full,)
    part = {**ADJUSTMENT, "type": "partial", "totals": {"total": "1000"}}
    [refund] = facts("adjustment.updated", part)
    assert (refund.is_full, refund.amount) == (None, Decimal(1000))
    [refund] = facts("adjustment.updated", {**ADJUSTMENT, "status": "rejected"})
    assert refund.state is RefundState.FAILED


@pytest.mark.parametrize("action", ["credit", "credit_reverse", "something_new"])
def test_a_credit_moves_no_money(action):
    assert facts("adjustment.created", {**ADJUSTMENT, "action": action}) == ()


def test_a_chargeback_is_open_until_it_is_reversed():
    taken = {**ADJUSTMENT, "action": "chargeback"}
    back = {**ADJUSTMENT, "id": "adj_2", "action": "chargeback_reverse"}
    [opened] = facts("adjustment.created", taken)
    [won] = facts("adjustment.created", back)
    assert isinstance(opened, Dispute)
    assert (opened.state, won.state) == (DisputeState.OPEN, DisputeState.WON)
    assert opened.key == won.key
    assert facts("adjustment.created", {**taken, "status": "pending_approval"}) == ()


def test_a_warning_of_a_chargeback_is_told():
    warning = {**ADJUSTMENT, "action": "chargeback_warning"}
    assert facts("adjustment.created", warning) == (Notice(NoticeKind.DISPUTE_WARNING, "txn_1"),)


def test_a_customer_brings_the_address():
    told = facts("customer.updated", {"id": "ctm_1", "email": "a@example.org", "custom_data": None})
    assert told == (Buyer(customer="ctm_1", email="a@example.org"),)


def test_a_simulated_event_changes_nothing():
    body = event("transaction.completed", TRANSACTION, notification_id="ntfsimntf_1")
    assert reading(PADDLE, {}, body).is_test


def test_an_event_that_usher_does_not_need_says_nothing():
    assert facts("product.created", {"id": "pro_1"}) == ()


def test_the_field_that_the_vendor_named_has_the_name():
    named = {**TRANSACTION, "custom_data": {"tv": "Other", "handle": " Trader_Joe "}}
    read = reading(
        PADDLE, {}, event("transaction.completed", named), options={"name_field": "Handle"}
    )
    assert of_kind(Buyer, read.facts)[0].username == "Trader_Joe"


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    kind=st.sampled_from(["transaction.paid", "subscription.x", "adjustment.created"]),
)
def test_anything_is_refused_or_read(data, kind):
    told = {"transaction.paid": TRANSACTION, "subscription.x": SUBSCRIPTION}.get(kind, ADJUSTMENT)
    body = changed_json(event(kind, told), data)
    headers = {"Paddle-Signature": data.draw(st.text(max_size=40))}
    refuse_or_read(PADDLE, headers, body, SECRET)
