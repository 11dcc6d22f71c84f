"""Messages of shops in tests: stored, read, changed by a byte, and turned into anything."""

import contextlib
import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import strategies as st

from bot.access.rules.payments import Refused, Stored

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)

_ODD = st.sampled_from(
    ["", "0", "-1", "1e400", "9" * 29, "true", "2026-02-30", "9999-12-31T23:59:59+00:00", "ü\u2028"]
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**29), 10**29) | st.text(max_size=8) | _ODD,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


def stored(provider, headers, body, at=NOW, options=None):
    """Return the message as it is kept."""
    head = provider.head(headers, body, options or {})
    return Stored(head.event_id, head.kind, body, at)


def reading(provider, headers, body, at=NOW, options=None):
    """Return what the message says."""
    return provider.read(stored(provider, headers, body, at, options), options or {})


def of_kind(kind, facts):
    """Return the facts of that kind."""
    return [fact for fact in facts if isinstance(fact, kind)]


def vouch_only_for_these_bytes(provider, sample, options=None):
    """Let the secrets and the bytes of a good message have it, one by one."""
    headers, body, secret = sample
    options = options or {}
    provider.verify(headers, body, [secret], NOW, options)
    provider.verify(
        {key.upper(): each for key, each in headers.items()}, body, [secret], NOW, options
    )
    provider.verify(headers, body, ["an-older-secret", secret], NOW, options)
    for secrets in ([], [""], ["an-older-secret"], [secret + "x"], [secret[:-1]]):
        with pytest.raises(Refused):
            provider.verify(headers, body, secrets, NOW, options)
    if headers:
        for place in range(len(body)):
            flipped = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            with pytest.raises(Refused):
                provider.verify(headers, flipped, [secret], NOW, options)


def refuse_malformed(provider, sample, name, values=()):
    """Let that header be missing, cut, or of another form."""
    headers, body, secret = sample
    good = headers[name]
    for value in (
        "",
        " ",
        "é",
        "\udcff",
        "\0",
        good[:-1],
        good + "0",
        good[1:],
        "a" * 9_000,
        *values,
    ):
        with pytest.raises(Refused):
            provider.verify({**headers, name: value}, body, [secret], NOW, {})
    with pytest.raises(Refused):
        provider.verify({}, body, [secret], NOW, {})


def refuse_or_read(provider, headers, body, secret, options=None):
    """Let all functions have it: whatever they raise but Refused comes through."""
    options = options or {}
    with contextlib.suppress(Refused):
        provider.verify(headers, body, [secret], NOW, options)
    with contextlib.suppress(Refused):
        head = provider.head(headers, body, options)
        if head is not None:
            assert len(head.event_id) <= 200
            provider.read(Stored(head.event_id, head.kind, body, NOW), options)


def changed(message, data):
    """Return the message with some parts of it turned into anything, or left out."""
    what = data.draw(st.integers(0, 11))
    if what == 0:
        return data.draw(_ANYTHING)
    if isinstance(message, dict):
        names = [name for name in message if data.draw(st.integers(0, 11))]
        return {name: changed(message[name], data) for name in names}
    if isinstance(message, list):
        return [changed(entry, data) for entry in message]
    return message


def changed_json(body, data):
    """Return a JSON body with some parts of it turned into anything."""
    return json.dumps(changed(json.loads(body), data)).encode()


def changed_form(body, data):
    """Return a form with some fields of it turned into anything."""
    fields = changed(dict(parse_qsl(body.decode())), data)
    if not isinstance(fields, dict):
        return data.draw(st.binary(max_size=40))
    return urlencode(
        {name: str(value) for name, value in fields.items()}, errors="replace"
    ).encode()
