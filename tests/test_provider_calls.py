"""A provider is asked once, at its own address, and what it does not say is no answer."""

from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web

from bot.provider_calls import ProviderCalls


@dataclass
class Question:
    url: str
    form: dict | None = None
    api_key: str | None = None


@pytest.fixture
async def ask():
    asked = []

    async def handle(request):
        asked.append((request.method, request.headers.get("Authorization"), await request.text()))
        match request.path:
            case "/true":
                return web.Response(body=b'{"success": true}')
            case "/elsewhere":
                raise web.HTTPFound("/true")
            case "/endless":
                return web.Response(body=b"x" * 300_000)
        raise web.HTTPNotFound

    app = web.Application()
    app.router.add_route("*", "/{name}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as http:

        async def ask(path, **question):
            calls = ProviderCalls(http)
            return await calls.ask(Question(f"http://127.0.0.1:{port}{path}", **question))

        ask.asked = asked
        yield ask
        await runner.cleanup()


async def test_a_key_goes_into_a_header_and_a_form_by_post(ask):
    assert await ask("/true", api_key="k1") == (200, b'{"success": true}')
    assert (await ask("/true", form={"license_key": "l"}))[0] == 200
    assert ask.asked == [("GET", "Bearer k1", ""), ("POST", None, "license_key=l")]


async def test_no_redirect_is_followed_with_the_key(ask):
    assert (await ask("/elsewhere", api_key="k1"))[0] == 302
    assert len(ask.asked) == 1


async def test_what_is_not_there_is_said_and_what_is_no_answer_is_none(ask):
    assert (await ask("/other"))[0] == 404
    assert await ask("/endless") is None


async def test_one_that_cannot_be_reached_does_not_answer():
    async with aiohttp.ClientSession() as http:
        assert await ProviderCalls(http).ask(Question("http://127.0.0.1:1/")) is None
