"""How long the dashboard's pages take beside 10,000 customers with 40,000 permissions, and what it adds to memory.

python -m tests.bench.dashboard [CUSTOMERS]    (the memory: on Linux)

Server time is all of a request on this computer, to the last byte. What takes long to count is
counted before: a page never waits for it, and at most a twentieth of the time is spent so.
"""

import asyncio
import sys
import time

import aiohttp

from bot import clock
from bot.access.people.web_sessions import create_token
from bot.app import web_application
from bot.settings import Settings
from bot.store.catalogue import products, scripts
from bot.store.records import OPERATOR_ID
from bot.web import serve
from tests.bench.desk import HOME, STAFF, Desk, middle, open_desk, percentile, say
from tests.bench.filled_dashboard import fill

SCRIPTS, TIMES = 4, 40
LIMIT_MS, LIMIT_KB, LIMIT_MB = 50.0, 100.0, 3.0
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
}
# What a bot has loaded, with the dashboard's modules or a stand-in for them; and what its first page adds.
_LOADED = """
import asyncio, sys, types
if sys.argv[1] == "without":
    name = "bot.web.dashboard"
    sys.modules[name] = types.ModuleType(name)
import bot.__main__, bot.app
if sys.argv[1] == "rendered":
    from bot.web.pages import page
    asyncio.run(page("dashboard/sign_in.html", static_at="/dashboard/static/"))
with open("/proc/self/smaps_rollup") as file:
    print(sum(int(line.split()[1]) for line in file if line.startswith("Private_Dirty")))
"""


async def _loaded(what: str) -> float:
    """Megabytes of its own that a new process holds: the least of a few."""
    sizes = []
    for _ in range(5):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _LOADED, what, stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await process.communicate()
        sizes.append(int(printed) / 1024)
    return min(sizes)


async def memory() -> None:
    without, with_it, rendered = [await _loaded(what) for what in ("without", "with", "rendered")]
    say(
        "what the dashboard adds to memory",
        at_rest_mb=with_it - without,
        limit_mb=LIMIT_MB,
        after_the_first_page_mb=rendered - with_it,
        good=with_it - without <= LIMIT_MB,
    )


async def main(customers: int) -> None:
    await memory()
    async with open_desk(pace=1000, concurrency=4) as desk:
        await desk.pause(paused=True)
        await _filled(desk, customers)
        app = web_application(Settings(), desk.services)
        async with serve(app, "127.0.0.1", 0) as port, _signed_in(port, desk) as browser:
            await browser.get("")  # reads the templates, and begins to count what takes long
            await desk.services.today.view(HOME, patience=60.0)
            for name, path in PAGES.items():
                await _measure(browser, f"{name} beside {customers} customers", path)


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


class _Browser:
    """Signed in as the operator."""

    def __init__(self, http: aiohttp.ClientSession, origin: str) -> None:
        self._http, self._origin = http, origin

    async def get(self, path: str) -> tuple[float, int]:
        """Seconds, and bytes."""
        begun = time.perf_counter()
        address = f"{self._origin}/dashboard/{HOME}/{path}"
        async with self._http.get(address, allow_redirects=False) as answer:
            body = await answer.read()
        assert answer.status in (200, 303), (answer.status, body[-500:])
        return time.perf_counter() - begun, len(body)


class _signed_in:  # noqa: N801 - a context manager
    def __init__(self, port: int, desk: Desk) -> None:
        self._origin, self._desk = f"http://127.0.0.1:{port}", desk
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> _Browser:
        token = await create_token(self._desk.database, HOME, OPERATOR_ID)
        headers = {"Origin": self._origin, "Sec-Fetch-Site": "same-origin"}
        async with self._http.post(
            f"{self._origin}/dashboard/sign-in",
            data={"token": token},
            headers=headers,
            allow_redirects=False,
        ) as answer:
            assert answer.status == 303
        return _Browser(self._http, self._origin)

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()


async def _measure(browser: _Browser, name: str, path: str) -> None:
    first, size = await browser.get(path)
    seconds, work = [], []
    for _ in range(TIMES):
        begun = time.process_time()
        took, size = await browser.get(path)
        seconds.append(took * 1000)
        work.append((time.process_time() - begun) * 1000)
    say(
        name,
        first_ms=first * 1000,
        p50_ms=middle(seconds),
        p95_ms=percentile(seconds, 0.95),
        least_ms=min(seconds),
        cpu_p50_ms=middle(work),  # of both ends: what a busy machine does not lengthen
        limit_ms=LIMIT_MS,
        kilobytes=size / 1000,
        limit_kb=LIMIT_KB,
        good=middle(seconds) <= LIMIT_MS and size / 1000 <= LIMIT_KB,
    )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
