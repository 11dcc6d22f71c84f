"""A running TradingView with one vendor, one script, and a plain HTTP client in front of it."""

from datetime import timedelta

import aiohttp
import pytest

from bot.sandbox.tradingview import FakeTradingView
from tests.support.fake_time import START, FakeTime

PINE = "PUB;" + "0123456789abcdef" * 2
END = START + timedelta(days=30)
ISO = "%Y-%m-%dT%H:%M:%S.%fZ"


def wire(moment):
    """A date as a good client sends it."""
    return moment.strftime(ISO)


class Site:
    """A logged-in client that knows nothing of the rules: sends what it is told."""

    def __init__(self, tv, http, cookies):
        self.tv = tv
        self.http = http
        self.cookies = cookies

    async def post(self, path, form, *, cookies=None, headers=None, data=None, to=None):
        return await self._send("POST", to or path, cookies, headers, data or form)

    async def get(self, path, *, cookies=None, headers=None):
        return await self._send("GET", path, cookies, headers, None)

    async def _send(self, method, path, cookies, headers, data):
        pair = self.cookies if cookies is None else cookies
        sent = dict(headers or {})
        if pair:
            sent["Cookie"] = "; ".join(f"{k}={v}" for k, v in pair.items() if v)
        async with self.http.request(
            method, self.tv.url + path, data=data, headers=sent, allow_redirects=False
        ) as answer:
            text = await answer.text()
            answer.said = await answer.json() if "json" in answer.content_type else text
            return answer

    async def list(self, pine_id=PINE, *, query="", username=None, **more):
        form = {"pine_id": pine_id} | ({"username": username} if username else {})
        return await self.post(f"/pine_perm/list_users/{query}", form, **more)

    async def next(self, page, pine_id=PINE):
        """Follow `next` byte for byte."""
        from yarl import URL

        url = URL(self.tv.url + page["next"], encoded=True)
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        async with self.http.post(url, data={"pine_id": pine_id}, headers=sent) as answer:
            assert answer.status == 200
            return await answer.json()

    async def write(self, verb, username, end=None, pine_id=PINE, **more):
        form = {"pine_id": pine_id, "username_recip": username}
        if end is not None:
            form["expiration"] = end if isinstance(end, str) else wire(end)
        return await self.post(f"/pine_perm/{verb}/", form, **more)

    async def add(self, *args, **more):
        return await self.write("add", *args, **more)

    async def modify(self, *args, **more):
        return await self.write("modify_user_expiration", *args, **more)

    async def remove(self, *args, **more):
        return await self.write("remove", *args, **more)


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture
async def tv(time):
    made = FakeTradingView(now=time.now, sleep=time.sleep)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
def vendor(tv):
    made = tv.world.add_vendor("Vendor_One")
    tv.world.add_script(made, PINE, "Trend Finder")
    for name in ("Ann_Trades", "ann_trades2", "bob-fx"):
        tv.world.add_user(name)
    return made


@pytest.fixture
async def site(tv, vendor):
    sessionid, sign = tv.world.open_session(vendor)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield Site(tv, http, {"sessionid": sessionid, "sessionid_sign": sign})
