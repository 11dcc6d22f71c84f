"""Every page of the dashboard in a real browser, where there is one: wide and narrow, by day and by night."""

import shutil

import pytest
from playwright.async_api import async_playwright

from bot.web.dashboard.routes import ROUTES
from tests.support.axe import bring_axe, grave_mistakes
from tests.support.full_shop import fill
from tests.web.dashboard.test_every_route import START, filled as with_numbers

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
SCREENS = [(1280, "light"), (390, "dark")]
# Pages with something on them that the address with the number 1 does not show.
MORE = (
    "people?q=nobody",
    "people?show=stuck",
    "people/1?do=revoke",
    "people/12",
    "differences/1?kind=extra",
    "items/products/2",
    "payments/contracts/3",
    "settings/webhooks/new?provider=stripe",
    "batches/new/grant?by=people",
    "batches/2",
    "batches/3",
)
# What is wider than the card that it stands in, and so is cut or lies over its neighbour.
CUT = """() => [...document.querySelectorAll(".card, .note, .figure")]
    .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.innerText.slice(0, 80))"""


@pytest.fixture
async def filled(dashboard):
    """A shop with a little of everything, so that pages have something to show."""
    await fill(dashboard, 12)
    return dashboard


def pages(dashboard):
    """The address of every page that is no file."""
    for method, path in dashboard.app[ROUTES].rules:
        if method == "GET":
            yield with_numbers(path.removeprefix(START))
    for kept in dashboard.shop_lists.of(dashboard.guild.id):
        yield from (f"payments/move/{kept.id}", f"payments/move/{kept.id}/plans")
    yield f"payments/move/{kept.id}?show=mistakes"


async def opened(playwright, dashboard, width, scheme):
    """A context of the browser that the owner is signed in with; what it asks for is kept."""
    browser = await playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
    context = await browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    page.set_default_timeout(60_000)
    page.trouble, page.asked = [], []
    page.on("pageerror", lambda error: page.trouble.append(str(error)))
    page.on(
        "console",
        lambda said: (
            said.type == "error"
            and "status of 4" not in said.text
            and page.trouble.append(said.text)
        ),
    )
    page.on("request", lambda request: page.asked.append(request.url))
    token = await dashboard.token(dashboard.owner)
    await page.goto(f"http://127.0.0.1:{dashboard.port}/dashboard/#{token}")
    await page.wait_for_selector("nav.side", state="attached")
    assert token not in page.url
    assert token not in await page.evaluate("location.href + document.referrer")
    return browser, page


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("width", "scheme"), SCREENS)
async def test_every_page_fits_its_screen_and_can_be_used_by_everybody(filled, width, scheme):
    async with async_playwright() as playwright:
        browser, page = await opened(playwright, filled, width, scheme)
        await bring_axe(page.context)
        home = f"http://127.0.0.1:{filled.port}/dashboard/{filled.guild.id}/"
        for path in [*pages(filled), *MORE]:
            try:
                answer = await page.goto(home + path)
            except Exception as error:
                if "Download is starting" in str(error):
                    continue
                raise
            if "text/html" not in answer.headers.get("content-type", ""):
                continue
            assert answer.status in (200, 404), path
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, (path, wide)
            assert await page.evaluate(CUT) == [], path
            assert await page.title() == f"{await page.inner_text('h1')} · Usher", path
            if answer.status == 200:
                place = page.locator("nav.side [aria-current=page]")
                assert await place.count() == 1, path
                begins = "people" if path.startswith("orders/") else path
                assert (home + begins).startswith(await place.evaluate("link => link.href")), path
            grave = await grave_mistakes(page)
            assert not grave, (path, grave)
            assert len(await answer.body()) <= 100_000, path
        assert page.trouble == []
        own = f"http://127.0.0.1:{filled.port}/"
        assert all(url.startswith(own) for url in page.asked)
        await browser.close()


async def test_the_keyboard_alone_reaches_the_page_and_the_menu(filled):
    async with async_playwright() as playwright:
        browser, page = await opened(playwright, filled, 1280, "light")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.textContent") == "To the page"
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "main"
        await browser.close()
    async with async_playwright() as playwright:
        browser, page = await opened(playwright, filled, 390, "light")
        await page.focus("details.menu summary")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.textContent") == "Today"
        await browser.close()
