"""`GET /validate/…` from the cache, with limiter and log on, beside a bare aiohttp handler.

python -m tests.bench.validate

Each is served by a process of its own that answers with the same JSON; they take turns at the same
requests, which come over kept connections from ever other clients behind a trusted proxy.
"""

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

from aiohttp import web

from bot import logs
from bot.jobs import Jobs
from bot.tradingview import Hint
from bot.web import make_app, serve
from tests.bench.desk import middle, say

HOST = "127.0.0.1"
ROUNDS, REQUESTS, CONNECTIONS = 80, 500, 16
NAMES, CLIENTS = 100, 2_000  # so many that the limiter refuses none of them
GOAL = 0.5
TICK = os.sysconf("SC_CLK_TCK")


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with server("usher", Path(folder)) as usher, server("bare", Path(folder)) as bare:
            for one in (usher, bare):
                await one.round()  # every name is known from here on
            ratios = []
            for number in range(ROUNDS):
                pair = (usher, bare) if number % 2 else (bare, usher)
                rates = {one: await one.round() for one in pair}
                ratios.append(rates[usher] / rates[bare])
        lines = (Path(folder) / "usher.log").read_text().count("GET /validate/{username} 200 in ")
    ratio = middle(ratios)
    say(
        "a name from the cache",
        ratio=ratio,
        goal=GOAL,
        ratio_of_cpu_time=bare.cpu / usher.cpu,
        requests_a_second=middle(usher.rates[1:]),
        bare_requests_a_second=middle(bare.rates[1:]),
        cpu_us=usher.cpu / usher.asked * 1e6,
        bare_cpu_us=bare.cpu / bare.asked * 1e6,
        requests=usher.asked,
        lines_logged=lines,
        good=ratio >= GOAL and lines == usher.asked,
    )


class Server:
    """One of the two, in its process; `cpu` in seconds, of it alone."""

    def __init__(self, pid: int, port: int) -> None:
        self._stat = Path(f"/proc/{pid}/stat")
        self._port = port
        self.rates: list[float] = []
        self.asked, self.cpu = 0, 0.0

    async def round(self) -> float:
        """Ask REQUESTS times; how many were answered a second."""
        worked, begun = self._worked(), time.perf_counter()
        await asyncio.gather(*(self._ask(first) for first in range(CONNECTIONS)))
        self.rates.append(REQUESTS / (time.perf_counter() - begun))
        self.asked += REQUESTS
        self.cpu += self._worked() - worked
        return self.rates[-1]

    async def _ask(self, first: int) -> None:
        numbers = range(self.asked + first, self.asked + REQUESTS, CONNECTIONS)
        done = asyncio.get_running_loop().create_future()
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: Asker([request(number) for number in numbers], done), HOST, self._port
        )
        await done
        transport.close()

    def _worked(self) -> float:
        fields = self._stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


class Asker(asyncio.Protocol):
    """Sends one request after another over one connection."""

    def __init__(self, requests: list[bytes], done: "asyncio.Future[None]") -> None:
        self._requests = iter(requests)
        self._done = done
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if self._answer.endswith(b"}"):
            if not self._answer.startswith(b"HTTP/1.1 200 "):
                self._done.set_exception(AssertionError(self._answer))
            self._answer = b""
            self._next()

    def _next(self) -> None:
        if following := next(self._requests, None):
            self._transport.write(following)
        elif not self._done.done():
            self._done.set_result(None)


def request(number: int) -> bytes:
    client = number % CLIENTS
    return (
        f"GET /validate/Trader_{number % NAMES:03} HTTP/1.1\r\nHost: {HOST}\r\n"
        f"X-Forwarded-For: 198.18.{client // 250}.{client % 250}\r\n\r\n"
    ).encode()


@asynccontextmanager
async def server(kind: str, folder: Path) -> AsyncIterator[Server]:
    with (folder / f"{kind}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.validate", "--serve", kind),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    assert process.stdout is not None
    try:
        yield Server(process.pid, int(await process.stdout.readline()))
    finally:
        process.terminate()
        await process.wait()


async def usher() -> None:
    """The bot's own application, with the limit and the log that it has when it runs."""
    logs.set_up(secrets=[secrets.token_urlsafe(40) for _ in range(4)])  # as many as a bot knows

    async def lookup(text: str) -> list[Hint]:
        return [Hint(text, 7, False)]

    async def there() -> bool:
        return True

    async with Jobs() as jobs:
        app = make_app(
            lookup=lookup,
            database=there,
            gateway=there,
            jobs=jobs,
            trusted_proxies=(ip_network(f"{HOST}/32"),),
        )
        async with serve(app, HOST, 0) as port:
            print(port, flush=True)
            await asyncio.Event().wait()


async def bare() -> None:
    async def handle(request: web.Request) -> web.Response:
        name = request.match_info["username"]
        return web.json_response({"validuser": True, "verifiedUserName": name})

    app = web.Application()
    app.router.add_get("/validate/{username:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", choices=("usher", "bare"), help=argparse.SUPPRESS)
    asyncio.run({"usher": usher, "bare": bare, None: main}[parser.parse_args().serve]())
