"""The whole Discord layer at work: the real client and cogs, both stand-ins, a shop with staff."""

import asyncio
import contextlib
import re

import discord
import yarl

import cogs
from bot import clock
from bot.sandbox.discord import FakeDiscord
from bot.store.catalogue import guilds
from tests.support.fake_time import eventually, world_now
from tests.support.idle import at_rest
from tests.support.quick_commands import check_each_command_once
from tests.support.vendor_fixture import open_shop

check_each_command_once()


class DiscordHarness:
    """A Discord server of the shop: an owner, a moderator with the staff role, a buyer, a stranger.

    What Usher has (`bot.services`) is found here under the same names.
    """

    def __init__(self, vendor, fake):
        self.vendor, self.fake = vendor, fake
        # Buttons and forms of which everybody may make use.
        self.public_presses = {
            *("redeem_open", "redeem_form", "prove", "proven", "reminders_off"),
            *(
                "own_open_link",
                "own_link_form",
                "own_open_wrong",
                "own_me",
                "own_unseen",
                "own_still",
                "own_buy",
            ),
        }
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

    def build(self, **changed):
        """A new Usher over the same database, as after a restart, with some settings `changed`."""
        return self.vendor.build(**changed).client

    def __getattr__(self, name):
        return getattr(self.__dict__["vendor"].services, name)

    async def make_rows(self):
        """A script that is sold, a living TradingView login, staff."""
        await self.make_staff()
        await self.script()
        await self.log_in()

    async def make_staff(self):
        """The staff role counts as staff, as after /setup staff."""
        await self.add_staff_role()
        await self.guild_settings.open()

    async def add_staff_role(self):
        """The same in the database alone, for a bot that is yet to open it."""
        async with self.vendor.database.write() as connection:
            await guilds.ensure(connection, self.guild.id, clock.now())
            await guilds.add_role(connection, self.guild.id, self.staff.id, "staff")

    async def choose_log_channel(self, channel):
        async with self.vendor.database.write() as connection:
            await guilds.set_log_channel(connection, self.guild.id, channel.id)

    # What happens in the server; a client that is connected hears of it as its intents allow, one
    # that is closed never does

    def make_role(self, name, *, above_bot=False):
        """A role that the bot may give and take, unless it stands above the bot's own."""
        role = self.fake.add_role(self.guild, name)
        self.fake.drag_role(self.guild, role, to_top=above_bot)
        return role

    def delete_role(self, role):
        self.fake.delete_role(self.guild, role)

    def give_role(self, user, role):
        self.fake.give_role(self.guild, user, role)

    def take_role(self, user, role):
        self.fake.take_role(self.guild, user, role)

    def roles_of(self, user):
        """The names of a member's roles; None for somebody who is not in the server."""
        member = self.guild.members.get(user.id)
        return None if member is None else [role.name for role in member.roles]

    def join(self, name_or_user):
        """Let somebody new in, or somebody come back without the roles they had."""
        new = isinstance(name_or_user, str)
        user = self.fake.add_user(name_or_user) if new else name_or_user
        self.fake.add_member(self.guild, user)
        return user

    def leave(self, user):
        """Leave, or be kicked."""
        self.fake.remove_member(self.guild, user)

    def ban(self, user):
        self.fake.ban(self.guild, user)

    def boost(self, user):
        """Begin to boost the server; the role that comes with it."""
        self.fake.boost(self.guild, user)
        return self.guild.booster_role

    def end_boost(self, user):
        self.fake.end_boost(self.guild, user)

    def refuse_members_intent(self):
        """Discord closes with 4014 when a client asks for it from now on."""
        self.fake.allow_members_intent(allowed=False)

    async def script(self, slug="trend", title=None):
        return await self.vendor.add_script(slug, guild_id=self.guild.id, title=title)

    async def log_in(self):
        return await self.vendor.log_in(self.guild.id)

    async def passes(self, check, seconds=60):
        """Let time pass, with room for the sockets whenever somebody wakes, until `check()` is true."""
        while seconds:
            await at_rest(self.vendor.database, until=check)
            if check():
                return
            seconds -= await self.time.to_the_next(seconds)
        await at_rest(self.vendor.database, until=check)
        assert check(), "never became true"

    async def run(self, who, path, **options):
        """Run a command; returns the interaction once it has an answer."""
        interaction = await who.run(path, guild=self.guild, channel=self.channel, **options)
        await interaction.answered()
        return interaction


def text_of(message):
    """Everything a message shows, embeds included, with the plain names of the commands it mentions."""
    if message is None:
        return ""
    text = message.content or ""
    for embed in message.embeds:
        title, below = embed.get("title"), embed.get("description") or ""
        # A box without a title goes on where the text above it ends.
        text += f"\n{title}\n" if title else "\n" if below.startswith("-#") else " "
        text += below
    return re.sub(r"</([a-z -]+):\d+>", r"`/\1`", text)


def labels(message):
    return [
        part["label"] for row in message.components for part in row["components"] if "label" in part
    ]


@contextlib.asynccontextmanager
async def at_work(harness, client=None, *, ready=False):
    """Connect the client, and wait until it is `ready`, where asked for; it is closed at the end."""
    client = client or harness.build()
    if ready:  # discord.py waits so many real seconds after each server for one more
        client._connection.guild_ready_timeout = 0.1
    services = harness.vendor.services
    await harness.add_staff_role()
    await services.open()
    await cogs.load(services)
    starting = asyncio.get_running_loop().create_task(client.start(harness.fake.bot_token))
    connected = asyncio.get_running_loop().create_task(harness.fake.bot_ready())
    await asyncio.wait({starting, connected}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if starting.done():
            starting.result()
        await connected
        await services.queue.start()
        services.outcome_notifier.start()
        if ready:
            await eventually(client.is_ready)
        yield client
    finally:
        connected.cancel()
        await client.close()
        with contextlib.suppress(Exception):
            await starting


@contextlib.asynccontextmanager
async def open_office(tmp_path, monkeypatch):
    fake = FakeDiscord(now=world_now)
    await fake.start()
    monkeypatch.setattr(discord.http.Route, "BASE", fake.api_url)
    monkeypatch.setattr(
        discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway_url)
    )
    try:
        async with open_shop(tmp_path) as vendor:
            yield DiscordHarness(vendor, fake)
    finally:
        await fake.close()


__all__ = ["DiscordHarness", "at_work", "eventually", "labels", "open_office", "text_of"]
