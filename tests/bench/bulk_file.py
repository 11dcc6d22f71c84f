"""A file of 10,000 orders is read while everything else goes on.

python -m tests.bench.bulk_file

Limits, of which reading may take only a part (the whole dry run has 5 s and 5 ms a row): 10,000 rows in
1 s, 20,000 rows of mistakes in 2 s; what is on the loop meanwhile never waits for 50 ms, also for the
files that are meant to harm; and reading takes at most 40 MB.
"""

import asyncio
import gc
import json
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

from bot.access.orders.bulk.members import resolve
from bot.access.orders.bulk.records import LARGEST, Defaults, Sheet
from bot.access.orders.bulk.sheets import read
from bot.access.people.import_records import People, Person
from bot.errors import UserError
from bot.store.kinds import BatchKind

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = 10_000
IN_TIME, MISTAKES_IN_TIME, HELD_UP, GROWS = 1.0, 2.0, 0.05, 40.0  # seconds, seconds, seconds, MB
HEADER = "username,discord_id,item,duration,until,note\n"


def member_id(number: int) -> int:
    return 10**17 + number * 7_919


def orders() -> bytes:
    times = ("30d,", ",2026-05-31", ",2026-05-31T23:59:59.999000+00:00", "1y 6m,")
    rows = (
        f"Trader_{number},{member_id(number)},gold-{number % 7},{times[number % 4]},moved from shop {number}\n"
        for number in range(ROWS)
    )
    return (HEADER + "".join(rows)).encode()


def mistakes() -> bytes:
    rows = (f"no name {n}!,12a{n},,soon,1/2/{n},{'n' * 150}\n" for n in range(2 * ROWS))
    return (HEADER + "".join(rows)).encode()


HARMFUL = {
    "one line of letters": HEADER.encode() + b"x" * (LARGEST - 100),
    "one line of commas": HEADER.encode() + b"," * (LARGEST - 100),
    "empty lines": HEADER.encode() + b"\n" * (LARGEST - 100),
    "short lines": HEADER.encode() + b"a\n" * (LARGEST // 2 - 100),
    "quoted line breaks": HEADER.encode() + b'"\n",' * (LARGEST // 4 - 100),
    "a mark that is never closed": HEADER.encode() + b'"ann\n' + b"bob,,t,1M,,\n" * 400_000,
    "old letters": HEADER.encode() + ("aé" * 50 + "\n").encode("windows-1252") * 50_000,
    "zeros": b"\0" * LARGEST,
}


def say(what: str, *, good: bool, **figures: object) -> None:
    print(json.dumps({"what": what, "good": good, **figures}))


def understood(data: bytes) -> Sheet | UserError:
    try:
        return read(data, BatchKind.GRANT, Defaults(), NOW)
    except UserError as error:
        return error


async def held_up(work: Callable[[], object]) -> tuple[object, float, float]:
    """Do it in a thread; what it returns, how long it took, and the longest that the loop stood still."""
    worst, over = 0.0, False

    async def tick() -> None:
        nonlocal worst
        last = time.perf_counter()
        while not over:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            worst, last = max(worst, now - last), now

    ticking = asyncio.ensure_future(tick())
    await asyncio.sleep(0.05)
    worst, begun = 0.0, time.perf_counter()
    outcome = await asyncio.to_thread(work)
    seconds = time.perf_counter() - begun
    over = True
    await ticking
    return outcome, seconds, worst


async def timed(what: str, data: bytes, limit: float) -> None:
    outcome, seconds, worst = await held_up(lambda: understood(data))
    rows = len(outcome.entries) + len(outcome.faulty) if isinstance(outcome, Sheet) else 0
    say(
        what,
        outcome=type(outcome).__name__,
        rows=rows,
        seconds=round(seconds, 3),
        ms_a_row=round(seconds * 1000 / rows, 3) if rows else None,
        longest_hold_ms=round(worst * 1000, 1),
        good=seconds <= limit and worst <= HELD_UP,
    )


async def compared() -> None:
    """The ids of all rows, beside a server of 50,000 members."""
    sheet = read(orders(), BatchKind.GRANT, Defaults(), NOW)
    people = People(tuple(Person(member_id(number), ()) for number in range(5 * ROWS)))
    found, seconds, worst = await held_up(lambda: resolve(sheet.entries, people, {}, {}))
    say(
        "ids compared with 50,000 members",
        seconds=round(seconds, 3),
        longest_hold_ms=round(worst * 1000, 1),
        good=seconds <= IN_TIME and worst <= HELD_UP and not found[1],
    )


def memory() -> None:
    data = orders()
    understood(data)  # what is kept for every later one
    tracemalloc.start()
    sheet = understood(data)
    kept, most = (round(figure / 1e6, 1) for figure in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    say("memory", kept_mb=kept, most_mb=most, good=most <= GROWS and isinstance(sheet, Sheet))


async def main() -> None:
    understood(orders())
    gc.freeze()  # as the bot does once it runs
    await timed("10,000 rows", orders(), IN_TIME)
    await timed("20,000 rows of mistakes", mistakes(), MISTAKES_IN_TIME)
    for what, data in HARMFUL.items():
        await timed(what, data, MISTAKES_IN_TIME)
    await compared()
    memory()


if __name__ == "__main__":
    asyncio.run(main())
