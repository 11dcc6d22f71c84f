"""What holds for every payment provider; a good message of each comes from `sample` of its own test module."""

import inspect
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings, strategies as st
from multidict import CIMultiDict

from bot.access.rules.payments import Heading, Reading, Refused, Stored
from bot.access.rules.shop_links import with_token
from bot.access.sources.payments import OptionInvalid, names, provider

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def module_of(name):
    """Return the test module of a provider; one that has no sample yet is left out."""
    module = pytest.importorskip(f"tests.access.sources.payments.test_{name}", exc_type=ImportError)
    if not hasattr(module, "sample"):
        pytest.skip("its tests have no sample")
    return module


def sample_of(name):
    headers, body, secret = module_of(name).sample(NOW)
    return CIMultiDict(headers), body, secret


def stored(head, body):
    return Stored(head.event_id, head.kind, body, NOW)


def flipped(body, place):
    return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


def refusal(function, *arguments):
    """Return what a function gives, and why it refused; whatever else it raises comes through."""
    try:
        return function(*arguments), None
    except Refused as refused:
        return None, refused.why


def refuses_or_reads(payments, headers, body, secrets, options):
    """Let all three functions have it, and look at what they say."""
    _, why = refusal(payments.verify, headers, body, secrets, NOW, options)
    assert why is None or 0 < len(why) <= 100
    found, why = refusal(payments.head, headers, body, options)
    assert why is None or 0 < len(why) <= 100
    head = found or Heading("event", "kind")
    assert 0 < len(head.event_id) <= 200
    assert 0 < len(head.kind) <= 100
    (head.event_id + head.kind).encode()  # as a database would
    reading, why = refusal(payments.read, stored(head, body), options)
    assert isinstance(reading, Reading) if why is None else 0 < len(why) <= 100


@pytest.fixture(params=names())
def name(request):
    return request.param


def test_it_is_called_as_its_module_and_says_what_a_vendor_has_to_do(name):
    payments = provider(name)
    assert payments.name == name
    for sentence in (payments.label, payments.where, payments.secret, payments.name_field):
        assert sentence == sentence.strip()
    for sentence in (payments.where, payments.secret, payments.name_field):
        assert sentence[0].isupper()
        assert sentence.endswith((".", "?"))
        assert len(sentence) <= 600  # five of them stand in one message
    re.compile(payments.secret_pattern or "")


def test_the_functions_are_plain_ones(name):
    payments = provider(name)
    for function in (payments.verify, payments.head, payments.read):
        assert not inspect.iscoroutinefunction(function)


def test_a_good_message_is_taken_and_read_the_same_each_time(name):
    payments = provider(name)
    headers, body, secret = sample_of(name)
    payments.verify(headers, body, [secret], NOW, {})
    payments.verify(headers, body, ["another-secret-of-this-shop", secret], NOW, {})
    payments.verify(headers, body, [secret, "another-secret-of-this-shop"], NOW, {})
    head = payments.head(headers, body, {})
    assert head == payments.head(headers, body, {})
    assert head.event_id
    reading = payments.read(stored(head, body), {})
    assert reading == payments.read(stored(head, body), {})
    assert reading.facts


def test_header_names_have_any_case(name):
    payments = provider(name)
    headers, body, secret = sample_of(name)
    for change in (str.lower, str.upper):
        payments.verify(
            CIMultiDict({change(key): value for key, value in headers.items()}),
            body,
            [secret],
            NOW,
            {},
        )


@pytest.mark.parametrize(
    "secrets",
    [[], [""], ["  "], ["", ""], ["another-secret-of-this-shop"], ["whsec_"], ["v1,whsec_"]],
)
def test_without_the_secret_it_is_refused(name, secrets):
    payments = provider(name)
    headers, body, _ = sample_of(name)
    if any(secrets) and not payments.is_signed:
        pytest.skip("its secret is a part of the address")
    with pytest.raises(Refused):
        payments.verify(headers, body, secrets, NOW, {})


