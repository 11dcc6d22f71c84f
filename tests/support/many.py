"""Many rows at once, put into the database past the rules."""

import itertools

from sqlalchemy import insert

from bot.store.catalogue import scripts
from bot.store.people import imports
from bot.store.tables.catalogue import script
from bot.store.tables.ledger import permission
from bot.store.tables.people import customer
from tests.support.vendor_fixture import AT, STAFF

_numbers = itertools.count(1)


async def many_people(database, guild_id, number, *, members=False):
    """That many new customers, by name; with `members`, each is one of the server."""
    ids = list(itertools.islice(_numbers, number))
    rows = [
        {
            "guild_id": guild_id,
            "username": f"Person_{each}",
            "name_folded": f"person_{each}",
            "member_id": 10_000 + each if members else None,
        }
        for each in ids
    ]
    async with database.write() as connection:
        await connection.execute(insert(customer), rows)
        known = {found.username: found for found in await imports.everybody(connection, guild_id)}
    return [known[row["username"]] for row in rows]


async def hold_all(database, pairs, **values):
    """A permission for each pair of a script and a customer."""
    rest = {"wanted": "lifetime", "seen": "unknown", "state": "done"} | values
    async with database.write() as connection:
        await connection.execute(
            insert(permission),
            [
                {
                    "guild_id": person.guild_id,
                    "script_id": sold.id,
                    "customer_id": person.id,
                    "username": person.username,
                    "name_folded": person.name_folded,
                    "revision": 0,
                    "synced_revision": 0,
                    "ours": "unknown",
                    "before": "unknown",
                    "asked_at": AT,
                    **rest,
                }
                for sold, person in pairs
            ],
        )


async def many_scripts(database, guild_id, number):
    """That many new scripts, of which TradingView knows nothing."""
    ids = list(itertools.islice(_numbers, number))
    async with database.write() as connection:
        await connection.execute(
            insert(script),
            [
                {
                    "guild_id": guild_id,
                    "pine_id": f"PUB;{each}",
                    "slug": f"script-{each}",
                    "title": f"Script {each}",
                    "added_by": STAFF,
                    "added_at": AT,
                }
                for each in ids
            ],
        )
        listed = await scripts.listed(connection, guild_id)
    return [found for found in listed if found.slug in {f"script-{each}" for each in ids}]
