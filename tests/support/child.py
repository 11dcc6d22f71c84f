"""Usher as a process of its own, for what only a process can show: SIGKILL, SIGTERM, a second start."""

import asyncio
import os
import signal
from pathlib import Path

from cryptography.fernet import Fernet

from bot.sandbox.discord import FakeDiscord
from bot.sandbox.tradingview import FakeTradingView
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import open_database
from tests.support import forks
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import AT, new_database


class Child:
    """`usher run` against both stand-ins; what it prints is kept."""

    def __init__(self, tmp_path, discord, tradingview):
        self.tmp_path, self.discord, self.tradingview = tmp_path, discord, tradingview
        self.owner = discord.add_user("olga")
        self.buyer = discord.add_user("ben")
        self.guild = discord.add_guild("The shop", self.owner)
        self.channel = next(iter(self.guild.channels.values()))
        discord.add_member(self.guild, self.buyer)
        self.as_owner = discord.person(self.owner)
        self.vendor = tradingview.world.add_vendor("Vendor_One")
        self.sessionid, self.sign = tradingview.world.open_session(self.vendor)
        self.script = tradingview.world.add_script(self.vendor, title="Trend")
        self.key = Fernet.generate_key().decode()
        self.url = f"sqlite+aiosqlite:///{tmp_path}/data/usher.db"
        self.process = None
        self.printed = b""
        self._reading = None

    async def furnish(self):
        """A server with one script, as after /script add."""
        await asyncio.to_thread(new_database, self.tmp_path / "data")
        async with open_database(self.url) as database, database.write() as connection:
            await guilds.ensure(connection, self.guild.id, AT)
            await scripts.add(
                connection,
                self.guild.id,
                pine_id=self.script.pine_id,
                slug="trend",
                title="Trend",
                by=self.owner.id,
                at=AT,
            )

    def environment(self, **more):
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        return kept | {
            "DISCORD_TOKEN": self.discord.bot_token,
            "DISCORD_GUILD_ID": str(self.guild.id),
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "TRADINGVIEW_URL": self.tradingview.url,
            "PINE_FACADE_URL": self.tradingview.url,
            "TV_SESSIONID": self.sessionid,
            "TV_SESSIONID_SIGN": self.sign,
            "TV_PACE": "1000",
            "TV_CONCURRENCY": "8",
            "DATABASE_URL": self.url,
            "SECRET_KEY": self.key,
            "HTTP_PORT": "0",
            "LOG_LEVEL": "debug",
            "PYTHONPATH": str(Path.cwd()),
            **more,
        }

    async def spawn(self, *, files=None, module=(), afresh=False, **more):
        """Start it; at most `files` may be open at once, as the system's own limit says otherwise.

        With another `module`, that is what is started, with what follows it; `afresh`, by an interpreter
        of its own, as people start it.
        """
        start = forks.start_afresh if afresh else forks.start
        self.process = await start(
            *(module or ("bot", "run")),
            cwd=self.tmp_path,
            env=self.environment(**more),
            files=files,
        )
        self._reading = asyncio.get_running_loop().create_task(self._read(self.process.stdout))

    async def _read(self, stream):
        while piece := await stream.read(65536):
            self.printed += piece

    async def start(self, **more):
        await self.spawn(**more)
        ready = asyncio.get_running_loop().create_task(self.discord.bot_ready())
        ended = asyncio.get_running_loop().create_task(self.process.wait())
        await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not ready.done():
            ready.cancel()
            raise AssertionError(self.printed.decode())

    async def kill(self):
        await self._end(signal.SIGKILL)
        await self.discord.bot_gone()

    async def stop(self):
        """SIGTERM; returns the exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, sign):
        if self.process is None or self.process.returncode is not None:
            return self.process and self.process.returncode
        self.process.send_signal(sign)
        code = await self.process.wait()
        await self._reading
        return code

    async def shows_commands(self):
        """It is connected a moment before it has told Discord of its commands."""
        await eventually(lambda: self.as_owner.commands(self.guild))

    async def run(self, path, *, answered=True, **options):
        await self.shows_commands()
        interaction = await self.as_owner.run(
            path, guild=self.guild, channel=self.channel, **options
        )
        if answered:
            await interaction.answered()
        return interaction

    def end(self, name):
        row = self.tradingview.world.row(self.script.pine_id, name)
        return "absent" if row is None else row.end

    def writes(self):
        kinds = ("add", "modify", "remove")
        return [call for kind in kinds for call in self.tradingview.calls(kind) if call.applied]


async def open_child(tmp_path, *, furnished=True):
    # Whether it takes three is looked at where the machine does not count (tests/interactions).
    discord, tradingview = FakeDiscord(ack_within=30.0), FakeTradingView()
    await discord.start()
    await tradingview.start()
    child = Child(tmp_path, discord, tradingview)
    if furnished:
        await child.furnish()
    return child


async def usher(child, *arguments, **more):
    """One command in the terminal; returns its exit code and what it printed."""
    process = await forks.start(
        "bot", *arguments, cwd=child.tmp_path, env=child.environment(**more)
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()
