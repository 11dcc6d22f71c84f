"""How long it takes until a product's new script is ordered for every holder, and what it costs.

python -m tests.bench.product_gains [HOLDERS]    without a number: 50 and 5,000
"""

import asyncio
import sys
import time
from datetime import timedelta

from sqlalchemy import insert, select

from bot import clock
from bot.access.catalogue.lookup import find
from bot.access.request import Consent, RequestContext
from bot.store.catalogue import products, scripts
from bot.store.records import Actor, Product, Script
from bot.store.tables.ledger import entitlement, permission, purchase
from bot.store.tables.people import customer
from tests.bench.desk import HOME, STAFF, Desk, Lag, open_desk, say
from tests.support.statements import counting

GOAL_SECONDS, GOAL_HELD = 5.0, 0.05
EVERYBODY = Consent(confirmed=True, gains=10**6, removals=10**6)


async def main(numbers: list[int]) -> None:
    for number in numbers:
        async with open_desk(pace=1000, concurrency=4) as desk:
            await desk.pause(paused=True)  # what is recorded is measured, not what is sent
            gold = await _gold(desk)
            await _holders(desk, gold, number)
            for name, add, remove in (("gains", ["range"], []), ("loses", [], ["range"])):
                await _measure(desk, f"{number} holders: a product {name} a script", add, remove)


async def _measure(desk: Desk, name: str, add: list[str], remove: list[str]) -> None:
    request = RequestContext(HOME, Actor.member(STAFF), name[:90], clock.now(), consent=EVERYBODY)
    lag = Lag()
    watching = asyncio.create_task(lag.watch())
    await asyncio.sleep(0.1)
    lag.seconds.clear()
    begun = time.perf_counter()
    with counting(desk.database) as statements:
        changed = await desk.services.product_scripts.change(request, "gold", add, remove)
    seconds = time.perf_counter() - begun
    watching.cancel()
    say(
        name,
        people=changed.change.gain + changed.change.lose,
        seconds=seconds,
        goal_seconds=GOAL_SECONDS,
        statements=len(statements),
        loop_held=max(lag.seconds, default=0.0),
        goal_held=GOAL_HELD,
    )


async def _gold(desk: Desk) -> Product:
    now = clock.now()
    async with desk.database.write() as connection:
        trend = await find(connection, HOME, "trend")
        await scripts.add(
            connection, HOME, pine_id="PUB;range", slug="range", title="Range", by=STAFF, at=now
        )
        gold = await products.add(
            connection, HOME, by=STAFF, at=now, slug="gold", title="Gold", grace_days=3
        )
        await products.add_scripts(connection, gold.id, [trend.id])
    return gold


async def _holders(desk: Desk, gold: Product, number: int) -> None:
    """So many people with a month of the product, as it stands once it was sold."""
    async with desk.database.write() as connection:
        trend = await find(connection, HOME, "trend")
        names = [
            {"guild_id": HOME, "username": f"B_{n}", "name_folded": f"b_{n}"} for n in range(number)
        ]
        await connection.execute(insert(customer), names)
        people = (await connection.execute(select(customer.c.id, customer.c.username))).all()
        now, end = clock.now(), clock.now() + timedelta(days=30)
        await connection.execute(
            insert(purchase),
            [
                {
                    "guild_id": HOME, "customer_id": each.id, "product_id": gold.id,
                    "source": "staff", "reference": f"sold {each.id}", "kind": "until",
                    "length": "1M", "grace_days": 3, "actor_kind": "member", "actor_id": "1",
                    "asked_at": now,
                }
                for each in people
            ],
        )  # fmt: skip
        await connection.execute(insert(permission), [_held(trend, each, end) for each in people])
        rows = await connection.execute(
            select(purchase.c.id, purchase.c.reference, permission.c.id.label("held")).join(
                permission, permission.c.customer_id == purchase.c.customer_id
            )
        )
        await connection.execute(
            insert(entitlement),
            [
                {
                    "guild_id": HOME, "purchase_id": row.id, "script_id": trend.id,
                    "permission_id": row.held, "source": "staff", "reference": row.reference,
                    "kind": "until", "length": "1M", "grace_days": 3, "asked_at": now,
                    "start_at": now, "ends_at": end, "settled_at": now,
                }
                for row in rows.all()
            ],
        )  # fmt: skip


def _held(script: Script, person: object, end: object) -> dict[str, object]:
    name = str(getattr(person, "username", ""))
    return {
        "guild_id": HOME, "script_id": script.id, "customer_id": getattr(person, "id", 0),
        "username": name, "name_folded": name.casefold(), "wanted": "until",
        "wanted_ends_at": end, "revision": 1, "synced_revision": 1, "seen": "until",
        "seen_ends_at": end, "ours": "until", "ours_ends_at": end, "before": "unknown",
        "state": "done", "asked_at": clock.now(),
    }  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main([int(each) for each in sys.argv[1:]] or [50, 5_000]))
