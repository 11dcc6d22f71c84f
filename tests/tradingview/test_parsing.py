import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.tradingview import (
    LIFETIME,
    AccountFacts,
    Hint,
    Row,
    TradingViewError,
    Trouble,
    Uncertain,
    UpstreamTrouble,
    WriteResult,
    parsing,
)
from bot.tradingview.response_errors import Reply

BASE = "https://www.tradingview.com"
NEXT = "/pine_perm/list_users/?c=cD0yJm89LWNyZWF0ZWQ%3D"
ANN = {
    "id": 1001,
    "username": "Ann_Trades",
    "userpic": "",
    "expiration": "2026-11-30T23:59:59.999000+00:00",
    "created": "2026-10-01T08:15:00.123456+00:00",
}


def reply(body, status=200):
    return Reply(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def page(*rows, base=BASE, **more):
    return parsing.page(reply({"results": list(rows), **more}), base)


def end_of(row):
    return page(row).rows[0].end


def test_a_row_is_read_with_its_dates_in_utc():
    assert page(ANN, next=NEXT).rows == (
        Row(
            1001,
            "Ann_Trades",
            datetime(2026, 11, 30, 23, 59, 59, 999000, tzinfo=UTC),
            datetime(2026, 10, 1, 8, 15, 0, 123456, tzinfo=UTC),
        ),
    )
    other = end_of({**ANN, "expiration": "2026-12-01T01:00:00+02:00"})
    assert (other, other.tzinfo) == (datetime(2026, 11, 30, 23, tzinfo=UTC), UTC)


@pytest.mark.parametrize("expiration", [None, ""])
def test_null_and_empty_are_lifetime_on_the_wire(expiration):
    assert end_of({**ANN, "expiration": expiration}) is LIFETIME


def test_absent_is_lifetime_on_the_wire():
    assert end_of({key: value for key, value in ANN.items() if key != "expiration"}) is LIFETIME


@pytest.mark.parametrize(
    "expiration",
    [
        " ",
        "soon",
        "None",
        "null",
        "2026-11-30",
        "2026-11-30T23:59:59",
        "2026-13-30T23:59:59Z",
        "30/11/2026",
        0,
        1796083199,
        False,
        [],
        {},
        "9999-12-31T23:59:59-23:00",
    ],
)
def test_a_date_that_cannot_be_read_spoils_the_page_and_is_never_lifetime(expiration):
    with pytest.raises(UpstreamTrouble) as caught:
        page(ANN, {**ANN, "id": 2, "username": "bob", "expiration": expiration})
    assert caught.value.kind is Trouble.SHAPE
    assert caught.value.detail == "the date of bob"


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans()))
def test_whatever_stands_for_a_date_only_nothing_is_lifetime(expiration):
    try:
        end = end_of({**ANN, "expiration": expiration})
    except UpstreamTrouble:
        return
    assert (end is LIFETIME) == (expiration == "")


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_end_is_read_back_as_it_was_written(end):
    assert end_of({**ANN, "expiration": end.isoformat()}) == end


def test_a_strange_creation_date_does_not_spoil_the_page():
    assert page({**ANN, "created": "long ago"}).rows[0].created_at is None


@pytest.mark.parametrize("user_id", [None, "1001", True, 1.5, -1, 0, 2**63])
def test_what_is_no_id_is_no_id(user_id):
    assert page({**ANN, "id": user_id}).rows[0].user_id is None


@pytest.mark.parametrize(
    "row", [None, [], "ann", {}, {"username": ""}, {"username": 7}, {"username": "a\ud800"}]
)
def test_a_row_without_a_name_spoils_the_page(row):
    with pytest.raises(UpstreamTrouble):
        page(row)


def test_pictures_are_dropped():
    heavy = page({**ANN, "userpic": "data:image/png;base64," + "A" * 50_000}).rows[0]
    assert heavy == page(ANN).rows[0]


@pytest.mark.parametrize("more", [{}, {"next": None}, {"next": ""}])
def test_the_last_page_says_so_in_three_ways(more):
    assert page(ANN, **more).next_path is None


@pytest.mark.parametrize(
    ("next_", "path"),
    [
        (NEXT, NEXT),
        (BASE + NEXT, NEXT),
        ("http://www.tradingview.com" + NEXT, NEXT),
        ("/pine_perm/list_users/?c=a%2Fb+c%3d;~", "/pine_perm/list_users/?c=a%2Fb+c%3d;~"),
    ],
)
def test_next_is_kept_byte_for_byte(next_, path):
    assert page(next=next_).next_path == path


