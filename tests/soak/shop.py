"""A vendor's access without Discord, beside the model of what it must come to."""

import itertools
import random
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from bot import clock
from bot.access.logins.sessions import LoginState
from bot.access.request import Consent, RequestContext, Subject
from bot.access.rules.duration import parse_length
from bot.jobs import Jobs
from bot.store.ledger import orders
from bot.store.records import Actor
from bot.tradingview.models import LIFETIME
from tests.soak.faults import Faults
from tests.soak.model import FOREVER, NONE, Person, access, rank
from tests.support.access_harness import AccessHarness
from tests.support.fake_time import FakeTime
from tests.support.idle import at_rest
from tests.support.vendor_fixture import HOME, open_shop

START = datetime(2026, 1, 29, 9, 30, tzinfo=UTC)
NAMES = ("Ann_Trades", "ann_trades2", "bob-fx", "Carl", "dora_99", "Eve_T", "Frank_FX", "gus77")
SLUGS = ("trend", "wave")
ASKERS = (1, 2, 3)
CALM = 7_200  # seconds within which everything must have ended once nothing is wrong any more


class SoakError(AssertionError):
    """Something was promised and did not hold."""


class Shop:
    """What people order here is told to Usher and, once it is recorded, to the model."""

    def __init__(self, vendor, time, rng):
        self.vendor, self.time, self.rng = vendor, time, rng
        # How often is waited depends on the sockets: that must not change what is ordered next.
        self._waits = random.Random(0)
        self.people = {(slug, name): Person() for slug in SLUGS for name in NAMES}
        self.scripts, self.members = {}, {}
        self.counts, self.log, self.broken = Counter(), [], []
        self.faults = Faults(vendor.switches, rng, self.counts)
        self._keys = itertools.count(1)
        self._held = {}  # what TradingView showed when it was last written to
        self._taking = set()  # whose access an order of this round may shorten
        self.harness = self._jobs = None

    async def open(self):
        for name in NAMES:
            self.vendor.world.add_user(name)
        for slug in SLUGS:
            self.scripts[slug] = await self.vendor.add_script(slug)
        await self.vendor.log_in()
        self.vendor.fake.watchers.append(self._watch)
        await self._begin()

    async def _begin(self):
        self._jobs = Jobs()
        await self._jobs.__aenter__()
        self.harness = AccessHarness(self.vendor, self.time, self._jobs)
        await self.harness.start()

    async def close(self):
        jobs, self._jobs = self._jobs, None
        if jobs is not None:
            await jobs.__aexit__(None, None, None)

    async def crash(self):
        """Whatever is under way is lost; the next program finds what the database holds."""
        self.counts["crashes"] += 1
        await self.close()
        await self._begin()

    # TradingView

    def row(self, slug, name):
        row = self.vendor.world.row(self.scripts[slug].pine_id, name)
        if row is None:
            return NONE
        return FOREVER if row.end is None else row.end

    def by_hand(self, slug, name, end):
        """Somebody changes it on TradingView itself, past Usher."""
        self.counts["changes by hand"] += 1
        self.log.append((0, "by hand", slug, name, str(end), clock.now().isoformat()))
        pine_id = self.scripts[slug].pine_id
        if end == NONE:
            self.vendor.world.revoke(pine_id, name)
        else:
            self.vendor.world.grant(pine_id, name, None if end == FOREVER else end)
        self.people[slug, name].by_hand = self._held[slug, name] = end

    def _watch(self, call):
        """Nobody gets less than they had but by an order that says so."""
        if not call.writes:
            return
        for slug, name in self.people:
            if name.casefold() != call.username.casefold():
                continue
            before, after, now = (
                self._held.get((slug, name), NONE),
                self.row(slug, name),
                clock.now(),
            )
            self._held[slug, name] = after
            shorter = rank(access(after, now)) < rank(access(before, now))
            if shorter and (slug, name) not in self._taking:
                self.broken.append(
                    f"{name} on {slug}: {before}, then {after}, and no order took it"
                )

    # Orders

    def request(self, key=None, **consent):
        asker = Actor.member(self._waits.choice(ASKERS))
        agreed = Consent(**{"confirmed": True, **consent})
        key = key or f"k{next(self._keys)}"
        return RequestContext(HOME, asker, key, clock.now(), "token", agreed)

    async def meanwhile(self, coro):
        """What it returns, letting time pass for as long as it takes."""
        return await self.harness.meanwhile(coro)

    def ordering(self, slug, name, request, kind, value=None):
        """One order on its way into the database, as a command sends it; returns its id."""
        if kind != "grant":
            self._taking.add((slug, name))
        grants, subject = self.harness.grants, Subject(username=name)
        if name in self.members and self.rng.random() < 0.3:
            subject = Subject(member_id=self.members[name])
        match kind:
            case "grant":
                return grants.grant(request, slug, parse_length(value), subject)
            case "set":
                end = LIFETIME if value == FOREVER else value
                return grants.set_end(request, slug, end, subject)
            case "revoke":
                return grants.revoke(request, slug, subject)
            case _:
                return grants.put_back(request, value.order)

    def recorded(self, slug, name, request, kind, value, order_id):
        """Let the model know of an order that Usher has taken."""
        self.counts["orders"] += 1
        person = self.people[slug, name]
        self.log.append((order_id, kind, slug, name, str(value), request.at.isoformat()))
        match kind:
            case "grant":
                person.grant(order_id, request.at, value)
            case "set":
                person.set(order_id, request.at, value)
            case "revoke":
                person.revoke(order_id, request.at)
            case _:
                person.put_back(order_id, value, request.at)

    async def with_key(self, key):
        """The id of the order that was recorded with this key, if one was."""
        async with self.vendor.database.read() as connection:
            found = await orders.by_key(connection, HOME, key)
        return None if found is None else found.id

    # What must hold

    async def calm(self):
        """Nothing is wrong any more: whatever was ordered is carried out, and exactly that."""
        self.faults.clear()
        for slug in SLUGS:  # what TradingView refused for long: staff have looked
            again = self.harness.retries.retry(self.request(removals=1_000), slug)
            await self.meanwhile(again)
        waited = 0
        while unfinished := await self._unfinished():
            if waited > CALM:
                raise SoakError(f"never done: {unfinished}")
            await at_rest(self.vendor.database)
            if (await self.harness.sessions.of(HOME)).state is not LoginState.ALIVE:
                self.counts["logins renewed"] += 1
                fresh = self.vendor.cookies()
                await self.meanwhile(self.harness.sessions.update(self.request(), fresh))
            seconds = self._waits.choice((1, 2, 5, 20, 60))
            await self.time.advance(seconds)
            waited += seconds
        await at_rest(self.vendor.database)
        await self.check(await self._states())
        self._taking.clear()

    async def spot_check(self):
        """Whatever is said to be done is on TradingView's list, in the middle of all faults."""
        states, unfinished = await self._states(), {each[0] for each in await self._unfinished()}
        for (slug, name), person in self.people.items():
            mine = [each[0] for each in self.log if each[0] and each[2:4] == (slug, name)]
            if not mine or unfinished & set(mine) or states[person.last][0] != "done":
                continue
            if any(states[each][0] not in ("done", "superseded") for each in mine):
                continue
            self.counts["ends compared at once"] += 1
            self._compare(slug, name, person, states)

    async def check(self, states):
        """Compare TradingView, and what Usher says of each order, with the model."""
        for (slug, name), person in self.people.items():
            self.counts["ends compared"] += 1
            self._compare(slug, name, person, states)
            if person.last and states[person.last][0] != "done":
                lapsed = access(person.expected(), clock.now()) == NONE
                if not (lapsed and states[person.last] == ("stuck", "too_late")):
                    raise SoakError(f"order {person.last} of {name}: {states[person.last]}")
        ids = [each[0] for each in self.log if each[0]]
        if len(set(ids)) != len(ids) or set(ids) != set(states):
            raise SoakError(f"recorded and not given, or the other way: {set(ids) ^ set(states)}")
        if self.broken:
            raise SoakError("; ".join(self.broken))

    def _compare(self, slug, name, person, states):
        now, expected, there = clock.now(), person.expected(), self.row(slug, name)
        if access(expected, now) != access(there, now):
            mine = [(*each, states.get(each[0])) for each in self.log if each[2:4] == (slug, name)]
            lines = "\n".join(map(str, mine[-12:]))
            raise SoakError(f"{name} on {slug}: should be {expected}, is {there}\n{lines}")

    async def _states(self):
        async with self.vendor.database.read() as connection:
            rows = await connection.exec_driver_sql('SELECT id, state, reason FROM "order"')
            return {row.id: (row.state, row.reason) for row in rows}

    async def _unfinished(self):
        """Orders that wait, and (with no id) permissions that are still worked on."""
        async with self.vendor.database.read() as connection:
            found = await connection.exec_driver_sql(
                "SELECT o.id, permission.username, permission.state, permission.reason FROM permission "
                "LEFT JOIN \"order\" o ON o.permission_id = permission.id AND o.state = 'waiting' "
                "WHERE o.id IS NOT NULL OR permission.state IN ('waiting', 'working')"
            )
            return [tuple(row) for row in found]


@asynccontextmanager
async def open_soak(folder, rng):
    """A shop on a clock of its own."""
    time = FakeTime(START)
    async with AsyncExitStack() as stack:
        stack.enter_context(clock.taken_from(time))
        shop = Shop(await stack.enter_async_context(open_shop(folder)), time, rng)
        await shop.open()
        stack.push_async_callback(shop.close)
        yield shop
