"""Proxies as the settings say; this computer itself is never asked through one."""

import asyncio
import base64

import aiohttp
import pytest
from yarl import URL

from bot import outgoing, tradingview_accounts
from bot.outgoing import blocked_for, proxy_for
from bot.replies import explain
from bot.sandbox.tradingview import FakeTradingView
from bot.settings import Secret, Settings
from bot.tradingview.errors import Trouble, UpstreamTrouble
from bot.tradingview.signin import SignIn
from tests.support.certificates import self_signed
from tests.support.proxy import open_proxy, serving

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


@pytest.mark.parametrize("address", ["https://discord.test/api", "wss://discord.test/gateway"])
async def test_a_proxy_that_takes_a_connection_and_says_nothing_is_given_up(monkeypatch, address):
    monkeypatch.setattr(outgoing, "CONNECT_TIMEOUT", 0.05)

    async def nothing(reader, writer):
        await reader.read()

    async with serving(nothing) as port:
        settings = Settings(https_proxy=Secret(f"http://joe:s3cret@127.0.0.1:{port}"))
        async with outgoing.session(settings) as http:
            with pytest.raises(aiohttp.ConnectionTimeoutError) as failed:
                await (http.ws_connect(address) if "ws" in address else http.get(address))
    assert "s3cret" not in repr(failed.value)


async def test_a_certificate_of_tradingview_that_fails_is_said_for_what_it_is(tmp_path):
    context, _ = await asyncio.to_thread(self_signed, tmp_path, "localhost")

    async def nothing(reader, writer):
        pass

    async with serving(nothing, ssl=context) as port:
        settings = Settings(tradingview_url=f"https://localhost:{port}")
        async with outgoing.session(settings) as http:
            with pytest.raises(UpstreamTrouble) as failed:
                await tradingview_accounts.public(settings, http).hints("joe")
            assert failed.value.kind is Trouble.CERTIFICATE
            with pytest.raises(UpstreamTrouble) as failed:
                await SignIn(http, base=settings.tradingview_url).password("joe", "s3cret")
    assert failed.value.kind is Trouble.CERTIFICATE
    said = explain(failed.value).sentence
    assert "cannot be trusted" in said
    assert "`usher check`" in said


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
