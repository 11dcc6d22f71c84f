"""What the dashboard's pages cost the server beside 10,000 customers with 40,000 permissions and 200,000 entries.

python -m tests.bench.dashboard [CUSTOMERS]

The browser is another process. `cpu_ms` is all that this one works for a request, in all its threads, also
reading and writing it: what a busy machine does not lengthen. `ms` is the time within the application, which has the limit, and
`step_ms` the longest that the loop works without a pause. The pages are asked for in turn, round by round.
What takes long to count is counted before: a page never waits for it, and at most a twentieth of the time is
spent so.
"""

import asyncio
import sys
import time
from asyncio import events
from collections import defaultdict

from aiohttp import web
from aiohttp.typedefs import Handler

from bot import clock
from bot.access.orders.bulk.records import Draft, Entry
from bot.access.people.web_sessions import create_token
from bot.access.request import RequestContext
from bot.app import web_application
from bot.settings import Settings
from bot.store.catalogue import products, scripts
from bot.store.kinds import BatchKind
from bot.store.records import OPERATOR_ID, Actor
from bot.web import serve
from tests.bench import history_page
from tests.bench.desk import HOME, MONTH, STAFF, Desk, middle, open_desk, percentile, say
from tests.bench.filled_dashboard import fill
from tests.bench.visits import Browser, open_browser

SCRIPTS, ROUNDS = 4, 20
LIMIT_MS, LIMIT_KB, LIMIT_STEP_MS = 50.0, 100.0, 15.0
PAGES = {
    "today": "",
    "people, first page": "people",
    "people, last page": "people?page=199",
    "people who end within 7 days": "people?show=week",
    "people who are not linked": "people?show=unlinked",
    "search by a name's beginning": "people?q=Trader_04",
    "search by a part of every name": "people?q=trader",
    "search by a member's id": "people?q=700000000000000123",
    "search by an order": "people?q=%23777",
    "search by a shop's number": "people?q=sub_000123",
    "search by a note": "people?q=invoice+90",
    "search in vain": "people?q=nobody_at_all",
    "one person": "people/123",
    "scripts and products": "items",
    "differences": "differences",
    "payments": "payments",
    "history": "history",
    "history of a rare kind": "history?kind=login",
    "history of one person": "history?person=123",
    "history by a note": "history?q=Order+1000%2C",
    "history by a note that nobody wrote": "history?q=nothing+of+that+kind",
    "history by an order": "history?q=%2377",
    "settings": "settings",
    "batches": "batches",
    "a dry run about everybody": "batches/1",
    "a batch about everybody, its last page": "batches/2?page=100000",
}


class Meter:
    """How long the application is at a request, and the longest step of the loop, in ms."""

    def __init__(self) -> None:
        self.within = self.step = 0.0

    def watch(self, app: web.Application) -> None:
        """Look at every request of the application, and at every step of the loop."""
        run = events.Handle._run

        def timed(handle: events.Handle) -> None:
            begun = time.thread_time()
            run(handle)
            self.step = max(self.step, (time.thread_time() - begun) * 1000)

        events.Handle._run = timed  # type: ignore[method-assign]

        @web.middleware
        async def look(request: web.Request, handler: Handler) -> web.StreamResponse:
            begun = time.perf_counter()
            try:
                return await handler(request)
            finally:
                self.within = (time.perf_counter() - begun) * 1000

        app.middlewares.insert(0, look)


async def main(customers: int) -> None:
    async with open_desk(pace=1000, concurrency=4) as desk:
        await desk.pause(paused=True)
        await _filled(desk, customers)
        await _batches(desk, customers)
        app, meter = web_application(Settings(), desk.services), Meter()
        meter.watch(app)
        token = await create_token(desk.database, HOME, OPERATOR_ID)
        async with serve(app, "127.0.0.1", 0) as port, open_browser(port, token) as browser:
            await _measure(browser, meter, desk, customers)


async def _filled(desk: Desk, customers: int) -> None:
    now = clock.now()
    async with desk.database.write() as connection:
        for n in range(1, SCRIPTS):
            await scripts.add(
                connection, HOME, pine_id=f"PUB;{n}", slug=f"trend-{n}", title=f"Trend {n}",
                by=STAFF, at=now,
            )  # fmt: skip
        listed = await scripts.listed(connection, HOME)
        gold = await products.add(connection, HOME, by=STAFF, at=now, slug="gold", title="Gold")
        await products.add_scripts(connection, gold.id, [script.id for script in listed])
        ids = [script.id for script in listed]
        await fill(connection, HOME, ids, gold.id, customers, now)
        await history_page.fill(connection, HOME, customers)


async def _batches(desk: Desk, customers: int) -> None:
    """A dry run about every customer, and a batch of which the first rows are ordered."""
    entries = [
        Entry(n, username=f"Trader_{n:05}", item="trend", length=MONTH)
        for n in range(1, customers + 1)
    ]
    bulk = desk.services.bulk
    for key in ("dry", "started"):
        request = RequestContext(HOME, Actor.member(STAFF), key, clock.now())
        number = await bulk.batches.draft(request, Draft(BatchKind.GRANT, entries))
    await bulk.batches.start(request, number)
    await bulk.runner.look()


async def _measure(browser: Browser, meter: Meter, desk: Desk, customers: int) -> None:
    start = f"/dashboard/{HOME}/"
    pages = {"no page at all": "/healthz", **{name: start + path for name, path in PAGES.items()}}
    await desk.services.today.view(HOME, patience=60.0)
    first, size = {}, {}
    for name, address in pages.items():
        begun = time.process_time()
        size[name] = await browser.open(address)
        first[name] = (time.process_time() - begun) * 1000  # it reads and compiles templates too
    work, within, steps = (defaultdict[str, list[float]](list) for _ in range(3))
    for _ in range(ROUNDS):
        await desk.services.today.view(HOME, patience=60.0)  # so that no page begins to count
        for name, address in pages.items():
            meter.step, begun = 0.0, time.process_time()
            await browser.open(address)
            work[name].append((time.process_time() - begun) * 1000)
            within[name].append(meter.within)
            steps[name].append(meter.step)
    for name in pages:
        say(
            f"{name}, beside {customers} customers",
            cpu_ms=middle(work[name]),
            cpu_p95_ms=percentile(work[name], 0.95),
            ms=middle(within[name]),
            least_ms=min(within[name]),
            limit_ms=LIMIT_MS,
            first_cpu_ms=first[name],
            step_ms=middle(steps[name]),
            limit_step_ms=LIMIT_STEP_MS,
            beside_people=middle(work[name]) / middle(work["people, first page"]),
            kilobytes=size[name] / 1000,
            limit_kb=LIMIT_KB,
            good=middle(within[name]) <= LIMIT_MS
            and middle(steps[name]) <= LIMIT_STEP_MS
            and size[name] / 1000 <= LIMIT_KB,
        )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
