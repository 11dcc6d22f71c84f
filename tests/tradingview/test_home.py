"""Whose account it is, as the home page tells (wire §11)."""

import pytest

from bot.tradingview import SlowDown, UpstreamTrouble
from bot.tradingview.parsing import home_username
from bot.tradingview.response_errors import Reply
from bot.tradingview.wire import home_elsewhere
from tests.tradingview.upstream import client_of

WWW = "https://www.tradingview.com"
PAGE = b'<html class="is-authenticated">{"id":1,"username":"Vendor_One","auth_token":"x"}</html>'
OUT = b'<html class="is-not-authenticated">{"username":"Author","auth_token":""}</html>'


def page(body, *, complete=True):
    return Reply(200, {"content-type": "text/html"}, body, complete)


def test_the_name_beside_the_login():
    assert home_username(page(PAGE)) == "Vendor_One"


@pytest.mark.parametrize(
    "user",
    [
        b'{"username":"Vendor_One","auth_token":"x"}',
        b'{"auth_token":"x","badges":[{"a":{}}],"username":"Vendor_One"}',
        b'{"id":1,"username":"Vendor_One","plan":{"username":"other"},"auth_token":"x"}',
    ],
)
def test_somebody_elses_card_before_or_after_changes_nothing(user):
    card = b'<script>{"idea":{"author":{"username":"stranger"}}}</script>'
    body = b'<html class="is-authenticated">' + card + b"var user=" + user + b";" + card
    assert home_username(page(body)) == "Vendor_One"


@pytest.mark.parametrize(
    "body",
    [
        OUT,
        b"",
        b'<html>{"username":"Author_Of_An_Idea"}</html>',
        b'<html>{"auth_token":"x"}</html>',
        b'<html>{"username":"not a name","auth_token":"x"}</html>',
        b'<html>{"username":"\xff","auth_token":"x"}</html>',
        b'<html>{"author":{"username":"stranger"}}{"auth_token":"x"}</html>',
        b'<html>{"author":{"username":"stranger"},"auth_token":"x"}</html>',
        b'<html>{"username":"stranger","me":{"auth_token":"x"}}</html>',
        b'<html>{"username":"one","auth_token":"x"}{"username":"two","auth_token":"x"}</html>',
        b'<html>{"username":"Vendor_One","auth_token":""}</html>',
        b'<html>{"username":7,"auth_token":"x"}</html>',
        b"<html>" + b"{" * 100_000 + b'"username":"one","auth_token":"x"',
    ],
)
def test_a_page_that_is_not_ours_for_certain_names_nobody(body):
    assert home_username(page(body)) is None


def test_a_page_cut_short_names_nobody():
    assert home_username(page(PAGE, complete=False)) is None


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("https://fr.tradingview.com/", "https://fr.tradingview.com"),
        ("https://pt-br.tradingview.com", "https://pt-br.tradingview.com"),
        ("/markets/", WWW),
    ],
)
def test_a_language_host_may_be_asked(location, where):
    assert home_elsewhere(location, WWW).base == where


@pytest.mark.parametrize(
    "location",
    [
        "http://fr.tradingview.com/",
        "https://tradingview.com.evil.example/",
        "https://eviltradingview.com/",
        "https://evil.example/",
        "//evil.example/",
        "https://fr.tradingview.com@evil.example/",
        "https://fr.tradingview.com:444/",
        "https://a.b.tradingview.com/",
        "https://[/",
        "ftp://fr.tradingview.com/",
        "javascript:alert(1)",
    ],
)
def test_the_login_goes_to_nobody_else(location):
    assert home_elsewhere(location, WWW) is None


async def test_one_redirect_is_followed_and_no_loop(upstream, tradingview):
    upstream.says(status=302, Location="/fr/").says(PAGE)
    assert await tradingview.home_username() == "Vendor_One"
    assert upstream.targets() == ["/", "/fr/"]
    upstream.script[:] = []
    upstream.says(status=302, Location="/")
    assert await tradingview.home_username() is None
    assert len(upstream.targets()) == 4


async def test_trouble_is_trouble(upstream):
    async with client_of(upstream.url) as tradingview:
        upstream.says(status=503)
        with pytest.raises(UpstreamTrouble):
            await tradingview.home_username()
        upstream.script[:] = []
        upstream.says(status=429)
        with pytest.raises(SlowDown):
            await tradingview.home_username()
