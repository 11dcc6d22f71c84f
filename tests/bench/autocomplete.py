"""How long suggestions take beside 10,000 customers with 40,000 permissions and products of four scripts.

python -m tests.bench.autocomplete [CUSTOMERS]
"""

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import insert, select

from bot import clock
from bot.access.request import Subject
from bot.access.rules.duration import parse_length
from bot.store.catalogue import products, scripts
from bot.store.tables.ledger import entitlement, permission, purchase
from bot.store.tables.people import customer
from tests.bench.desk import HOME, STAFF, Desk, open_desk, percentile, say

GOAL_P99, TIMES, SCRIPTS = 0.02, 300, 4
LENGTHS = [parse_length(text) for text in ("7D", "2W", "1M", "3M", "6M", "1Y", "L")]


async def main(customers: int) -> None:
    async with open_desk(pace=1000, concurrency=4) as desk:
        await desk.pause(paused=True)
        await _fill(desk, customers)
        typed = desk.services.autocomplete
        name = f"Buyer_{customers // 2}"

        async def items() -> object:
            return await typed.items(HOME, random.choice(("g", "tr", "")))

        async def names() -> object:
            return await typed.names(HOME, f"buyer_{random.randrange(customers)}"[:8])

        async def ends() -> object:
            return await typed.ends(HOME, LENGTHS, "gold", Subject(username=name))

        for ask in (items, names, ends):
            await _measure(f"suggesting {ask.__name__} beside {customers} customers", ask)


async def _measure(name: str, ask: Callable[[], Awaitable[object]]) -> None:
    seconds = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        await ask()
        seconds.append(time.perf_counter() - begun)
    say(name, p50=percentile(seconds, 0.5), p99=percentile(seconds, 0.99), goal_p99=GOAL_P99)


async def _fill(desk: Desk, customers: int) -> None:
    now, end = clock.now(), clock.now() + timedelta(days=30)
    async with desk.database.write() as connection:
        for n in range(1, SCRIPTS):
            await scripts.add(
                connection, HOME, pine_id=f"PUB;{n}", slug=f"trend-{n}", title=f"Trend {n}",
                by=STAFF, at=now,
            )  # fmt: skip
        sold = await scripts.listed(connection, HOME)
        gold = await products.add(connection, HOME, by=STAFF, at=now, slug="gold", title="Gold")
        await products.add_scripts(connection, gold.id, [script.id for script in sold])
        await connection.execute(
            insert(customer),
            [
                {"guild_id": HOME, "username": f"Buyer_{n}", "name_folded": f"buyer_{n}"}
                for n in range(customers)
            ],
        )
        people = (await connection.execute(select(customer.c.id, customer.c.username))).all()
        await connection.execute(
            insert(purchase),
            [
                {
                    "guild_id": HOME, "customer_id": each.id, "product_id": gold.id,
                    "source": "staff", "reference": f"sold {each.id}", "kind": "until",
                    "length": "1M", "actor_kind": "member", "actor_id": "1", "asked_at": now,
                }
                for each in people
            ],
        )  # fmt: skip
        await connection.execute(
            insert(permission),
            [
                {
                    "guild_id": HOME, "script_id": script.id, "customer_id": each.id,
                    "username": each.username, "name_folded": each.username.casefold(),
                    "wanted": "until", "wanted_ends_at": end, "revision": 1, "synced_revision": 1,
                    "seen": "until", "seen_ends_at": end, "ours": "until", "ours_ends_at": end,
                    "before": "unknown", "state": "done", "asked_at": now,
                }
                for each in people
                for script in sold
            ],
        )  # fmt: skip
        rows = await connection.execute(
            select(
                purchase.c.id, purchase.c.reference, permission.c.id.label("held"),
                permission.c.script_id,
            ).join(permission, permission.c.customer_id == purchase.c.customer_id)
        )  # fmt: skip
        await connection.execute(
            insert(entitlement),
            [
                {
                    "guild_id": HOME, "purchase_id": row.id, "script_id": row.script_id,
                    "permission_id": row.held, "source": "staff", "reference": row.reference,
                    "kind": "until", "length": "1M", "asked_at": now, "start_at": now,
                    "ends_at": end, "settled_at": now,
                }
                for row in rows.all()
            ],
        )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
