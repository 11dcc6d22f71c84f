"""The one-time page for a TradingView login: who may press, what is kept, what each failure says."""

import asyncio
import hashlib
import re
from pathlib import Path

import aiohttp
import pytest

import bot.web
from bot.access.logins.errors import NoPublicPage
from bot.access.logins.one_time_pages import OneTimePages, is_safe
from bot.access.logins.sessions import LoginState
from bot.jobs import Jobs
from bot.store.logins import one_time_pages
from bot.tradingview.signin import SignIn
from bot.web import make_app, serve
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import HOME, STAFF, open_shop

PUBLIC = "http://127.0.0.1:8080"
RIGHT = {"name": "vendor_one", "password": "open sesame"}
PAGES = Path(bot.web.__file__).parent / "pages"


async def yes():
    return True


class Desk:
    """The page's server, a browser in front of it, and a manager who has run /session link."""

    def __init__(self, vendor, links):
        self.vendor, self.links, self.managers = vendor, links, {(HOME, STAFF)}
        self.url = self.http = self.token = None

    async def new(self, by=STAFF):
        address = await self.links.create(self.vendor.request(by))
        return address.partition("#")[2]

    async def press(self, which, token=None, /, *, origin=PUBLIC, headers=None, **fields):
        sent = {"Origin": origin} if origin else {}
        token = self.token if token is None else token
        async with self.http.post(
            f"{self.url}/login/{which}",
            json={"token": token, **fields},
            headers=sent | (headers or {}),
        ) as answer:
            return answer.status, await answer.json(), answer.headers

    async def held(self):
        return await self.vendor.sessions.of(HOME)

    def pair(self, **more):
        cookies = self.vendor.cookies(**more)
        return {"sessionid": cookies.sessionid, "sessionid_sign": cookies.sessionid_sign}


@pytest.fixture
async def desk(tmp_path, frozen):
    async def may(*who):
        return who in desk.managers

    async with open_shop(tmp_path) as vendor, Jobs() as jobs, aiohttp.ClientSession() as http:
        links = OneTimePages(
            vendor.database,
            vendor.sessions,
            vendor.spares,
            SignIn(vendor.http, base=vendor.fake.url),
            public_url=PUBLIC,
            may=may,
        )
        desk = Desk(vendor, links)
        app = make_app(lookup=None, database=yes, gateway=yes, jobs=jobs, links=links)
        async with serve(app, "127.0.0.1", 0) as port:
            desk.url, desk.http, desk.time = f"http://127.0.0.1:{port}", http, frozen
            desk.token = await desk.new()
            yield desk


async def test_pasted_cookies_are_tested_used_and_the_page_is_spent(desk):
    pair = desk.pair()
    status, said, headers = await desk.press("paste", **pair)
    assert status == 200
    assert "The TradingView login works as Vendor_One" in said["message"]
    assert "**" not in said["message"]
    held = await desk.held()
    assert (held.state, held.cookies.sessionid) == (LoginState.ALIVE, pair["sessionid"])
    assert (await desk.vendor.sessions.status(HOME)).set_by == STAFF
    assert headers["Cache-Control"] == "no-store"
    status, said, _ = await desk.press("paste", **desk.pair())
    assert (status, said["next"]) == (410, "over")
    assert "/session link" in said["errorMessage"]
    assert held.version == 1


async def test_the_page_and_its_parts_are_shown_without_a_token_and_spend_nothing(desk):
    async with desk.http.get(f"{desk.url}/login/?token={desk.token}") as answer:
        page, headers = await answer.text(), answer.headers
    assert answer.status == 200
    assert headers["Content-Type"].startswith("text/html")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert (
        headers["Referrer-Policy"] == "same-origin"
    )  # else forms would not say where they come from
    assert headers["X-Frame-Options"] == "DENY"
    assert desk.token not in page
    parts = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert {"login.js", "pages.js", "pages.css", "brand.css", "icon.svg"} == {
        re.fullmatch(r"static/([\w.]+)\?\w+", part)[1] for part in parts
    }
    for part in parts:
        async with desk.http.get(f"{desk.url}/login/{part}") as answer:
            assert answer.status == 200
            assert desk.token not in await answer.text()
    for path in ("paste", "password", "code", "again"):
        async with desk.http.get(f"{desk.url}/login/{path}") as answer:
            assert answer.status == 405
    assert (await desk.press("paste", **desk.pair()))[0] == 200


