"""Who may use the first-run page: whoever has the terminal's newest link, from Usher's own page, once."""

import asyncio
import secrets
from datetime import timedelta

import pytest

from bot import clock
from bot.web.first_run import LINK_LASTS


async def test_a_link_works_once_and_used_again_it_has_a_new_one_shown(stage):
    await stage.begin()
    [link] = stage.shown
    first, second = await stage.browser(), await stage.browser()
    page = await first.post("/setup/open", {"token": link})
    assert (page.status, page.title) == (200, "Set up Usher · Usher")
    page = await second.post("/setup/open", {"token": link})
    assert page.status == 410
    assert "Usher has printed a new one" in page.text
    assert len(stage.shown) == 2
    await second.post("/setup/open", {"token": link})
    assert len(stage.shown) == 2  # it was shown already
    assert "New Application" in (await first.get("/setup/")).text
    page = await second.post("/setup/open", {"token": stage.shown[-1]})
    assert "New Application" in page.text
    assert "Your link" in (await first.get("/setup/")).text  # one browser at a time


async def test_a_browser_that_opened_it_may_open_it_again(stage):
    browser = await stage.opened()
    page = await browser.post("/setup/open", {"token": stage.shown[0]})
    assert (page.status, len(stage.shown)) == (200, 1)
    assert "New Application" in page.text


async def test_a_link_that_is_too_old_has_a_new_one_shown(stage):
    await stage.begin()
    await stage.time.advance(LINK_LASTS)
    browser = await stage.browser()
    page = await browser.post("/setup/open", {"token": stage.shown[0]})
    assert (page.status, len(stage.shown)) == (410, 2)
    assert "New Application" in (await browser.post("/setup/open", {"token": stage.shown[1]})).text


async def test_all_of_the_link_can_be_pasted(stage):
    await stage.begin()
    browser = await stage.browser()
    await browser.get("/setup/")
    page = await browser.press("Go on", token=f" {browser.origin}/setup/#{stage.shown[0]} ")
    assert "New Application" in page.text


async def test_a_preview_of_the_link_uses_nothing_up(stage):
    await stage.begin()
    preview = await stage.browser()
    assert (await preview.get("/setup/")).status == 200
    assert (await preview.get("/setup/open")).status == 404
    assert "New Application" in (await stage.opened()).page.text


@pytest.mark.parametrize("guess", ["", "a", "a" * 43, "\ud7ff" * 43])
async def test_a_guess_opens_nothing_shows_nothing_and_costs_the_link_nothing(stage, guess):
    await stage.begin()
    browser = await stage.browser()
    page = await browser.post("/setup/open", {"token": guess})
    assert (page.status, len(stage.shown)) == (410, 1)
    assert "Set-Cookie" not in page.headers
    assert "New Application" in (await stage.opened()).page.text


async def test_who_guesses_often_waits(stage):
    await stage.begin()
    browser = await stage.browser()
    for _ in range(30):
        await browser.post("/setup/open", {"token": secrets.token_urlsafe(32)})
    page = await browser.post("/setup/open", {"token": stage.shown[0]})
    assert (page.status, page.headers["Retry-After"]) == (429, "1")
    await stage.time.advance(1)
    assert (await browser.post("/setup/open", {"token": stage.shown[0]})).status == 200


async def test_who_tries_tokens_often_waits_before_discord_is_asked(stage):
    browser = await stage.opened()
    for _ in range(10):
        await browser.press("Check the token", token="nonsense")
    asked = len(stage.discord.calls)
    form = browser.page.form("Check the token").fields
    page = await browser.post("/setup/token", {**form, "token": stage.discord.bot_token})
    assert (page.status, len(stage.discord.calls)) == (429, asked)
    assert await stage.tokens.kept() is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": None},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        # A name outside that is made to mean this computer (DNS rebinding).
        {"Host": "evil.example:80", "Origin": "http://evil.example:80"},
    ],
)
async def test_only_its_own_page_sends_forms(stage, headers):
    await stage.begin()
    browser = await stage.browser()
    page = await browser.post("/setup/open", {"token": stage.shown[0]}, **headers)
    assert (page.status, "Set-Cookie" in page.headers) == (403, False)
    browser = await stage.opened()
    form = browser.page.form("Check the token").fields
    sent = {**form, "token": stage.discord.bot_token}
    page = await browser.post("/setup/token", sent, **headers)
    assert page.status in (403, 410) or "Your link" in page.text
    assert await stage.tokens.kept() is None


async def test_a_form_without_this_sessions_token_is_refused(stage):
    browser = await stage.opened()
    for sent in ("", "0" * 64):
        page = await browser.post(
            "/setup/token", {"form_token": sent, "token": stage.discord.bot_token}
        )
        assert page.status == 403
    assert await stage.tokens.kept() is None


async def test_without_the_session_nothing_is_taken_and_nothing_shown(stage):
    stage.discord.bot.name = "Shopkeeper"
    opened = await stage.opened()
    await opened.press("Check the token", token=stage.discord.bot_token)
    assert "Shopkeeper" in opened.page.text
    await stage.invited()
    stranger = await stage.browser()
    page = await stranger.post("/setup/token", {"token": "a.b.c"})
    assert "There is nothing to do here any more" in page.text
    assert "The shop" not in page.html
    assert stage.discord.bot.name not in page.html


