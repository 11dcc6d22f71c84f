"""A walk over every address of the dashboard: each has a level, looks at the server, and takes only our own forms."""

import re
from datetime import timedelta

import pytest

from bot import clock
from bot.interactions.levels import Level
from bot.web.dashboard.routes import ROUTES
from bot.web.dashboard.visitor import BUTTONS
from tests.support.dashboard_harness import with_file

EVIL = "https://evil.example"
START = "/dashboard/{guild_id:[0-9]{1,20}}/"
OLD = timedelta(minutes=16)


@pytest.fixture
async def rules(dashboard):
    """By method and path below the server's own address, who may ask."""
    return {
        (method, filled(path.removeprefix(START))): rule
        for (method, path), rule in dashboard.app[ROUTES].rules.items()
    }


def filled(path):
    """The path with a number for each id, and the first of several words where only those are taken."""
    words = re.compile(r"[a-z_]+")
    return re.sub(
        r"\{\w+(?::([^{}]*))?\}", lambda part: (words.match(part[1] or "") or ["1"])[0], path
    )


async def ask(browser, method, path, fields=None, **headers):
    if method == "GET":
        return await browser.get(path, **headers)
    return await browser.post(path, fields or {}, **headers)


async def test_every_address_says_its_level(rules):
    assert len(rules) > 3
    for (method, path), rule in rules.items():
        anyone = path == "sign-out"
        assert rule.level >= (Level.ANYONE if anyone else Level.STAFF), (method, path)


async def test_without_a_sign_in_every_address_says_how(dashboard, rules):
    browser = await dashboard.browser()
    for method, path in rules:
        page = await ask(browser, method, path)
        assert page.status == 401, (method, path)
        assert "/dashboard" in page.text


async def test_a_session_of_another_server_opens_nothing_here(dashboard, rules):
    other = dashboard.fake.add_guild("Another shop", dashboard.owner)
    browser = await dashboard.browser()
    token = await dashboard.token(dashboard.owner, other)
    await browser.post("/dashboard/sign-in", {"token": token})
    [cookie] = browser.http.cookie_jar
    browser.http.cookie_jar.update_cookies({f"usher-{dashboard.guild.id}": cookie.value})
    for method, path in rules:
        page = await ask(browser, method, path)
        assert page.status == 401, (method, path)


async def test_below_its_level_nobody_gets_anything(dashboard, rules):
    buyer = await dashboard.signed_in_somehow(dashboard.buyer)
    staff = await dashboard.signed_in(dashboard.mod)
    for (method, path), rule in rules.items():
        for browser, level in ((buyer, Level.ANYONE), (staff, Level.STAFF)):
            if rule.level > level:
                page = await ask(browser, method, path)
                assert page.status == 403, (method, path, level)


async def test_a_form_from_elsewhere_is_refused_by_every_address(dashboard, rules):
    browser = await dashboard.signed_in(dashboard.owner)
    other = await dashboard.signed_in(dashboard.owner)
    own, foreign = await form_token(browser), await form_token(other)
    forms = [(path, rule) for (method, path), rule in rules.items() if method == "POST"]
    for path, rule in forms:
        once = {"once": "0" * 32}
        for fields, headers, status in (
            ({"form_token": own, **once}, {"Origin": None}, 403),
            ({"form_token": own, **once}, {"Origin": "null"}, 403),
            ({"form_token": own, **once}, {"Origin": EVIL}, 403),
            ({"form_token": own, **once}, {"Sec-Fetch-Site": "cross-site"}, 403),
            ({"form_token": own, **once}, {"Sec-Fetch-Site": "same-site"}, 403),
            ({"form_token": own, **once}, {"Content-Type": "text/plain"}, 415),
            (once, {}, 403),
            ({"form_token": foreign, **once}, {}, 403),
            ({"form_token": own}, {}, 404),  # without its number it could count twice
        ):
            takes_file = rule.largest_file > 0
            is_form = "Content-Type" not in headers
            body = with_file(fields) if takes_file and is_form else fields
            page = await ask(browser, "POST", path, body, **headers)
            expected = status if is_form or not takes_file else 400
            assert page.status == expected, (path, fields, headers)


async def test_an_old_session_is_asked_to_sign_in_again_where_it_takes_something_away(
    dashboard, rules
):
    browser = await dashboard.signed_in(dashboard.owner)
    fields = {"form_token": await form_token(browser), "once": "0" * 32}
    dashboard.time.set(clock.now() + OLD)
    for (method, path), rule in rules.items():
        if rule.fresh:
            page = await ask(browser, method, path, fields)
            assert page.status == 403, (method, path)
            assert "sign in again" in page.text


async def test_what_a_button_sends_is_a_form_that_is_there(dashboard):
    forms = {
        re.sub(r"\{[^{}]*\}", "{}", path.removeprefix(START))
        for method, path in dashboard.app[ROUTES].rules
        if method == "POST"
    }
    for name, path in dashboard.app[BUTTONS].items():
        assert path in forms, name


async def test_two_forms_for_one_button_do_not_start(dashboard):
    [name, *_] = dashboard.app[BUTTONS]
    with pytest.raises(ValueError, match=name):
        dashboard.app[ROUTES].button(name, "elsewhere")


async def test_a_number_of_nothing_here_is_no_page(dashboard, rules):
    browser = await dashboard.signed_in(dashboard.owner)
    numbered = [path for method, path in rules if method == "GET" and "/1" in path]
    for path in numbered:
        for number in ("999999", "9" * 30, "x", "1%2F2", "-1", "%00"):
            page = await browser.get(path.replace("/1", f"/{number}"))
            assert page.status == 404, (path, number)


async def test_no_page_is_kept_by_a_browser_or_shown_in_a_frame(dashboard, rules):
    browser = await dashboard.signed_in(dashboard.owner)
    for method, path in rules:
        if method == "GET":
            page = await browser.get(path)
            policy = page.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy, path
            assert "unsafe" not in policy, path
            assert page.headers["X-Frame-Options"] == "DENY", path
            assert page.headers["Cache-Control"] == "no-store", path
            for form in page.forms:
                assert form.method == "get" or form.fields.get("form_token"), (path, form)


async def form_token(browser):
    page = await browser.get("")
    return page.form("Sign out").fields["form_token"]