async def test_the_page_asks_nobody_else(desk):
    async with desk.http.get(f"{desk.url}/login/") as answer:
        page = await answer.text()
    script = await asyncio.to_thread((PAGES / "static/login.js").read_text, "utf-8")
    for text in (page, re.sub(r"(?m)^\s*//.*$", "", script)):
        assert not re.findall(r"(?:https?:)?//[a-z]", text)
        assert "onclick" not in text
        assert "style=" not in text


async def test_only_a_hash_of_the_token_is_kept_and_no_log_shows_it(desk, caplog, tmp_path):
    caplog.set_level("DEBUG")
    await desk.press("password", **{**RIGHT, "password": "wrong one"})
    await desk.press("paste", **desk.pair())
    assert desk.token not in caplog.text
    assert "wrong one" not in caplog.text
    for path in tmp_path.iterdir():
        assert desk.token.encode() not in await asyncio.to_thread(path.read_bytes)
    digest = hashlib.sha256(desk.token.encode()).hexdigest()
    async with desk.vendor.database.read() as connection:
        link = await one_time_pages.by_hash(connection, digest)
    assert (link.guild_id, link.member_id) == (HOME, STAFF)
    assert link.spent_at is not None


async def test_ten_minutes_and_no_longer(desk):
    await desk.time.advance(599)
    assert (await desk.press("paste", sessionid="", sessionid_sign=""))[0] == 422
    await desk.time.advance(1)
    assert (await desk.press("paste", **desk.pair()))[0] == 410


async def test_a_new_page_ends_the_earlier_one(desk):
    newer = await desk.new()
    assert (await desk.press("paste", **desk.pair()))[0] == 410
    assert (await desk.press("paste", newer, **desk.pair()))[0] == 200


async def test_whoever_is_no_manager_any_more_may_not(desk):
    desk.managers.clear()
    status, said, _ = await desk.press("paste", **desk.pair())
    assert (status, said["next"]) == (403, "over")
    assert (await desk.held()).state is LoginState.NONE
    desk.managers.add((HOME, STAFF))
    assert (await desk.press("paste", **desk.pair()))[0] == 200


@pytest.mark.parametrize("token", ["", "x", "x" * 43])
async def test_an_unknown_token_opens_nothing(desk, token):
    for name in ("paste", "password", "code", "again"):
        status, _, _ = await desk.press(name, token or "none")
        assert status == 410
    assert desk.vendor.fake.calls() == []


@pytest.mark.parametrize(
    "sent",
    [
        {"origin": None},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
    ],
)
async def test_presses_come_from_the_bots_own_page_only(desk, sent):
    status, _, _ = await desk.press("paste", **sent, **desk.pair())
    assert status == 403
    assert (await desk.held()).state is LoginState.NONE


async def test_presses_are_json_objects(desk):
    url, own = f"{desk.url}/login/paste", {"Origin": PUBLIC}
    async with desk.http.post(url, data={"token": desk.token}, headers=own) as answer:
        assert answer.status == 415
    for body in (b"{", b"[]", b'{"token": 7}', b"\xff"):
        headers = own | {"Content-Type": "application/json"}
        async with desk.http.post(url, data=body, headers=headers) as answer:
            assert answer.status == 400
            assert "errorMessage" in await answer.json()


async def test_whoever_guesses_behind_the_same_proxy_keeps_no_manager_from_an_open_page(desk):
    for _ in range(30):
        status, *_ = await desk.press("paste", "nothing")
    assert status == 429
    status, said, _ = await desk.press("paste", **desk.pair())
    assert (status, said["message"][:2]) == (200, "✅ ")
    assert (await desk.press("paste"))[0] == 429  # spent: no page any more


async def test_an_open_page_takes_only_so_many_presses_too(desk):
    statuses = [(await desk.press("code", code="1"))[0] for _ in range(12)]
    assert statuses[:10] == [422] * 10
    assert statuses[-1] == 429


async def test_presses_are_rate_limited(desk):
    statuses = [(await desk.press("paste", "nothing"))[0] for _ in range(12)]
    assert statuses[:10] == [410] * 10
    assert statuses[-1] == 429
    _, said, headers = await desk.press("paste", "nothing")
    assert int(headers["Retry-After"]) >= 1
    assert "wait" in said["errorMessage"]