def test_one_flipped_bit_anywhere_is_refused(name):
    payments = provider(name)
    headers, body, secret = sample_of(name)
    if not payments.is_signed or secret.encode() in body:
        pytest.skip("it has a secret, but no signature")
    for place in range(0, len(body), max(1, len(body) // 50)):
        changed = flipped(body, place)
        with pytest.raises(Refused):
            payments.verify(headers, changed, [secret], NOW, {})
            # A sender that signs a part of the body alone leaves the rest to be refused as unreadable.
            payments.read(stored(payments.head(headers, changed, {}), changed), {})


def test_without_its_headers_it_is_refused(name):
    payments = provider(name)
    headers, body, secret = sample_of(name)
    if not headers:
        pytest.skip("it signs in the body")
    needed = 0
    for header in headers:
        others = CIMultiDict({key: value for key, value in headers.items() if key != header})
        try:
            payments.verify(others, body, [secret], NOW, {})
        except Refused:
            needed += 1
    assert needed or not payments.is_signed


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", ",", "=", "ü", "\udcff", "\0", "null", "-1", "a" * 8000, "9" * 400),
        *("v1", "v1,", "v1,=", "v1,%%%", "t=,v1=", "t=1760000000.9,v1=00", "sha256="),
        *("1760000000.9", "१७६०००००००"),
    ],
)
def test_a_malformed_header_is_refused(name, value):
    payments = provider(name)
    headers, body, secret = sample_of(name)
    for header in headers:
        changed = CIMultiDict({**headers, header: value})
        refuses_or_reads(payments, changed, body, [secret], {})
    if headers and payments.is_signed:
        with pytest.raises(Refused):
            payments.verify(CIMultiDict(dict.fromkeys(headers, value)), body, [secret], NOW, {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'"text"',
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"id": 1, "id": 2}',
        b'{"id": "\\ud800"}',
        b'{"id": NaN}',
        b'{"id": 1000000000000000000000000000000}',
        b'{"data": {"amount": 1e400}}',
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b"[" * 100_000,
        b"=",
        b"a=1&a=2",
        b"data=%ff",
    ],
    ids=range(18),
)
def test_a_body_that_two_readers_could_read_differently_is_none(name, body):
    payments = provider(name)
    headers, _, secret = sample_of(name)
    refuses_or_reads(payments, headers, body, [secret], {})
    with pytest.raises(Refused):
        payments.verify(headers, body, [secret], NOW, {})
        if payments.head(headers, body, {}) is None:
            raise Refused("a greeting, which is not stored")


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=10)
    | st.sampled_from(["paid", "refunded", "active", "2026-01-01T00:00:00Z", "2026-01-01", 10**29]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def _mutated(value, data):
    """Return the value with some parts replaced by anything."""
    if data.draw(st.integers(0, 9)) == 0:
        return data.draw(_JSON)
    if isinstance(value, dict):
        return {key: _mutated(inner, data) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mutated(inner, data) for inner in value]
    return value


@pytest.mark.parametrize("name", names())
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_junk_is_refused_or_read_and_nothing_else(name, data):
    payments = provider(name)
    headers, body, secret = sample_of(name)
    try:
        message = json.loads(body)
    except ValueError:
        junk = data.draw(st.binary(max_size=60))
        body = body[: len(body) // 2] + junk + body[len(body) // 2 :]
    else:
        body = json.dumps(_mutated(message, data)).encode()
    junk = st.text(st.characters(max_codepoint=0x2FF), max_size=30)
    changed = CIMultiDict({key: data.draw(st.just(value) | junk) for key, value in headers.items()})
    refuses_or_reads(payments, changed, body, [secret, data.draw(junk)], {})


def test_a_message_with_a_time_is_refused_when_it_is_old_or_ahead(name):
    payments = provider(name)
    headers, body, secret = sample_of(name)
    later, earlier = NOW + timedelta(hours=7), NOW - timedelta(hours=7)
    refused = 0
    for now in (later, earlier):
        try:
            payments.verify(headers, body, [secret], now, {})
        except Refused:
            refused += 1
    assert refused in (0, 2)  # both ways, or it has no time


def test_options_are_checked_and_checking_them_again_changes_nothing(name):
    check = provider(name).check_options
    if check is None:
        pytest.skip("it has none")
    assert check({}) == {}
    for junk in ({"tolerance": "soon"}, {"tolerance": True}, {"tolerance": -1}):
        with pytest.raises(OptionInvalid) as refused:
            check(junk)
        assert refused.value.name in junk
        assert refused.value.why.endswith(".")


def test_the_shop_link_takes_the_token_as_the_steps_say():
    offered = {provider(name).link_parameter for name in names()} - {None}
    links = ("https://buy.stripe.com/a", "https://x.lemonsqueezy.com/a", "https://x.gumroad.com/a")
    written = {
        unquote(urlsplit(with_token(link, "u-1")).query).removesuffix("=u-1") for link in links
    }
    assert written == offered
