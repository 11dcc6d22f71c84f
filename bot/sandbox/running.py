"""Opens the sandbox and its page, runs it until Ctrl-C or SIGTERM, and leaves nothing behind."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.sandbox import server
from bot.sandbox.sandbox import HOST, Sandbox
from bot.sandbox.shop import ShopKind


async def run(port: int, kind: ShopKind, *, host: str = HOST, bot_port: int = 0) -> None:
    """Run until Ctrl-C or SIGTERM; prints the page's address (another port when this one is taken)."""
    stop = asyncio.Event()
    _stop_on_signals(stop)
    async with opened(port, kind=kind, host=host, bot_port=bot_port) as sandbox:
        _say("")
        _say("  Usher's sandbox is open. Go to")
        _say("")
        _say(f"      {sandbox.url}")
        _say("")
        _say("  Nothing leaves this computer, and nothing is kept. Ctrl-C ends it.")
        _say("")
        await stop.wait()
        _say("Closing.")


@asynccontextmanager
async def opened(
    port: int,
    *,
    kind: ShopKind = "busy",
    with_bot: bool = True,
    host: str = HOST,
    bot_port: int = 0,
) -> AsyncIterator[Sandbox]:
    """Open the whole sandbox, its bot started and being set up; closed in reverse at the end."""
    async with AsyncExitStack() as stack:
        sandbox = Sandbox(with_bot=with_bot, host=host, bot_port=bot_port)
        await sandbox.open(kind)
        stack.push_async_callback(sandbox.close)
        files = await asyncio.to_thread(server.read_files)
        runner, page_port = await server.listen(server.application(sandbox, files), host, port)
        stack.push_async_callback(runner.cleanup)
        sandbox.url = f"http://{HOST}:{page_port}"
        yield sandbox


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(sign, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(sign, lambda *_: loop.call_soon_threadsafe(stop.set))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
