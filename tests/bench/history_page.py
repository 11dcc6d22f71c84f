"""How long one page of the history takes among 200,000 entries: without a filter, and with each."""

import asyncio
import json
import random
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.queries.history_pages import HistoryPages, Search
from bot.replies.history_kinds import actions_of
from bot.store.catalogue import guilds
from bot.store.engine.database import open_database
from bot.store.kinds import ActorKind
from bot.store.tables.ledger import event, event_words
from bot.store.tables.people import customer

HOME, ENTRIES, PEOPLE, ROUNDS = 100, 200_000, 10_000, 9
_FIRST = 1_000  # the first of their ids: some happened before
_ACTIONS = ("grant", "done", "done", "set", "revoke", "link", "matched", "drift", "purchase")


async def fill(connection: AsyncConnection, guild_id: int, people: int) -> None:
    """Ten years of a busy shop; every second entry has a note, one in 20,000 is about the login."""
    chance, now = random.Random(11), clock.now()
    for start in range(0, ENTRIES, 5_000):
        rows = [
            {
                "id": _FIRST + each,
                "guild_id": guild_id,
                "at": now - timedelta(minutes=25) * (ENTRIES - each),
                "actor_kind": "member" if each % 2 else "usher",
                "actor_id": str(each % 9 + 1) if each % 2 else None,
                "action": chance.choice(_ACTIONS) if each % 20_000 else "session_dead",
                "customer_id": chance.randrange(1, people),
                "order_id": each // 2,
                "after": {"kind": "until", "ends_at": "2026-02-01T00:00:00+00:00"},
            }
            for each in range(start, start + 5_000)
        ]
        await connection.execute(insert(event), rows)
        notes = [
            {
                "event_id": _FIRST + each,
                "guild_id": guild_id,
                "words": {"note": f"Order {each}, card"},
            }
            for each in range(start, start + 5_000, 2)
        ]
        await connection.execute(insert(event_words), notes)


async def _people(connection: AsyncConnection) -> None:
    await guilds.ensure(connection, HOME, clock.now())
    people = [
        {"guild_id": HOME, "username": f"P{each}", "name_folded": f"p{each}"}
        for each in range(PEOPLE)
    ]
    await connection.execute(insert(customer), people)


async def main() -> None:
    """Print the median of each search in ms."""
    now = clock.now()
    searches = {
        "newest": Search(),
        "one person": Search(customer_id=5),
        "rare kind": Search(actions=actions_of("login")),
        "nothing fits": Search(actor_kind=ActorKind.KEY),
        "one member": Search(actor_kind=ActorKind.MEMBER, actor_id="3"),
        "an old day": Search(since=now - timedelta(days=3_000), before=now - timedelta(days=2_999)),
        "a note": Search(words="Order 1000,"),
        "an order": Search(words="#77"),
    }
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(f"sqlite+aiosqlite:///{Path(folder) / 'usher.db'}") as database:
            async with database.write() as connection:
                await _people(connection)
                await fill(connection, HOME, PEOPLE)
            pages = HistoryPages(database)
            for name, search in searches.items():
                took, cpu = [], []
                for _ in range(ROUNDS):
                    begun, worked = time.perf_counter(), time.process_time()
                    page = await pages.page(HOME, search, None)
                    took.append((time.perf_counter() - begun) * 1000)
                    cpu.append((time.process_time() - worked) * 1000)
                found[name] = {
                    "entries": len(page.entries),
                    "ms": round(statistics.median(took), 1),
                    "cpu_ms": round(statistics.median(cpu), 1),  # what a busy machine adds left out
                }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    asyncio.run(main())
