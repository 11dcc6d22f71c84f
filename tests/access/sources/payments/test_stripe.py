"""Stripe: who vouches for a message, and what each event says in all of its shapes."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st
from multidict import CIMultiDict

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
    Same,
    Snapshot,
    Status,
    Stored,
)
from bot.access.sources.payments import names, provider
from tests.support import stripe_messages as stripe
from tests.support.stripe_messages import DAY, MONTH, START, moment

STRIPE = provider("stripe")
SECRET = "whsec_test_secret"
BODY = b'{"id":"evt_1","object":"event","type":"invoice.paid"}'
VECTOR = "t=1760000000,v1=ac812bc54f9b023affb7a75a8194ced941f0f232ae31e8cc54b1c0dc177ace4d"
DIGEST = VECTOR.partition("v1=")[2]
SIGNED_AT = moment(1_760_000_000)
LINE = Line(("price_1", "prod_price_1"))


def verify(
    header=VECTOR, body=BODY, secrets=(SECRET,), now=SIGNED_AT, name="Stripe-Signature", **options
):
    headers = {} if header is None else {name: header}
    STRIPE.verify(headers, body, secrets, now, options)


def kinds(facts, kind):
    return [fact for fact in facts if isinstance(fact, kind)]


def only(message, kind, **options):
    [fact] = kinds(stripe.facts(message, **options), kind)
    return fact


# The signature


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"now": SIGNED_AT + timedelta(seconds=300)},
        {"now": SIGNED_AT - timedelta(seconds=300)},
        {"name": "STRIPE-SIGNATURE"},
        {"header": f"v1={DIGEST.upper()} , t=1760000000"},
        {"header": f"t=1760000000,v1={'0' * 64},v1={DIGEST}"},
        {"header": f"{VECTOR},v0={'0' * 64}"},
        {"header": f"{VECTOR}, {VECTOR}"},
        {"secrets": ("whsec_the_new_one", SECRET)},
        {"secrets": (SECRET, "whsec_the_new_one")},
        {"now": SIGNED_AT + timedelta(seconds=900), "tolerance": 1000},
    ],
)
def test_a_signature_of_one_of_the_secrets_vouches(how):
    verify(**how)


@pytest.mark.parametrize(
    "how",
    [
        {"header": None},
        {"header": ""},
        {"header": "t=1760000000"},
        {"header": f"v1={DIGEST}"},
        {"header": f"t=,v1={DIGEST}"},
        {"header": f"t=1e9,v1={DIGEST}"},
        {"header": f"t=-1760000000,v1={DIGEST}"},
        {"header": f"t=１７６,v1={DIGEST}"},
        {"header": f"t={'9' * 400},v1={DIGEST}"},
        {"header": f"t=1760000000,t=1760000001,v1={DIGEST}"},
        {"header": f"t=1760000000,v0={DIGEST}"},
        {"header": "t=1760000000,v1=\udce9é"},
        {"header": "t=1760000000,v1=zz"},
        {"header": f"t=1760000000,v1={DIGEST[:-2]}"},
        {"header": f"t=1760000001,v1={DIGEST}"},
        {"body": BODY.replace(b"evt_1", b"evt_2")},
        {"body": b"\xff\xfe"},
        {"secrets": ()},
        {"secrets": ("",)},
        {"secrets": ("test_secret",)},
        {"secrets": ("whsec_of_another_server",)},
        {"now": SIGNED_AT + timedelta(seconds=301)},
        {"now": SIGNED_AT - timedelta(seconds=301)},
    ],
)
def test_nobody_vouches_for_anything_else(how):
    with pytest.raises(Refused):
        verify(**how)


def test_one_flipped_bit_is_another_message():
    for place in range(len(BODY)):
        flipped = bytearray(BODY)
        flipped[place] ^= 1
        with pytest.raises(Refused):
            verify(body=bytes(flipped))


def test_headers_may_come_as_aiohttp_hands_them_over():
    STRIPE.verify(CIMultiDict({"stripe-signature": VECTOR}), BODY, [SECRET], SIGNED_AT, {})


# The heading


def test_a_message_is_named_by_its_event():
    heading = STRIPE.head({}, BODY, {})
    assert (heading.event_id, heading.kind) == ("evt_1", "invoice.paid")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff", b"[]", b"{}", b'{"id":"evt_1"}', b'{"id":7,"type":"invoice.paid"}',
        b'{"id":"evt_1","id":"evt_2","type":"x"}', b'{"id":"evt_1","type":"\\ud800"}',
        b'{"id":"evt_1","type":"x","n":' + b"1" * 31 + b"}", b'{"id":"evt_1","type":"x","n":NaN}',
        b'{"id":"' + b"e" * 201 + b'","type":"x"}', b"[" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused(body):
    with pytest.raises(Refused):
        STRIPE.head({}, body, {})


def test_stripe_is_found_by_its_name():
    assert "stripe" in names()
    assert (STRIPE.name, STRIPE.link_parameter) == ("stripe", "client_reference_id")
    assert "whsec_" in STRIPE.secret


# Payments


@pytest.mark.parametrize("old", [False, True])
def test_a_paid_invoice_is_the_time_of_its_lines(old):
    message = stripe.paid(old=old)
    assert only(message, Payment) == Payment(
        key="in_1", contract="sub_1", at=moment(START + 60), lines=(LINE,), starts_at=moment(START),
        ends_at=moment(START + MONTH), amount=Decimal("29.00"), currency="USD",
    )  # fmt: skip
    links = {Same("in_1", "pi_1"), Same("in_1", "ch_1")} if old else set()
    assert set(kinds(stripe.facts(message), Same)) == links
    assert only(message, Buyer) == Buyer(
        contract="sub_1", customer="cus_1", email="a@example.org", at=moment(START + 60)
    )


def test_ids_may_be_whole_objects():
    thing = stripe.invoice(old=True)
    for name in ("subscription", "payment_intent", "charge", "customer"):
        thing[name] = {"id": thing[name], "object": name}
    thing["lines"]["data"][0]["price"]["product"] = {"id": "prod_price_1", "name": "Gold"}
    payment = only(stripe.event("invoice.paid", thing), Payment)
    assert payment.contract == "sub_1"
    assert payment.lines == (Line(("price_1", "prod_price_1"), "Gold"),)
    [buyer] = kinds(stripe.facts(stripe.event("invoice.paid", thing)), Buyer)
    assert buyer.customer == "cus_1"


def test_a_line_alone_may_name_the_subscription():
    assert only(stripe.paid(parent=None), Payment).contract == "sub_1"


@pytest.mark.parametrize("old", [False, True])
def test_a_renewal_is_not_shortened_by_what_it_settles_of_the_last_period(old):
    lines = [
        stripe.line("price_old", START - MONTH, START, -500, proration=True, old=old),
        stripe.line("price_1", START - MONTH, START + 9 * MONTH, 900, proration=True, old=old),
        stripe.line(old=old),
    ]
    payment = only(stripe.paid(lines=lines, old=old), Payment)
    assert (payment.ends_at, payment.lines) == (moment(START + MONTH), (LINE,))


@pytest.mark.parametrize("old", [False, True])
def test_an_upgrade_in_mid_period_is_for_what_is_charged(old):
    lines = [
        stripe.line("price_1", START + DAY, START + MONTH, -1500, proration=True, old=old),
        stripe.line("price_2", START + DAY, START + MONTH, 3000, proration=True, old=old),
    ]
    payment = only(stripe.paid(lines=lines, old=old), Payment)
    assert payment.lines == (Line(("price_2", "prod_price_2")),)
    assert (payment.starts_at, payment.ends_at) == (moment(START + DAY), moment(START + MONTH))


def test_a_fee_beside_the_subscription_is_no_time():
    fee = stripe.line("price_fee", START, START, 1000)
    assert only(stripe.paid(lines=[fee, stripe.line()]), Payment).lines == (LINE,)
    assert only(stripe.paid(lines=[fee]), Payment).is_receipt


def test_a_credit_alone_pays_for_nothing():
    credit = stripe.line(cents=-1500, proration=True)
    payment = only(stripe.paid(lines=[credit], cents=0), Payment)
    assert payment.is_receipt
    assert payment.ends_at is None


def test_an_invoice_whose_lines_were_cut_says_so():
    lines = {"has_more": True, "data": [stripe.line(end=START + DAY, proration=True)]}
    assert only(stripe.event("invoice.paid", {**stripe.invoice(), "lines": lines}), Payment).is_cut
    lines = {"has_more": True, "data": [stripe.line()]}
    thing = {**stripe.invoice(), "lines": lines}
    assert not only(stripe.event("invoice.paid", thing), Payment).is_cut


def test_a_free_trial_is_a_payment_of_nothing():
    payment = only(stripe.paid(cents=0), Payment)
    assert (payment.amount, payment.ends_at) == (Decimal("0.00"), moment(START + MONTH))


def test_the_moment_of_a_payment_is_its_own():
    message = stripe.paid(status_transitions={"paid_at": START + 7})
    assert only(message, Payment).at == moment(START + 7)


def test_an_invoice_of_no_subscription_only_ties_its_ids():
    thing = stripe.invoice(old=True, lines=[{"amount": 1, "period": {"start": 1, "end": 1}}])
    thing |= {"subscription": None, "subscription_details": None}
    found = stripe.facts(stripe.event("invoice.paid", thing))
    assert set(found) == {Same("in_1", "pi_1"), Same("in_1", "ch_1")}


def test_the_same_money_is_not_read_twice():
    assert not stripe.facts(stripe.event("invoice.payment_succeeded", stripe.invoice()))
    assert not stripe.facts(stripe.event("charge.succeeded", {"id": "ch_1"}))


def test_a_payment_of_an_invoice_ties_the_two():
    assert stripe.facts(stripe.invoice_payment()) == [Same("in_1", "pi_1")]
    thing = {"invoice": "in_1", "payment": {"type": "charge", "charge": {"id": "ch_1"}}}
    assert stripe.facts(stripe.event("invoice_payment.paid", thing)) == [Same("in_1", "ch_1")]


@pytest.mark.parametrize(
    ("code", "amount"), [("usd", "29.00"), ("JPY", "2900"), ("kwd", "2.900"), (None, "29.00")]
)
def test_an_amount_is_in_whole_units_of_its_currency(code, amount):
    assert only(stripe.paid(currency=code), Payment).amount == Decimal(amount)


def test_a_failed_payment_names_its_invoice():
    assert only(stripe.failed(attempt=2), Failure) == Failure(
        key="in_2", contract="sub_1", at=moment(START + MONTH + 3600), attempt=2
    )
    message = stripe.event("invoice.payment_action_required", stripe.invoice(2, old=True))
    assert only(message, Failure).needs_buyer
    assert Same("in_2", "pi_2") in stripe.facts(message)


# Checkout and Payment Links


def test_a_checkout_of_a_subscription_tells_who_and_no_time():
    assert stripe.facts(stripe.event("checkout.session.completed", stripe.session())) == [
        Buyer(
            contract="sub_1", payment="in_1", customer="cus_1", token="u-7f3a",
            username="Trader_Joe", email="a@example.org", claim_codes=("cs_1",), rank=2,
            at=moment(START),
        )
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["paid", "no_payment_required"])
def test_a_checkout_of_a_payment_is_a_sale(word):
    found = stripe.facts(
        stripe.event("checkout.session.completed", stripe.sale(payment_status=word))
    )
    assert kinds(found, Payment) == [
        Payment(
            key="pi_1", contract="pi_1", at=moment(START), lines=(Line(("plink_1",)),),
            amount=Decimal("29.00"), currency="USD",
        )
    ]  # fmt: skip
    [buyer] = kinds(found, Buyer)
    assert (buyer.payment, buyer.username) == ("pi_1", "Trader_Joe")


def test_a_checkout_that_cost_nothing_goes_by_its_own_id():
    thing = stripe.sale(payment_intent=None, payment_status="no_payment_required")
    assert only(stripe.event("checkout.session.completed", thing), Payment).key == "cs_1"


def test_a_slow_payment_counts_when_it_came():
    unpaid = stripe.sale(payment_status="unpaid")
    assert not kinds(stripe.facts(stripe.event("checkout.session.completed", unpaid)), Payment)
    came = stripe.event("checkout.session.async_payment_succeeded", stripe.sale())
    assert only(came, Payment).key == "pi_1"
    lost = stripe.event("checkout.session.async_payment_failed", unpaid)
    assert only(lost, Failure).key == "pi_1"
    assert not kinds(stripe.facts(lost), Payment)


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        (
            {"line_items": {"data": [
                {"description": "Gold", "price": {"id": "price_1", "product": "prod_1"}},
                {"price": "price_2", "quantity": 2},
            ]}},
            (Line(("price_1", "prod_1"), "Gold"), Line(("price_2",))),
        ),
        ({}, (Line(("plink_1",)),)),
        ({"metadata": {"item": "gold"}}, (Line(("plink_1", "gold"), "gold"),)),
        ({"payment_link": None, "metadata": {"item": "gold"}}, (Line(("gold",), "gold"),)),
        ({"payment_link": None}, (Line(("checkout 29.00 USD",), "a checkout of 29.00 USD"),)),
    ],
)  # fmt: skip
def test_what_was_sold_is_told_as_well_as_the_message_knows(more, lines):
    message = stripe.event("checkout.session.completed", stripe.sale(**more))
    assert only(message, Payment).lines == lines


def test_a_checkout_that_only_keeps_a_card_says_nothing():
    thing = stripe.session(mode="setup", subscription=None)
    assert not stripe.facts(stripe.event("checkout.session.completed", thing))


# The buyer


def field(kind, value, key="field", label="Name"):
    return {
        "key": key, "type": kind, "label": {"type": "custom", "custom": label}, kind: {"value": value}
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "options", "username"),
    [
        ([field("text", "Joe", key="tv")], {"name_field": "tv"}, "Joe"),
        ([field("text", "Ann"), field("text", "Joe", key="tv")], {"name_field": "tv"}, "Joe"),
        ([field("text", "Joe", label="Your Trading View name")], {}, "Joe"),
        ([field("text", "Joe", key="trading_view-name")], {}, "Joe"),
        ([field("dropdown", "joe", key="mytradingview")], {}, "joe"),
        ([field("numeric", "123", key="tradingview")], {}, "123"),
        ([field("text", "Joe", label="TradingView")], {"name_field": "gone"}, "Joe"),
        ([field("text", None, key="tradingview")], {}, None),
        ([{"key": "tradingview", "type": "text", "text": None}], {}, None),
        ([field("text", "Joe")], {}, None),
        (None, {}, None),
    ],
)
def test_the_name_comes_from_the_field_for_it(fields, options, username):
    message = stripe.event("checkout.session.completed", stripe.session(custom_fields=fields))
    assert only(message, Buyer, **options).username == username


def test_metadata_name_the_buyer_where_nothing_was_typed():
    metadata = {"usher": "u-1", "username": "joe", "discord_id": "781784956044574751"}
    thing = stripe.session(metadata=metadata, custom_fields=[], client_reference_id=None)
    buyer = only(stripe.event("checkout.session.completed", thing), Buyer)
    assert (buyer.token, buyer.username, buyer.discord_id) == ("u-1", "joe", 781784956044574751)
    assert buyer.rank == 1
    thing = stripe.session(metadata=metadata)
    buyer = only(stripe.event("checkout.session.completed", thing), Buyer)
    assert (buyer.token, buyer.username, buyer.rank) == ("u-7f3a", "Trader_Joe", 2)


@pytest.mark.parametrize("old", [False, True])
def test_metadata_of_a_subscription_come_with_each_invoice(old):
    metadata = {"usher": "u-1", "tradingview_username": "joe", "discord_id": "not one"}
    buyer = only(stripe.paid(old=old, metadata=metadata), Buyer)
    assert (buyer.contract, buyer.token, buyer.username) == ("sub_1", "u-1", "joe")
    assert buyer.discord_id is None
    assert only(stripe.subscription(metadata=metadata), Buyer).username == "joe"


# How a subscription stands


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("incomplete", Status.PENDING), ("incomplete_expired", Status.ENDED),
        ("trialing", Status.TRIAL), ("active", Status.ACTIVE), ("past_due", Status.PAST_DUE),
        ("unpaid", Status.UNPAID), ("paused", Status.PAUSED), ("canceled", Status.ENDED),
    ],
)  # fmt: skip
def test_a_subscription_stands_as_it_says(word, status):
    snapshot = only(stripe.subscription(status=word), Snapshot)
    assert snapshot.status is status
    assert snapshot.renews == (word in ("trialing", "active"))


@pytest.mark.parametrize(
    ("more", "ends_at"),
    [
        ({"cancel_at_period_end": True}, START + MONTH),
        ({"cancel_at": START + DAY}, START + DAY),
        ({"pause_collection": {"behavior": "void"}}, START + MONTH),
    ],
)
def test_an_end_that_is_planned_in_any_way_stops_renewing(more, ends_at):
    snapshot = only(stripe.subscription(**more), Snapshot)
    assert (snapshot.renews, snapshot.ends_at) == (False, moment(ends_at))
    assert snapshot.status is Status.ACTIVE


@pytest.mark.parametrize(
    ("kind", "rank"),
    [
        ("created", 0), ("updated", 1), ("paused", 1), ("resumed", 1), ("deleted", 2),
        ("pending_update_applied", 1), ("pending_update_expired", 1),
    ],
)  # fmt: skip
def test_each_event_of_a_subscription_is_a_snapshot(kind, rank):
    assert only(stripe.subscription(kind), Snapshot).rank == rank


def test_a_deleted_subscription_is_over_since_it_ended():
    message = stripe.subscription("deleted", "active", at=START + 9, ended_at=START + 5)
    snapshot = only(message, Snapshot)
    assert (snapshot.status, snapshot.ends_at) == (Status.ENDED, moment(START + 5))


def test_an_old_subscription_has_its_period_itself():
    thing = {
        "id": "sub_1", "status": "active", "current_period_end": START + MONTH,
        "plan": {"id": "price_1", "product": "prod_price_1"},
    }  # fmt: skip
    snapshot = only(stripe.event("customer.subscription.updated", thing), Snapshot)
    assert (snapshot.ends_at, snapshot.lines) == (moment(START + MONTH), (LINE,))


def test_a_change_that_waits_for_its_payment_is_not_the_subscription_yet():
    waiting = {"subscription_items": [{"price": {"id": "price_2"}}]}
    assert only(stripe.subscription(pending_update=waiting), Snapshot).lines == (LINE,)


def test_a_status_of_tomorrow_says_nothing():
    assert not stripe.facts(stripe.subscription(status="hibernating"))


# Money that goes back


def test_a_charge_tells_how_much_of_it_went_back():
    found = stripe.facts(stripe.refunded(1000))
    assert kinds(found, Refund) == [
        Refund("ch_1 10.00", "ch_1", moment(START + DAY), total=Decimal("10.00"))
    ]
    assert Same("ch_1", "pi_1") in found
    assert only(stripe.refunded(2900), Refund).is_full is True
    old = stripe.refunded(1000)
    old["data"]["object"]["invoice"] = "in_1"
    assert Same("ch_1", "in_1") in stripe.facts(old)


@pytest.mark.parametrize(
    ("kind", "word", "state"),
    [
        ("created", "pending", RefundState.PENDING),
        ("updated", "requires_action", RefundState.PENDING),
        ("created", "succeeded", RefundState.DONE),
        ("updated", "failed", RefundState.FAILED),
        ("updated", "canceled", RefundState.FAILED),
        ("failed", "pending", RefundState.FAILED),
    ],
)
def test_a_refund_stands_as_it_says(kind, word, state):
    assert only(stripe.refund("re_1", 1000, word, kind=kind), Refund) == Refund(
        "re_1", "ch_1", moment(START + DAY), state, amount=Decimal("10.00")
    )


def test_the_older_name_of_a_refund_is_known():
    thing = {"id": "re_1", "payment_intent": "pi_1", "amount": 5, "status": "succeeded"}
    assert only(stripe.event("charge.refund.updated", thing), Refund).payment == "pi_1"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("warning_needs_response", DisputeState.INQUIRY),
        ("warning_under_review", DisputeState.INQUIRY),
        ("warning_closed", DisputeState.CLOSED), ("needs_response", DisputeState.OPEN),
        ("under_review", DisputeState.OPEN), ("appeal_needs_response", DisputeState.OPEN),
        ("appeal_under_review", DisputeState.OPEN), ("won", DisputeState.WON),
        ("lost", DisputeState.LOST), ("prevented", DisputeState.LOST),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "kind", ["created", "updated", "closed", "funds_withdrawn", "funds_reinstated"]
)
def test_a_dispute_stands_as_it_says(kind, word, state):
    found = stripe.facts(stripe.dispute(kind, word))
    assert kinds(found, Dispute) == [Dispute("du_1", "ch_1", moment(START + DAY), state)]
    assert Same("ch_1", "pi_1") in found


def test_a_fraud_warning_is_told_and_changes_nothing():
    message = stripe.event("radar.early_fraud_warning.created", {"id": "issfr_1", "charge": "ch_1"})
    assert stripe.facts(message) == [Notice(NoticeKind.FRAUD_WARNING, "ch_1")]


# What is no use


@pytest.mark.parametrize(
    "message",
    [
        {
            "id": "evt_1", "object": "v2.core.event", "type": "v1.invoice.paid",
            "created": "2026-01-01T00:00:00.000Z", "livemode": True,
            "related_object": {"id": "in_1", "type": "invoice", "url": "/v1/invoices/in_1"},
        },
        {"id": "evt_1", "type": "v1.invoice.paid", "related_object": {"id": "in_1"}},
    ],
)  # fmt: skip
def test_a_thin_event_is_known_for_what_it_is(message):
    assert stripe.reading(message).facts == (Notice(NoticeKind.THIN_EVENT, "in_1"),)


def test_a_test_is_one():
    assert stripe.reading({**stripe.paid(), "livemode": False}).is_test
    assert not stripe.reading(stripe.paid()).is_test


def test_other_events_say_nothing():
    for kind in ("invoice.created", "invoice.voided", "payout.paid", "of.tomorrow"):
        found = stripe.reading(stripe.event(kind, stripe.invoice()))
        assert (found.facts, found.occurred_at) == ((), moment(START))


# Anything at all

_TYPES = [
    stripe.event(kind, {})["type"]
    for kind in (
        "checkout.session.completed", "checkout.session.async_payment_failed", "invoice.paid",
        "invoice_payment.paid", "invoice.payment_failed", "customer.subscription.updated",
        "customer.subscription.deleted", "charge.refunded", "refund.updated",
        "charge.dispute.closed", "radar.early_fraud_warning.created", "of.tomorrow",
    )
]  # fmt: skip
_SAMPLES = [
    stripe.session(), stripe.sale(), stripe.invoice(), stripe.invoice(old=True),
    *(
        message["data"]["object"]
        for message in (
            stripe.subscription(), stripe.refunded(1000), stripe.refund("re_1", 1000),
            stripe.dispute("created", "needs_response"), stripe.invoice_payment(),
        )
    ),
]  # fmt: skip
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**29), 10**29)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.just("x" * 300),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "data", "start", "end", "type", ""]), inner)
    ),
    max_leaves=6,
)


def spoilt(data, value):
    """The same object with something else in some of its places."""
    if isinstance(value, dict) and data.draw(st.integers(0, 9)) != 0:
        return {key: spoilt(data, inner) for key, inner in value.items()}
    if isinstance(value, list) and data.draw(st.integers(0, 9)) != 0:
        return [spoilt(data, inner) for inner in value]
    return data.draw(_values) if data.draw(st.integers(0, 4)) == 0 else value


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_message_of_the_right_outline_breaks_the_reader(data):
    thing = spoilt(data, data.draw(st.sampled_from(_SAMPLES)))
    kind = data.draw(st.sampled_from(_TYPES))
    message = {**stripe.event(kind, thing), "created": data.draw(_values)}
    body = json.dumps(message).encode()
    try:
        heading = STRIPE.head({}, body, {})
    except Refused:
        return
    found = STRIPE.read(
        Stored(heading.event_id, heading.kind, body, moment(START)), {"name_field": "tv"}
    )
    for fact in found.facts:
        assert fact == replace(fact)
        assert getattr(fact, "at", moment(START)).tzinfo is not None


@given(st.text(max_size=80), st.binary(max_size=80))
def test_no_header_and_no_body_breaks_the_check(header, body):
    for value in (header, f"t=1760000000,v1={header}", f"t={header},v1={DIGEST}"):
        with pytest.raises(Refused):
            verify(value, body)
    try:
        STRIPE.head({}, body, {})
    except Refused:
        assert True
