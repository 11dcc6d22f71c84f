"""A server that says what a test tells it to, and notes what it was asked."""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from bot.tradingview import Cookies, Limiter, TradingViewClient

COOKIES = Cookies("abcdefghijklmnop0123456789abcdef", "v3:abc+def/ghi=")
PINE_ID = "PUB;" + "0a1b2c3d" * 4


@dataclass
class Asked:
    method: str
    target: str  # exactly as sent
    headers: dict
    body: str


@dataclass
class Upstream:
    """Answers come from `script`, one for each request; the last one is repeated."""

    script: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    def says(self, body=b"", status=200, **headers):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        self.script.append((status, body, headers))
        return self

    def does(self, handler):
        """Let an async function answer the next request."""
        self.script.append(handler)
        return self

    async def handle(self, request):
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = (await request.read()).decode()
        self.asked.append(Asked(request.method, request.raw_path, headers, body))
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if callable(step):
            return await step(request)
        status, answer, more = step
        return web.Response(
            status=status, body=answer, headers={k.replace("_", "-"): v for k, v in more.items()}
        )

    def targets(self):
        return [asked.target for asked in self.asked]


@contextlib.asynccontextmanager
async def running():
    upstream = Upstream()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", upstream.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    upstream.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield upstream
    finally:
        upstream.released.set()
        await runner.cleanup()


@contextlib.asynccontextmanager
async def client_of(url, *, cookies=lambda: COOKIES, limiter=None, timeout=5.0):  # noqa: ASYNC109
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield TradingViewClient(
            http,
            base=url,
            pine_facade=url,
            limiter=limiter or Limiter(10_000, 50),
            cookies=cookies,
            timeout=timeout,
        )
