"""What everybody sees of a user, read without a login (wire §11)."""

import pytest

from bot.tradingview import SlowDown, UpstreamTrouble
from bot.tradingview.parsing import profile
from bot.tradingview.response_errors import Reply
from bot.tradingview.wire import Purpose, headers, profile as asked_for, profile_elsewhere
from tests.tradingview.upstream import client_of

WWW = "https://www.tradingview.com"
LARGEST = 2 * 1024 * 1024


def page(body, status=200, *, complete=True):
    return Reply(status, {"content-type": "text/html"}, body, complete)


def test_the_text_of_the_page_in_whatever_form_and_as_far_as_it_came():
    assert profile(page(b"<p>hello</p>")) == "<p>hello</p>"
    assert profile(page(b'{"about":"hello"}', complete=False)) == '{"about":"hello"}'
    assert profile(page(b"\xff hello")) == "\ufffd hello"


def test_no_more_than_two_megabytes_are_looked_through():
    assert len(profile(page(b"x" * (LARGEST + 1)))) == LARGEST


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_not_there_is_an_answer(status):
    assert profile(page(b"<h1>Not Found</h1>", status)) is None


def test_it_is_asked_for_without_a_login():
    request = asked_for("Ann_Trades")
    assert (request.method, request.target) == ("GET", "/u/Ann_Trades/")
    assert request.purpose is Purpose.PROFILE
    assert request.purpose.is_public
    assert "Cookie" not in headers(WWW, request, None)


@pytest.mark.parametrize(
    "location",
    ["https://fr.tradingview.com/u/ann_trades/", "/u/Ann_Trades/", f"{WWW}/u/Ann_Trades"],
)
def test_the_same_page_on_a_language_host_is_followed(location):
    there = profile_elsewhere(location, WWW, "Ann_Trades")
    assert there.target.casefold().rstrip("/") == "/u/ann_trades"
    assert there.purpose is Purpose.PROFILE


@pytest.mark.parametrize(
    "location",
    [
        "",
        "/",
        "/u/Ann_New/",
        "/u/Ann_Trades/ideas/",
        "https://example.com/u/Ann_Trades/",
        "https://tradingview.com.example.com/u/Ann_Trades/",
        "http://169.254.169.254/u/Ann_Trades/",
        "https://[/u/Ann_Trades/",
    ],
)
def test_any_other_page_is_nobodys(location):
    assert profile_elsewhere(location, WWW, "Ann_Trades") is None


async def test_a_redirect_to_the_same_page_is_followed_once_and_no_other(upstream, tradingview):
    upstream.says(status=302, Location="/u/ann_trades/").says(b"<p>hello</p>")
    assert await tradingview.profile("Ann_Trades") == "<p>hello</p>"
    assert upstream.targets() == ["/u/Ann_Trades/", "/u/ann_trades/"]
    assert all("cookie" not in asked.headers for asked in upstream.asked)
    upstream.script[:] = []
    upstream.says(status=302, Location="/u/Ann_New/")
    assert await tradingview.profile("Ann_Trades") is None


async def test_a_page_that_is_not_there_is_none(upstream, tradingview):
    upstream.says(b"<h1>Not Found</h1>", status=404)
    assert await tradingview.profile("Ann_Trades") is None


@pytest.mark.parametrize(
    ("status", "error"), [(500, UpstreamTrouble), (403, UpstreamTrouble), (429, SlowDown)]
)
async def test_no_answer_is_not_an_empty_page(upstream, status, error):
    async with client_of(upstream.url) as tradingview:
        upstream.says(status=status)
        with pytest.raises(error):
            await tradingview.profile("Ann_Trades")
