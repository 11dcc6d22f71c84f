"""A server with many people, and batches as if they had been carried out, put there past the rules."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from bot import clock
from bot.access.orders.bulk.records import Draft, Entry
from bot.access.request import RequestContext
from bot.store.catalogue import scripts
from bot.store.kinds import BatchKind
from bot.store.records import Actor, Customer
from tests.bench.desk import HOME, MONTH, STAFF, Desk
from tests.support.many import hold_all, many_people, reasons_for_all

MEMBERS_FROM = 10**17  # Discord's ids have as many digits
LEFT = timedelta(days=20)  # of everybody's access

# What the engine leaves of each row whose order is done.
_CARRIED_OUT = (
    """INSERT INTO purchase (guild_id, customer_id, script_id, source, reference, kind, length, grace_days,
         actor_kind, actor_id, asked_at)
       SELECT p.guild_id, p.customer_id, p.script_id, 'staff', 'batch ' || r.id, 'until', '1M', 0,
         'member', '1', b.made_at
       FROM batch_row r JOIN batch b ON b.id = r.batch_id
       JOIN permission p ON p.customer_id = r.customer_id AND p.script_id = r.script_id
       WHERE r.batch_id = :batch AND r.state = 'planned' ORDER BY r.id""",
    """INSERT INTO entitlement (guild_id, purchase_id, script_id, permission_id, source, reference, kind,
         length, grace_days, asked_at, start_at, ends_at, settled_at)
       SELECT o.guild_id, o.id, o.script_id, p.id, o.source, o.reference, 'until', '1M', 0, o.asked_at,
         r.before_ends_at, r.after_ends_at, o.asked_at
       FROM batch_row r JOIN purchase o ON o.guild_id = :home AND o.source = 'staff'
         AND o.reference = 'batch ' || r.id
       JOIN permission p ON p.customer_id = r.customer_id AND p.script_id = r.script_id
       WHERE r.batch_id = :batch ORDER BY r.id""",
    """INSERT INTO "order" (guild_id, permission_id, kind, idempotency_key, entitlement_id, batch_id,
         revision, actor_kind, actor_id, asked_at, before, before_ends_at, state, ended_at, told_state)
       SELECT e.guild_id, e.permission_id, 'grant', 'batch ' || :batch || '/' || r.id, e.id, :batch, 1,
         'member', '1', e.asked_at, r.before, r.before_ends_at, 'done', e.asked_at, 'done'
       FROM batch_row r JOIN entitlement e ON e.source = 'staff' AND e.reference = 'batch ' || r.id
         AND e.script_id = r.script_id
       WHERE r.batch_id = :batch ORDER BY r.id""",
    """UPDATE batch_row SET state = 'ordered', order_id = (SELECT id FROM "order" o WHERE o.guild_id = :home
         AND o.idempotency_key = 'batch ' || :batch || '/' || batch_row.id)
       WHERE batch_id = :batch AND state = 'planned'""",
    """UPDATE permission SET revision = 1, synced_revision = 1, wanted = 'until', seen = 'until',
         ours = 'until', wanted_ends_at = r.after_ends_at, seen_ends_at = r.after_ends_at,
         ours_ends_at = r.after_ends_at
       FROM batch_row r WHERE r.batch_id = :batch AND r.customer_id = permission.customer_id
         AND r.script_id = permission.script_id""",
    """UPDATE batch SET state = 'done', started_at = made_at, ended_at = made_at WHERE id = :batch""",
)


def request(key: str) -> RequestContext:
    return RequestContext(HOME, Actor.member(STAFF), key, clock.now())


async def customers(desk: Desk, number: int, *more: str) -> list[Customer]:
    """So many people, members too, who have the script, and these others beside it, for some weeks yet."""
    people = await many_people(desk.database, HOME, number, members=True)
    async with desk.database.write() as connection:
        await connection.execute(
            text("UPDATE customer SET member_id = member_id + :more"), {"more": MEMBERS_FROM}
        )
        for slug in more:
            pine_id = f"PUB;{slug}"
            _ = await scripts.add(
                connection, HOME, pine_id=pine_id, slug=slug, title=slug, by=STAFF, at=clock.now()
            )
        every = await scripts.listed(connection, HOME)
    ends = {"wanted_ends_at": clock.now() + LEFT, "seen_ends_at": clock.now() + LEFT}
    states = {"wanted": "until", "seen": "until", "checked": True}
    for script in every:
        pairs = [(script, person) for person in people]
        await hold_all(desk.database, pairs, **ends, **states)
    await reasons_for_all(desk.database, 1)
    async with desk.database.write() as connection:
        await connection.execute(
            text(
                "UPDATE entitlement SET ends_at = (SELECT wanted_ends_at FROM permission p WHERE p.id = permission_id)"
            )
        )
    return [replace(person, member_id=(person.member_id or 0) + MEMBERS_FROM) for person in people]


def by_names(names: Iterable[str]) -> list[Entry]:
    """A month of the script for each of them."""
    return [
        Entry(line, username=name, item="trend", length=MONTH)
        for line, name in enumerate(names, start=2)
    ]


async def drafted(desk: Desk, people: list[Customer], key: str = "dry") -> int:
    draft = Draft(BatchKind.GRANT, by_names(person.username or "" for person in people))
    return await desk.services.bulk.batches.draft(request(key), draft)


async def carried_out(desk: Desk, people: list[Customer]) -> int:
    """A batch that gave everybody a month, and has ended."""
    number = await drafted(desk, people)
    async with desk.database.write() as connection:
        for statement in _CARRIED_OUT:
            values = {"batch": number, "home": HOME}
            await connection.execute(text(statement), _taken(statement, values))
    return number


def _taken(statement: str, values: dict[str, int]) -> dict[str, int]:
    return {name: value for name, value in values.items() if f":{name}" in statement}
