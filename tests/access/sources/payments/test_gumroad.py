"""Gumroad: the secret of the address, the pings, and the question to its API whether a sale is true."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings, strategies as st

from bot.access.rules.payments import (
    Buyer,
    Dispute,
    DisputeState,
    Line,
    Payment,
    Refund,
    Refused,
    Snapshot,
    Status,
)
from bot.access.sources.payments import ADDRESS_SECRET, provider
from tests.support.payment_messages import (
    NOW,
    changed_form,
    of_kind,
    reading,
    refuse_malformed,
    refuse_or_read,
    stored,
)

GUMROAD = provider("gumroad")
SIGNS_BODY = False
SECRET = "a-long-random-text-1234"
SOLD = datetime(2026, 1, 1, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)
SALE = {
    "resource_name": "sale",
    "sale_id": "s1==",
    "sale_timestamp": "2026-01-01T00:00:00Z",
    "order_number": "123",
    "seller_id": "seller==",
    "product_id": "prod==",
    "product_name": "Scripts",
    "permalink": "gold",
    "email": "a@example.org",
    "price": "2900",
    "currency": "usd",
    "variants[Tier]": "Pro",
    "custom_fields[TradingView username]": " Trader_Joe ",
    "TradingView username": " Trader_Joe ",
    "url_params[usher]": "u-7f3a",
    "license_key": "85DB562A-C11D4B06-A2335A6B-8C079166",
    "refunded": "false",
    "disputed": "false",
    "dispute_won": "false",
    "is_recurring_charge": "false",
}
MEMBER = {"subscription_id": "sub==", "recurrence": "monthly"}
LINE = Line(("prod==:Pro", "prod==", "gold"), "Scripts · Pro")
ENDING = {
    "resource_name": "cancellation",
    "subscription_id": "sub==",
    "product_id": "prod==",
    "user_email": "a@example.org",
    "cancelled_at": "2026-01-10T00:00:00Z",
}


def form(fields, **changes):
    told = {name: value for name, value in {**fields, **changes}.items() if value is not None}
    return urlencode(told).encode()


def sample(_):
    return {ADDRESS_SECRET: SECRET}, form(SALE), SECRET


def facts(fields=SALE, at=NOW, **changes):
    return reading(GUMROAD, {}, form(fields, **changes), at=at).facts


def answer(name, **told):
    return json.dumps({"success": True, name: told}).encode()


def test_the_secret_of_the_address_vouches_and_no_other():
    headers, body, secret = sample(NOW)
    GUMROAD.verify(headers, body, [secret], NOW, {})
    GUMROAD.verify({"address-secret": secret}, body, ["an-older-secret", secret], NOW, {})
    for secrets in ([], [""], ["an-older-secret"], [secret + "x"], [secret[:-1]]):
        with pytest.raises(Refused):
            GUMROAD.verify(headers, body, secrets, NOW, {})
    refuse_malformed(GUMROAD, sample(NOW), ADDRESS_SECRET)
    assert not GUMROAD.is_signed


def test_another_sellers_sale_is_refused():
    headers, body, secret = sample(NOW)
    GUMROAD.verify(headers, body, [secret], NOW, {"seller_id": "seller=="})
    for changes in ({"seller_id": "other=="}, {"seller_id": None}):
        with pytest.raises(Refused):
            GUMROAD.verify(headers, form(SALE, **changes), [secret], NOW, {"seller_id": "seller=="})
    checked = GUMROAD.check_options({"seller_id": " seller== ", "name_field": ""})
    assert checked == {"seller_id": "seller=="}


def test_a_copy_that_counts_its_tries_has_the_same_id():
    for fields in (SALE, ENDING):
        first = stored(GUMROAD, {}, form(fields))
        assert stored(GUMROAD, {}, form(fields, retry_count="1")).event_id == first.event_id
    ids = {
        stored(GUMROAD, {}, form(SALE, **changes)).event_id
        for changes in (
            {},
            {"sale_id": "s2=="},
            {"resource_name": "refund"},
            {"refunded": "true"},
            {"disputed": "true"},
            {"disputed": "true", "dispute_won": "true"},
        )
    }
    assert len(ids) == 6
    again = stored(GUMROAD, {}, form(ENDING, cancelled_at="2026-01-11T00:00:00Z"))
    assert again.event_id != stored(GUMROAD, {}, form(ENDING)).event_id


def test_the_plain_ping_names_no_resource_and_is_a_sale():
    assert stored(GUMROAD, {}, form(SALE, resource_name=None)).kind == "sale"


def test_a_sale_is_one_payment():
    assert facts() == (
        Payment(
            "sale:s1==",
            "sale:s1==",
            SOLD,
            (LINE,),
            amount=Decimal(2900),
            currency="usd",
        ),
        Buyer(
            contract="sale:s1==",
            token="u-7f3a",
            username="Trader_Joe",
            email="a@example.org",
            claim_codes=("85DB562A-C11D4B06-A2335A6B-8C079166",),
        ),
    )


@pytest.mark.parametrize(
    ("recurrence", "ends_at"),
    [
        ("monthly", FEBRUARY),
        ("quarterly", datetime(2026, 4, 1, tzinfo=UTC)),
        ("biannually", datetime(2026, 7, 1, tzinfo=UTC)),
        ("yearly", datetime(2027, 1, 1, tzinfo=UTC)),
        ("every_two_years", datetime(2028, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_membership_is_paid_for_its_recurrence(recurrence, ends_at):
    told = facts(**{**MEMBER, "recurrence": recurrence})
    [payment], [snapshot] = of_kind(Payment, told), of_kind(Snapshot, told)
    assert (payment.contract, payment.ends_at) == ("subscription:sub==", ends_at)
    assert snapshot == Snapshot(
        "subscription:sub==", SOLD, Status.ACTIVE, renews=True, ends_at=ends_at
    )


def test_a_month_from_the_31st_ends_with_february():
    told = facts(**MEMBER, sale_timestamp="2026-01-31T00:00:00Z")
    assert of_kind(Payment, told)[0].ends_at == datetime(2026, 2, 28, tzinfo=UTC)


def test_a_recurrence_that_nobody_knows_is_refused():
    for changes in ({"recurrence": "hourly"}, {"sale_timestamp": "soon"}, {"sale_timestamp": None}):
        with pytest.raises(Refused):
            facts(**{**MEMBER, **changes})


def test_a_refund_by_the_flag_is_full_and_one_without_it_is_partial():
    for kind in ("refund", "sale"):
        told = facts(resource_name=kind, refunded="true")
        assert of_kind(Refund, told) == [
            Refund("refund:sale:s1==", "sale:s1==", NOW, is_full=True, contract="sale:s1==")
        ]
        assert of_kind(Payment, told) == of_kind(Payment, facts())  # it is told once more
    [part] = of_kind(Refund, facts(resource_name="refund"))
    assert (part.is_full, part.amount) == (False, None)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"resource_name": "dispute"}, DisputeState.OPEN),
        ({"disputed": "true"}, DisputeState.OPEN),
        ({"disputed": "true", "dispute_won": "true"}, DisputeState.WON),
        ({"resource_name": "dispute_won"}, DisputeState.WON),
    ],
)
def test_a_dispute_is_open_until_it_is_won(changes, state):
    [dispute] = of_kind(Dispute, facts(**changes))
    assert dispute == Dispute("dispute:sale:s1==", "sale:s1==", NOW, state, "sale:s1==")


def test_a_cancelled_membership_goes_on_until_its_paid_end():
    at = datetime(2026, 1, 10, tzinfo=UTC)
    assert facts(ENDING) == (
        Snapshot("subscription:sub==", at, Status.ACTIVE, renews=False, rank=1, ends_at=at),
    )
    # A moment to come is when it ends, not when it was said.
    [snapshot] = facts(ENDING, cancelled_at="2026-02-01T00:00:00Z")
    assert (snapshot.at, snapshot.ends_at) == (NOW, FEBRUARY)
    [unpaid] = facts(ENDING, cancelled_due_to_payment_failures="true")
    assert unpaid.status is Status.UNPAID


def test_an_ended_membership_is_over_and_one_that_began_again_renews():
    [ended] = facts(ENDING, resource_name="subscription_ended", ended_at="2026-01-11T00:00:00Z")
    assert (ended.status, ended.rank) == (Status.ENDED, 2)
    [again] = facts(
        ENDING, resource_name="subscription_restarted", restarted_at="2026-01-12T00:00:00Z"
    )
    assert (again.status, again.renews, again.ends_at) == (Status.ACTIVE, True, None)
    assert again.at > ended.at
    [undated] = facts(ENDING, cancelled_at=None)
    assert undated.at == NOW


def test_a_plan_that_changes_says_nothing_before_it_is_paid():
    assert facts(ENDING, resource_name="subscription_updated") == ()


def test_a_sale_to_oneself_changes_nothing():
    assert reading(GUMROAD, {}, form(SALE, test="true")).is_test
    assert not reading(GUMROAD, {}, form(SALE)).is_test


def test_a_name_comes_from_the_fields_of_the_product_alone():
    [buyer] = of_kind(
        Buyer, facts(**{"custom_fields[TradingView username]": None, "custom_fields[usher]": "u-2"})
    )
    assert (buyer.username, buyer.token) == (None, "u-7f3a")
    body = form(SALE, **{"custom_fields[Handle]": "Ann"})
    [buyer] = of_kind(Buyer, reading(GUMROAD, {}, body, options={"name_field": "handle"}).facts)
    assert buyer.username == "Ann"


def test_with_a_key_the_sale_is_looked_up():
    check = GUMROAD.check(stored(GUMROAD, {}, form(SALE, refunded="true")), "key-1")
    assert check.url == "https://api.gumroad.com/v2/sales/s1%3D%3D"
    assert (check.form, check.api_key) == (None, "key-1")
    assert check.answer(200, answer("sale", id="s1==", refunded=True)) is True
    assert check.answer(200, answer("sale", id="s1==", refunded=False)) is False
    assert check.answer(200, answer("sale", id="s2==", refunded=True)) is False
    assert check.answer(404, b'{"success":false}') is False


def test_without_a_key_the_licence_is_looked_up_and_its_uses_are_not_counted():
    check = GUMROAD.check(stored(GUMROAD, {}, form(SALE)), None)
    assert check.url == "https://api.gumroad.com/v2/licenses/verify"
    assert check.api_key is None
    assert check.form == {
        "product_id": "prod==",
        "license_key": "85DB562A-C11D4B06-A2335A6B-8C079166",
        "increment_uses_count": "false",
    }
    assert check.answer(200, answer("purchase", product_id="prod==", refunded=False)) is True
    assert check.answer(200, answer("purchase", product_id="other")) is False
    assert check.answer(200, b'{"success":false}') is False


def test_of_a_renewal_the_licence_does_not_know_what_went_back():
    renewed = form(SALE, is_recurring_charge="true", refunded="true")
    check = GUMROAD.check(stored(GUMROAD, {}, renewed), None)
    assert check.answer(200, answer("purchase", product_id="prod==", refunded=False)) is True


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (401, b"{}"),
        (429, b""),
        (200, b""),
        (200, b"[]"),
        (200, b"[" * 99_999),
        (200, b"\xff"),
    ],
)
def test_an_answer_that_is_none_is_asked_again(status, body):
    assert GUMROAD.check(stored(GUMROAD, {}, form(SALE)), None).answer(status, body) is None


def test_what_cannot_be_looked_up_is_not():
    assert GUMROAD.check(stored(GUMROAD, {}, form(SALE, license_key=None)), None) is None
    assert GUMROAD.check(stored(GUMROAD, {}, form(ENDING)), "key-1") is None
    assert GUMROAD.takes_api_key


def test_no_key_is_in_a_repr():
    assert "key-1" not in repr(GUMROAD.check(stored(GUMROAD, {}, form(SALE)), "key-1"))
    assert "85DB562A" not in repr(GUMROAD.check(stored(GUMROAD, {}, form(SALE)), None))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), fields=st.sampled_from([SALE, {**SALE, **MEMBER}, ENDING]))
def test_anything_is_refused_or_read(data, fields):
    body = changed_form(form(fields), data)
    refuse_or_read(GUMROAD, {ADDRESS_SECRET: data.draw(st.text(max_size=40))}, body, SECRET)
    at = NOW + timedelta(days=1)
    if (head := read_head(body)) is not None:
        GUMROAD.check(stored(GUMROAD, {}, body, at), None)
        assert head.kind


def read_head(body):
    try:
        return GUMROAD.head({}, body, {})
    except Refused:
        return None
