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
from bot.access.queries.causes import Cause, Explanation
from bot.access.queries.explained import stored_of
from bot.access.queries.standing import Checked, Person
from bot.access.request import Subject
from bot.access.rules.duration import parse_length
from bot.replies import access_check, me as me_replies, why as why_replies
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


async def why(shop: Any, person: Any) -> None:
    """/why without an item, without Discord and TradingView: read what is stored, and write the answer."""
    facts = await shop.why.facts(HOME, Subject(username=person.username), None)
    found = Explanation(HOME, Cause.NO_ITEM, facts.who)
    why_replies.why(await shop.why._explain(found, facts))


async def me(shop: Any, person: Any) -> None:
    """/me: read what is stored, and write the answer."""
    me_replies.me(await shop.overview.me(HOME, person.member_id), HOME)


async def names(shop: Any, person: Any) -> None:
    """The names that are suggested once the first letters are typed."""
    await shop.autocomplete.names(HOME, person.username[:8])


async def items(shop: Any, _: Any) -> None:
    """The items that are suggested once a letter is typed."""
    await shop.autocomplete.items(HOME, "s")


async def lengths(shop: Any, person: Any) -> None:
    """The lengths that are suggested for a person and an item, with the ends they lead to."""
    subject, item = Subject(username=person.username), "script-1"
    await shop.autocomplete.ends(HOME, [parse_length("1M"), parse_length("1Y")], item, subject)


LOOKUPS: dict[str, Callable[[Any, Any], Awaitable[None]]] = {
    "access check": check,
    "why": why,
    "me": me,
    "suggested names": names,
    "suggested items": items,
    "suggested lengths": lengths,
}


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
