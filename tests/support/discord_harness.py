"""The whole Discord layer at work: the real client and cogs, both stand-ins, a shop with staff."""

import asyncio
import contextlib

import discord
import yarl

from bot import clock
from bot.access.catalogue.discovery import Discovery
from bot.access.ledger.notifier import Notifier
from bot.access.ledger.seats import SeatCounts
from bot.access.logins.one_time_pages import OneTimePages
from bot.access.logins.spares import Spares
from bot.access.orders.grants import Grants
from bot.access.orders.outcomes import Outcomes
from bot.access.people.guild_settings import GuildSettings
from bot.access.people.imports import Imports
from bot.access.queries.autocomplete import Autocomplete
from bot.access.queries.history import HistoryTail
from bot.access.queries.overview import Overview
from bot.access.sweeps.adopt import Adoption
from bot.access.sweeps.drift import Drift
from bot.access.sweeps.repair import Repairs
from bot.access.sweeps.retry import Retries
from bot.access.sweeps.sweep import Sweeps
from bot.access.sync.queue import Queue
from bot.interactions import levels
from bot.interactions.client import Usher
from bot.interactions.components import ComponentRouter
from bot.interactions.order_flow import OrderFlow
from bot.interactions.sweep_flow import SweepFlow
from bot.jobs import Jobs
from bot.notifications.log_channel import LogChannel
from bot.notifications.order_outcomes import OutcomeNotifier
from bot.sandbox.discord import FakeDiscord
from bot.store.catalogue import guilds
from bot.tradingview.signin import SignIn
from cogs import every
from tests.support.fake_time import eventually
from tests.support.idle import at_rest
from tests.support.vendor_fixture import open_shop


