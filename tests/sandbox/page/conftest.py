"""The sandbox without its bot, a client for its JSON, and headless Chromium where there is one."""

import shutil

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from bot.sandbox import opened
from tests.support import forks

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Api:
    """The page's own requests."""

    def __init__(self, http, url):
        self.http = http
        self.url = url

    async def get(self, name):
        async with self.http.get(f"{self.url}/api/{name}") as answer:
            return answer.status, await answer.json()

    async def post(self, name, /, **body):
        async with self.http.post(f"{self.url}/api/{name}", json=body) as answer:
            return answer.status, await answer.json()


@pytest.fixture(autouse=True)
def quick_starts(monkeypatch):
    """A test's bots start without reading all modules anew; those of a whole module start as people's do."""
    forks.start_quickly(monkeypatch)


@pytest.fixture
async def sandbox():
    async with opened(0, with_bot=False) as sandbox:
        yield sandbox


@pytest.fixture
def shop(sandbox):
    return sandbox.simulation.shop


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as http:
        yield http


@pytest.fixture
def api(sandbox, http):
    return Api(http, sandbox.url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    """One headless Chromium for all the tests of a module."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no browser here: looked for {', '.join(NAMES)}")
    async with async_playwright() as engine:
        browser = await engine.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        await browser.close()


class Eyes:
    """One open page; notes what went wrong in it and where it asked for anything."""

    def __init__(self, page, url):
        self.page = page
        self.url = url
        self.mistakes = []
        self.elsewhere = []
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))
        page.on("console", lambda line: line.type == "error" and self.mistakes.append(line.text))
        page.on(
            "request",
            lambda asked: asked.url.startswith(url) or self.elsewhere.append(asked.url),
        )

    async def press(self, *keys):
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, text):
        await self.page.keyboard.type(text)

    async def sees(self, where, text):
        await self.page.locator(where, has_text=text).first.wait_for()


@pytest_asyncio.fixture(loop_scope="module")
async def look(browser):
    """Open the page of a sandbox, by default as wide as a small laptop."""
    all_eyes = []

    async def open_page(sandbox, width=1280, height=800):
        page = await browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(60_000)
        eyes = Eyes(page, sandbox.url)
        await page.goto(sandbox.url)
        await page.locator("#people input").first.wait_for(state="attached")
        all_eyes.append(eyes)
        return eyes

    yield open_page
    for eyes in all_eyes:
        await eyes.page.close()
        assert eyes.mistakes == []
        assert eyes.elsewhere == []