@pytest.mark.parametrize(
    "next_",
    [
        "https://evil.invalid" + NEXT,
        "https://www.tradingview.com@evil.invalid" + NEXT,
        "https://www.tradingview.com:8443" + NEXT,
        "https://www.tradingview.com:99999" + NEXT,
        "https://[" + NEXT,
        "//evil.invalid" + NEXT,
        "/pine_perm/remove/?c=x",
        "/pine_perm/list_users/../remove/?c=x",
        "https://www.tradingview.com",
        "?c=x",
        "/pine_perm/list_users/?c=a b",
        "/pine_perm/list_users/?c=a\r\nX: y",
        "/pine_perm/list_users/?c=ü",
        7,
        True,
        {},
    ],
)
def test_a_next_that_leads_elsewhere_is_not_followed(next_):
    with pytest.raises(UpstreamTrouble):
        page(ANN, next=next_)


@pytest.mark.parametrize(
    "body",
    [{}, [], None, {"results": None}, {"results": {}}, {"detail": "x"}, b"", b"{", b"[" * 99_999],
)
def test_an_unknown_form_is_trouble_and_never_an_empty_list(body):
    with pytest.raises(UpstreamTrouble) as caught:
        parsing.page(reply(body), BASE)
    assert caught.value.kind is Trouble.SHAPE


def test_a_row_whose_end_has_passed_is_not_live():
    row = page(ANN).rows[0]
    assert row.is_live(row.end - timedelta(seconds=1))
    assert not row.is_live(row.end)
    assert page({**ANN, "expiration": None}).rows[0].is_live(row.end)


def test_suggestions_keep_their_order_and_spelling():
    body = [
        {"id": 1001, "username": "Ann_Trades", "inactive": False},
        {"username": "ann_trades2", "inactive": True},
    ]
    assert parsing.hints(reply(body)) == [
        Hint("Ann_Trades", 1001, inactive=False),
        Hint("ann_trades2", None, inactive=True),
    ]
    assert parsing.hints(reply([])) == []


@pytest.mark.parametrize("body", [{}, {"results": []}, None, b"", [None], [{}], [["ann"]]])
def test_an_unknown_form_is_never_no_such_user(body):
    with pytest.raises(UpstreamTrouble):
        parsing.hints(reply(body))


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("shop_owner", "shop_owner"),
        ("https://www.tradingview.com/u/shop_owner/", "shop_owner"),
        ("https://www.tradingview.com/gopro/?share_your_love=shop_owner", "shop_owner"),
        ("https://www.tradingview.com/?aff_id=1&source=shop_owner", "shop_owner"),
        ("https://www.tradingview.com/?aff_id=1", None),
        ("https://www.tradingview.com/gopro/", None),
        ("https://[", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_the_account_is_named_where_that_is_told(link, name):
    assert parsing.account(reply({"coins": 0, "link": link})) == AccountFacts(name)


def test_a_living_login_may_tell_nothing():
    assert parsing.account(reply({})) == AccountFacts(None)


@pytest.mark.parametrize("body", [[], None, b"", "ok"])
def test_an_unknown_form_is_not_a_living_login(body):
    with pytest.raises(UpstreamTrouble):
        parsing.account(reply(body))


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(
    ("word", "answer"),
    [("ok", WriteResult.OK), ("exists", WriteResult.EXISTS), ("not_exists", WriteResult.ABSENT)],
)
def test_rule_10_three_words_are_known(status, word, answer):
    assert parsing.answer(reply({"status": word}, status)) is answer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ok!",
        b"null",
        {},
        [],
        "ok",
        {"status": None},
        {"status": "OK"},
        {"status": "exist"},
        {"status": ["ok"]},
        {"ok": True},
        {"detail": "User does not exist"},
    ],
)
def test_rule_10_any_other_word_is_uncertain(body):
    with pytest.raises(Uncertain) as caught:
        parsing.answer(reply(body))
    assert caught.value.kind is Trouble.SHAPE


@given(st.binary(max_size=300), st.sampled_from([parsing.hints, parsing.account, parsing.answer]))
def test_no_body_breaks_the_readers(body, read):
    with contextlib.suppress(TradingViewError):
        read(reply(body))
