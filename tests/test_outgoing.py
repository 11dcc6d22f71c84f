"""Proxies as the settings say; this computer itself is never asked through one."""

import base64

import pytest
from yarl import URL

from bot import outgoing
from bot.outgoing import blocked_for, proxy_for
from bot.sandbox.tradingview import FakeTradingView
from bot.settings import Secret, Settings
from tests.support.proxy import open_proxy

BOTH = Settings(
    https_proxy=Secret("http://secure.example:3128"), http_proxy=Secret("http://plain.example:3128")
)


@pytest.mark.parametrize(
    ("address", "proxy"),
    [
        ("https://discord.com/api", "secure.example"),
        ("wss://gateway.discord.gg", "secure.example"),
        ("http://discord.test/api", "plain.example"),
        ("ws://discord.test/gateway", "plain.example"),
        ("http://127.0.0.1:9000/api/v10", None),
        ("ws://localhost:9000/gateway", None),
        ("http://[::1]:9000", None),
    ],
)
def test_which_proxy_for_which_address(address, proxy):
    found = proxy_for(BOTH, URL(address))
    assert (None if found is None else found.host) == proxy


@pytest.mark.parametrize(
    ("excepted", "direct"),
    [("discord.com", True), (".discord.com", True), ("*", True), ("discord.com:443", True),
     ("tradingview.com", False), ("discord.com:8443", False)],
)  # fmt: skip
def test_hosts_that_are_reached_without_it(excepted, direct):
    settings = Settings(https_proxy=Secret("http://p:1"), no_proxy=excepted)
    assert (proxy_for(settings, URL("https://discord.com/api")) is None) is direct


def test_without_a_setting_there_is_none():
    assert proxy_for(Settings(), URL("https://discord.com")) is None


async def test_tradingview_goes_through_it_with_its_login():
    fake = FakeTradingView()
    await fake.start()
    login = "Basic " + base64.b64encode(b"joe:s3cret pass").decode()
    try:
        async with open_proxy({"tv.test": URL(fake.url).port}, login) as proxy:
            address = URL(proxy.url).with_user("joe").with_password("s3cret pass")
            settings = Settings(http_proxy=Secret(str(address)))
            async with (
                outgoing.session(settings) as http,
                http.get("http://tv.test/username_hint/?s=joe") as response,
            ):
                assert response.status == 200
            assert proxy.asked == [("GET", "http://tv.test/username_hint/?s=joe")]
    finally:
        await fake.close()


def test_the_password_of_a_proxy_is_a_secret():
    settings = Settings(https_proxy=Secret("http://joe:s3cret@p:1"))
    assert "s3cret" in settings.secrets
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "82721", "Content-Type": "text/html"}, 82721),
        (429, {"Retry-After": "3", "Content-Type": "application/json", "Via": "1.1 google"}, None),
        (429, {"Content-Type": "text/html"}, None),
        (429, {"Retry-After": "soon"}, None),
        (403, {"Retry-After": "60", "Content-Type": "text/html"}, None),
    ],
)
def test_what_counts_as_a_block(status, headers, seconds):
    assert blocked_for(status, headers) == seconds
