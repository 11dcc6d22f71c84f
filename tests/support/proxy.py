"""A small HTTP proxy: CONNECT for https, whole addresses for http; hosts are looked up in a table."""

import asyncio
from contextlib import asynccontextmanager, suppress


class Proxy:
    """Counts what goes through it; `hosts` says where a name really is."""

    def __init__(self, hosts, login=None):
        self.hosts, self.login = hosts, login
        self.asked = []  # (method, target)
        self.url = ""

    async def serve(self, reader, writer):
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._serve(reader, writer)

    async def _serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split("\r\n", 1)[0].split(" ")
        self.asked.append((method, target))
        there = target if method == "CONNECT" else target.split("://", 1)[1].partition("/")[0]
        port = self.hosts.get(there.partition(":")[0])
        if self.login and f"Proxy-Authorization: {self.login}" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        elif port is None:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        else:
            await self._pass_on(method, target, head, port, reader, writer)
        await writer.drain()

    async def _pass_on(self, method, target, head, port, reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            path = "/" + target.split("://", 1)[1].partition("/")[2]
            far_writer.write(head.replace(target, path, 1).encode())
        try:
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        finally:
            far_writer.close()


async def pump(reader, writer):
    """Pass on what is read until there is no more."""
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(handle, **options):
    """Listen on a free port, which it yields; at the end whatever is open is closed."""
    tasks = set()

    async def serve(reader, writer):
        tasks.add(asyncio.current_task())
        try:
            await handle(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


@asynccontextmanager
async def open_proxy(hosts, login=None):
    proxy = Proxy(hosts, login)
    async with serving(proxy.serve) as port:
        proxy.url = f"http://127.0.0.1:{port}"
        yield proxy