async def test_bad_cookies_replace_nothing_and_leave_the_page_open(desk):
    await desk.vendor.log_in()
    before = (await desk.held()).cookies
    bad = {"sessionid": "a" * 32, "sessionid_sign": "v3:" + "b" * 43}
    status, said, _ = await desk.press("paste", **bad)
    assert (status, said["next"]) == (422, "repair")
    assert "does not accept these cookies" in said["errorMessage"]
    status, said, _ = await desk.press("paste", sessionid="two words", sessionid_sign="")
    assert "two words" not in said["errorMessage"]
    assert (await desk.held()).cookies == before
    assert (await desk.press("paste", **desk.pair()))[0] == 200


async def test_another_account_needs_a_yes_and_nothing_is_typed_twice(desk):
    await desk.vendor.log_in()
    other = desk.vendor.world.add_vendor("Vendor_Two")
    status, said, _ = await desk.press("paste", **desk.pair(vendor=other))
    assert (status, said["next"]) == (409, "yes")
    assert (await desk.vendor.sessions.status(HOME)).username == "Vendor_One"
    assert (await desk.press("again"))[0] == 409
    assert (await desk.press("again", yes=True))[0] == 200
    assert (await desk.vendor.sessions.status(HOME)).username == "Vendor_Two"


async def test_a_pair_that_is_renewed_before_the_yes_is_used_as_renewed(desk):
    await desk.vendor.log_in()
    other = desk.vendor.world.add_vendor("Vendor_Two")
    pair = desk.pair(vendor=other)
    desk.vendor.switches.rotation = "pair, old one ends"
    desk.vendor.switches.rotations = 1
    status, said, _ = await desk.press("paste", **pair)
    assert (status, said["next"]) == (409, "yes")
    assert (await desk.press("again", yes=True))[0] == 200
    held = await desk.held()
    assert held.state is LoginState.ALIVE
    assert held.cookies.sessionid != pair["sessionid"]


async def test_when_tradingview_is_silent_another_press_is_enough(desk):
    desk.vendor.switches.set("down", True)
    status, said, _ = await desk.press("paste", **desk.pair())
    assert (status, said["next"]) == (503, "again")
    desk.vendor.switches.set("down", False)
    assert (await desk.press("again"))[0] == 200


async def test_a_pair_can_be_kept_as_a_spare(desk):
    await desk.vendor.log_in()
    status, said, _ = await desk.press("paste", spare=True, **desk.pair())
    assert status == 200
    assert "spare login of Vendor_One is kept" in said["message"]
    assert (await desk.vendor.sessions.status(HOME)).spares == 1


async def test_name_and_password_make_one_attempt_and_only_the_cookies_stay(desk, tmp_path):
    status, said, _ = await desk.press("password", **RIGHT)
    assert status == 200, said
    assert len(desk.vendor.fake.calls("signin")) == 1
    assert (await desk.held()).state is LoginState.ALIVE
    for path in tmp_path.iterdir():
        assert b"open sesame" not in await asyncio.to_thread(path.read_bytes)


@pytest.mark.parametrize(
    ("switch", "position", "status", "words"),
    [
        ("signin", "wrong password", 422, "does not accept this name and password"),
        ("signin", "captcha", 422, "wants to see a person"),
        ("signin", "rate limit", 429, "at least 10 minutes"),
        ("signin", "two-factor by sms", 422, "text message"),
        ("down", True, 503, "does not answer properly"),
    ],
)
async def test_each_failure_of_signing_in_has_its_own_answer(desk, switch, position, status, words):
    desk.vendor.switches.set(switch, position)
    got, said, _ = await desk.press("password", **RIGHT)
    assert (got, said["next"]) == (status, "repair")
    assert words in said["errorMessage"]
    assert len(desk.vendor.fake.calls("signin")) == 1
    assert (await desk.held()).state is LoginState.NONE


async def test_the_second_factor_is_a_press_of_its_own(desk):
    desk.vendor.switches.set("signin", "two-factor")
    status, said, _ = await desk.press("code", code="042137")
    assert status == 422  # nothing to send it for
    status, said, _ = await desk.press("password", **RIGHT)
    assert (status, said["next"]) == (409, "code")
    assert (await desk.held()).state is LoginState.NONE
    status, said, _ = await desk.press("code", code="abc")
    assert (status, len(desk.vendor.fake.calls("totp"))) == (422, 0)
    status, said, _ = await desk.press("code", code="999999")
    assert status == 422
    assert "does not accept this code" in said["errorMessage"]
    status, said, _ = await desk.press("code", code="042 137")
    assert status == 200, said
    assert len(desk.vendor.fake.calls("signin")) == 1
    assert (await desk.held()).state is LoginState.ALIVE


