import json

import pytest

from bot.access.logins.cookies import LARGEST, digest, pack, read_cookies, read_file, unpack
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


ENTRIES = [
    {"domain": ".other.example", "name": "sessionid", "value": "strange", "path": "/"},
    {"domain": ".tradingview.com", "name": "device_t", "value": "x", "path": "/"},
    {"domain": ".tradingview.com", "name": "sessionid", "value": "abc123", "hostOnly": False},
    {"domain": ".tradingview.com", "name": "sessionid_sign", "value": "v3:QUJD/+=", "secure": True},
]
NETSCAPE = (
    "# Netscape HTTP Cookie File\n\n"
    "#HttpOnly_.other.example\tTRUE\t/\tTRUE\t1799999999\tsessionid\tstrange\n"
    ".tradingview.com\tTRUE\t/\tFALSE\t0\tdevice_t\tx\n"
    "#HttpOnly_.tradingview.com\tTRUE\t/\tTRUE\t1799999999\tsessionid\tabc123\n"
    "#HttpOnly_.tradingview.com\tTRUE\t/\tTRUE\t1799999999\tsessionid_sign\tv3:QUJD/+=\n"
)
EXPORTS = {
    "array": json.dumps(ENTRIES),
    "indented": json.dumps(ENTRIES, indent=4),
    "cookies": json.dumps({"url": "https://www.tradingview.com", "cookies": ENTRIES}),
    "network": json.dumps(
        {"Request Cookies": {"a": "b", "sessionid": "abc123", "sessionid_sign": "v3:QUJD/+="}}
    ),
    "values": json.dumps({"sessionid": {"value": "abc123"}, "sessionid_sign": {"value": "v3:QUJD/+="}}),
    "raw": json.dumps(
        [
            {"Host raw": f"https://.{site}/", "Name raw": name, "Content raw": value}
            for site, name, value in (
                ("other.example", "sessionid", "strange"),
                ("tradingview.com", "sessionid", "abc123"),
                ("tradingview.com", "sessionid_sign", "v3:QUJD/+="),
            )
        ]
    ),
    "curly": json.dumps(ENTRIES).replace('"', "”"),
    "storage": 'sessionid:"abc123"\nsessionid_sign:"v3:QUJD/+="\n',
    "netscape": NETSCAPE,
    "spaces": NETSCAPE.replace("\t", "    ").replace("\n", " "),
    "glued": NETSCAPE.partition("\n\n")[2].replace("\n", ""),
    "header": "Cookie: a=b; sessionid=abc123; c=d; sessionid_sign=v3:QUJD/+=",
    "object": "{“sessionid”: “abc123”, “sessionid_sign”: “v3:QUJD/+=”}",
}  # fmt: skip


@pytest.mark.parametrize("text", EXPORTS.values(), ids=EXPORTS)
def test_what_extensions_and_browsers_export_is_understood(text):
    assert read_cookies(text, None) == PAIR
    assert read_cookies(text, "") == PAIR
    assert read_file(text.encode()) == PAIR
    assert read_file(text.encode("utf-8-sig")) == PAIR
    assert read_file(text.encode("utf-16")) == PAIR


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ENTRIES[:2]),
        NETSCAPE.partition(".tradingview.com")[0],
        json.dumps(ENTRIES)[:-40].replace("sessionid_sign", "x"),
        "[" * 100_000,
        '{"sessionid": 5}',
        '{"sessionid": {"domain": "tradingview.com.evil.example", "value": "x"}}',
    ],
    ids=["another site", "another site's lines", "cut off", "deep", "number", "lookalike"],
)
def test_an_export_without_the_cookie_is_refused_and_not_repeated(text):
    with pytest.raises(CookiesUnreadable) as refused:
        read_cookies(text, None)
    assert refused.value.which == "sessionid"
    assert "strange" not in repr(refused.value) + str(refused.value)


@pytest.mark.parametrize("data", [b"x" * (LARGEST + 1), b"\xff\xfe\x00", b"\x89PNG\x80", b""])
def test_a_file_that_holds_no_cookies_is_refused(data):
    with pytest.raises(CookiesUnreadable):
        read_file(data)


@pytest.mark.parametrize(
    "part", ["[", " TRUE ", "sessionid ", "sessionid=", "\n", " TRUE / TRUE 1 sessionid ", "a", " "]
)
@pytest.mark.parametrize("before", ["", " TRUE / TRUE 1 sessionid ", "{"])
def test_no_file_keeps_the_reader_busy(part, before):
    data = (before + part * (LARGEST // len(part)))[:LARGEST].encode()
    with pytest.raises(CookiesUnreadable):
        read_file(data)
