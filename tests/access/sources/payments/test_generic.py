"""Generic HMAC: every form that a vendor may set, and none without a signature."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.access.rules.payments import Heading, Payment, Refused, Stored
from bot.access.sources.payments import OptionInvalid
from bot.access.sources.payments.generic import PROVIDER, check_options, head, read, verify
from bot.access.sources.payments.shared.signatures import digest
from tests.access.sources.payments.test_standard import MESSAGE

SECRET = "topsecret"
BODY = b'{"order":"A-1"}'
SENT = 1760000000
NOW = datetime.fromtimestamp(SENT, UTC)
SHA256 = "a4b16ec618561836130b113a210aaf954aa2150cdf463e729534fc088773f9ba"
TIMED = "5546300db81fb8e24a74ab320c3a85c12ff9fdb40b7f95cbf35c62d06662f33b"
VECTORS = {
    "sha1": ("ad345f64c7f3e839b3794b5fbce7195ca9574a40", "rTRfZMfz6DmzeUtfvOcZXKlXSkA="),
    "sha256": (SHA256, "pLFuxhhWGDYTCxE6IQqvlUqiFQzfRj5ylTT8CIdz+bo="),
    "sha512": (
        (
            "61a68464c0038d19d68fa4dee01b8763f62b043f1163e53d9dfc62633c7b92f5"
            "f03640c19cda047cb99ef237c892f409f0f1445ec2c109416db59b3238d60fe5"
        ),
        "YaaEZMADjRnWj6Te4BuHY/YrBD8RY+U9nfxiYzx7kvXwNkDBnNoEfLme8jfIkvQJ8PFEXsLBCUFttZsyONYP5Q==",
    ),
}
IN_HEADER = {"template": "{t}.{body}", "timestamp": "header:X-Time"}
IN_PART = {"template": "{t}.{body}", "timestamp": "part:t", "prefix": "v1="}


def sample(now):
    body = json.dumps(MESSAGE).encode()
    return {"X-Signature": digest(b"another long secret", body).hex()}, body, "another long secret"


def taken(headers, body=BODY, secrets=(SECRET,), now=NOW, **options):
    kept = check_options(options)
    assert check_options(kept) == kept
    verify(headers, body, secrets, now, kept)


def refused(headers, body=BODY, secrets=(SECRET,), now=NOW, **options):
    with pytest.raises(Refused) as caught:
        verify(headers, body, secrets, now, check_options(options))
    return caught.value.why


@pytest.mark.parametrize("algorithm", VECTORS)
def test_the_vectors(algorithm):
    for encoding, signature in zip(("hex", "base64"), VECTORS[algorithm], strict=True):
        taken({"X-Signature": signature}, algorithm=algorithm, encoding=encoding)
        refused({"X-Signature": signature}, BODY + b" ", algorithm=algorithm, encoding=encoding)


def test_without_options_it_is_the_common_form():
    taken({"x-signature": SHA256})
    taken({"X-Signature": f" {SHA256.upper()} "})


def test_an_old_sender_may_use_md5():
    taken({"X-Signature": digest(b"topsecret", BODY, "md5").hex()}, algorithm="md5")


@pytest.mark.parametrize("prefix", ["sha256=", "v1=", "HMAC ", "v1,"])
def test_a_prefix(prefix):
    taken({"X-Hub": f"{prefix}{SHA256}"}, header="X-Hub", prefix=prefix)
    refused({"X-Hub": SHA256}, header="X-Hub", prefix=prefix)
    refused({"X-Hub": f"other={SHA256}"}, header="X-Hub", prefix=prefix)


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("hex", b"topsecret".hex()),
        ("base64", base64.b64encode(b"topsecret").decode()),
        ("utf8", SECRET),
    ],
)
def test_the_forms_of_a_secret(form, written):
    taken({"X-Signature": SHA256}, secrets=[f" {written}\n"], secret_form=form)
    empty = digest(b"", BODY).hex()
    for unreadable in ("", " ", "%%%" if form != "utf8" else "\n"):
        assert refused({"X-Signature": empty}, secrets=[unreadable], secret_form=form) == (
            "no secret is set"
        )


def test_a_time_in_a_header_of_its_own():
    headers = {"X-Signature": TIMED, "X-Time": str(SENT)}
    taken(headers, **IN_HEADER)
    refused({**headers, "X-Time": str(SENT + 1)}, **IN_HEADER)
    refused({"X-Signature": TIMED}, **IN_HEADER)


def test_a_time_beside_the_signature():
    signature = f"t={SENT},v1={TIMED}"
    taken({"X-Signature": signature}, **IN_PART)
    taken({"X-Signature": f"v1=00ff, v1={TIMED} ; t={SENT}; v0=x"}, **IN_PART)
    for other in (
        f"v1={TIMED}",
        f"t={SENT},t={SENT},v1={TIMED}",
        f"t={SENT}",
        f"t={SENT + 1},v1={TIMED}",
    ):
        refused({"X-Signature": other}, **IN_PART)


def test_a_time_in_milliseconds():
    sent = f"{SENT}123"
    signature = digest(b"topsecret", f"{sent}:".encode() + BODY).hex()
    headers = {"X-Signature": signature, "X-Time": sent}
    taken(headers, template="{t}:{body}", timestamp="header:X-Time")
    refused(
        headers,
        now=NOW + timedelta(hours=1),
        template="{t}:{body}",
        timestamp="header:X-Time",
    )


@pytest.mark.parametrize("away", [-301, 301])
def test_another_time_is_refused_unless_its_vendor_allows_it(away):
    headers, now = {"X-Signature": TIMED, "X-Time": str(SENT)}, NOW + timedelta(seconds=away)
    assert refused(headers, now=now, **IN_HEADER) == "the time is another one"
    taken(headers, now=now, tolerance=600, **IN_HEADER)


@pytest.mark.parametrize(
    "sent", ["1760000000.9", "", "-1", "1e9", "9" * 14, "१७६०००००००", "\udcff"]
)
def test_a_time_of_another_form_is_refused(sent):
    signature = digest(b"topsecret", f"{sent}.".encode(errors="replace") + BODY).hex()
    refused({"X-Signature": signature, "X-Time": sent}, **IN_HEADER)


def test_an_id_is_signed_and_names_the_message():
    options = {
        "template": "{id}.{t}.{body}",
        "timestamp": "header:X-Time",
        "id": "header:X-Id",
    }
    signature = digest(b"topsecret", f"e7.{SENT}.".encode() + BODY).hex()
    headers = {"X-Signature": signature, "X-Time": str(SENT), "X-Id": "e7"}
    taken(headers, **options)
    refused({**headers, "X-Id": "e8"}, **options)
    assert refused({**headers, "X-Id": ""}, **options) == "the id is missing"
    assert head(headers, b'{"id":"m1","type":"paid"}', options) == Heading("e7", "paid")


def test_the_id_of_the_body_else_what_only_the_same_bytes_have():
    assert head({}, b'{"id":"m1","type":"paid"}', {}) == Heading("m1", "paid")
    first, again, other = (head({}, body, {}) for body in (BODY, BODY, BODY + b" "))
    assert first == again != other
    assert first.kind == "unknown"
    assert head({}, b'{"event":{"no":7}}', {"paths": {"id": "event.no"}}).event_id == "7"
    for body in (b'{"id":true}', b'{"id":{}}', b'{"id":"%s"}' % (b"x" * 300)):
        assert len(head({}, body, {}).event_id) == 64


def test_pieces_around_the_body_are_signed_as_they_stand():
    signature = digest(b"topsecret", "é|".encode() + BODY + b"|end").hex()
    taken({"X-Signature": signature}, template="é|{body}|end")


def test_several_secrets_while_one_is_changed():
    taken({"X-Signature": SHA256}, secrets=["new secret", SECRET])
    assert (
        refused({"X-Signature": SHA256}, secrets=["new secret"]) == "the signature is another one"
    )
    assert refused({"X-Signature": SHA256}, secrets=[]) == "no secret is set"


@pytest.mark.parametrize(
    "signature",
    [
        "",
        " ",
        "0x" + SHA256,
        SHA256[:-1],
        SHA256[:-2],
        "ü" * 64,
        "\udcff",
        f"{SHA256[:2]} {SHA256[2:]}",
    ],
)
def test_a_signature_of_another_form_is_refused(signature):
    refused({"X-Signature": signature})
    refused({"X-Signature": signature}, encoding="base64")


@pytest.mark.parametrize("place", range(len(BODY)))
def test_one_flipped_bit_is_refused(place):
    refused({"X-Signature": SHA256}, BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :])


def test_it_is_our_own_message():
    facts = read(Stored("m1", "paid", json.dumps(MESSAGE).encode(), NOW), {}).facts
    assert isinstance(facts[0], Payment)


def test_options_that_are_as_always_are_not_kept():
    assert (
        check_options({"header": "X-Signature", "algorithm": "sha256", "prefix": "", "id": None})
        == {}
    )
    kept = {"header": "X-Hub", "prefix": "sha256=", "paths": {"order": "id"}, "tolerance": 60}
    assert check_options(kept) == kept


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"algorithm": "none"}, "algorithm"),
        ({"algorithm": "SHA256"}, "algorithm"),
        ({"encoding": "plain"}, "encoding"),
        ({"secret_form": "none"}, "secret_form"),
        ({"header": "X Signature"}, "header"),
        ({"header": "X-Signatüre"}, "header"),
        ({"header": "x" * 65}, "header"),
        ({"header": 1}, "header"),
        ({"header": True}, "header"),
        ({"prefix": "a\nb"}, "prefix"),
        ({"prefix": "x" * 101}, "prefix"),
        ({"template": "{t}"}, "template"),
        ({"template": "body"}, "template"),
        ({"template": "{body}{body}"}, "template"),
        ({"template": "{body}{url}"}, "template"),
        ({"template": "{body"}, "template"),
        ({"template": "{t}.{body}"}, "timestamp"),  # nobody says where it stands
        ({"template": "{id}.{body}"}, "id"),
        ({"timestamp": "header:X-Time"}, "timestamp"),  # it would not be signed
        ({"id": "header:X-Id"}, "id"),
        ({"template": "{t}.{body}", "timestamp": "query:t"}, "timestamp"),
        ({"template": "{t}.{body}", "timestamp": "header:"}, "timestamp"),
        ({"tolerance": "soon"}, "tolerance"),
        ({"paths": {"price": "x"}}, "paths"),
        ({"unsigned": "yes"}, "unsigned"),
    ],
)
def test_an_option_that_cannot_be_meant_so_is_refused_when_it_is_set(options, name):
    with pytest.raises(OptionInvalid) as caught:
        check_options(options)
    assert caught.value.name == name
    assert PROVIDER.check_options is check_options


_HEADER = st.text(st.characters(max_codepoint=0x10FFFF, exclude_categories=()), max_size=40)


@given(
    signature=_HEADER,
    sent=_HEADER,
    body=st.binary(max_size=60),
    options=st.sampled_from(
        [{}, IN_HEADER, IN_PART, {"encoding": "base64"}, {"secret_form": "hex"}]
    ),
    secrets=st.lists(st.text(max_size=20), max_size=2),
)
def test_anything_else_is_refused_and_nothing_more(signature, sent, body, options, secrets):
    with pytest.raises(Refused):
        verify({"X-Signature": signature, "X-Time": sent}, body, secrets, NOW, options)


_OPTION = st.none() | st.booleans() | st.integers() | st.text(max_size=12)


@given(
    st.dictionaries(
        st.sampled_from(
            ["header", "template", "timestamp", "id", "paths", "types", "tolerance", "prefix"]
        )
        | st.text(max_size=5),
        _OPTION
        | st.lists(_OPTION, max_size=2)
        | st.dictionaries(st.text(max_size=5), _OPTION, max_size=2),
        max_size=4,
    )
)
def test_options_are_kept_as_they_are_or_refused(options):
    try:
        kept = check_options(options)
    except OptionInvalid:
        return
    assert check_options(json.loads(json.dumps(kept))) == kept
