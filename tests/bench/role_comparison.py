"""The daily comparison of 10,000 members who all have something by a role, most of whom changed nothing.

python -m tests.bench.role_comparison

Discord plays in another process. What is measured is the work of this one, and how long its loop is held.
"""

import asyncio
import json
import sys
import time
from datetime import timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import clock
from bot.memory import spare_what_is_loaded
from bot.sandbox.discord import FakeDiscord
from bot.services import Services
from bot.store.catalogue import guilds, role_rules, scripts
from bot.store.tables.ledger import entitlement, permission, purchase
from bot.store.tables.people import customer
from bot.store.tables.roles import role_gain
from tests.bench.desk import Lag, percentile, say
from tests.bench.member_events import QUIET, another_discord, usher, watch_work

HERE = "tests.bench.role_comparison"
MEMBERS = 10_000
LOST = 20  # as many as are no mass loss, where there are so many
MOST_WORK, LONGEST = 10.0, 0.05  # seconds


async def main() -> None:
    async with another_discord(HERE) as (_, facts), usher(facts) as services:
        guild_id, first = int(facts["guild"]), json.loads(facts["members"])
        async with services.database.write() as connection:
            await furnish(connection, guild_id, int(facts["role"]), first)
        await services.role_rules.open()
        await services.role_access.open()
        await asyncio.sleep(QUIET)
        spare_what_is_loaded()
        for name in ("first", "again"):
            await measure(services, guild_id, name)


async def measure(services: Services, guild_id: int, name: str) -> None:
    lag, held = Lag(), list[float]()
    watching = [asyncio.ensure_future(look) for look in (lag.watch(), watch_work(held))]
    begun, worked = time.perf_counter(), time.process_time()
    await services.role_rounds.compare(guild_id)
    seconds, busy = time.perf_counter() - begun, time.process_time() - worked
    for look in watching:
        look.cancel()
    async with services.database.read() as connection:
        query = select(func.count()).where(role_gain.c.lost_at.is_not(None))
        lost = (await connection.execute(query)).scalar_one()
    say(
        f"{MEMBERS} members compared, {name}",
        seconds=seconds,
        work=busy,
        lost=lost,
        loop_held_at_most=max(held),
        loop_late_p99=percentile(lag.seconds, 0.99),
        limits=[MOST_WORK, LONGEST],
        good=busy <= MOST_WORK and max(held) <= LONGEST and lost == LOST,
    )


async def furnish(
    connection: AsyncConnection, guild_id: int, role_id: int, members: list[int]
) -> None:
    """A script that the role opens, and everybody who has it by that."""
    now = clock.now() - timedelta(days=1)
    await guilds.ensure(connection, guild_id, now)
    script = await scripts.add(
        connection, guild_id, pine_id="PUB;x", slug="trend", title="Trend", by=1, at=now
    )
    rule = await role_rules.add(
        connection,
        guild_id,
        role_id,
        None,
        script.id,
        role_name="Gold",
        source="role",
        added_by=1,
        added_at=now,
    )
    of = {"guild_id": guild_id, "script_id": script.id}
    people, permissions, bought, reasons, gains = [], [], [], [], []
    for number, member_id in enumerate(members, 1):
        name = {"username": f"Member_{number}", "name_folded": f"member_{number}"}
        people.append({"id": number, "guild_id": guild_id, "member_id": member_id, **name})
        states = dict.fromkeys(("seen", "ours", "before"), "lifetime")
        permissions.append(
            {"id": number, "customer_id": number, **of, **name, **states, "wanted": "open"}
            | {"revision": 1, "synced_revision": 1, "state": "done", "asked_at": now}
        )
        by = {"source": "role", "reference": str(number), "kind": "open", "asked_at": now}
        bought.append(
            {"id": number, "customer_id": number, "member_id": member_id, **of, **by}
            | {"actor_kind": "source", "actor_id": "role"}
        )
        reasons.append(
            {"purchase_id": number, "permission_id": number, "settled_at": now, **of, **by}
        )
        gains.append(
            {"purchase_id": number, "guild_id": guild_id, "rule_id": rule.id}
            | {"role_id": role_id, "member_id": member_id}
        )
    for table, rows in (
        (customer, people),
        (permission, permissions),
        (purchase, bought),
        (entitlement, reasons),
        (role_gain, gains),
    ):
        await connection.execute(insert(table), rows)


async def play_discord() -> None:
    fake = FakeDiscord()
    await fake.start()
    guild = fake.add_guild("The shop", fake.add_user("olga"))
    role = fake.add_role(guild, "Gold")
    users = [fake.add_user(f"member_{number:05}") for number in range(MEMBERS)]
    for number, user in enumerate(users):
        fake.add_member(guild, user, [role] if number >= LOST else [])
    facts = {
        "api": fake.api_url,
        "gateway": fake.gateway_url,
        "token": fake.bot_token,
        "guild": str(guild.id),
        "role": str(role.id),
        "members": json.dumps([user.id for user in users]),
    }
    print(json.dumps(facts), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(play_discord() if "discord" in sys.argv[1:] else main())
