"""The sandbox: one shop at a time with the bot in it, and another one whenever somebody asks."""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet

from bot.sandbox import old_shop
from bot.sandbox.child import Child
from bot.sandbox.discord import FakeDiscord
from bot.sandbox.shop import Shop, ShopKind, furnish
from bot.sandbox.simulation import Simulation
from bot.sandbox.terminal import Terminal
from bot.sandbox.tradingview import FakeTradingView

HOST = "127.0.0.1"
# The real TradingView is asked gently; this one is ours, and somebody is watching.
_PACE = "12"
_EDITS = (5, 5.0)  # changes of messages in one channel, in so many seconds: Discord takes no more
_HUNDREDS_PACE = "6"  # slow enough for a press while a batch runs


class Sandbox:
    """Holds the present shop; `url` is the address of the page, once it is served.

    Without the bot only the stand-ins and the page are there, and the opening counts as over. `host` is where
    page and bot listen: another than this computer's own in a container, whose ports are published. The bot's
    pages are at `bot_port`; 0 takes any free one.
    """

    def __init__(self, *, with_bot: bool, host: str = HOST, bot_port: int = 0) -> None:
        self.url = ""
        self.host = host
        self.simulation: Simulation
        self._with_bot = with_bot
        self._bot_port = bot_port
        self._shop = AsyncExitStack()
        self._changing = asyncio.Lock()

    async def open(self, kind: ShopKind) -> None:
        """Open a new shop of that kind, then close the one before; open pages are told to load anew."""
        async with self._changing:
            before, pages = self._shop, getattr(self, "simulation", None)
            self._shop = AsyncExitStack()
            if pages is not None and self._bot_port:  # the next bot needs the same
                await pages.child.stop()
            try:
                self.simulation = await self._shop.enter_async_context(self._opened(kind))
            except BaseException:
                await self._shop.aclose()
                self._shop = before
                raise
            if pages is not None:
                pages.tell("other_shop")
            await before.aclose()

    async def close(self) -> None:
        """Close the present shop, in reverse of how it was opened."""
        await self._shop.aclose()

    @asynccontextmanager
    async def _opened(self, kind: ShopKind) -> AsyncIterator[Simulation]:
        async with AsyncExitStack() as stack:
            folder = await stack.enter_async_context(_temporary_folder())
            discord, tradingview = FakeDiscord(), FakeTradingView()
            await discord.start()
            discord.switches.limit("edit", *_EDITS)
            stack.push_async_callback(discord.close)
            await tradingview.start()
            stack.push_async_callback(tradingview.close)
            shop = furnish(discord, tradingview, datetime.now(UTC), kind)
            web_port = self._bot_port or _free_port()
            shop.folder = folder
            settings = _settings(shop, folder, self.host, web_port)
            files = []
            if kind == "move":
                files.append(old_shop.members(shop))
                shop.payments.keep(old_shop.FORM, old_shop.order_of(shop, old_shop.RENEWS))
            await asyncio.to_thread(Terminal(folder).lay_out, settings, *files)
            child = Child(settings, folder)
            simulation = Simulation(shop, child, f"http://{HOST}:{web_port}")
            tasks = [asyncio.create_task(simulation.follow())]
            if kind == "move":
                tasks.append(asyncio.create_task(simulation.watch_files()))
            stack.push_async_callback(_end, tasks)
            stack.push_async_callback(child.stop)
            if simulation.first_run is not None:
                tasks.append(asyncio.create_task(simulation.first_run.watch()))
            if self._with_bot:
                tasks.append(asyncio.create_task(simulation.opening.run()))
            else:
                simulation.opening.over = True
            yield simulation


def _settings(shop: Shop, folder: Path, host: str, web_port: int) -> dict[str, str]:
    """Return the bot's whole environment; it reads no file. In a new shop it is told of no bot and no server."""
    sessionid, sign = shop.login
    bot = {
        "DISCORD_TOKEN": shop.discord.bot_token,
        "DISCORD_GUILD_ID": str(shop.guild.id),
    }
    login = {} if shop.is_empty else {"TV_SESSIONID": sessionid, "TV_SESSIONID_SIGN": sign or ""}
    return {
        **({} if shop.is_new else bot),
        "DISCORD_API_URL": shop.discord.api_url,
        "DISCORD_GATEWAY_URL": shop.discord.gateway_url,
        "TRADINGVIEW_URL": shop.tradingview.url,
        "PINE_FACADE_URL": shop.tradingview.url,
        **login,
        "TV_PACE": _HUNDREDS_PACE if shop.kind == "hundreds" else _PACE,
        "TV_CONCURRENCY": "4",
        "DATABASE_URL": f"sqlite+aiosqlite:///{(folder / 'usher.db').as_posix()}",
        "SECRET_KEY": Fernet.generate_key().decode(),
        "HTTP_HOST": host,
        "HTTP_PORT": str(web_port),
        "PUBLIC_URL": f"http://{HOST}:{web_port}",  # for the links of /dashboard and /session link
    }


def _free_port() -> int:
    """Return a port that is free now; the bot keeps it over its restarts."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
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
