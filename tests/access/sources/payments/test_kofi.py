"""Ko-fi: the token inside its messages, and the payments that they tell of."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings, strategies as st

from bot.access.rules.payments import Line, Payment, Refused
from bot.access.sources.payments import OptionInvalid, provider
from tests.support.payment_messages import (
    NOW,
    changed,
    changed_form,
    reading,
    refuse_or_read,
    stored,
    vouch_only_for_these_bytes,
)

KOFI = provider("kofi")
SIGNS_BODY = False
SECRET = "tok-1"
MESSAGE = {
    "verification_token": SECRET,
    "message_id": "m-1",
    "kofi_transaction_id": "t-1",
    "timestamp": "2026-01-01T00:00:00Z",
    "type": "Subscription",
    "email": "A@example.org",
    "from_name": "Joe",
    "message": "TradingView: Trader_Joe",
    "amount": "29.00",
    "currency": "USD",
    "is_subscription_payment": True,
    "is_first_subscription_payment": True,
    "tier_name": "Gold",
    "shop_items": None,
}


def form(message):
    return urlencode({"data": json.dumps(message)}).encode()


def sample(_):
    return {}, form(MESSAGE), SECRET


def told(options=None, **changes):
    return reading(KOFI, {}, form({**MESSAGE, **changes}), options=options)


def test_the_body_of_the_page_is_vouched_for():
    body = (
        b"data=%7B%22verification_token%22%3A%22tok-1%22%2C%22message_id%22%3A%22m-1%22"
        b"%2C%22type%22%3A%22Subscription%22%7D"
    )
    KOFI.verify({}, body, [SECRET], NOW, {})
    kept = stored(KOFI, {}, body)
    assert (kept.event_id, kept.kind) == ("m-1", "Subscription")


def test_only_the_token_vouches():
    vouch_only_for_these_bytes(KOFI, sample(NOW))
    for token in ("", "tök-1", None, 1, ["tok-1"], "tok-1 "):
        with pytest.raises(Refused):
            KOFI.verify({}, form({**MESSAGE, "verification_token": token}), [SECRET], NOW, {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"data=",
        b"data={}&data={}",
        b"data=[]",
        b"other=1",
        b"data=%ff",
        b"{}",
        b'data={"verification_token":"tok-1","verification_token":"tok-1"}',
        b'data={"verification_token":"\\ud800"}',
    ],
)
def test_a_body_of_another_form_is_refused(body):
    with pytest.raises(Refused):
        KOFI.verify({}, body, [SECRET], NOW, {})


def test_a_payment_is_one_sale_of_the_length_that_the_vendor_set():
    read = told({"length": "1M"})
    payment, buyer = read.facts
    assert payment == Payment(
        "t-1",
        "t-1",
        datetime(2026, 1, 1, tzinfo=UTC),
        (Line(("Gold",), "Gold"),),
        length="1M",
        amount=Decimal("29.00"),
        currency="USD",
    )
    assert (buyer.contract, buyer.username) == ("t-1", "Trader_Joe")
    assert buyer.email == "A@example.org"
    assert told().facts[0].length is None
    assert not read.is_test


def test_the_same_person_is_known_next_month_without_their_address():
    first = told().facts[1].customer
    again = (
        told(message_id="m-2", kofi_transaction_id="t-2", email="a@Example.org").facts[1].customer
    )
    assert first == again
    assert "example" not in first
    assert told(email="b@example.org").facts[1].customer != first


def test_articles_of_the_shop_are_known_by_their_code():
    items = [
        {"direct_link_code": "1a2b", "variation_name": "Pro", "quantity": 2},
        {"direct_link_code": "3c4d", "variation_name": "", "quantity": 1},
    ]
    assert told(type="Shop Order", tier_name=None, shop_items=items).facts[0].lines == (
        Line(("1a2b:Pro", "1a2b"), "Pro"),
        Line(("3c4d",)),
    )


def test_a_payment_without_a_tier_is_known_by_its_kind():
    assert told(type="Donation", tier_name=None).facts[0].lines == (
        Line(("Donation",), "Donation"),
    )


@pytest.mark.parametrize(
    ("message", "username"),
    [
        ("TradingView: Trader_Joe", "Trader_Joe"),
        ("Thank you!\nmy tradingview name = joe\nBye", "joe"),
        ("Great work. Trading View username: joe-1.", "joe-1"),
        ("Tradingview: https://www.tradingview.com/u/Joe/", "https://www.tradingview.com/u/Joe/"),
        ("Trader_Joe", "Trader_Joe"),
        (" @joe ", "joe"),
        ("traderJoe", "traderJoe"),
        ("joe99", "joe99"),
        ("tradingview: joe, tradingview: ann", None),
        ("Thanks", None),
        ("Thank you", None),
        ("I love TradingView: great indicators there!", None),
        ("my name on tradingview is joe_99", None),
        ("joe_99 here", None),
        ("", None),
        (None, None),
        (5, None),
        ("x" * 600, None),
        ("a_" * 300, None),
    ],
)
def test_a_message_has_a_name_only_where_it_says_so(message, username):
    assert told(message=message).facts[1].username == username


def test_what_its_test_buttons_send_changes_nothing():
    assert told(from_name="Ko-fi Team").is_test


def test_a_payment_without_a_readable_time_is_refused():
    for changes in ({"timestamp": None}, {"timestamp": "soon"}, {"amount": "much"}):
        with pytest.raises(Refused):
            told(**changes)


def test_the_length_is_checked():
    assert KOFI.check_options({"length": "1 month"}) == {"length": "1M"}
    with pytest.raises(OptionInvalid):
        KOFI.check_options({"length": "soon"})
    with pytest.raises(OptionInvalid):
        KOFI.check_options({"tolerance": "1"})


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_anything_is_refused_or_read(data):
    body = data.draw(
        st.sampled_from([form(changed(MESSAGE, data)), changed_form(form(MESSAGE), data)])
    )
    refuse_or_read(KOFI, {}, body, SECRET)
