"""What people look up, in a server of 10,000 customers with 40,000 accesses: the part that is stored.

python -m tests.bench.lookups [name ...]

A look-up is one function below, from the shop and a customer to what it reads; its name is in `LOOKUPS`.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bot import clock
from bot.access.queries.explained import stored_of
from bot.access.queries.standing import Checked, Person
from bot.access.request import Subject
from bot.replies import access_check
from tests.bench.desk import middle, say
from tests.support.many import hold_all, many_people, many_scripts, reasons_for_all
from tests.support.vendor_fixture import HOME, open_shop

PEOPLE, SCRIPTS = 10_000, 4
TIMES = 1_000
LIMIT = 0.020  # seconds, of the slowest but one percent


async def check(shop: Any, person: Any) -> None:
    """/access check, without TradingView: read what is stored, and write the answer."""
    async with shop.database.read() as connection:
        stored = await stored_of(connection, HOME, Subject(username=person.username), clock.now())
    checked = tuple(
        Checked(
            script,
            stored.held.get(script.id),
            None,
            tuple(why.reason for why in stored.whys.get(script.id, ())),
            whys=stored.whys.get(script.id, ()),
        )
        for script in stored.scripts
    )
    access_check.check(Person(stored.username, stored.customer, checked), HOME)


LOOKUPS: dict[str, Callable[[Any, Any], Awaitable[None]]] = {"access check": check}


async def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_shop(Path(folder)) as shop:
            people = await many_people(shop.database, HOME, PEOPLE, members=True)
            sold = await many_scripts(shop.database, HOME, SCRIPTS)
            pairs = [(script, person) for person in people for script in sold]
            await hold_all(shop.database, pairs, checked=True)
            await reasons_for_all(shop.database)
            for name in names or LOOKUPS:
                await measure(shop, name, people)


async def measure(shop: Any, name: str, people: list[Any]) -> None:
    look_up = LOOKUPS[name]
    await look_up(shop, people[0])  # fills caches
    took = []
    worked = time.process_time()
    for person in random.Random(7).choices(people, k=TIMES):
        begun = time.perf_counter()
        await look_up(shop, person)
        took.append(time.perf_counter() - begun)
    worked = time.process_time() - worked
    slow = sorted(took)[int(TIMES * 0.99)]
    say(
        f"looking up: {name}",
        customers=PEOPLE,
        accesses=PEOPLE * SCRIPTS,
        times=TIMES,
        seconds=middle(took),
        seconds_p99=slow,
        processor_seconds_each=worked / TIMES,  # where other programs share the machine
        limit=LIMIT,
        good=slow <= LIMIT,
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
