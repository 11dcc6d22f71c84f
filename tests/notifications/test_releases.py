"""A newer Usher is told of once in each log channel; asking for it fails in silence and changes nothing."""

import asyncio
import logging
import socket
import ssl
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from bot import app as program, outgoing
from bot.access.queries.releases import Releases
from bot.access.rules.releases import Release
from bot.jobs import Jobs
from bot.notifications import releases
from bot.notifications.releases import UpdateCheck
from bot.settings import Secret, Settings
from bot.store.catalogue import guilds
from bot.store.ledger import events
from tests.support.certificates import self_signed
from tests.support.discord_harness import at_work, open_office, text_of
from tests.support.idle import at_rest
from tests.support.proxy import open_proxy
from tests.support.vendor_fixture import open_shop

NOTES = "https://usher.example/notes"
ADDRESS = "https://releases.example/latest"


@pytest.fixture
async def vendor(frozen, tmp_path):
    async with open_shop(tmp_path) as vendor:
        vendor.time = frozen
        async with vendor.database.write() as connection:
            for guild_id in (100, 200, 300):
                await guilds.ensure(connection, guild_id, frozen.now())
            await guilds.set_left(connection, 300, frozen.now())
        yield vendor


@pytest.fixture
def known(vendor):
    """What is known to version 0.1.0."""
    return Releases(vendor.database, "0.1.0", lambda: None)


async def told(vendor):
    async with vendor.database.read() as connection:
        found = [
            event
            for guild_id in (100, 200, 300)
            for event in await events.since(connection, guild_id, 0)
        ]
    return [(event.guild_id, event.after["version"]) for event in found]


async def test_each_server_that_the_bot_is_in_hears_of_each_newer_release_once(vendor, known):
    assert await known.newer() is None
    for version in ("0.1.0", "0.0.9", "0.2.0", "0.2.0", "0.2", "0.1.5", "0.2.0"):
        await known.heard(Release(version, NOTES))
    assert await told(vendor) == [(100, "0.2.0"), (200, "0.2.0")]
    newer = await known.newer()
    assert (newer.version, newer.address) == ("0.2.0", NOTES)
    await known.heard(Release("0.3.0"))
    assert sorted(await told(vendor))[1::2] == [(100, "0.3.0"), (200, "0.3.0")]
    newer = await known.newer()
    assert (newer.version, newer.address, newer.seen_at) == ("0.3.0", None, vendor.time.now())


async def test_after_the_update_there_is_nothing_newer_any_more(vendor, known):
    await known.heard(Release("0.2.0"))
    assert await Releases(vendor.database, "0.2.0", lambda: None).newer() is None
    assert await Releases(vendor.database, "0.1.9", lambda: None).newer() is not None


class Address:
    """The update address, as a server of this computer."""

    def __init__(self):
        self.asked, self.answer = [], web.Response(text="0.2.0")

    async def serve(self, request):
        self.asked.append(dict(request.headers))
        answer = self.answer[request.path] if isinstance(self.answer, dict) else self.answer
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
async def address():
    address = Address()
    server = web.Application()
    server.router.add_route("*", "/{path:.*}", address.serve)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address.port = runner.addresses[0][1]
    address.url = f"http://127.0.0.1:{address.port}/latest"
    yield address
    await runner.cleanup()


async def look(vendor, known, url):
    async with outgoing.session(vendor.settings) as http:
        await UpdateCheck(http, url, "0.1.0", known).look()


async def test_it_is_asked_without_anything_of_the_vendor(vendor, known, address):
    await look(vendor, known, address.url)
    assert (await known.newer()).version == "0.2.0"
    [headers] = address.asked
    assert headers.pop("User-Agent") == "Usher/0.1.0"
    assert headers.keys() <= {"Host", "Accept", "Accept-Encoding"}


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=404, text="9.9.9"),
        web.Response(status=500, text="9.9.9"),
        web.Response(status=204),
        web.Response(text="not there yet"),
        web.Response(text="9.9.9" + " " * 65_536),
        web.Response(body=b"\xff\xfe"),
        web.HTTPFound("http://127.0.0.1:9/elsewhere"),
        web.HTTPFound("ftp://releases.example/"),
        web.Response(status=302),
    ],
)
async def test_an_answer_of_no_use_is_one_quiet_line(vendor, known, address, caplog, answer):
    caplog.set_level(logging.DEBUG, "bot")
    address.answer = answer
    await look(vendor, known, address.url)
    assert await known.newer() is None
    assert await told(vendor) == []
    [line] = [each for each in caplog.records if "newer releases" in each.getMessage()]
    assert line.levelno == logging.INFO
    assert line.exc_info is None
    assert address.url not in line.getMessage()


