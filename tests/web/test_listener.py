"""One address whose application may change: nobody is refused in between."""

import aiohttp
import pytest
from aiohttp import web

from bot.web.server import Listener


def application(text):
    async def say(_):
        return web.Response(text=text)

    app = web.Application()
    app.router.add_get("/", say)
    return app


async def asked(port):
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}/") as answer,
    ):
        return await answer.text()


async def test_the_next_application_takes_its_place_at_the_same_port():
    async with Listener("127.0.0.1", 0) as listener:
        await listener.show(application("one"))
        port = listener.port
        assert await asked(port) == "one"
        await listener.show(application("two"))
        assert (await asked(port), listener.port) == ("two", port)
        await listener.clear()
        with pytest.raises(aiohttp.ClientError):
            await asked(port)
        await listener.show(application("three"))
        assert await asked(port) == "three"
    with pytest.raises(aiohttp.ClientConnectorError):
        await asked(port)


async def test_a_connection_that_was_kept_goes_over_to_the_next_application():
    async with Listener("127.0.0.1", 0) as listener, aiohttp.ClientSession() as http:
        await listener.show(application("one"))
        for text in ("one", "two"):
            async with http.get(f"http://127.0.0.1:{listener.port}/") as answer:
                assert await answer.text() == text
            await listener.show(application("two"))
