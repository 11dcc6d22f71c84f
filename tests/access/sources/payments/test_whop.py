"""Whop: its signature, the three forms of its memberships, and what its payments and disputes say."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.access.rules.payments import (
    Buyer,
    Heading,
    Line,
    Payment,
    Reading,
    Refused,
    Snapshot,
    Status,
    Stored,
)
from bot.access.sources.payments import OptionInvalid
from bot.access.sources.payments.whop import check_options, head, read, verify
from tests.access.sources.payments.test_standard import signed

SECRET = "ws_0123456789abcdef"
BODY = b'{"type":"membership.activated","data":{"id":"mem_1"}}'
NOW = datetime.fromtimestamp(1760000000, UTC)
HEADERS = {
    "webhook-id": "msg_1",
    "webhook-timestamp": "1760000000",
    "webhook-signature": "v1,9GbGV9LNg9Zx7+gaBQ6lvX6J5mlJoA+ehMhSB6QJr1c=",
}
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
CAME = START + timedelta(seconds=5)
LEGACY = {
    "id": "msg_1",
    "api_version": "v1",
    "api_version_date": None,
    "timestamp": "2026-01-01T00:00:00.000Z",
    "type": "membership.activated",
    "company_id": "biz_1",
    "data": {
        "id": "mem_1",
        "status": "active",
        "user": {"id": "user_1", "username": "joe", "name": "Joe", "email": "a@example.org"},
        "member": {"id": "mber_1"},
        "product": {"id": "prod_1", "title": "Scripts"},
        "plan": {"id": "plan_1", "metadata": {}},
        "renewal_period_start": "2026-01-01T00:00:00.000Z",
        "renewal_period_end": "2026-02-01T00:00:00.000Z",
        "cancel_at_period_end": False,
        "canceled_at": None,
        "metadata": {},
        "license_key": None,
        "custom_field_responses": [
            {"id": "cfrp_1", "question": "TradingView username", "answer": "Trader_Joe"}
        ],
    },
}
DATED = {
    "id": "msg_2",
    "api_version": "v1",
    "api_version_date": "2026-09-29",
    "timestamp": "2026-02-01T01:00:00.000Z",
    "type": "membership.updated",
    "account_id": "biz_1",
    "data": {
        "id": "mem_1",
        "status": "past_due",
        "user_id": "user_1",
        "member_id": "mber_1",
        "product_id": "prod_1",
        "plan_id": "plan_1",
        "current_period_start": "2026-01-01T00:00:00.000Z",
        "current_period_end": "2026-02-01T00:00:00.000Z",
        "expires_at": None,
        "cancel_at_period_end": True,
        "canceled_at": "2026-01-20T00:00:00.000Z",
        "metadata": {"usher": "u-7f3a"},
        "updated_at": "2026-02-01T00:30:00.000Z",
    },
}
OLD = {
    "action": "membership.went_valid",
    "data": {
        "id": "mem_1",
        "status": "active",
        "valid": True,
        "email": "a@example.org",
        "discord": {"id": "781784956044574751", "username": "joe"},
        "user": {
            "id": "user_1",
            "social_accounts": [{"service": "discord", "id": "781784956044574751"}],
        },
        "product": {"id": "pass_1"},
        "plan": {"id": "plan_1"},
        "custom_fields_responses": {"TradingView username": "Trader_Joe"},
        "renewal_period_end": 1769904000,
        "expires_at": None,
        "cancel_at_period_end": False,
    },
}
PERIOD = "mem_1:2026-02-01T00:00:00.000000Z"
LINES = (Line(("plan_1", "prod_1"), "Scripts"),)


def sample(now):
    body = json.dumps(LEGACY).encode()
    return signed(body, SECRET.encode(), int(now.timestamp())), body, SECRET


def refused(headers, body=BODY, secrets=(SECRET,), now=NOW):
    with pytest.raises(Refused) as caught:
        verify(headers, body, secrets, now, {})
    return caught.value.why


def said(message, options=None, **changes):
    """Return what a message says whose data differ by that much."""
    message = message | {"data": message["data"] | changes}
    body = json.dumps(message).encode()
    return read(Stored("msg_1", "kind", body, CAME), options or {})


def told(kind, **data):
    message = {"type": kind, "timestamp": "2026-01-01T00:00:00.000Z", "data": data}
    return read(Stored("msg_1", kind, json.dumps(message).encode(), CAME), {}).facts


def only(facts, kind):
    return [fact for fact in facts if isinstance(fact, kind)]


def test_the_vector():
    verify(HEADERS, BODY, [SECRET], NOW, {})
    verify(HEADERS, BODY, ["ws_another", SECRET], NOW, {})


def test_a_secret_of_the_other_form_is_tried_both_ways():
    secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    for key in (secret.encode(), bytes(range(32))):
        verify(signed(BODY, key, 1760000000), BODY, [secret], NOW, {})


@pytest.mark.parametrize("away", [-301, 301])
def test_another_time_is_refused(away):
    assert refused(HEADERS, now=NOW + timedelta(seconds=away)) == "the time is another one"


@pytest.mark.parametrize("place", range(len(BODY)))
def test_one_flipped_bit_is_refused(place):
    refused(HEADERS, BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :])


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-timestamp": "1760000000.9"},
        {"webhook-timestamp": ""},
        {"webhook-signature": "9GbGV9LNg9Zx7+gaBQ6lvX6J5mlJoA+ehMhSB6QJr1c="},
        {"webhook-signature": "v1,9GbGV9LNg9Zx7+gaBQ6lvX6J5mlJoA+ehMhSB6QJr1c"},
        {"webhook-signature": "v1,ü"},
        {"webhook-signature": "v1,\udcff"},
        {"webhook-id": "msg_2"},
    ],
)
def test_a_malformed_header_is_refused(changes):
    refused(HEADERS | changes)


def test_no_secret_and_another_one():
    assert refused(HEADERS, secrets=[]) == "no secret is set"
    assert refused(HEADERS, secrets=["", " "]) == "no secret is set"
    assert refused(HEADERS, secrets=["ws_another"]) == "the signature is another one"


def test_an_old_webhook_is_refused_with_what_is_needed():
    assert "v1" in refused({"X-Whop-Signature": "t=1760000000,v1=00ff"})
    assert len(refused({"X-Whop-Signature": "00"})) <= 100


def test_the_id_of_the_header_names_the_message():
    assert head(HEADERS, BODY, {}) == Heading("msg_1", "membership.activated")
    assert head(HEADERS, json.dumps(OLD).encode(), {}).kind == "membership.activated"
    assert (
        head(HEADERS, b'{"action":"membership.went_invalid"}', {}).kind == "membership.deactivated"
    )
    assert head(HEADERS, b'{"action":7}', {}).kind == "7"


def test_the_legacy_form():
    assert said(LEGACY) == Reading(
        (
            Payment(PERIOD, "mem_1", START, LINES, starts_at=START, ends_at=END),
            Snapshot("mem_1", START, Status.ACTIVE, True, 1, END, LINES, "user_1"),
            Buyer(
                contract="mem_1",
                customer="user_1",
                username="Trader_Joe",
                email="a@example.org",
                rank=2,
                at=START,
            ),
        ),
        occurred_at=START,
    )


def test_the_dated_form_while_a_payment_is_late():
    changed = datetime(2026, 2, 1, 0, 30, tzinfo=UTC)
    lines = (Line(("plan_1", "prod_1")),)
    assert said(DATED) == Reading(
        (
            Snapshot("mem_1", changed, Status.PAST_DUE, False, 1, END, lines, "user_1"),
            Buyer(contract="mem_1", customer="user_1", token="u-7f3a", rank=1, at=changed),
        ),
        occurred_at=changed,
    )


def test_the_old_envelope():
    payment, snapshot, buyer = said(OLD).facts
    assert (payment.key, payment.ends_at, payment.at) == (PERIOD, END, CAME)
    assert payment.lines == (Line(("plan_1", "pass_1")),)
    assert (snapshot.status, snapshot.renews, snapshot.at) == (Status.ACTIVE, True, CAME)
    assert (buyer.username, buyer.discord_id) == ("Trader_Joe", 781784956044574751)
    assert buyer.email == "a@example.org"
    in_body = {"action": OLD["action"], "body": OLD["data"]}
    stored = Stored("msg_1", "kind", json.dumps(in_body).encode(), CAME)
    assert read(stored, {}).facts == said(OLD).facts


def test_an_update_repeats_what_the_activation_says():
    assert said(LEGACY | {"type": "membership.updated", "id": "msg_9"}) == said(LEGACY)
    once = said(LEGACY, updated_at="2026-01-01T00:00:03.000Z").facts
    late = said(
        LEGACY | {"type": "membership.updated", "timestamp": "2026-01-01T00:09:00.000Z"},
        updated_at="2026-01-01T00:00:03.000Z",
    ).facts
    assert once == late


def test_the_next_period_is_another_payment():
    payment = said(
        LEGACY,
        renewal_period_start="2026-02-01T00:00:00Z",
        renewal_period_end="2026-03-01T00:00:00Z",
    ).facts[0]
    assert payment.key == "mem_1:2026-03-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("status", "counts", "meant", "renews"),
    [
        ("active", True, Status.ACTIVE, True),
        ("trialing", True, Status.TRIAL, True),
        ("completed", True, Status.ACTIVE, False),
        ("canceling", True, Status.ACTIVE, False),
        ("past_due", False, Status.PAST_DUE, False),
        ("unresolved", False, Status.PAST_DUE, False),
        ("drafted", False, Status.PENDING, False),
        ("canceled", False, Status.ENDED, False),
        ("expired", False, Status.ENDED, False),
    ],
)
def test_each_status(status, counts, meant, renews):
    facts = said(LEGACY | {"type": "membership.updated"}, status=status).facts
    assert bool(only(facts, Payment)) is counts
    (snapshot,) = only(facts, Snapshot)
    assert (snapshot.status, snapshot.renews) == (meant, renews)
    assert snapshot.rank == (2 if meant is Status.ENDED else 1)


def test_a_planned_end_is_no_renewal():
    (snapshot,) = only(said(LEGACY, cancel_at_period_end=True).facts, Snapshot)
    assert (snapshot.status, snapshot.renews, snapshot.ends_at) == (Status.ACTIVE, False, END)


def test_a_fixed_end_goes_before_that_of_the_period():
    facts = said(
        DATED, status="active", expires_at="2026-01-15T00:00:00Z", cancel_at_period_end=False
    )
    payment, snapshot, _ = facts.facts
    assert payment.ends_at == snapshot.ends_at == datetime(2026, 1, 15, tzinfo=UTC)
    assert not snapshot.renews


@pytest.mark.parametrize("status", ["active", "completed"])
def test_a_purchase_without_an_end_is_a_sale_once(status):
    changes = {"status": status, "renewal_period_start": None, "renewal_period_end": None}
    facts = said(LEGACY, created_at="2025-12-31T23:59:00Z", **changes).facts
    (payment,) = only(facts, Payment)
    bought = datetime(2025, 12, 31, 23, 59, tzinfo=UTC)
    assert payment == Payment("mem_1", "mem_1", bought, LINES)
    (snapshot,) = only(facts, Snapshot)
    assert (snapshot.status, snapshot.renews) == (Status.ACTIVE, False)


def test_a_message_that_leaves_the_end_out_sells_nothing():
    data = {key: value for key, value in LEGACY["data"].items() if "period" not in key}
    stored = Stored("m", "k", json.dumps(LEGACY | {"data": data}).encode(), CAME)
    assert only(read(stored, {}).facts, Payment) == []


@pytest.mark.parametrize("end", ["soon", True, "2026-02-01T00:00:00", 10**29, -1, ["x"], ""])
def test_an_end_that_cannot_be_read_is_no_lack_of_one(end):
    for name in ("renewal_period_end", "expires_at", "current_period_end"):
        with pytest.raises(Refused, match="an end is not readable"):
            said(LEGACY, **{name: end})


def test_deactivated_is_over_whatever_its_status():
    for kind in (
        {"type": "membership.deactivated"},
        {"type": None, "action": "membership.went_invalid"},
    ):
        for status in ("active", "completed", "canceled", None, ["x"]):
            facts = said(LEGACY | kind, status=status).facts
            (snapshot,) = only(facts, Snapshot)
            assert (snapshot.status, snapshot.renews, snapshot.rank) == (Status.ENDED, False, 2)
            assert only(facts, Payment) == []


def test_activated_without_a_status_is_active():
    (snapshot,) = told("membership.activated", id="mem_1")
    assert snapshot == Snapshot("mem_1", START, Status.ACTIVE, False, rank=1)


@pytest.mark.parametrize("status", ["new_word", None, True, ["active"], {}])
def test_a_status_that_nobody_knows_is_told(status):
    with pytest.raises(Refused, match="no status that Usher knows"):
        said(DATED, status=status)


def test_what_usher_has_no_use_for_says_nothing():
    assert told("invoice.created", id="inv_1") == ()
    assert read(Stored("m", "k", b"{}", CAME), {}) == Reading(occurred_at=CAME)
    assert read(Stored("m", "k", b'{"type":["x"]}', CAME), {}).facts == ()


def test_its_options():
    assert check_options({"name_field": " Your name? ", "tolerance": "60"}) == {
        "name_field": "Your name?",
        "tolerance": 60,
    }
    with pytest.raises(OptionInvalid) as caught:
        check_options({"tolerance": "x"})
    assert caught.value.name == "tolerance"
