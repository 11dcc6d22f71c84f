"""Random days of a shop: a seed decides who orders what, what goes wrong, and when."""

import asyncio
import calendar
import random
from contextlib import suppress
from datetime import timedelta

from bot import clock
from bot.access.ledger.errors import OvertakenSince, PutBackTooLate
from bot.errors import UserError
from tests.soak.model import FOREVER, NONE, plus
from tests.soak.shop import NAMES, SLUGS, SoakError, open_soak
from tests.support.fake_time import settle
from tests.support.idle import at_rest

LENGTHS = ("7D", "2W", "1M", "1M", "1M", "3M", "1Y", "45D")
ACTIONS = {
    "one": 44, "many": 6, "twice": 6, "interrupted": 5, "fault": 18, "crash": 2, "time": 14,
    "sweep": 3, "link": 2, "spot": 4,
}  # fmt: skip


class Days:
    """What happens in one round, action by action."""

    def __init__(self, shop):
        self.shop, self.rng = shop, shop.rng

    async def round(self, actions):
        """Some actions, and then everything must come to what it should."""
        names, weights = list(ACTIONS), list(ACTIONS.values())
        for _ in range(actions):
            action = self.rng.choices(names, weights)[0]
            await getattr(self, action)()
        await self.shop.calm()
        await self.quiet_days()

    # Orders

    def somebody(self):
        return self.rng.choice(SLUGS), self.rng.choice(NAMES)

    def something(self, slug, name):
        """A kind of order, and what it says."""
        person, roll = self.shop.people[slug, name], self.rng.random()
        if roll < 0.70:
            return "grant", "L" if self.rng.random() < 0.03 else self.rng.choice(LENGTHS)
        if roll < 0.80:
            end = FOREVER if self.rng.random() < 0.1 else self.some_end()
            return "set", end
        buttons = [removal for removal in person.removals[-2:] if removal.took]
        if roll < 0.90 or not buttons:
            return "revoke", None
        return "put_back", self.rng.choice(buttons)

    def some_end(self):
        at = clock.now() + timedelta(
            days=self.rng.randint(5, 400), seconds=self.rng.randint(0, 9_999)
        )
        if self.rng.random() < 0.3:  # the last of a month, where months differ
            at += timedelta(days=calendar.monthrange(at.year, at.month)[1] - at.day)
        return at.replace(microsecond=0)

    async def one(self):
        """One order."""
        slug, name = self.somebody()
        kind, value = self.something(slug, name)
        await self.give(slug, name, self.shop.request(), kind, value)

    async def give(self, slug, name, request, kind, value):
        shop, person = self.shop, self.shop.people[slug, name]
        before, overrules = None, kind in ("set", "revoke") and person.by_hand is not None
        if kind == "put_back":
            before = await shop.with_key(f"put back {value.order}")
            may = before is not None or person.may_put_back(value, request.at)
        try:
            order = await shop.meanwhile(shop.ordering(slug, name, request, kind, value))
        except (OvertakenSince, PutBackTooLate):
            if kind != "put_back" or may:
                raise
            shop.counts["refused"] += 1
            return
        if kind == "put_back" and not may:
            raise SoakError(f"order {value.order} of {name} was put back, and may not be")
        if before is None:
            shop.recorded(slug, name, request, kind, value, order)
            if overrules:  # or it depends on the faults which of two removals took what was there
                await shop.calm()
        elif order != before:
            raise SoakError(f"order {value.order} was put back twice")

    async def many(self):
        """Several people order for the same person at the same moment; all of it counts."""
        slug, name = self.somebody()
        lengths = [self.rng.choice(LENGTHS) for _ in range(self.rng.randint(2, 5))]
        requests = [self.shop.request() for _ in lengths]
        given = [
            self.shop.ordering(slug, name, request, "grant", length)
            for request, length in zip(requests, lengths, strict=True)
        ]
        ids = await self.shop.meanwhile(asyncio.gather(*given))
        for order, request, length in sorted(
            zip(ids, requests, lengths, strict=True), key=lambda each: each[0]
        ):
            self.shop.recorded(slug, name, request, "grant", length, order)

    async def twice(self):
        """The same interaction is delivered twice, at once or later: it counts once."""
        slug, name = self.somebody()
        request, length = self.shop.request(), self.rng.choice(LENGTHS)
        ways = [self.shop.ordering(slug, name, request, "grant", length) for _ in range(2)]
        if self.rng.random() < 0.5:
            first, second = await self.shop.meanwhile(asyncio.gather(*ways))
        else:
            first = await self.shop.meanwhile(ways[0])
            await self.time()
            second = await self.shop.meanwhile(ways[1])
        if first != second:
            raise SoakError(f"delivered twice, it became the orders {first} and {second}")
        self.shop.counts["delivered twice"] += 1
        self.shop.recorded(slug, name, request, "grant", length, first)

    async def interrupted(self):
        """The program is killed in the middle of an order; whoever asked may ask the same again."""
        slug, name = self.somebody()
        request, length = self.shop.request(), self.rng.choice(LENGTHS)
        under_way = asyncio.ensure_future(self.shop.ordering(slug, name, request, "grant", length))
        for _ in range(self.rng.randint(0, 6)):
            await settle(self.rng.randint(1, 10))
            await asyncio.sleep(0.001)
        under_way.cancel()
        with suppress(asyncio.CancelledError):
            await under_way
        await self.shop.crash()
        order = await self.shop.with_key(request.idempotency_key)
        if order is None and self.rng.random() < 0.5:
            return  # nothing was recorded, and nobody asks again
        again = await self.shop.meanwhile(self.shop.ordering(slug, name, request, "grant", length))
        if order is not None and again != order:
            raise SoakError(f"asked again after a crash, {order} became {again}")
        self.shop.recorded(slug, name, request, "grant", length, again)

    # Everything else

    async def fault(self):
        self.shop.faults.strike()

    async def crash(self):
        await self.shop.crash()

    async def time(self):
        """Some time passes, and whatever is due happens."""
        for _ in range(self.rng.randint(1, 3)):
            await at_rest(self.shop.vendor.database, tries=40)
            await self.shop.time.advance(self.rng.choice((0.5, 2, 5, 15, 60, 300)))

    async def spot(self):
        await self.shop.spot_check()

    async def sweep(self):
        """A full check, which may fail; it changes nobody's access."""
        script = self.shop.scripts[self.rng.choice(SLUGS)]
        self.shop.counts["full checks"] += 1
        with suppress(UserError):
            swept = await self.shop.meanwhile(self.shop.harness.sweeps.of_script(script, by=None))
            await self.shop.harness.drift.note(swept, None)

    async def link(self):
        """Staff tie a name to a member; it changes no access."""
        name = self.rng.choice(NAMES)
        member = 1_000 + NAMES.index(name)
        with suppress(UserError):  # TradingView may not answer
            await self.shop.meanwhile(
                self.shop.harness.customers.tie(self.shop.request(), member, name)
            )
            self.shop.members[name] = member
            self.shop.counts["links"] += 1

    async def quiet_days(self):
        """Between two rounds: days pass, access lapses, somebody changes something by hand."""
        await self.shop.time.advance(self.rng.choice((0, 3_600, 86_400, 5 * 86_400, 20 * 86_400)))
        for _ in range(self.rng.randint(0, 2)):
            slug, name = self.somebody()
            end = self.rng.choice((NONE, self.some_end(), plus(clock.now(), "1Y")))
            self.shop.by_hand(slug, name, end)
        await at_rest(self.shop.vendor.database)


async def soak(folder, seed, *, rounds=None, until=None, actions=30, told=None):
    """So many rounds, or rounds until `until()`; returns what happened. Raises SoakError."""
    rng = random.Random(seed)
    async with open_soak(folder, rng) as shop:
        days, done = Days(shop), 0
        while (rounds is None or done < rounds) and not (until and until()):
            try:
                await days.round(actions)
            except Exception as error:
                raise SoakError(f"seed {seed}, round {done}: {error!r}") from error
            done += 1
            if told is not None:
                told(done, shop.counts)
        return {"seed": seed, "rounds": done, **shop.counts}
