"""What the whole bot holds in memory while nothing happens, beside a server of 40 people.

python -m tests.bench.idle_memory    (on Linux)

What counts is a start on a database that is up to date; the very first one, which makes the tables,
needs Alembic for that and keeps it until the bot is started again.
"""

import asyncio
import tempfile
from pathlib import Path

from tests.bench.desk import say
from tests.support.child import Child, open_child

PEOPLE = 40
GOAL = 90.0  # MB of 1024 * 1024 bytes
QUIET = 3.0  # seconds without any work: all that a start does is over


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        child = await open_child(Path(folder))
        try:
            for number in range(PEOPLE - len(child.guild.members)):
                child.discord.add_member(child.guild, child.discord.add_user(f"member_{number:02}"))
            first, _ = await measure(child, f"sqlite+aiosqlite:///{folder}/new.db")
            resident, proportional = await measure(child, child.url)
        finally:
            await child.discord.close()
            await child.tradingview.close()
    say(
        f"idle beside {PEOPLE} people",
        resident_mb=resident,
        limit_mb=GOAL,
        proportional_mb=proportional,  # pages that other programs share are counted in part
        first_start_mb=first,
        good=resident <= GOAL,
    )


async def measure(child: Child, database: str) -> tuple[float, float]:
    """Start, wait until it rests, and stop; the megabytes that are resident, and proportional."""
    await child.start(LOG_LEVEL="info", DATABASE_URL=database)
    try:
        process = Path(f"/proc/{child.process.pid}")
        before = -1
        while (worked := await asyncio.to_thread(ticks, process)) != before:
            before = worked
            await asyncio.sleep(QUIET)
        return await asyncio.to_thread(megabytes, process)
    finally:
        await child.stop()


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
