"""A small shop for tests: a database, a TradingView on a socket, and the rules between them."""

import asyncio
import tempfile
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import aiohttp
from sqlalchemy import insert, make_url

from bot import clock
from bot.access.catalogue.scripts import Scripts
from bot.access.logins.sessions import Sessions
from bot.access.people.customers import Customers, resolve
from bot.access.people.guild_settings import GuildSettings
from bot.access.request import RequestContext, Subject
from bot.sandbox.tradingview import FakeTradingView
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import open_database
from bot.store.engine.migrate import migrate
from bot.store.ledger import events
from bot.store.people import customers
from bot.store.tables.core import permission
from bot.store.vault import open_vault
from bot.tradingview.client import TradingViewClient
from bot.tradingview.limiter import Limiter
from bot.tradingview.models import Cookies

HOME, OTHER = 100, 200
STAFF, MEMBER, STRANGER = 1, 7, 8
AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Vendor:
    """One vendor with scripts on a stand-in TradingView, and one Usher with two servers."""

    def __init__(self, database, vault, http, fake):
        self.database, self.vault, self.http, self.fake = database, vault, http, fake
        self.world, self.switches = fake.world, fake.switches
        self.vendor = fake.world.add_vendor("Vendor_One")
        self.hidden = []
        self.changes = []
        self.references = iter(range(10**6))
        self.sessions = self.new_sessions()
        self.customers = Customers(
            database, self.sessions, self.connect(Limiter(1e9, 8), lambda: None)
        )

        self.scripts = Scripts(database, self.sessions)
        self.guild_settings = GuildSettings(database, self.sessions)

    def connect(self, limiter, cookies):
        return TradingViewClient(
            self.http,
            base=self.fake.url,
            pine_facade=self.fake.url,
            limiter=limiter,
            cookies=cookies,
        )

    def new_sessions(self):
        sessions = Sessions(
            self.database,
            self.vault,
            self.connect,
            pace=1e9,
            concurrency=8,
            hide=self.hidden.append,
        )
        sessions.on_change.append(self.changes.append)
        return sessions

    def request(self, by=STAFF, guild_id=HOME):
        return RequestContext(guild_id, by, str(next(self.references)), AT)

    def cookies(self, vendor=None, **more):
        return Cookies(*self.world.open_session(vendor or self.vendor, **more))

    async def log_in(self, guild_id=HOME):
        return await self.sessions.update(self.request(guild_id=guild_id), self.cookies())

    async def add_script(self, slug="trend", *, guild_id=HOME, vendor=None, title=None):
        """A script that TradingView and the database both know."""
        title = title or slug.title()
        there = self.world.add_script(vendor or self.vendor, title=title)
        async with self.database.write() as connection:
            await guilds.ensure(connection, guild_id, AT)
            return await scripts.add(
                connection,
                guild_id,
                pine_id=there.pine_id,
                slug=slug,
                title=title,
                by=STAFF,
                at=AT,
            )

    async def hold(self, script, customer, **values):
        """What somebody should have on TradingView, without the way there."""
        rest = {"wanted": "lifetime", "seen": "unknown", "state": "done"} | values
        async with self.database.write() as connection:
            await connection.execute(
                insert(permission).values(
                    guild_id=customer.guild_id,
                    script_id=script.id,
                    customer_id=customer.id,
                    username=customer.username,
                    name_folded=customer.name_folded,
                    revision=0,
                    synced_revision=0,
                    ours="unknown",
                    before="unknown",
                    asked_at=AT,
                    **rest,
                )
            )

    async def person(self, *, member=None, name=None, guild_id=HOME):
        """Whoever that is in the database."""
        async with self.database.read() as connection:
            if member is not None:
                return await customers.by_member(connection, guild_id, member)
            return await customers.by_name(connection, guild_id, name)

    async def resolve(self, *subject, by=STAFF):
        """The person meant, as every command finds it."""
        async with self.database.write() as connection:
            return await resolve(connection, self.request(by), Subject(*subject))

    async def events(self, *actions):
        async with self.database.read() as connection:
            found = await events.since(connection, HOME, 0)
        return [event for event in found if not actions or event.action in actions]


@cache
def _migrated():
    """A database with every table and nobody in it; migrating anew takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usher.db"
        migrate(make_url(f"sqlite+aiosqlite:///{path}"))
        return path.read_bytes()


def new_database(folder):
    """The address of a new database in that folder (blocking)."""
    path = folder / "usher.db"
    path.touch(mode=0o600)
    path.write_bytes(_migrated())
    return f"sqlite+aiosqlite:///{path}"


@asynccontextmanager
async def open_shop(tmp_path):
    fake = FakeTradingView(now=clock.now)
    await fake.start()
    try:
        async with (
            open_database(await asyncio.to_thread(new_database, tmp_path)) as database,
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        ):
            async with database.write() as connection:
                await guilds.ensure(connection, HOME, AT)
                await guilds.ensure(connection, OTHER, AT)
            vault = await open_vault(None, tmp_path / "secret.key", database)
            yield Vendor(database, vault, http, fake)
    finally:
        await fake.close()
