"""The one-time page in a real browser, where there is one: a phone's screen, keyboard, no errors."""

import shutil

import pytest
from playwright.async_api import async_playwright

from bot.access.logins.sessions import LoginState
from tests.support.vendor_fixture import HOME
from tests.web.test_login import RIGHT, desk  # noqa: F401 - the fixture

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")


@pytest.fixture
async def page(desk):  # noqa: F811
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 360, "height": 740})
        made = await context.new_page()
        made.set_default_timeout(60_000)
        made.trouble = []
        made.on("pageerror", lambda error: made.trouble.append(str(error)))
        made.on(
            "console",
            lambda said: (
                "status of 4" not in said.text
                and said.type == "error"
                and made.trouble.append(said.text)
            ),
        )
        made.asked = []
        made.on("request", lambda request: made.asked.append(request.url))
        desk.links._base = desk.url
        await made.goto(f"{desk.url}/login/#{desk.token}")
        assert desk.token not in made.url
        yield made
        assert made.trouble == []
        assert all(url.startswith(desk.url) and desk.token not in url for url in made.asked[1:])
        await browser.close()


async def says(page, words):
    await page.wait_for_function(
        "words => document.getElementById('note').textContent.includes(words)", arg=words
    )


async def test_cookies_are_pasted_on_a_phone_and_leave_no_trace(desk, page):  # noqa: F811
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
    await page.click("button:has-text('Test and save')")
    await says(page, "Please fill in: sessionid")
    pair = desk.pair()
    await page.fill("#sessionid", pair["sessionid"])
    await page.fill("#sessionid_sign", pair["sessionid_sign"])
    await page.keyboard.press("Enter")
    await says(page, "works as Vendor_One")
    assert not await page.is_visible("#work")
    assert await page.input_value("#sessionid") == ""
    assert desk.token not in page.url
    assert (await desk.vendor.sessions.of(HOME)).state is LoginState.ALIVE


async def test_signing_in_asks_for_the_second_factor_and_by_keyboard_alone(desk, page):  # noqa: F811
    desk.vendor.switches.set("signin", "two-factor")
    await page.focus("#tab-paste")
    await page.keyboard.press("ArrowRight")
    assert await page.is_visible("#name")
    await page.fill("#name", RIGHT["name"])
    await page.fill("#secret", RIGHT["password"])
    await page.keyboard.press("Enter")
    await says(page, "code from your authenticator app")
    assert await page.input_value("#secret") == ""
    await page.fill("#digits", "042137")
    await page.keyboard.press("Enter")
    await says(page, "works as Vendor_One")


async def test_another_account_is_asked_about(desk, page):  # noqa: F811
    await desk.vendor.log_in()
    pair = desk.pair(vendor=desk.vendor.world.add_vendor("Vendor_Two"))
    await page.fill("#sessionid", pair["sessionid"])
    await page.fill("#sessionid_sign", pair["sessionid_sign"])
    await page.click("button:has-text('Test and save')")
    await says(page, "belong to Vendor_Two")
    await page.click("button:has-text('Yes, change the account')")
    await says(page, "works as Vendor_Two")


async def test_without_a_token_it_says_where_to_get_one(desk, page):  # noqa: F811
    await page.goto("about:blank")
    await page.goto(f"{desk.url}/login/")
    await says(page, "run /session link")
    assert not await page.is_visible("#work")