class DiscordHarness:
    """A Discord server of the shop: an owner, a moderator with the staff role, a buyer, a stranger."""

    def __init__(self, vendor, fake, jobs):
        self.vendor, self.fake, self.jobs = vendor, fake, jobs
        self.public_url = None
        self.public_presses = set()  # buttons that everybody may press
        self.tradingview, self.switches = vendor.fake, vendor.switches
        self.owner, self.mod = fake.add_user("olga"), fake.add_user("mia")
        self.buyer, self.stranger = fake.add_user("ben"), fake.add_user("stan")
        self.guild = fake.add_guild("The shop", self.owner)
        self.channel = next(iter(self.guild.channels.values()))
        self.staff = fake.add_role(self.guild, "Staff", permissions=1 << 40)
        fake.add_member(self.guild, self.mod, [self.staff])
        for user in (self.buyer, self.stranger):
            fake.add_member(self.guild, user)
        self.as_mod, self.as_owner = fake.person(self.mod), fake.person(self.owner)
        self.as_buyer, self.as_stranger = fake.person(self.buyer), fake.person(self.stranger)

    def build(self, *, guild_id=None):
        """A new Usher over the same database, as after a restart."""
        database, sessions, vault = self.vendor.database, self.vendor.sessions, self.vendor.vault
        self.guild_settings = GuildSettings(database, sessions)
        spares = Spares(database, vault, sessions)
        self.links = OneTimePages(
            database,
            sessions,
            spares,
            SignIn(self.vendor.http, base=self.tradingview.url),
            public_url=self.public_url,
            may=lambda guild_id, member_id: levels.may_manage(
                self.client, self.guild_settings, guild_id, member_id
            ),
        )
        self.notifier = Notifier()
        self.queue = Queue(database, sessions, self.jobs, self.notifier)
        self.outcomes = Outcomes(database, sessions, vault, self.queue, self.notifier)
        self.views = Overview(database, sessions, self.outcomes)
        self.router = ComponentRouter(self.guild_settings)
        grants = Grants(database, sessions, vault, self.queue, self.notifier)
        self.grants = grants
        self.sweeps, self.drift = Sweeps(database, sessions), Drift(database)
        self.sweep_flow = SweepFlow(
            self.sweeps,
            self.drift,
            Adoption(database),
            Repairs(database, vault, self.queue, self.notifier),
            self.router,
            say=self._say,
        )

        self.seat_counts = SeatCounts(database)

        def make_cogs(client):
            return every(
                client=client,
                grants=grants,
                retries=Retries(database, self.queue),
                views=self.views,
                order_flow=OrderFlow(self.outcomes, self.notifier, self.router),
                router=self.router,
                sessions=sessions,
                spares=spares,
                links=self.links,
                scripts=self.vendor.scripts,
                customers=self.vendor.customers,
                matches=Imports(database),
                sweep_flow=self.sweep_flow,
                discovering=Discovery(database, sessions, self.vendor.scripts),
                guild_settings=self.guild_settings,
                seat_counts=self.seat_counts,
            )

        self.client = Usher(
            guild_settings=self.guild_settings,
            router=self.router,
            autocomplete=Autocomplete(database),
            make_cogs=make_cogs,
            guild_id=guild_id,
        )
        self.log_channel = LogChannel(self.client, HistoryTail(database))
        self.outcome_notifier = OutcomeNotifier(
            self.client, self.outcomes, self.notifier, self.log_channel, self.jobs
        )
        return self.client

    async def _say(self, guild_id, message):
        return await self.log_channel.say(guild_id, message)

    async def make_rows(self):
        """A script that is sold, a living TradingView login, staff."""
        await self.make_staff()
        await self.script()
        await self.log_in()

    async def make_staff(self):
        """The staff role counts as staff, as after /setup staff."""
        async with self.vendor.database.write() as connection:
            await guilds.ensure(connection, self.guild.id, clock.now())
            await guilds.add_role(connection, self.guild.id, self.staff.id, "staff")
        if hasattr(self, "guild_settings"):
            await self.guild_settings.open()

    async def choose_log_channel(self, channel):
        async with self.vendor.database.write() as connection:
            await guilds.set_log_channel(connection, self.guild.id, channel.id)

    async def script(self, slug="trend", title=None):
        return await self.vendor.add_script(slug, guild_id=self.guild.id, title=title)

    async def log_in(self):
        return await self.vendor.log_in(self.guild.id)

    async def passes(self, check, seconds=60):
        """Let time pass, a second at a time with room for the sockets, until `check()` is true."""
        for _ in range(seconds):
            await at_rest(self.vendor.database, until=check)
            if check():
                return
            await self.time.advance(1)
        raise AssertionError("never became true")

    async def run(self, who, path, **options):
        """Run a command; returns the interaction once it has an answer."""
        interaction = await who.run(path, guild=self.guild, channel=self.channel, **options)
        await interaction.answered()
        return interaction


def text_of(message):
    """Everything a message shows, embeds included."""
    if message is None:
        return ""
    parts = [message.content or ""]
    for embed in message.embeds:
        parts += [embed.get("title") or "", embed.get("description") or ""]
    return "\n".join(parts)


def labels(message):
    return [
        part["label"] for row in message.components for part in row["components"] if "label" in part
    ]


@contextlib.asynccontextmanager
async def at_work(harness, client=None):
    """Connect the client; it is closed at the end."""
    client = client or harness.build()
    await harness.make_staff()
    starting = asyncio.get_running_loop().create_task(client.start(harness.fake.bot_token))
    ready = asyncio.get_running_loop().create_task(harness.fake.bot_ready())
    await asyncio.wait({starting, ready}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if starting.done():
            starting.result()
        await ready
        await harness.queue.start()
        harness.outcome_notifier.start()
        yield client
    finally:
        ready.cancel()
        await client.close()
        with contextlib.suppress(Exception):
            await starting


@contextlib.asynccontextmanager
async def open_office(tmp_path, monkeypatch):
    fake = FakeDiscord(now=clock.now)
    await fake.start()
    monkeypatch.setattr(discord.http.Route, "BASE", fake.api_url)
    monkeypatch.setattr(
        discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url)
    )
    try:
        async with open_shop(tmp_path) as vendor, Jobs() as jobs:
            yield DiscordHarness(vendor, fake, jobs)
    finally:
        await fake.close()


__all__ = ["DiscordHarness", "at_work", "eventually", "labels", "open_office", "text_of"]