async def test_once_the_server_is_there_no_token_is_taken_any_more(stage):
    browser = await stage.opened()
    await browser.press("Check the token", token=stage.discord.bot_token)
    form = (await browser.get("/setup/?other=1")).form("Check the token").fields
    await stage.invited()
    before = await stage.tokens.kept()
    page = await browser.post("/setup/token", {**form, "token": stage.discord.reset_token()})
    assert page.title == "The bot starts · Usher"
    assert await stage.tokens.kept() == before


async def test_once_the_server_is_there_pages_that_are_still_open_lead_on(stage):
    """Discord is not asked any more, and the terminal shows no link that leads to nothing."""
    stage.discord.allow_members_intent(allowed=False)
    browser = await stage.opened()
    page = await browser.press("Check the token", token=stage.discord.bot_token)
    form = page.form("I changed it: look again").fields
    await stage.invited()
    asked = len(stage.discord.calls)
    page = await browser.post("/setup/again", form)
    assert (page.title, len(stage.discord.calls)) == ("The bot starts · Usher", asked)
    stranger = await stage.browser()
    page = await stranger.post("/setup/open", {"token": stage.shown[0]})
    assert (page.title, len(stage.shown)) == ("Usher is set up · Usher", 1)


async def test_a_session_ends(stage):
    browser = await stage.opened()
    stage.time.set(clock.now() + timedelta(days=7))
    assert "Your link" in (await browser.get("/setup/")).text


async def test_the_cookie_and_the_headers_are_those_of_our_pages(stage):
    await stage.begin(public_url="https://bot.example")
    browser = await stage.browser()
    async with browser.http.post(
        f"{browser.origin}/setup/open",
        data={"token": stage.shown[0]},
        headers={"Origin": "https://bot.example", "Host": "bot.example"},
        allow_redirects=False,
    ) as answer:
        cookie = answer.headers["Set-Cookie"]
        assert (answer.status, answer.headers["Location"]) == (303, "/setup/")
    assert cookie.startswith("__Host-usher-setup=")
    assert all(part in cookie for part in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"))
    page = await browser.get("/setup/")
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    opened = await stage.browser()
    stage.first_run.links.show_new()
    async with opened.http.post(
        f"{browser.origin}/setup/open",
        data={"token": stage.shown[-1]},
        headers={"Origin": browser.origin},
        allow_redirects=False,
    ) as answer:
        assert answer.headers["Set-Cookie"].startswith("usher-setup=")
        assert "Secure" not in answer.headers["Set-Cookie"]


async def test_nothing_else_is_served_but_that_it_is_alive(stage):
    await stage.begin()
    browser = await stage.browser()
    assert (await browser.get("/healthz")).status == 200
    for path in ("/", "/readyz", "/validate/Ann", "/dashboard/", "/login/", "/openapi.json"):
        assert (await browser.get(path)).status == 404
    for path in ("/webhooks/1", "/access/Ann"):
        assert (await browser.post(path, {})).status == 404
    page = await browser.get("/setup/elsewhere")
    assert (page.status, page.title) == (404, "There is no such page · Usher")


@pytest.mark.parametrize("host", [b"[::1", b"a:99999999", b"\xff", b"localhost\\@x", None])
async def test_a_host_that_is_none_is_a_stranger(stage, monkeypatch, host):
    """No name of the computer is looked up in its place either: that would stop everything else."""
    await stage.begin()
    monkeypatch.setattr("socket.getfqdn", lambda: pytest.fail("a name was looked up"))
    named = b"" if host is None else b"Host: " + host + b"\r\n"
    ends = b"Connection: close\r\n"
    version = b"HTTP/1.0\r\n" if host is None else b"HTTP/1.1\r\n"  # which may leave it out
    asked = b"GET /setup/ " + version + named + ends + b"Cookie: usher-setup=x\r\n\r\n"
    assert b" 200 " in await answer_to(stage.port, asked)
    sent = (
        b"POST /setup/open " + version + b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 7\r\nOrigin: http://" + (host or b"") + b"\r\n"
    )
    assert b" 403 " in await answer_to(stage.port, sent + named + ends + b"\r\ntoken=x")


async def answer_to(port, sent):
    """The first line that comes back for those bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("nonsense", b"form_token=x"),
        ("rot13", b"form_token=x"),
        ("utf-8", b"form_token=\xff"),
        ("utf-7", b"form_token=+2AA-"),  # half a character
    ],
)
async def test_a_form_that_cannot_be_read_is_the_senders_fault(stage, encoding, body):
    browser = await stage.opened()
    kind = f"application/x-www-form-urlencoded; charset={encoding}"
    for path in ("/setup/token", "/setup/again"):
        page = await browser.post(path, body, **{"Content-Type": kind})
        assert page.status in (400, 403)  # what can be read is no token of this session's forms
    stranger = await stage.browser()
    page = await stranger.post("/setup/open", body, **{"Content-Type": kind})
    assert page.status in (400, 410)
