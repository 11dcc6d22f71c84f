"""Patreon: what it signs, and what its messages say of a member."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from bot.access.rules.payments import (
    Buyer,
    Dispute,
    DisputeState,
    Failure,
    Line,
    Payment,
    Refund,
    Refused,
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

PATREON = provider("patreon")
SECRET = "patreonsecret"
CHARGED, PAID_END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
KEY = "m1:2026-01-01T00:00:00+00:00"
ATTRIBUTES = {
    "patron_status": "active_patron",
    "last_charge_status": "Paid",
    "last_charge_date": "2026-01-01T00:00:00+00:00",
    "currently_entitled_amount_cents": 2900,
    "email": "a@example.org",
}
TIERS = {"data": [{"type": "tier", "id": "4"}]}
USER = {
    "type": "user",
    "id": "9",
    "attributes": {"social_connections": {"discord": {"user_id": "781784956044574751"}}},
}


def message(tiers="currently_entitled_tiers", included=(USER,), **changes):
    return json.dumps(
        {
            "data": {
                "type": "member",
                "id": "m1",
                "attributes": {**ATTRIBUTES, **changes},
                "relationships": {"user": {"data": {"type": "user", "id": "9"}}, tiers: TIERS},
            },
            "included": list(included),
        }
    ).encode()


def signed(body, event="members:pledge:create", secret=SECRET):
    digest = hmac.new(secret.encode(), body, hashlib.md5).hexdigest()
    return {"X-Patreon-Signature": digest, "X-Patreon-Event": event}


def sample(_):
    body = message()
    return signed(body), body, SECRET


def facts(event="members:update", at=NOW, **more):
    body = message(**more)
    return reading(PATREON, signed(body, event), body, at=at).facts


def test_the_vector_is_vouched_for():
    body = b'{"data":{"type":"member","id":"m1"}}'
    headers = {"X-Patreon-Signature": "a7ad917b71ced9fab03aaa058606c7c3"}
    PATREON.verify(headers, body, [SECRET], NOW, {})


def test_only_the_secrets_vouch_and_only_for_these_bytes():
    vouch_only_for_these_bytes(PATREON, sample(NOW))


def test_a_malformed_header_is_refused():
    refuse_malformed(PATREON, sample(NOW), "X-Patreon-Signature", ("zz" * 16,))
    body = message()
    for event in (
        "",
        "members",
        "members:",
        "members:update:" * 5,
        "Members:Update",
        "é:é",
        "a:b\0",
    ):
        with pytest.raises(Refused):
            PATREON.head({"X-Patreon-Event": event}, body, {})


def test_a_copy_has_the_same_id_and_another_event_has_another():
    body = message()
    ids = [stored(PATREON, signed(body, event), body).event_id for event in ("members:update",) * 2]
    assert ids[0] == ids[1]
    assert stored(PATREON, signed(body), body).event_id != ids[0]
    assert (
        stored(PATREON, signed(body), body + b" ").event_id
        != stored(PATREON, signed(body), body).event_id
    )


def test_a_paid_charge_pays_for_a_month_from_its_date():
    assert facts("members:pledge:create") == (
        Payment(
            KEY,
            "m1",
            CHARGED,
            (Line(("4",)),),
            starts_at=CHARGED,
            ends_at=PAID_END,
            amount=Decimal(2900),
        ),
        Snapshot(
            "m1", NOW, Status.ACTIVE, renews=True, rank=0, ends_at=PAID_END, customer="user:9"
        ),
        Buyer(
            contract="m1",
            customer="user:9",
            discord_id=781784956044574751,
            email="a@example.org",
        ),
    )


@pytest.mark.parametrize(
    ("changes", "ends_at"),
    [
        ({"next_charge_date": "2026-02-03T00:00:00+00:00"}, datetime(2026, 2, 3, tzinfo=UTC)),
        ({"next_charge_date": "2025-12-01T00:00:00+00:00"}, PAID_END),  # an older one says nothing
        ({"next_charge_date": None}, PAID_END),
        ({"pledge_cadence": 12}, datetime(2027, 1, 1, tzinfo=UTC)),
        ({"pledge_cadence": 0}, PAID_END),
        ({"last_charge_date": "2026-01-31T10:00:00Z"}, datetime(2026, 2, 28, 10, tzinfo=UTC)),
    ],
)
def test_the_paid_end_is_the_next_charge_or_a_calendar_month_on(changes, ends_at):
    assert of_kind(Payment, facts(**changes))[0].ends_at == ends_at


def test_the_tiers_stand_under_either_name_and_a_free_one_was_not_bought():
    tier = {"type": "tier", "id": "4", "attributes": {"title": "Gold", "amount_cents": 2900}}
    for name in ("currently_entitled_tiers", "currently_entitled_rewards"):
        told = facts(tiers=name, included=[tier, USER])
        assert of_kind(Payment, told)[0].lines == (Line(("4",), "Gold"),)
    free = {**tier, "attributes": {"title": "Free", "amount_cents": 0}}
    assert of_kind(Payment, facts(included=[free]))[0].lines == ()


def test_the_discord_id_is_that_of_the_member_alone():
    other = {**USER, "id": "8"}
    assert of_kind(Buyer, facts(included=[other]))[0].discord_id is None
    for connections in ({}, {"discord": None}, {"discord": {"user_id": "joe"}}, None):
        user = {**USER, "attributes": {"social_connections": connections}}
        assert of_kind(Buyer, facts(included=[user]))[0].discord_id is None


@pytest.mark.parametrize("status", ["Pending", "Deleted", "Other", "Declined", "Refunded", "Fraud"])
def test_only_a_paid_charge_pays(status):
    assert of_kind(Payment, facts(last_charge_status=status)) == []


def test_a_declined_charge_is_tried_again():
    told = facts(patron_status="declined_patron", last_charge_status="Declined")
    assert of_kind(Failure, told) == [Failure(KEY, "m1", CHARGED)]
    [snapshot] = of_kind(Snapshot, told)
    assert (snapshot.status, snapshot.renews) == (Status.PAST_DUE, False)


def test_a_charge_that_went_back_is_that_of_its_date():
    assert of_kind(Refund, facts(last_charge_status="Refunded")) == [
        Refund(f"refund:{KEY}", KEY, NOW, is_full=True, contract="m1")
    ]
    assert of_kind(Dispute, facts(last_charge_status="Fraud")) == [
        Dispute(f"fraud:{KEY}", KEY, NOW, DisputeState.LOST, contract="m1")
    ]


@pytest.mark.parametrize("standing", ["active_patron", "former_patron", None])
@pytest.mark.parametrize("event", ["members:pledge:delete", "members:delete"])
def test_who_leaves_keeps_the_paid_month(event, standing):
    told = facts(event, patron_status=standing)
    [snapshot] = of_kind(Snapshot, told)
    assert (snapshot.status, snapshot.renews, snapshot.ends_at) == (Status.ACTIVE, False, PAID_END)
    assert of_kind(Payment, told)[0].ends_at == PAID_END
    [later] = of_kind(Snapshot, facts(event, at=PAID_END, patron_status=standing))
    assert later.status is Status.ENDED


def test_who_left_is_no_longer_told_what_it_was_for():
    assert of_kind(Payment, facts("members:pledge:delete", tiers="other")) == []


@pytest.mark.parametrize("event", ["members:create", "members:update", "members:delete"])
def test_who_follows_for_free_is_nobodys_buyer(event):
    assert facts(event, patron_status=None, last_charge_status=None, last_charge_date=None) == ()


def test_another_event_says_nothing():
    assert facts("posts:publish") == ()


def test_a_date_that_is_not_readable_is_refused():
    for written in ("soon", "9999-12-31T00:00:00Z", 5):
        with pytest.raises(Refused):
            facts(last_charge_date=written)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), event=st.sampled_from(["members:update", "members:pledge:delete", "x:y"]))
def test_anything_is_refused_or_read(data, event):
    body = changed_json(message(), data)
    headers = {"X-Patreon-Signature": data.draw(st.text(max_size=40)), "X-Patreon-Event": event}
    refuse_or_read(PATREON, headers, body, SECRET)