@pytest.mark.parametrize("missing", ["name", "password"])
async def test_an_empty_field_is_not_sent_to_tradingview(desk, missing):
    status, _, _ = await desk.press("password", **{**RIGHT, missing: ""})
    assert status == 422
    assert desk.vendor.fake.calls() == []


async def test_two_presses_at_once_count_once(desk):
    answers = await asyncio.gather(*(desk.press("paste", **desk.pair()) for _ in range(2)))
    assert sorted(status for status, _, _ in answers) == [200, 410]
    assert (await desk.held()).version == 1


async def test_a_second_press_waiting_for_the_first_makes_no_attempt_once_the_page_is_used(desk):
    answers = await asyncio.gather(*(desk.press("password", **RIGHT) for _ in range(2)))
    assert sorted(status for status, _, _ in answers) == [200, 410]
    assert len(desk.vendor.fake.calls("signin")) == 1


async def test_nothing_typed_is_held_longer_than_its_page_lasts(desk):
    desk.vendor.switches.set("down", True)
    assert (await desk.press("paste", **desk.pair()))[1]["next"] == "again"
    assert len(desk.links.entry._progress) == 1
    await desk.time.advance(601)
    await desk.new(by=STAFF + 1)
    assert desk.links.entry._progress == {}


async def test_a_page_that_ends_during_a_press_is_not_used(desk):
    desk.vendor.switches.hang = True
    pressing = asyncio.ensure_future(desk.press("password", **RIGHT))
    await eventually(lambda: desk.vendor.fake.calls("signin"))
    await desk.new()
    desk.vendor.switches.hang = False
    assert (await pressing)[0] == 410
    assert (await desk.held()).state is LoginState.NONE


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://usher.example.com", True),
        ("https://usher.example.com/bot", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost:8080", True),
        ("http://[::1]:8080", True),
        ("http://usher.example.com", False),
        ("http://10.0.0.5", False),
        ("http://127.0.0.1.evil.example", False),
    ],
)
def test_a_login_travels_encrypted_or_stays_on_this_computer(address, safe):
    assert is_safe(address) is safe


@pytest.mark.parametrize("public_url", [None, "http://usher.example.com"])
async def test_without_a_safe_address_there_is_no_page(desk, public_url):
    links = OneTimePages(
        desk.vendor.database, desk.vendor.sessions, None, None, public_url=public_url, may=None
    )
    assert links.origin is None
    with pytest.raises(NoPublicPage):
        await links.create(desk.vendor.request())


async def test_a_path_before_the_page_is_kept(desk):
    links = OneTimePages(
        desk.vendor.database,
        desk.vendor.sessions,
        None,
        None,
        public_url="https://Example.com/bot/",
        may=None,
    )
    assert (await links.create(desk.vendor.request())).startswith("https://Example.com/bot/login/#")
    assert links.origin == "https://example.com"


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("https://bot.example:443", "https://bot.example"),
        ("https://bot.example:8443/x", "https://bot.example:8443"),
        ("http://127.0.0.1:80/", "http://127.0.0.1"),
        ("https://bot.example:80", "https://bot.example:80"),
    ],
)
async def test_the_origin_is_written_as_browsers_write_it(desk, public_url, origin):
    links = OneTimePages(
        desk.vendor.database, desk.vendor.sessions, None, None, public_url=public_url, may=None
    )
    assert links.origin == origin


async def test_nobody_waits_on_the_page_while_tradingview_wants_no_request(desk):
    (await desk.held()).limiter.hold(7200)
    status, said, _ = await desk.press("password", **RIGHT)
    assert (status, said["next"]) == (422, "repair")
    assert "slow down" in said["errorMessage"]
    assert desk.vendor.fake.calls("signin") == []


async def test_after_too_many_sign_ins_none_is_sent_for_as_long_as_was_asked(desk, frozen):
    desk.vendor.switches.set("too_many", 1)
    desk.vendor.switches.set("retry_after", 1800.0)
    for minutes in (30, 30, 29):
        status, told, headers = await desk.press("password", **RIGHT)
        assert status == 429
        assert f"at least {minutes} minutes" in told["errorMessage"]
        assert int(headers["Retry-After"]) in range(minutes * 60 - 60, minutes * 60 + 1)
        assert len(desk.vendor.fake.calls("signin")) == 1
        await frozen.advance(30)
    await frozen.advance(1800)
    assert (await desk.press("password", await desk.new(), **RIGHT))[0] == 200
    assert (await desk.held()).state is LoginState.ALIVE
