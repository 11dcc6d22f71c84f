"""A program of a vendor's: takes messages over https, and says to each what the test wants."""

import asyncio
import json
import ssl
from contextlib import asynccontextmanager

from aiohttp import web

from tests.support.certificates import self_signed


class Receiver:
    def __init__(self, context, trust):
        self.context, self.trust = context, trust
        self.port, self.url = 0, ""
        self.got = []  # (headers, body) of each message
        self.answer = [200]  # what it says to each, the last one for ever
        self.hang = asyncio.Event()
        self.hang.set()

    @property
    def bodies(self):
        return [json.loads(body) for _, body in self.got]

    @property
    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.got]

    async def take(self, request):
        self.got.append((dict(request.headers), await request.text()))
        await self.hang.wait()
        status = self.answer.pop(0) if len(self.answer) > 1 else self.answer[0]
        headers = {"Location": "/elsewhere"} if 300 <= status < 400 else {}
        return web.Response(status=status, text="a secret of the vendor", headers=headers)


@asynccontextmanager
async def receiving(folder, like=None):
    """A receiver with a certificate of its own, or the same one as another."""
    if like is None:
        context, file = await asyncio.to_thread(self_signed, folder, "localhost")
        trust = await asyncio.to_thread(ssl.create_default_context, cafile=file)
        receiver = Receiver(context, trust)
    else:
        receiver = Receiver(like.context, like.trust)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=receiver.context)
    await site.start()
    receiver.port = runner.addresses[0][1]
    receiver.url = f"https://localhost:{receiver.port}/hook?key=of-the-vendor"
    try:
        yield receiver
    finally:
        receiver.hang.set()
        await runner.cleanup()
