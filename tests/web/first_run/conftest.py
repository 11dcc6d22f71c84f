"""The first-run page over a real socket, in front of the sandbox's Discord; nothing of the bot runs yet."""

import asyncio
import contextlib

import aiohttp
import pytest
from cryptography.fernet import Fernet

from bot.access.people.bot_token import BotTokens
from bot.interactions.portal import Portal
from bot.sandbox.discord import FakeDiscord
from bot.store.engine.database import open_database
from bot.store.people import bot_token
from bot.store.vault import Vault
from bot.web import serve
from bot.web.first_run import FirstRun, Links, application
from tests.support.dashboard_harness import HOST, Browser
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import new_database


class Stage:
    """One first run: what the terminal shows, and what is kept."""

    def __init__(self, discord, tokens, database_file, open_until_the_end):
        self.discord, self.tokens, self.file = discord, tokens, database_file
        self.owner = discord.add_user("olga")
        self.shown = []  # the tokens of links
        self.port = self.first_run = self.waiting = None
        self._open = open_until_the_end

    async def begin(self, *, public_url=None, **options):
        """Serve the page, and wait for the server as `usher run` does."""
        http = await self._open.enter_async_context(aiohttp.ClientSession())
        portal = Portal(http, self.discord.api_url)
        self.first_run = FirstRun(portal, self.tokens, Links(self.shown.append), **options)
        app = application(self.first_run, (), public_url)
        self.port = await self._open.enter_async_context(serve(app, HOST, 0))
        self.first_run.links.show_new()
        self.waiting = asyncio.create_task(self.first_run.done())
        self._open.callback(self.waiting.cancel)

    async def browser(self):
        http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._open.push_async_callback(http.close)
        return Browser(self, http)

    async def opened(self, **options):
        """A browser that opened the link of a first run that has just begun."""
        if self.first_run is None:
            await self.begin(**options)
        browser = await self.browser()
        await browser.get("/setup/")
        await browser.press("Go on", token=self.shown[-1])
        return browser

    async def sealed(self):
        """What is kept of the token, as it stands in the database."""
        async with self.tokens._database.read() as connection:
            return await bot_token.kept(connection)

    async def invited(self, name="The shop"):
        """The bot comes into a server, and the page is one look further."""
        guild = self.discord.add_guild(name, self.owner)
        await self.time.advance(3)
        await eventually(lambda: self.first_run.server is not None)
        return guild


@pytest.fixture
async def stage(tmp_path, frozen):
    discord = FakeDiscord()
    await discord.start()
    vault = Vault(Fernet.generate_key().decode())
    url = await asyncio.to_thread(new_database, tmp_path)
    async with open_database(url) as database, contextlib.AsyncExitStack() as everything:
        stage = Stage(discord, BotTokens(database, vault), tmp_path / "usher.db", everything)
        stage.time = frozen
        yield stage
    await discord.close()
