"""Whop: who bought, and what payments, refunds and disputes say; what makes no sense is refused."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from bot.access.rules.payments import (
    Buyer,
    Dispute,
    DisputeState,
    Failure,
    Notice,
    NoticeKind,
    Payment,
    Refund,
    RefundState,
    Refused,
    Stored,
)
from bot.access.sources.payments.whop import check_options, read
from tests.access.sources.payments.test_whop import (
    CAME,
    DATED,
    LEGACY,
    OLD,
    START,
    only,
    said,
    told,
)


def test_the_question_of_the_vendor_goes_before_a_likely_one():
    answers = [
        {"question": "Old TradingView name", "answer": "Old_Joe"},
        {"question": "Your Name There", "answer": " New_Joe "},
    ]
    options = check_options({"name_field": "your name there"})
    (buyer,) = only(said(LEGACY, options, custom_field_responses=answers).facts, Buyer)
    assert (buyer.username, buyer.rank) == ("New_Joe", 2)
    (buyer,) = only(said(LEGACY, custom_field_responses=answers).facts, Buyer)
    assert buyer.username == "Old_Joe"


@pytest.mark.parametrize("question", ["tradingview", "Your Trading-View user?", "TRADING VIEW"])
def test_a_likely_question_in_any_spelling(question):
    answers = [{"question": "Shoe size", "answer": "44"}, {"question": question, "answer": "Joe"}]
    (buyer,) = only(said(LEGACY, custom_field_responses=answers).facts, Buyer)
    assert buyer.username == "Joe"


@pytest.mark.parametrize(
    "answers", [None, [], {}, "Joe", [None], [{"question": "TradingView"}], [{"answer": 1}], 7]
)
def test_without_an_answer_the_name_of_the_metadata_counts(answers):
    metadata = {"tradingview_name": "Meta_Joe", "discord_id": "781784956044574751"}
    (buyer,) = only(said(LEGACY, custom_field_responses=answers, metadata=metadata).facts, Buyer)
    assert (buyer.username, buyer.rank, buyer.discord_id) == ("Meta_Joe", 1, 781784956044574751)
    (buyer,) = only(said(LEGACY, custom_field_responses=answers, metadata=[]).facts, Buyer)
    assert buyer.username is None


def test_a_linked_discord_account():
    accounts = [None, {"service": "x", "id": "1"}, {"service": "discord", "id": 781784956044574751}]
    (buyer,) = only(said(LEGACY, user={"id": "user_1", "social_accounts": accounts}).facts, Buyer)
    assert buyer.discord_id == 781784956044574751


@pytest.mark.parametrize(
    ("key", "codes"), [("ABCD-1234-XYZ", ("ABCD-1234-XYZ",)), ("1", ()), (None, ())]
)
def test_a_licence_key_is_a_claim_code_unless_it_can_be_guessed(key, codes):
    (buyer,) = only(said(LEGACY, license_key=key).facts, Buyer)
    assert buyer.claim_codes == codes


@pytest.mark.parametrize(
    "membership",
    [{"membership": {"id": "mem_1"}}, {"membership_id": "mem_1"}, {"membership": "mem_1"}],
)
def test_a_payment_is_the_receipt_of_its_membership(membership):
    receipt, buyer = told(
        "payment.succeeded",
        id="pay_1",
        paid_at="2026-01-01T00:00:02Z",
        total=29.5,
        currency="usd",
        user={"id": "user_1"},
        **membership,
    )
    assert receipt == Payment(
        "pay_1",
        "mem_1",
        START + timedelta(seconds=2),
        amount=Decimal("29.5"),
        currency="usd",
        is_receipt=True,
    )
    assert (buyer.contract, buyer.payment, buyer.customer) == ("mem_1", "pay_1", "user_1")


def test_a_payment_without_a_membership_and_one_that_waits_say_nothing():
    assert told("payment.succeeded", id="pay_1") == ()
    assert told("payment.pending", id="pay_1", membership_id="mem_1") == ()
    assert told("payment.created", id="pay_1", membership_id="mem_1") == ()


def test_a_failed_payment():
    assert told("payment.failed", id="pay_1", membership_id="mem_1", payments_failed=2) == (
        Failure("pay_1", "mem_1", START, attempt=2),
    )
    assert told(
        "payment.requires_action", id="pay_1", membership_id="mem_1", payments_failed=True
    ) == (Failure("pay_1", "mem_1", START, needs_buyer=True),)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", RefundState.PENDING),
        ("requires_action", RefundState.PENDING),
        ("succeeded", RefundState.DONE),
        ("failed", RefundState.FAILED),
        ("canceled", RefundState.FAILED),
    ],
)
def test_each_status_of_a_refund(status, state):
    for kind in ("refund.created", "refund.updated"):
        (refund,) = told(kind, id="rf_1", payment_id="pay_1", status=status, amount=10)
        assert refund == Refund("rf_1", "pay_1", START, state, amount=Decimal(10))


@pytest.mark.parametrize(
    ("payment", "is_full"),
    [
        ({"substatus": "refunded"}, True),
        ({"substatus": "auto_refunded"}, True),
        ({"substatus": "partially_refunded", "total": 10}, False),
        ({"substatus": "succeeded", "total": 10}, True),
        ({"total": 10.01}, None),
        ({"total": {"amount": "10.00", "currency": "usd"}}, True),
        ({"substatus": ["refunded"]}, None),
        ({}, None),
    ],
)
def test_a_refund_of_the_whole_or_of_a_part(payment, is_full):
    payment = {"id": "pay_1", "membership": {"id": "mem_1"}} | payment
    (refund,) = told("refund.created", id="rf_1", payment=payment, status="succeeded", amount=10)
    assert (refund.payment, refund.contract, refund.is_full) == ("pay_1", "mem_1", is_full)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("needs_response", DisputeState.OPEN),
        ("under_review", DisputeState.OPEN),
        ("won", DisputeState.WON),
        ("lost", DisputeState.LOST),
        ("prevented", DisputeState.LOST),
        ("warning_needs_response", DisputeState.INQUIRY),
        ("warning_under_review", DisputeState.INQUIRY),
        ("warning_closed", DisputeState.CLOSED),
    ],
)
def test_each_status_of_a_dispute(status, state):
    payment = {"id": "pay_1", "membership": {"id": "mem_1"}}
    for kind in ("dispute.created", "dispute.updated"):
        assert told(kind, id="dspt_1", payment=payment, status=status) == (
            Dispute("dspt_1", "pay_1", START, state, "mem_1"),
        )


@pytest.mark.parametrize("kind", ["dispute_alert.created", "resolution_center_case.created"])
def test_a_warning_is_told_and_changes_nothing(kind):
    payment = {"id": "pay_1", "membership": {"id": "mem_1"}}
    assert told(kind, id="x", payment=payment) == (Notice(NoticeKind.DISPUTE_WARNING, "mem_1"),)
    assert told(kind, id="x", payment_id="pay_1") == (Notice(NoticeKind.DISPUTE_WARNING, "pay_1"),)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("membership.updated", {}),
        ("membership.updated", {"id": True, "status": "active"}),
        ("membership.updated", {"id": "x" * 151, "status": "active"}),
        ("payment.succeeded", {"membership_id": "mem_1"}),
        ("refund.created", {"id": "rf_1", "status": "succeeded"}),
        ("refund.created", {"id": "rf_1", "payment_id": "pay_1"}),
        ("refund.created", {"id": "rf_1", "payment_id": "pay_1", "status": ["succeeded"]}),
        ("dispute.created", {"id": "d_1", "payment_id": "pay_1", "status": "new_word"}),
    ],
)
def test_what_makes_no_sense_is_refused(kind, data):
    with pytest.raises(Refused):
        told(kind, **data)


@pytest.mark.parametrize("data", [None, [], "mem_1", 7, True])
def test_a_message_without_data_is_refused(data):
    stored = Stored(
        "m", "k", json.dumps({"type": "membership.updated", "data": data}).encode(), CAME
    )
    with pytest.raises(Refused, match="no data"):
        read(stored, {})


_VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["active", "won"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "total", "amount", "status", "usher"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
_KINDS = [
    "membership.activated",
    "membership.updated",
    "membership.deactivated",
    "payment.succeeded",
]
_KINDS += ["payment.failed", "refund.created", "dispute.updated", "dispute_alert.created"]


@given(
    kind=st.sampled_from(_KINDS),
    data=st.dictionaries(
        st.sampled_from(
            [*LEGACY["data"], *DATED["data"], *OLD["data"], "payment", "amount", "total"]
        ),
        _VALUE,
        max_size=8,
    ),
)
def test_whatever_stands_in_a_message_it_is_read_or_refused(kind, data):
    try:
        told(kind, **{"id": "mem_1", "status": "active"} | data)
    except Refused as refused:
        assert len(refused.why) <= 100  # noqa: PT017 - both are right
