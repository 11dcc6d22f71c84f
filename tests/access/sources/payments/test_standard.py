"""Standard Webhooks: signed as the specification says, by each derivation of the key."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.access.rules.payments import Heading, Payment, Refused, Stored
from bot.access.sources.payments import OptionInvalid
from bot.access.sources.payments.shared.signatures import digest
from bot.access.sources.payments.standard import check_options, head, read, verify

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
BODY = b'{"type":"membership.activated","data":{"id":"mem_1"}}'
SENT = 1760000000
NOW = datetime.fromtimestamp(SENT, UTC)
HEADERS = {
    "webhook-id": "msg_1",
    "webhook-timestamp": str(SENT),
    "webhook-signature": "v1,Fd1g5MqA2cPL+LLXITdrtAbtoYMvV4acyv9oCJ5C0AY=",
}
KEY = bytes(range(32))
MESSAGE = {
    "id": "m1",
    "type": "paid",
    "timestamp": "2026-01-01T00:00:00Z",
    "data": {
        "order": "A-1",
        "product": "gold",
        "username": "Trader_Joe",
        "discord_id": "781784956044574751",
        "email": "a@example.org",
        "until": "2026-02-01T00:00:00Z",
    },
}


def signed(body, key, sent, event_id="msg_1"):
    signature = base64.b64encode(digest(key, f"{event_id}.{sent}.".encode() + body)).decode()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(sent),
        "webhook-signature": f"v1,{signature}",
    }


def sample(now):
    body = json.dumps(MESSAGE).encode()
    return signed(body, KEY, int(now.timestamp())), body, SECRET


def refused(headers, body=BODY, secrets=(SECRET,), now=NOW, options=None):
    with pytest.raises(Refused) as caught:
        verify(headers, body, secrets, now, options or {})
    return caught.value.why


def test_the_vector():
    verify(HEADERS, BODY, [SECRET], NOW, {})


def test_the_names_of_its_first_sender_do_too():
    verify(
        {key.replace("webhook", "svix"): value for key, value in HEADERS.items()},
        BODY,
        [SECRET],
        NOW,
        {},
    )


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        (SECRET, SECRET.encode()),  # some sign with the text as it stands
        (SECRET.removeprefix("whsec_"), KEY),
        (f"v1,{SECRET}", KEY),
        (f"  {SECRET}\n", KEY),
        ("a plain one, of no form", b"a plain one, of no form"),
    ],
)
def test_each_form_of_the_secret(secret, key):
    verify(signed(BODY, key, SENT), BODY, [secret], NOW, {})


@pytest.mark.parametrize("secret", ["whsec_", "v1,whsec_", "", "whsec_QQ==", "QQ=="])
def test_no_secret_is_so_short_that_anybody_has_it(secret):
    for key in (b"", b"A"):
        refused(signed(BODY, key, SENT), secrets=[secret])


@pytest.mark.parametrize("away", [-301, 301, 86_400, -86_400])
def test_another_time_is_refused(away):
    assert refused(HEADERS, now=NOW + timedelta(seconds=away)) == "the time is another one"


def test_the_time_may_differ_by_what_its_vendor_set():
    for away in (-300, 300):
        verify(HEADERS, BODY, [SECRET], NOW + timedelta(seconds=away), {})
    verify(HEADERS, BODY, [SECRET], NOW + timedelta(seconds=900), {"tolerance": 900})
    refused(HEADERS, now=NOW + timedelta(seconds=61), options={"tolerance": 60})


@pytest.mark.parametrize(
    "sent", ["1760000000.9", "", "-1", "+1760000000", " ", "1e9", "१७६०००००००", "9" * 13]
)
def test_a_time_of_another_form_is_refused(sent):
    refused({**signed(BODY, KEY, sent)})


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v1",
        "v1,",
        "v1,%%%%",
        "v1,Fd1g5MqA2cPL+LLXITdrtAbtoYMvV4acyv9oCJ5C0A",  # the padding is gone
        "v1,Fd1g5MqA2cPL+LLXITdr!tAbtoYMvV4acyv9oCJ5C0AY=",  # a foreign character
        "v1,ümlaut",
        "v1,\udcff",
        "Fd1g5MqA2cPL+LLXITdrtAbtoYMvV4acyv9oCJ5C0AY=",  # no comma
        "v1a,Fd1g5MqA2cPL+LLXITdrtAbtoYMvV4acyv9oCJ5C0AY=",
        "v2,Fd1g5MqA2cPL+LLXITdrtAbtoYMvV4acyv9oCJ5C0AY=",
        "v1=Fd1g5MqA2cPL+LLXITdrtAbtoYMvV4acyv9oCJ5C0AY=",
    ],
)
def test_a_signature_of_another_form_is_refused(signature):
    refused({**HEADERS, "webhook-signature": signature})


def test_one_match_among_several_is_enough():
    good = HEADERS["webhook-signature"]
    for several in (
        f"v2,x v1a,y v1,AAAA {good}",
        f"{good} v9,z",
        f"v1,AAAA, {good}",
        f"no-comma {good}",
    ):
        verify({**HEADERS, "webhook-signature": several}, BODY, [SECRET], NOW, {})


def test_several_secrets_while_one_is_changed():
    verify(HEADERS, BODY, ["whsec_b3RoZXIgc2VjcmV0IG9mIGEgc2hvcA==", SECRET], NOW, {})
    assert (
        refused(HEADERS, secrets=["whsec_b3RoZXIgc2VjcmV0IG9mIGEgc2hvcA=="])
        == "the signature is another one"
    )
    assert refused(HEADERS, secrets=[]) == "no secret is set"


@pytest.mark.parametrize("name", HEADERS)
def test_each_header_is_needed_and_signed(name):
    assert "missing" in refused({key: value for key, value in HEADERS.items() if key != name})
    refused({**HEADERS, name: HEADERS[name][:-1]})
    refused({**HEADERS, name: f"{HEADERS[name]}2"})


@pytest.mark.parametrize("place", range(len(BODY)))
def test_one_flipped_bit_is_refused(place):
    refused(HEADERS, BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :])


def test_the_id_of_the_header_names_the_message():
    assert head(HEADERS, b'{"id":"other","type":"paid"}', {}) == Heading("msg_1", "paid")
    assert head(HEADERS, b"{}", {}) == Heading("msg_1", "unknown")
    long = head({**HEADERS, "webhook-id": "x" * 500}, b"{}", {})
    assert len(long.event_id) == 64  # too long to keep: what only the same bytes have


def test_it_is_our_own_message():
    _, body, _ = sample(NOW)
    facts = read(Stored("m1", "paid", body, datetime(2026, 1, 1, 0, 1, tzinfo=UTC)), {}).facts
    assert isinstance(facts[0], Payment)


def test_its_options():
    assert check_options({"tolerance": "600", "paths": {"order": "order.id"}}) == {
        "tolerance": 600,
        "paths": {"order": "order.id"},
    }
    with pytest.raises(OptionInvalid):
        check_options({"header": "X-Signature"})


_HEADER = st.text(st.characters(max_codepoint=0x10FFFF, exclude_categories=()), max_size=40)


@given(
    headers=st.fixed_dictionaries(dict.fromkeys(HEADERS, _HEADER)),
    body=st.binary(max_size=60),
    secrets=st.lists(st.text(max_size=20), max_size=2),
)
def test_anything_else_is_refused_and_nothing_more(headers, body, secrets):
    with pytest.raises(Refused):
        verify(headers, body, secrets, NOW, {})
