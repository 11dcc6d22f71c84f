"""How long the files of a server take with 40,000 accesses, and how long the loop is held meanwhile.

python -m tests.bench.exports [PEOPLE]    without a number: 20,000, each with two scripts
"""

import asyncio
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.access.queries.exports import Exports
from bot.access.request import RequestContext
from bot.access.sources import REGISTRY
from bot.memory import spare_what_is_loaded
from bot.replies.exports import Files, exported
from bot.store.catalogue import guilds, products, scripts
from bot.store.engine.database import open_database
from bot.store.ledger import entitlements
from bot.store.records import Actor
from bot.store.tables.ledger import entitlement, permission, purchase
from bot.store.tables.people import customer
from tests.bench.desk import HOME, STAFF, Lag, say

GOAL_HELD = 0.05
MB = 1024  # of what getrusage counts on Linux


async def fill(connection: AsyncConnection, number: int) -> None:
    """So many people with a month of a product of two scripts, each with a note."""
    now = clock.now()
    end = now + timedelta(days=30)
    await guilds.ensure(connection, HOME, now)
    await entitlements.know_sources(connection, REGISTRY)
    sold = [
        await scripts.add(
            connection, HOME, pine_id=f"PUB;{slug}", slug=slug, title=slug, by=STAFF, at=now
        )
        for slug in ("trend", "range")
    ]
    gold = await products.add(connection, HOME, by=STAFF, at=now, slug="gold", title="Gold")
    await products.add_scripts(connection, gold.id, [script.id for script in sold])
    common = {"guild_id": HOME, "asked_at": now}
    people = range(1, number + 1)
    await connection.execute(
        insert(customer),
        [
            {
                "id": each,
                "guild_id": HOME,
                "username": f"Buyer_{each}",
                "name_folded": f"buyer_{each}",
                "member_id": 10**17 + each,
            }
            for each in people
        ],
    )
    await connection.execute(
        insert(purchase),
        [
            {
                **common,
                "id": each,
                "customer_id": each,
                "product_id": gold.id,
                "source": "staff",
                "reference": f"r{each}",
                "kind": "until",
                "length": "1M",
                "actor_kind": "usher",
                "note": f"Order {each}, card",
            }
            for each in people
        ],
    )
    for script in sold:
        first = number * sold.index(script)
        await connection.execute(
            insert(permission),
            [
                {
                    **common,
                    "id": first + each,
                    "script_id": script.id,
                    "customer_id": each,
                    "username": f"Buyer_{each}",
                    "name_folded": f"buyer_{each}",
                    **dict.fromkeys(("wanted", "seen", "ours"), "until"),
                    **dict.fromkeys(("wanted_ends_at", "seen_ends_at", "ours_ends_at"), end),
                    "before": "nothing",
                    "seen_at": now,
                    "state": "done",
                    "revision": 1,
                    "synced_revision": 1,
                }
                for each in people
            ],
        )
        await connection.execute(
            insert(entitlement),
            [
                {
                    **common,
                    "purchase_id": each,
                    "script_id": script.id,
                    "permission_id": first + each,
                    "source": "staff",
                    "reference": f"r{each}",
                    "kind": "until",
                    "length": "1M",
                    "start_at": now,
                    "ends_at": end,
                    "settled_at": now,
                }
                for each in people
            ],
        )


async def main(number: int) -> None:
    """Print how long it took, and the longest that the loop was held."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(f"sqlite+aiosqlite:///{Path(folder) / 'usher.db'}") as database:
            async with database.write() as connection:
                await fill(connection, number)
            spare_what_is_loaded()  # as the bot does once it has started
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            lag = Lag()
            watching = asyncio.create_task(lag.watch())
            await asyncio.sleep(0.1)
            lag.seconds.clear()
            begun = time.perf_counter()
            request = RequestContext(HOME, Actor.member(STAFF), "export", clock.now())
            files = Files()
            export = await Exports(database).make(request, None, files.add)
            gathered = time.perf_counter() - begun
            message = await asyncio.to_thread(exported, export, files)
            seconds = time.perf_counter() - begun
            watching.cancel()
    held = max(lag.seconds, default=0.0)
    say(
        f"files of {number} people, two scripts each",
        customers=export.people,
        bytes={file.name: len(file.content) for file in message.files},
        seconds_to_gather=gathered,
        seconds=seconds,
        loop_held=held,
        goal_held=GOAL_HELD,
        more_mb=(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / MB,
        good=held <= GOAL_HELD,
    )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 20_000))