async def test_nobody_there_is_one_quiet_line(vendor, known, caplog):
    caplog.set_level(logging.DEBUG, "bot")
    await look(vendor, known, "http://127.0.0.1:1/latest")
    assert [each.levelno for each in caplog.records if "newer releases" in each.getMessage()] == [
        logging.INFO
    ]


@pytest.fixture
async def secure(tmp_path):
    """An update address with https, and a session that trusts it."""
    context, file = await asyncio.to_thread(self_signed, tmp_path, "localhost")
    address, server = Address(), web.Application()
    server.router.add_get("/{path:.*}", address.serve)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    address.url = f"https://localhost:{runner.addresses[0][1]}"
    trust = await asyncio.to_thread(ssl.create_default_context, cafile=file)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust, family=socket.AF_INET)
    ) as address.http:
        yield address
    await runner.cleanup()


async def test_it_is_followed_to_https_alone(vendor, known, address, secure):
    address.answer = web.HTTPFound(f"{secure.url}/first")
    secure.answer = {
        "/first": web.HTTPTemporaryRedirect("/notes"),
        "/notes": web.Response(text="0.2.0"),
    }
    await UpdateCheck(secure.http, address.url, "0.1.0", known).look()
    assert (await known.newer()).version == "0.2.0"
    secure.answer = {"/first": web.HTTPFound(address.url)}
    asked = len(address.asked)
    await UpdateCheck(secure.http, f"{secure.url}/first", "0.1.0", known).look()
    assert len(address.asked) == asked


async def test_it_is_not_followed_for_ever(vendor, known, secure):
    secure.answer = {f"/{number}": web.HTTPFound(f"/{number + 1}") for number in range(20)}
    await UpdateCheck(secure.http, f"{secure.url}/0", "0.1.0", known).look()
    assert len(secure.asked) == 6


async def test_whoever_has_no_certificate_is_not_believed(vendor, known, secure, caplog):
    caplog.set_level(logging.DEBUG, "bot")
    await look(vendor, known, secure.url)
    assert secure.asked == []
    assert "could not be read" in caplog.text


async def test_it_is_asked_through_the_proxy(known, vendor, address):
    async with open_proxy({"releases.test": address.port}) as proxy:
        settings = Settings(http_proxy=Secret(str(proxy.url)))
        async with outgoing.session(settings) as http:
            await UpdateCheck(http, "http://releases.test/latest", "0.1.0", known).look()
        assert proxy.asked == [("GET", "http://releases.test/latest")]
    assert (await known.newer()).version == "0.2.0"


async def test_it_is_asked_at_the_start_and_once_a_day(vendor, known, address):
    async with outgoing.session(vendor.settings) as http, Jobs() as jobs:
        check = UpdateCheck(http, address.url, "0.1.0", known)
        jobs.every(releases.EVERY, "look", check.look)
        await at_rest(vendor.database)
        assert len(address.asked) == 1
        await vendor.time.advance(timedelta(hours=23).total_seconds())
        assert len(address.asked) == 1
        await vendor.time.advance(timedelta(hours=1, minutes=1).total_seconds())
        await at_rest(vendor.database)
        assert len(address.asked) == 2
    assert len(await told(vendor)) == 2


@pytest.mark.parametrize(
    ("settings", "asks"),
    [
        (Settings(update_url=ADDRESS), True),
        (Settings(), False),
        (Settings(update_check="off", update_url=ADDRESS), False),
    ],
)
def test_when_it_is_asked_at_all(settings, asks):
    assert program.looks_for_newer(settings) is asks


async def test_the_log_channel_shows_one_line(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        async with at_work(harness):
            await harness.choose_log_channel(harness.channel)
            for _ in range(3):
                await harness.releases.heard(Release("7.0.0", NOTES))
            lines = lambda: [  # noqa: E731
                text
                for post in harness.channel.messages
                if "newer Usher" in (text := text_of(post))
            ]
            await harness.passes(lambda: len(lines()) == 1)
            assert "**7.0.0**" in lines()[0]
            assert f"<{NOTES}>" in lines()[0]
            assert "Nothing changes by itself" in lines()[0]
            await harness.releases.heard(Release("7.0.0", NOTES))
            await harness.log_channel.write_up()
            assert len(lines()) == 1


async def test_what_never_ends_is_not_read_for_ever(vendor, known, address):
    async def stream(request):
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(10_000):
                await response.write(b"x" * 65_536)
        except (aiohttp.ClientError, ConnectionError):
            pass
        return response

    server = web.Application()
    server.router.add_get("/latest", stream)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        await look(vendor, known, f"http://127.0.0.1:{runner.addresses[0][1]}/latest")
    finally:
        await runner.cleanup()
    assert await known.newer() is None
