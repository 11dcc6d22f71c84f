"""A small shop for tests: a database, a TradingView on a socket, and the rules between them."""

import asyncio
import dataclasses
import tempfile
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from unittest.mock import patch

import aiohttp
from cryptography.fernet import Fernet
from sqlalchemy import insert, make_url

from bot import logs, tradingview_accounts
from bot.access.logins.sessions import LoginState
from bot.access.people.identity import resolve
from bot.access.request import Consent, RequestContext, Subject
from bot.access.sources import REGISTRY
from bot.jobs import Jobs
from bot.sandbox.tradingview import FakeTradingView
from bot.services import build
from bot.settings import Settings
from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import open_database
from bot.store.engine.migrate import migrate
from bot.store.ledger import entitlements, events
from bot.store.people import customers
from bot.store.records import Actor
from bot.store.tables.ledger import permission
from bot.store.vault import Vault
from bot.tradingview.models import Cookies
from tests.support.fake_time import world_now

HOME, OTHER = 100, 200
STAFF, MEMBER, STRANGER = 1, 7, 8
AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Vendor:
    """One vendor with scripts on a stand-in TradingView, and one Usher with two servers.

    What Usher has (`bot.services`) is found here under the same names.
    """

    def __init__(self, settings, database, vault, http, jobs, fake):
        self.settings, self.database, self.vault = settings, database, vault
        self.http, self.jobs, self.fake = http, jobs, fake
        self.world, self.switches = fake.world, fake.switches
        self.vendor = fake.world.add_vendor("Vendor_One")
        self.changes = []
        self.hidden = logs._vault._known
        self.keys = iter(range(10**6))
        self.build()

    def build(self, jobs=None, **changed):
        """Wire everything anew, as after a restart, with some settings `changed`."""
        settings = dataclasses.replace(self.settings, **changed)
        self.services = build(
            settings, self.database, self.vault, self.http, jobs or self.jobs, shared=False
        )
        self.services.sessions.on_change.append(self.changes.append)
        return self.services

    def __getattr__(self, name):
        return getattr(self.__dict__["services"], name)

    def new_sessions(self, **changed):
        """The logins as another program opens them."""
        sessions = tradingview_accounts.sessions(
            dataclasses.replace(self.settings, **changed),
            self.database,
            self.vault,
            self.http,
            shared=False,
        )
        sessions.on_change.append(self.changes.append)
        return sessions

    def request(self, by=STAFF, guild_id=HOME, **consent):
        return RequestContext(
            guild_id, Actor.member(by), str(next(self.keys)), AT, consent=Consent(**consent)
        )

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

    async def test_logins(self):
        """Test every stored login, the dead ones too."""
        for held in self.sessions.every():
            if held.state is not LoginState.NONE:
                await held.test()

    async def hold(self, script, customer, **values):
        """What somebody should have on TradingView, without the way there."""
        async with self.database.write() as connection:
            await hold(connection, script, customer, **{"wanted": "lifetime", **values})

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


async def hold(connection, script, customer, **values):
    """A permission, without the order that leads to it."""
    rest = {"wanted": "nothing", "seen": "unknown", "state": "done"} | values
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


@cache
def _migrated():
    """A database with every table and nobody in it; migrating anew takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usher.db"
        migrate(make_url(f"sqlite+aiosqlite:///{path}"))
        return path.read_bytes()


@cache
def _with_two_servers():
    """The same with both servers of a shop, and every source."""

    async def fill(url):
        async with open_database(url) as database, database.write() as connection:
            await guilds.ensure(connection, HOME, AT)
            await guilds.ensure(connection, OTHER, AT)
            await entitlements.know_sources(connection, REGISTRY)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(fill(new_database(Path(folder))))
        return (Path(folder) / "usher.db").read_bytes()


def new_database(folder, content=_migrated):
    """The address of a new database in that folder (blocking)."""
    path = folder / "usher.db"
    folder.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content())
    return f"sqlite+aiosqlite:///{path}"


def _key(path):
    """What `open_vault` makes for a database in which nothing is sealed, without waiting for the disk (blocking)."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"{Fernet.generate_key().decode()}\n")
    return path.read_text().strip()


@asynccontextmanager
async def open_shop(tmp_path):
    fake = FakeTradingView(now=world_now)
    await fake.start()
    try:
        settings = Settings(
            database_url=await asyncio.to_thread(new_database, tmp_path, _with_two_servers),
            tradingview_url=fake.url,
            pine_facade_url=fake.url,
            tv_pace=1e9,
            tv_concurrency=8,
        )
        with patch.object(
            logs, "_vault", logs._Vault()
        ):  # a log hides what this test made, no more
            async with (
                open_database(settings.database_url) as database,
                aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
                Jobs() as jobs,
            ):
                vault = Vault(await asyncio.to_thread(_key, tmp_path / "secret.key"))
                yield Vendor(settings, database, vault, http, jobs, fake)
    finally:
        await fake.close()
