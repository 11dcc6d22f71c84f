"""What the whole bot holds in memory while nothing happens, beside a server of 40 people.

python -m tests.bench.idle_memory    (on Linux)

What counts is a start on a database that is up to date; the very first one, which makes the tables,
needs Alembic for that and keeps it until the bot is started again.
"""

import asyncio
import socket
import tempfile
from pathlib import Path

from bot.web.dashboard.places import PLACES, home
from tests.bench.desk import say
from tests.bench.visits import open_browser
from tests.support.child import Child, open_child, usher

PEOPLE = 40
GOAL = 90.0  # MB of 1024 * 1024 bytes
DASHBOARD = 3.0  # MB that it may add
QUIET = 3.0  # seconds without any work: all that a start does is over


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        child = await open_child(Path(folder))
        try:
            for number in range(PEOPLE - len(child.guild.members)):
                child.discord.add_member(child.guild, child.discord.add_user(f"member_{number:02}"))
            first, _ = await measure(child, f"sqlite+aiosqlite:///{folder}/new.db")
            resident, proportional = await measure(child, child.url)
            before, today, all_places = await _visited(child)
        finally:
            await child.discord.close()
            await child.tradingview.close()
    say(
        f"idle beside {PEOPLE} people",
        resident_mb=resident,
        limit_mb=GOAL + DASHBOARD,
        proportional_mb=proportional,  # pages that other programs share are counted in part
        first_start_mb=first,
        today_adds_mb=today - before,
        all_places_add_mb=all_places - before,
        good=resident <= GOAL + DASHBOARD,
    )


async def measure(child: Child, database: str) -> tuple[float, float]:
    """Start, wait until it rests, and stop; the megabytes that are resident, and proportional."""
    await child.start(afresh=True, LOG_LEVEL="info", DATABASE_URL=database)
    try:
        return await _at_rest(child)
    finally:
        await child.stop()


async def _visited(child: Child) -> tuple[float, float, float]:
    """The resident megabytes before a page is opened, after today's, and after every place of the menu."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    await child.start(afresh=True, LOG_LEVEL="info", HTTP_PORT=str(port))
    try:
        sizes = [(await _at_rest(child))[0]]
        _, printed = await usher(child, "dashboard", HTTP_PORT=str(port))
        async with open_browser(port, printed.strip().rpartition("#")[2]) as browser:
            for places in (PLACES[:1], PLACES[1:]):
                for place in places:
                    await browser.open(home(child.guild.id) + place.path)
                sizes.append((await _at_rest(child))[0])
    finally:
        await child.stop()
    before, today, all_places = sizes
    return before, today, all_places


async def _at_rest(child: Child) -> tuple[float, float]:
    """The megabytes that are resident, and proportional, once it does nothing more."""
    process = Path(f"/proc/{child.process.pid}")
    before = -1
    while (worked := await asyncio.to_thread(ticks, process)) != before:
        before = worked
        await asyncio.sleep(QUIET)
    return await asyncio.to_thread(megabytes, process)


def ticks(process: Path) -> int:
    """The CPU time that it has used."""
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def megabytes(process: Path) -> tuple[float, float]:
    sizes = dict(
        line.split(":", 1) for line in (process / "smaps_rollup").read_text().splitlines()[1:]
    )
    resident, proportional = (int(sizes[name].split()[0]) / 1024 for name in ("Rss", "Pss"))
    return resident, proportional


if __name__ == "__main__":
    asyncio.run(main())
