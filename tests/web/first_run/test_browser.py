"""The first-run page in a real browser: the link opens it by itself, a phone shows all of it, nothing is in the way."""

import shutil

import pytest
from playwright.async_api import async_playwright

from tests.support.axe import bring_axe, grave_mistakes

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")


async def look(page):
    """What is wrong with the page that is shown now."""
    wrong = [rule for rule, _ in await grave_mistakes(page)]
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append("wider than the screen")
    return wrong


@pytest.mark.parametrize("with_script", [True, False])
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
async def test_all_of_it_on_any_screen(stage, with_script, width, scheme):
    stage.discord.allow_members_intent(allowed=False)
    await stage.begin()
    address = f"http://127.0.0.1:{stage.port}/setup/"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        screen = {"width": width, "height": 800}
        context = await browser.new_context(viewport=screen, color_scheme=scheme, reduced_motion="reduce", java_script_enabled=with_script, bypass_csp=True)  # fmt: skip
        if with_script:
            await bring_axe(context)
        page = await context.new_page()
        page.set_default_timeout(60_000)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        if with_script:
            await page.goto(f"{address}#{stage.shown[0]}")
        else:
            await page.goto(address)
            await page.fill("#token", f"{address}#{stage.shown[0]}")
            await page.click("button.go")
        await page.wait_for_selector("text=New Application")
        assert page.url == address
        wrong = await look(page) if with_script else []
        await page.fill("#token", "x" * 32)
        await page.click("button.go")
        await page.wait_for_selector("text=client secret")
        wrong += await look(page) if with_script else []
        await page.fill("#token", stage.discord.bot_token)
        await page.click("button.go")
        await page.wait_for_selector("text=Invite the bot to your server")
        wrong += await look(page) if with_script else []
        await stage.invited("A server with a name as long as Discord takes it: Trend Masters")
        stage.first_run.is_connected = lambda: True
        await page.wait_for_selector("text=Go to your server and type", timeout=60_000)
        wrong += await look(page) if with_script else []
        await browser.close()
    assert wrong == []
    assert all(url.startswith(address) and stage.shown[0] not in url for url in asked[1:])
