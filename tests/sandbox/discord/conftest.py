"""An unmodified discord.py, pointed at the stand-in, and a small shop to use it in."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands

from bot.sandbox.discord import FakeDiscord
from bot.sandbox.discord.interactions import Kind


class Clock:
    """A clock for the stand-in alone: real discord.py timers go on."""

    def __init__(self):
        self.moment = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)

    def __call__(self):
        return self.moment

    def advance(self, seconds):
        self.moment += timedelta(seconds=seconds)


class Shop:
    """A guild with an owner and a buyer."""

    def __init__(self, fake):
        self.fake = fake
        self.owner = fake.add_user("olga")
        self.buyer = fake.add_user("ben")
        self.guild = fake.add_guild("The shop", self.owner)
        self.channel = next(iter(self.guild.channels.values()))
        fake.add_member(self.guild, self.buyer)
        self.as_owner = fake.person(self.owner)
        self.as_buyer = fake.person(self.buyer)

    def opened(self, kind=Kind.COMMAND, target=None):
        """An interaction of the buyer that reached no bot, and the path of its callback."""
        used = self.fake.interaction_service.open(
            kind, self.buyer, self.channel, {"name": "x"}, command="x", target=target
        )
        return used, f"/interactions/{used.id}/{used.token}/callback"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def fake(clock, monkeypatch):
    fake = FakeDiscord(now=clock)
    await fake.start()
    monkeypatch.setattr(discord.http.Route, "BASE", fake.api_url)
    monkeypatch.setattr(
        discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url)
    )
    yield fake
    await fake.close()


@pytest.fixture
def shop(fake):
    return Shop(fake)


class Bot(discord.Client):
    def __init__(self, intents=None, **options):
        super().__init__(intents=intents or discord.Intents.default(), **options)
        self.tree = app_commands.CommandTree(self)
        self.heard = []

    async def setup_hook(self):
        await self.tree.sync()

    async def on_member_update(self, before, after):
        self.heard.append(("member_update", after))

    async def on_member_join(self, member):
        self.heard.append(("member_join", member))

    async def on_member_remove(self, member):
        self.heard.append(("member_remove", member))

    async def on_guild_join(self, guild):
        self.heard.append(("guild_join", guild))

    async def on_guild_remove(self, guild):
        self.heard.append(("guild_remove", guild))

    async def on_message(self, message):
        self.heard.append(("message", message))

    async def on_resumed(self):
        self.heard.append(("resumed", None))

    def names(self):
        return [name for name, _ in self.heard]


@contextlib.asynccontextmanager
async def running(bot, fake):
    task = asyncio.get_running_loop().create_task(bot.start(fake.bot_token))
    ready = asyncio.get_running_loop().create_task(fake.bot_ready())
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if task.done():
            task.result()
        yield bot
    finally:
        ready.cancel()
        await bot.close()
        with contextlib.suppress(Exception):
            await task


@pytest.fixture
async def start(fake):
    """Start a bot that ends with the test: `await start(bot)`."""
    async with contextlib.AsyncExitStack() as stack:

        async def begin(bot):
            return await stack.enter_async_context(running(bot, fake))

        yield begin


@pytest.fixture
async def dial(fake):
    """Open raw sockets: `await dial()` gives one that has had its hello."""
    async with aiohttp.ClientSession() as http:

        async def begin(**query):
            socket = await http.ws_connect(fake.gateway_url, params={"v": "10", **query})
            hello = await socket.receive_json()
            assert hello["op"] == 10
            assert hello["d"]["heartbeat_interval"] == 41250
            return socket

        yield begin


class Api:
    """Plain requests with the bot's token."""

    def __init__(self, fake, http):
        self.fake = fake
        self.http = http
        self.headers = {"Authorization": f"Bot {fake.bot_token}"}

    async def __call__(self, method, path, body=None, **kwargs):
        """The status and the JSON (None for an empty answer)."""
        kwargs.setdefault("headers", self.headers)
        url = self.fake.api_url + path
        async with self.http.request(method, url, json=body, **kwargs) as answer:
            text = await answer.text()
            return answer.status, (await answer.json() if text else None)

    async def refused(self, method, path, body=None, **kwargs):
        """The code of a refusal."""
        status, answer = await self(method, path, body, **kwargs)
        assert status >= 400, answer
        return answer["code"]

    async def faults(self, method, path, body):
        """The paths of a refused body."""
        status, answer = await self(method, path, body)
        assert (status, answer["code"]) == (400, 50035), answer
        return dict(leaves(answer["errors"]))


def leaves(tree, path=""):
    for key, value in tree.items():
        if key == "_errors":
            yield path.lstrip("."), value[0]["code"]
        else:
            yield from leaves(value, f"{path}.{key}")


@pytest.fixture
async def api(fake):
    async with aiohttp.ClientSession() as http:
        yield Api(fake, http)


@pytest.fixture
def make_bot():
    return Bot
