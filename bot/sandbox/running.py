"""Opens the sandbox, runs it until Ctrl-C or SIGTERM, and leaves nothing behind."""

import asyncio
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet

from bot.sandbox import server
from bot.sandbox.child import Child
from bot.sandbox.discord import FakeDiscord
from bot.sandbox.shop import Shop, furnish
from bot.sandbox.simulation import Simulation
from bot.sandbox.tradingview import FakeTradingView

# The real TradingView is asked gently; this one is ours, and somebody is watching.
_PACE = "12"


@dataclass(frozen=True)
class Sandbox:
    """The running sandbox; `url` is its page."""

    simulation: Simulation
    url: str


async def run(port: int) -> None:
    """Run until Ctrl-C or SIGTERM; prints the page's address (another port when this one is taken)."""
    stop = asyncio.Event()
    _stop_on_signals(stop)
    async with opened(port) as sandbox:
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
async def opened(port: int, *, with_bot: bool = True) -> AsyncIterator[Sandbox]:
    """The whole sandbox, its bot started and being set up; closed in reverse at the end.

    Without the bot only the stand-ins and the page are there, and the opening counts as over.
    """
    async with AsyncExitStack() as stack:
        folder = await stack.enter_async_context(_temporary_folder())
        discord, tradingview = FakeDiscord(), FakeTradingView()
        await discord.start()
        stack.push_async_callback(discord.close)
        await tradingview.start()
        stack.push_async_callback(tradingview.close)
        shop = furnish(discord, tradingview, datetime.now(UTC))
        web_port = _free_port()
        child = Child(_settings(shop, folder, web_port), folder)
        simulation = Simulation(shop, child, f"http://{server.HOST}:{web_port}")
        files = await asyncio.to_thread(server.read_files)
        runner, page_port = await server.listen(server.application(simulation, files), port)
        stack.push_async_callback(runner.cleanup)
        tasks = [asyncio.create_task(simulation.follow())]
        stack.push_async_callback(_end, tasks)
        stack.push_async_callback(child.stop)
        if with_bot:
            tasks.append(asyncio.create_task(simulation.opening.run()))
        else:
            simulation.opening.over = True
        yield Sandbox(simulation, f"http://{server.HOST}:{page_port}")


def _settings(shop: Shop, folder: Path, web_port: int) -> dict[str, str]:
    """The bot's whole environment; it reads no file."""
    sessionid, sign = shop.login
    return {
        "DISCORD_TOKEN": shop.discord.bot_token,
        "DISCORD_GUILD_ID": str(shop.guild.id),
        "DISCORD_API_URL": shop.discord.api_url,
        "DISCORD_GATEWAY_URL": shop.discord.gateway_url,
        "TRADINGVIEW_URL": shop.tradingview.url,
        "PINE_FACADE_URL": shop.tradingview.url,
        "TV_SESSIONID": sessionid,
        "TV_SESSIONID_SIGN": sign or "",
        "TV_PACE": _PACE,
        "TV_CONCURRENCY": "4",
        "DATABASE_URL": f"sqlite+aiosqlite:///{(folder / 'usher.db').as_posix()}",
        "SECRET_KEY": Fernet.generate_key().decode(),
        "HTTP_HOST": server.HOST,
        "HTTP_PORT": str(web_port),
        "PUBLIC_URL": f"http://{server.HOST}:{web_port}",  # for the one-time page of /session link
    }


def _free_port() -> int:
    """A port that is free now; the bot keeps it over its restarts."""
    with socket.socket() as probe:
        probe.bind((server.HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def _temporary_folder() -> AsyncIterator[Path]:
    # On Windows a file may stay open for a moment after its process has ended.
    folder = await asyncio.to_thread(
        tempfile.TemporaryDirectory, prefix="usher-sandbox-", ignore_cleanup_errors=True
    )
    try:
        yield Path(folder.name)
    finally:
        await asyncio.to_thread(folder.cleanup)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


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
