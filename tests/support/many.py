"""Many rows at once, put into the database past the rules."""

import itertools

from sqlalchemy import insert, text

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


async def reasons_for_all(database, each=2):
    """That many reasons for every permission, each of a purchase of its own: a month, given by staff."""
    columns = "guild_id, source, reference, kind, length, grace_days, asked_at"
    values = "p.guild_id, 'staff', 'many ' || :part || ' ' || p.id, 'until', '1M', 0, p.asked_at"
    async with database.write() as connection:
        for part in range(each):
            await connection.execute(
                text(
                    f"INSERT INTO purchase (customer_id, script_id, actor_kind, actor_id, {columns})"
                    f" SELECT p.customer_id, p.script_id, 'member', '1', {values} FROM permission p"
                ),
                {"part": part},
            )
            await connection.execute(
                text(
                    "INSERT INTO entitlement (purchase_id, permission_id, script_id, start_at, ends_at,"
                    f" settled_at, {columns}) SELECT b.id, p.id, p.script_id, p.asked_at, :ends_at,"
                    f" p.asked_at, {values} FROM permission p JOIN purchase b"
                    " ON b.customer_id = p.customer_id AND b.script_id = p.script_id"
                    " WHERE b.reference = 'many ' || :part || ' ' || p.id"
                ),
                {"part": part, "ends_at": "2027-04-10 12:00:00.000000"},
            )
