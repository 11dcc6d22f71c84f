"""A shop in which a Discord role opens a script, and Usher at work in it as the program is."""

import asyncio
import contextlib

import cogs
from bot.interactions.connection import guard, log_in, stay_connected
from bot.jobs import Jobs
from tests.support.discord_harness import eventually, text_of
from tests.support.idle import at_rest


class RoleShop:
    """What happens in it, and what each person reads."""

    def __init__(self, harness):
        self.harness = harness
        harness.vendor.world.add_user("Ann_Trades")
        harness.vendor.world.add_user("bob-fx")

    def __getattr__(self, name):
        return getattr(self.__dict__["harness"], name)

    async def open(self):
        await self.harness.make_rows()
        self.log = self.fake.add_channel(self.guild, "log")
        await self.choose_log_channel(self.log)
        self.vip = self.make_role("VIP")

    @contextlib.asynccontextmanager
    async def running(self, **changed):
        """Usher from its start to its end; what happens outside of it, it does not hear."""
        async with Jobs() as jobs:
            services = self.harness.vendor.build(jobs, **changed)
            client = services.client
            client._connection.guild_ready_timeout = 0.1
            await services.open()
            await self.harness.make_staff()
            await cogs.load(services)
            await services.queue.start()
            guard(client, services.blockade)
            await log_in(client, self.fake.bot_token, services.blockade)
            connected = asyncio.ensure_future(stay_connected(client, services.blockade))
            try:
                await self.passes(client.is_ready, 10)
                services.outcome_notifier.start()
                services.purchases.start(jobs)
                services.role_rounds.start(jobs)
                await self.rest()
                yield services
            finally:
                connected.cancel()
                await client.close()
                with contextlib.suppress(asyncio.CancelledError):
                    await connected

    async def rest(self):
        await at_rest(self.vendor.database)

    async def wait(self, seconds):
        """Let that much time pass, a second at a time with room for the sockets."""
        for _ in range(seconds):
            await self.rest()
            await self.time.advance(1)
        await self.rest()

    async def let_open(self, role=None, item="trend", **more):
        """An owner lets a role open something."""
        answer = await self.run(self.as_owner, "role add", role=role or self.vip, item=item, **more)
        if "from now on" not in text_of(answer.original):
            press = await self.as_owner.press(answer.original, "Yes, let it open that")
            await press.until(lambda now: "from now on" in text_of(now))
        return text_of(answer.original)

    async def link(self, user, name):
        who = self.fake.person(user)
        request = await self.run(who, "link", username=name)
        press = await who.press(request.original, "Yes, that is me")
        await press.until(lambda now: "is your TradingView name now" in text_of(now))

    def has(self, name="Ann_Trades"):
        script = next(iter(self.harness.vendor.world.scripts))
        return self.harness.vendor.world.row(script, name) is not None

    def told(self, user, part):
        """How many direct messages of that user hold these words."""
        return sum(part in text_of(each) for each in self.fake.person(user).dms())

    def logged(self, part):
        return [each for each in self.as_owner.sees(self.log) if part in text_of(each)]

    async def press(self, who, message, label, part):
        """Press a button, and wait until these words are read."""
        pressed = await who.press(message, label)
        return text_of(await pressed.until(lambda now: part in text_of(now)))


__all__ = ["RoleShop", "eventually"]
