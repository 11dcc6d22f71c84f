from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, strategies as st

from bot.tradingview import LIFETIME, Cookies, wire

PINE_ID = "PUB;" + "0a1b2c3d" * 4
COOKIES = Cookies("abcdefghijklmnop0123456789abcdef", "v3:abc+def/ghi=")
END = datetime(2026, 4, 10, 12, 0, 0, 123456, tzinfo=UTC)


def form(request):
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))


def test_a_grant_carries_name_script_and_end():
    request = wire.add(PINE_ID, "Ann_Trades", END)
    assert (request.method, request.target) == ("POST", "/pine_perm/add/")
    assert form(request) == {
        "pine_id": PINE_ID,
        "username_recip": "Ann_Trades",
        "expiration": "2026-04-10T12:00:00.123Z",
    }


def test_a_change_has_its_own_path_and_the_same_form():
    request = wire.modify(PINE_ID, "Ann_Trades", END)
    assert request.target == "/pine_perm/modify_user_expiration/"
    assert request.body == wire.add(PINE_ID, "Ann_Trades", END).body


def test_a_removal_carries_name_and_script():
    request = wire.remove(PINE_ID, "Ann_Trades")
    assert request.target == "/pine_perm/remove/"
    assert form(request) == {"pine_id": PINE_ID, "username_recip": "Ann_Trades"}


def test_only_lifetime_leaves_the_date_out():
    assert "expiration" not in form(wire.modify(PINE_ID, "ann", LIFETIME))


@pytest.mark.parametrize("build", [wire.add, wire.modify])
@pytest.mark.parametrize("end", [None, "", "lifetime", "2026-01-01T00:00:00Z", 0, False])
def test_a_missing_end_is_an_error_and_never_lifetime(build, end):
    with pytest.raises(TypeError):
        build(PINE_ID, "ann", end)


@pytest.mark.parametrize("build", [wire.add, wire.modify])
def test_an_end_without_a_zone_is_an_error(build):
    with pytest.raises(ValueError, match="time zone"):
        build(PINE_ID, "ann", datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("build", "given_"),
    [
        (wire.add, ("", "ann", LIFETIME)),
        (wire.modify, (PINE_ID, "", END)),
        (wire.remove, (PINE_ID, "")),
        (wire.listing, (PINE_ID, "")),
    ],
)
def test_an_empty_field_is_an_error(build, given_):
    with pytest.raises(ValueError, match="empty"):
        build(*given_)


@given(st.datetimes(timezones=st.just(UTC)))
def test_ends_are_cut_to_milliseconds_never_moved_forward(end):
    sent = datetime.fromisoformat(wire.format_end(end))
    assert timedelta(0) <= end - sent < timedelta(milliseconds=1)
    assert wire.format_end(sent) == wire.format_end(end)


def test_an_end_of_another_zone_is_sent_in_utc():
    end = datetime(2026, 4, 10, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert wire.format_end(end) == "2026-04-10T06:30:00.000Z"


@given(st.text(min_size=1), st.text(min_size=1))
def test_every_text_survives_the_encoding(pine_id, username):
    fields = form(wire.remove(pine_id, username))
    assert fields == {"pine_id": pine_id, "username_recip": username}


def test_semicolon_and_plus_are_encoded():
    assert wire.remove("PUB;a+b", "x").body == b"pine_id=PUB%3Ba%2Bb&username_recip=x"


def test_a_listing_asks_for_thirty_newest_first():
    request = wire.listing(PINE_ID)
    assert request.target == "/pine_perm/list_users/?order_by=-created&limit=30"
    assert form(request) == {"pine_id": PINE_ID}


def test_a_listing_without_a_limit_names_none():
    assert "limit" not in wire.listing(PINE_ID, "ann", limit=None).target
    assert form(wire.listing(PINE_ID, "ann")) == {"pine_id": PINE_ID, "username": "ann"}


def test_the_next_page_is_asked_for_byte_for_byte_with_the_same_form():
    request = wire.listing_next("/pine_perm/list_users/?c=a%3D%2B%2f;~", PINE_ID, "ann")
    assert request.target == "/pine_perm/list_users/?c=a%3D%2B%2f;~"
    assert form(request) == {"pine_id": PINE_ID, "username": "ann"}


def test_a_name_search_is_percent_encoded():
    assert wire.hints("a b&c+ü").target == "/username_hint/?s=a%20b%26c%2B%C3%BC"
    assert wire.hints("ann").method == "GET"


def test_the_whole_browser_set_is_sent():
    sent = wire.headers("https://www.tradingview.com", wire.remove(PINE_ID, "ann"), COOKIES)
    assert sent["Accept"] == "application/json, text/javascript, */*; q=0.01"
    assert sent["Content-Type"] == "application/x-www-form-urlencoded; charset=UTF-8"
    assert sent["X-Requested-With"] == "XMLHttpRequest"
    assert sent["X-Language"] == "en"
    assert sent["Origin"] == "https://www.tradingview.com"
    assert sent["Referer"] == "https://www.tradingview.com/"
    assert sent["User-Agent"].startswith("Mozilla/5.0 ")
    assert sent["Cookie"] == (
        "sessionid=abcdefghijklmnop0123456789abcdef; sessionid_sign=v3:abc+def/ghi="
    )
    assert not any("csrf" in name.lower() for name in sent)


def test_a_missing_sign_is_left_out():
    sent = wire.headers("http://127.0.0.1:9000", wire.account(), Cookies("abcdefgh"))
    assert sent["Cookie"] == "sessionid=abcdefgh"
    assert "Content-Type" not in sent


def test_a_name_search_never_carries_cookies():
    assert "Cookie" not in wire.headers("http://127.0.0.1:9000", wire.hints("ann"), COOKIES)


@pytest.mark.parametrize("value", ["", "a b", "a;b", "a\r\nX: y", "a,b", 'a"b', "ä"])
def test_what_would_break_the_header_is_no_cookie_and_is_not_repeated(value):
    for pair in ((value, None), ("abcdefgh", value)):
        with pytest.raises(ValueError, match="not a value of the cookie sessionid") as caught:
            Cookies(*pair)
        assert not value.strip() or value not in str(caught.value)


def test_cookies_show_nothing_of_themselves():
    shown = repr(COOKIES) + str(COOKIES) + f"{COOKIES}" + repr([COOKIES])
    assert "abcdef" not in shown
    assert "v3:" not in shown
