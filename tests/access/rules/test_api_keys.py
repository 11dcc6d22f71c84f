"""Keys as they are written: what is mistyped or foreign is known without a look-up."""

import pytest

from bot.access.rules.api_keys import digest_of, new_secret, read_key, written


def test_a_key_is_read_as_it_was_written():
    secret = new_secret()
    parts = read_key(written(12, secret))
    assert (parts.id, parts.secret) == (12, secret)
    assert secret not in repr(parts)


def test_a_secret_has_160_bits_and_more():
    assert 5 * len(new_secret()) >= 160
    assert len({new_secret() for _ in range(100)}) == 100


def test_every_slip_is_seen_by_the_checksum():
    text = written(7, new_secret())
    for place, sign in enumerate(text):
        for other in "a2z0_":
            if other != sign:
                assert read_key(text[:place] + other + text[place + 1 :]) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "usher_",
        "sk_live_abc",
        "usher_1_" + "a" * 48,
        "usher_01_x",
        "\ud800",
        "ü" * 60,
        "a" * 9_999,
    ],
)
def test_what_is_no_key_is_none(text):
    assert read_key(text) is None


def test_a_digest_needs_its_key():
    assert digest_of("a", "secret") != digest_of("b", "secret")
