"""The whole of access without Discord: a shop whose queue runs on a clock that the test moves."""

import asyncio
import itertools
from contextlib import asynccontextmanager

from bot import clock
from bot.access.request import Consent, RequestContext, Subject
from bot.access.rules.duration import parse_length, parse_until
from bot.store.ledger import entitlements, permissions
from bot.store.records import Actor
from tests.support.fake_time import eventually
from tests.support.idle import at_rest, pause
from tests.support.vendor_fixture import HOME, STAFF, open_shop

_keys = itertools.count(1)


class AccessHarness:
    """Where staff stand: says what they type, and shows what TradingView holds.

    What Usher has (`bot.services`) is found here under the same names; `jobs` are those of another
    program on the same database.
    """

    def __init__(self, vendor, time, jobs=None):
        self.vendor, self.time = vendor, time
        self.services = vendor.build(jobs) if jobs else vendor.services
        self.fake, self.switches = vendor.fake, vendor.switches

    def __getattr__(self, name):
        return getattr(self.__dict__["services"], name)

    async def start(self):
        """Begin with what the database holds, as after a restart."""
        await self.services.open()
        await self.services.queue.start()

    def request(self, key=None, guild_id=HOME, **consent):
        return RequestContext(
            guild_id,
            Actor.member(STAFF),
            key or f"i{next(_keys)}",
            clock.now(),
            "token",
            Consent(**consent),
        )

    async def grant(self, name, length, item="trend", *, request=None, note=None, **consent):
        return await self.grants.grant(
            request or self.request(**consent),
            item,
            parse_length(length),
            Subject(username=name),
            note,
        )

    async def set(self, name, until, item="trend", *, note=None, **consent):
        request, end = (
            self.request(**{"confirmed": True, **consent}),
            parse_until(until, clock.now()),
        )
        return await self.grants.set_end(request, item, end, Subject(username=name), note)

    async def revoke(self, name, item="trend", *, note=None, **consent):
        request = self.request(**{"confirmed": True, **consent})
        return await self.grants.revoke(request, item, Subject(username=name), note)

    async def put_back(self, order_id):
        return await self.grants.put_back(self.request(), order_id)

    async def state(self, order_id):
        return (await self.outcomes.receipt(order_id)).order.state

    async def becomes(self, order_id, state, *, within=0):
        """Wait for that state, letting `within` seconds pass if need be."""
        left = within
        while True:
            await self.rest()
            receipt = await self.outcomes.receipt(order_id)
            if receipt.order.state == state:
                return receipt
            if not left:
                break
            left -= await self.time.to_the_next(left)
        raise AssertionError(f"{receipt.order.state} {receipt.permission.reason}, not {state}")

    async def let_pass(self, seconds):
        """Let so much time pass, and everything happen that is due in it."""
        while seconds:
            await self.rest()
            seconds -= await self.time.to_the_next(seconds)

    async def meanwhile(self, coro):
        """What `coro` returns, letting time pass for as long as it takes."""
        task = asyncio.ensure_future(coro)
        while not task.done():
            await at_rest(self.database, until=task.done)
            if not task.done():
                await self.time.advance(0.5)
        return task.result()

    async def rest(self):
        """Let everything happen that needs no time to pass."""
        await at_rest(self.database)

    async def done(self, order_id, *, within=0):
        return await self.becomes(order_id, "done", within=within)

    async def permission(self, name, item="trend"):
        async with self.database.read() as connection:
            from bot.access.catalogue.lookup import find

            script = await find(connection, HOME, item)
            return await permissions.by_name(connection, script.id, name)

    async def change(self, name, **values):
        permission = await self.permission(name)
        async with self.database.write() as connection:
            await permissions.change(connection, permission.id, **values)

    async def reasons(self, name):
        permission = await self.permission(name)
        async with self.database.read() as connection:
            return await entitlements.active(connection, permission.id)

    @property
    def pine_id(self):
        return self.script.pine_id

    def row(self, name):
        return self.fake.world.row(self.pine_id, name)

    def end(self, name):
        """The end that TradingView holds: a moment, None for lifetime, "absent" without a row."""
        row = self.row(name)
        return "absent" if row is None else row.end

    def give(self, name, end):
        self.fake.world.grant(self.pine_id, name, end)

    def writes(self):
        return [call for kind in ("add", "modify", "remove") for call in self.fake.calls(kind)]


@asynccontextmanager
async def open_harness(tmp_path, time, *, login=True):
    async with open_shop(tmp_path) as vendor:
        harness = AccessHarness(vendor, time)
        harness.script = await vendor.add_script()
        for name in ("Ann_Trades", "ann_trades2", "bob-fx"):
            vendor.world.add_user(name)
        if login:
            await vendor.log_in()
        await harness.queue.start()
        yield harness


__all__ = ["AccessHarness", "eventually", "open_harness", "pause"]
