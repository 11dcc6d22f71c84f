"""Connections that keep the web endpoint waiting are closed, and never shut an honest one out."""

import asyncio
import errno
import logging
import sys

import pytest
from aiohttp import web

from bot.jobs import Jobs
from bot.web import make_app, serve, server
from bot.web.connections import KEEP_ALIVE, TIMEOUT

HOST = "127.0.0.1"
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
HALF = b"GET /healthz HTT"
BODY = b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12"
MOST = 5


async def yes():
    return True


class Client:
    """A socket, and what came back on it."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self):
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        return head + await self.reader.readexactly(length)

    async def closed(self):
        try:
            return await self.reader.read() == b""
        except ConnectionError:
            return True

    @property
    def open(self):
        return not (self.reader.at_eof() or self.reader.exception())


@pytest.fixture
async def connect(frozen):
    async with Jobs() as jobs:
        app = make_app(lookup=None, database=yes, gateway=yes, jobs=jobs)
        held = asyncio.Event()

        async def slow(request):
            await request.read()
            await held.wait()
            return web.Response()

        async def much(_):
            return web.Response(body=b"x" * 30_000_000)

        app.router.add_post("/slow", slow)
        app.router.add_get("/much", much)
        async with serve(app, HOST, 0, MOST) as port:
            clients = []

            async def connect(sent=b""):
                client = Client(*await asyncio.open_connection(HOST, port))
                clients.append(client)
                await client.send(sent)
                return client

            yield connect
            held.set()
            for client in clients:
                client.writer.close()


async def honest(connect):
    client = await connect(WHOLE)
    answer = await client.answer()
    assert answer.startswith(b"HTTP/1.1 200")
    return client


@pytest.mark.parametrize("sent", [b"", b"G", HALF, WHOLE[:-2]])
async def test_a_header_that_does_not_come_whole_in_ten_seconds_closes(connect, frozen, sent):
    client = await connect(sent)
    await honest(connect)  # the server has read the other by now
    await frozen.advance(TIMEOUT - 1)
    assert client.open
    await client.send(b"")
    await frozen.advance(2)
    assert await client.closed()


async def test_dripping_bytes_win_no_time(connect, frozen):
    client = await connect(HALF)
    for byte in b"P/1.1\r\nX":
        await honest(connect)
        await frozen.advance(1.5)
        if not client.open:
            break
        await client.send(bytes([byte]))
    await frozen.advance(2)
    assert await client.closed()


async def test_a_body_that_does_not_come_whole_in_ten_seconds_closes(connect, frozen, caplog):
    client = await connect(BODY)
    await honest(connect)
    await frozen.advance(TIMEOUT - 1)
    assert client.open
    await frozen.advance(2)
    assert await client.closed()
    assert "Traceback" not in caplog.text


async def test_work_that_is_ours_takes_as_long_as_it_takes(connect, frozen):
    client = await connect(BODY + b"345")
    await honest(connect)
    await frozen.advance(KEEP_ALIVE * 3)
    assert client.open


async def test_an_answer_that_nobody_reads_closes(connect, frozen):
    client = await connect(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
    client.writer.transport.pause_reading()
    await honest(connect)
    await frozen.advance(TIMEOUT + 2)
    client.writer.transport.resume_reading()
    got = 0
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        while True:
            got += len(await client.reader.readexactly(1000))
    assert got < 30_000_000


async def test_between_requests_a_connection_is_kept_for_thirty_seconds(connect, frozen):
    client = await honest(connect)
    await frozen.advance(KEEP_ALIVE - 2)
    await client.send(WHOLE)
    assert (await client.answer()).startswith(b"HTTP/1.1 200")
    await frozen.advance(KEEP_ALIVE + 2)
    assert await client.closed()


async def test_a_second_request_has_ten_seconds_from_its_first_byte(connect, frozen):
    client = await honest(connect)
    await frozen.advance(20)
    await client.send(HALF)
    await honest(connect)
    await frozen.advance(TIMEOUT + 2)
    assert await client.closed()


async def test_one_more_takes_the_place_of_the_one_that_waits_longest(connect, frozen, caplog):
    half = []
    for _ in range(MOST):
        half.append(await connect(HALF))
        await frozen.advance(1)
    for number in range(3):
        await honest(connect)
        await frozen.advance(0.1)
        assert await half[number].closed()
    assert half[4].open
    assert caplog.text.count("connections at once") == 1


async def test_where_all_are_being_served_the_newest_goes(connect, frozen):
    busy = [await connect(BODY + b"345") for _ in range(MOST)]
    await frozen.advance(1)
    newest = await connect(HALF)
    assert await newest.closed()
    assert all(client.open for client in busy)


async def test_that_nothing_can_be_accepted_is_said_once_a_minute(connect, frozen, caplog):
    caplog.set_level(logging.WARNING)
    loop = asyncio.get_running_loop()
    trouble = {
        "message": "socket.accept() out of system resource",
        "exception": OSError(errno.EMFILE, "Too many open files"),
    }
    for _ in range(100):
        loop.call_exception_handler(trouble)
    assert caplog.text.count("Too many open files") == 1
    await frozen.advance(61)
    loop.call_exception_handler(trouble)
    assert caplog.text.count("Too many open files") == 2
    assert "Traceback" not in caplog.text
    loop.call_exception_handler({"message": "something else"})
    assert "something else" in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_there_are_never_more_than_open_files_allow(monkeypatch, caplog):
    import resource

    for soft, wanted, most in ((1024, 100, 100), (256, 100, 100), (256, 5000, 156), (64, 100, 10)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, soft=soft: (soft, soft))
        assert server._connections(wanted)._most == most
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert server._connections(5000)._most == 5000
    assert caplog.text.count("HTTP_CONNECTIONS is") == 2


async def test_the_loop_has_its_own_ways_again_afterwards():
    loop = asyncio.get_running_loop()
    async with Jobs() as jobs:
        app = make_app(lookup=None, database=yes, gateway=yes, jobs=jobs)
        async with serve(app, HOST, 0):
            assert loop.get_exception_handler() is not None
    assert loop.get_exception_handler() is None


@pytest.mark.parametrize(
    "sent",
    [
        b"secret-echo\r\n\r\n",
        b"GET secret-echo\r\n\r\n",
        b"GET / HTTP/9.9 secret-echo\r\n\r\n",
        b"GET / HTTP/1.1\r\nsecret-echo\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: secret-echo\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: secret-echo\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"secret-echo" * 9000 + b"\r\n\r\n",
        b"GET /" + b"secret-echo" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: secret-echo\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_answered_without_version_or_echo(connect, sent, caplog):
    client = await connect(sent)
    answer = await client.answer()
    assert answer.split()[1] in (b"400", b"404", b"417")
    assert b"secret-echo" not in answer
    for word in (b"aiohttp", b"python", b"error(", b"exception"):
        assert word not in answer.lower()
    assert b"\r\nServer: Usher\r\n" in answer
    assert b'{"errorMessage": "' in answer
    assert b"X-Content-Type-Options: nosniff" in answer
    assert "Traceback" not in caplog.text
    assert "secret-echo" not in caplog.text
