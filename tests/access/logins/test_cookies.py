import pytest

from bot.access.logins.cookies import digest, pack, read_cookies, unpack
from bot.access.logins.errors import CookiesUnreadable
from bot.tradingview.models import Cookies

PAIR = Cookies("abc123", "v3:QUJD/+=")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("abc123", "v3:QUJD/+="),
        (" abc123 \n", '"v3:QUJD/+="'),
        ("sessionid=abc123;", "sessionid_sign=v3:QUJD/+=;"),
        ("foo=1; sessionid=abc123; sessionid_sign=v3:QUJD/+=; bar=2", ""),
        ("Cookie: sessionid_sign=v3:QUJD/+=; sessionid=abc123", None),
        ('"sessionid": "abc123"', "v3:QUJD/+="),
    ],
)
def test_the_pair_is_understood_however_it_was_copied(first, second):
    assert read_cookies(first, second) == PAIR


@pytest.mark.parametrize("second", [None, "", "  "])
def test_the_sign_may_be_left_out(second):
    assert read_cookies("abc123", second) == Cookies("abc123", None)


@pytest.mark.parametrize(
    ("first", "second", "which"),
    [
        ("", "v3:x", "sessionid"),
        ("v3:QUJD", "abc123", "sessionid"),  # the wrong way round
        ("two words", None, "sessionid"),
        ("käse", None, "sessionid"),
        ("a" * 501, None, "sessionid"),
        ("😀", None, "sessionid"),
        ("abc123", "abc123", "sessionid_sign"),
        ("abc123", "v3:x y", "sessionid_sign"),
    ],
)
def test_what_cannot_be_a_cookie_is_named_and_not_repeated(first, second, which):
    with pytest.raises(CookiesUnreadable) as refused:
        read_cookies(first, second)
    assert refused.value.which == which
    for text in (first, second):
        assert not text or text not in repr(refused.value)


@pytest.mark.parametrize("pair", [PAIR, Cookies("abc", None)])
def test_packed_and_unpacked(pair):
    assert unpack(pack(pair)) == pair


def test_different_pairs_have_different_digests():
    assert len({digest(pair) for pair in (PAIR, Cookies("abc123"), Cookies("abc124"))}) == 3
