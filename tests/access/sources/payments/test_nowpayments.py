"""NOWPayments: the canonical form that it signs, and what a payment's steps say."""

import hashlib
import hmac
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from bot.access.rules.payments import Buyer, Line, Notice, NoticeKind, Payment, Refund, Refused
from bot.access.sources.payments import provider
from bot.access.sources.payments.nowpayments import canonical
from bot.access.sources.payments.shared.bodies import json_of
from tests.support.payment_messages import (
    NOW,
    changed_json,
    of_kind,
    reading,
    refuse_malformed,
    refuse_or_read,
    vouch_only_for_these_bytes,
)

NOWPAYMENTS = provider("nowpayments")
SECRET = "ipnsecret"
CANONICAL = (
    b'{"fee":{"currency":"btc","depositFee":0.1,"withdrawalFee":0},"order_id":"A-1",'
    b'"pay_amount":0.00029,"payment_id":5077125051,"payment_status":"finished","price_amount":25}'
)
DIGEST = (
    "6431b4eb0087d5fd0c44db7a23031065cb3e1e5f594b436c49a64f3d34fe177c"
    "c66c13de5aaeb724aa3e8dd3c537af83a1531df9ebd5eb8bc85e9e8918144be0"
)
MESSAGE = {
    "payment_id": 5077125051,
    "payment_status": "finished",
    "order_id": "u-7f3a",
    "order_description": "Gold, one month",
    "invoice_id": 12,
    "price_amount": 25,
    "price_currency": "usd",
}


def signature(body, secret=SECRET):
    return {"x-nowpayments-sig": hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()}


def sample(_):
    body = json.dumps(MESSAGE, sort_keys=True, separators=(",", ":")).encode()
    return signature(body), body, SECRET


def told(**changes):
    return reading(NOWPAYMENTS, {}, json.dumps({**MESSAGE, **changes}).encode())


def test_the_vector_is_vouched_for_in_any_order_and_with_any_spaces():
    mixed = b"""{ "price_amount": 25, "payment_status": "finished", "payment_id": 5077125051,
        "pay_amount": 0.00029, "order_id": "A-1",
        "fee": {"withdrawalFee": 0, "depositFee": 0.1, "currency": "btc"} }"""
    for body in (CANONICAL, mixed):
        NOWPAYMENTS.verify({"X-Nowpayments-Sig": DIGEST}, body, [SECRET], NOW, {})
        NOWPAYMENTS.verify({"x-nowpayments-sig": DIGEST.upper()}, body, [SECRET], NOW, {})


def test_the_form_whose_inner_keys_are_filtered_is_vouched_for_too():
    filtered = CANONICAL.replace(b'{"currency":"btc","depositFee":0.1,"withdrawalFee":0}', b"{}")
    NOWPAYMENTS.verify(signature(filtered), CANONICAL, [SECRET], NOW, {})
    # An inner key that the top level has, too, stays.
    body = b'{"fee":{"x":1,"order_id":2},"order_id":"A-1"}'
    assert (
        canonical(json_of(body), ["fee", "order_id"]) == b'{"fee":{"order_id":2},"order_id":"A-1"}'
    )


@pytest.mark.parametrize(
    "number", ["2.9e-7", "25.0", "1E5", "0.10", "1e-10", "123456789012345678", "-0.5"]
)
def test_a_number_keeps_its_spelling(number):
    body = f'{{"a":[{number},true,null],"b":{number}}}'.encode()
    assert canonical(json_of(body)) == body
    NOWPAYMENTS.verify(signature(body), body, [SECRET], NOW, {})


def test_texts_are_written_as_javascript_writes_them():
    body = '{"a":"ü€/\\"\\\\\\n\\u0001 𝄞","ab":"","b":{},"ﬀ":1}'.encode()
    assert canonical(json_of(body)) == body
    # JavaScript sorts by the halves of a character: those beyond the first plane come earlier.
    assert canonical({"ﬀ": 1, "𝄞": 2}) == '{"𝄞":2,"ﬀ":1}'.encode()


def test_only_the_secrets_vouch_and_only_for_these_bytes():
    vouch_only_for_these_bytes(NOWPAYMENTS, sample(NOW))


def test_a_malformed_header_is_refused():
    refuse_malformed(NOWPAYMENTS, sample(NOW), "x-nowpayments-sig", ("zz" * 64, DIGEST))


def test_a_finished_payment_is_a_sale():
    read = told()
    assert not read.is_test
    assert read.facts == (
        Payment(
            "5077125051",
            "5077125051",
            NOW,
            (Line(("invoice:12", "Gold, one month", "25 USD"), "Gold, one month"),),
            amount=Decimal(25),
            currency="usd",
        ),
        Buyer(contract="5077125051", token="u-7f3a"),
    )


@pytest.mark.parametrize(
    "status", ["waiting", "confirming", "confirmed", "sending", "failed", "expired", "new"]
)
def test_no_other_step_pays(status):
    assert [type(fact) for fact in told(payment_status=status).facts] == [Buyer]


def test_a_payment_in_part_is_left_to_staff():
    assert of_kind(Notice, told(payment_status="partially_paid").facts) == [
        Notice(NoticeKind.UNDECIDED_PAYMENT, "5077125051")
    ]


def test_a_refund_is_full():
    assert of_kind(Refund, told(payment_status="refunded").facts) == [
        Refund("refund:5077125051", "5077125051", NOW, is_full=True, contract="5077125051")
    ]


def test_each_step_is_told_once():
    heads = {
        NOWPAYMENTS.head(
            {}, json.dumps({**MESSAGE, "payment_status": status}).encode(), {}
        ).event_id
        for status in ("finished", "refunded")
    }
    assert heads == {"5077125051:finished", "5077125051:refunded"}
    with pytest.raises(Refused):
        NOWPAYMENTS.head({}, b'{"payment_id":1}', {})


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_anything_is_refused_or_read(data):
    body = changed_json(CANONICAL, data)
    headers = {"x-nowpayments-sig": data.draw(st.text(max_size=40))}
    refuse_or_read(NOWPAYMENTS, headers, body, SECRET)
