"""Fills a shop with many rows of one kind: each function adds that many more."""

from datetime import timedelta

from sqlalchemy import insert

from bot import clock
from bot.access.logins.sessions import LoginState
from bot.access.orders.bulk.records import Draft, Entry
from bot.access.request import Subject
from bot.access.rules.duration import parse_length
from bot.access.sweeps.drift import Kind
from bot.store.catalogue import guilds
from bot.store.kinds import BatchKind
from bot.store.ledger import events, orders, permissions
from bot.store.maintenance import restore
from bot.store.people import claims
from bot.store.sweeps import sweeps
from bot.store.tables.logins import login_outage
from bot.store.tables.sweeps import sighting, sweep
from tests.support.many import hold_all, many_people, many_scripts
from tests.support.vendor_fixture import AT, HOME, MEMBER


async def failed(harness, script):
    """The last full check of that script failed, after one that did not."""
    now = clock.now()
    async with harness.database.write() as connection:
        for state in ("complete", "failed"):
            begun = await sweeps.begin(connection, script, now, None)
            await sweeps.end(connection, begun.id, now, state, rows=0, calls=1)


async def waiting_people(harness, number):
    people = await many_people(harness.database, HOME, number)
    for state, reason, some in (
        ("waiting", None, people[::2]),
        ("stuck", "refused", people[1::2]),
    ):
        pairs = [(harness.script, person) for person in some]
        await hold_all(harness.database, pairs, state=state, reason=reason)


async def failed_scripts(harness, number):
    for script in await many_scripts(harness.database, HOME, number):
        await failed(harness, script)


async def plain_scripts(harness, number):
    await many_scripts(harness.database, HOME, number)


async def scripts_of_ann(harness, number):
    """That many scripts, and Ann has each for a reason."""
    ann = await harness.vendor.person(name="Ann_Trades")
    if ann is None:
        ann = await harness.vendor.resolve(MEMBER, "Ann_Trades")
    for script in await many_scripts(harness.database, HOME, number):
        await harness.grants.grant(
            harness.request(), script.slug, parse_length("1M"), Subject(username="Ann_Trades")
        )


async def grants_of_ann(harness, number):
    """That many months, each ordered for itself and none with an end yet."""
    for _ in range(number):
        await harness.grant("Ann_Trades", "1M")


async def ends_of_ann(harness, number):
    """Ann's access was ended once; since then that many ends were set, and each was put back."""
    if await ann(harness) is None:
        await harness.grant("Ann_Trades", "L")
        harness.first = await harness.revoke("Ann_Trades")
    for _ in range(number):
        await harness.put_back(await harness.set("Ann_Trades", "2026-12-24"))


async def buyers(harness, number):
    """Members who ordered a month each, and were not told anything for a minute."""
    people = await many_people(harness.database, HOME, number, members=True)
    pairs = [(harness.script, person) for person in people]
    await hold_all(harness.database, pairs, wanted="nothing", checked=True)  # no need to look up
    for person in people:
        await harness.grant(person.username, "1M")
    await harness.time.advance(60)


async def served(harness, number):
    """The same, and all have it by now."""
    await buyers(harness, number)
    async with harness.database.write() as connection:
        for held in await permissions.unfinished(connection, HOME):
            await orders.end(connection, held.id, held.revision, clock.now(), "done")


async def differing(harness, number):
    """People whose end on TradingView is another one, namesakes, and strangers."""
    later = AT + timedelta(days=90)
    people = await many_people(harness.database, HOME, 2 * number)
    pairs = [(harness.script, person) for person in people]
    await hold_all(harness.database, pairs[:number], seen="until", seen_ends_at=later)
    await hold_all(harness.database, pairs[number:], tv_user_id=1, seen="lifetime")
    async with harness.database.write() as connection:
        read = await connection.execute(
            insert(sweep)
            .values(
                guild_id=HOME, script_id=harness.script.id, started_at=AT, ended_at=AT,
                state="complete", rows=0, calls=0,
            )
            .returning(sweep.c.id)
        )  # fmt: skip
        common = {
            "script_id": harness.script.id,
            "guild_id": HOME,
            "sweep_id": read.scalar_one(),
            "kind": "lifetime",
            "seen_at": AT,
        }
        named = [
            {"tv_user_id": 10**6 + person.id, "username": person.username} for person in people
        ]
        unknown = [
            {"tv_user_id": 10**7 + person.id, "username": f"x{person.id}"} for person in people
        ]
        await connection.execute(
            insert(sighting),
            [
                {**common, **row, "name_folded": row["username"].casefold()}
                for row in [*named[number:], *unknown[:number]]
            ],
        )


async def differing_scripts(harness, number):
    """Scripts each of which somebody has on TradingView with another end, or has not at all."""
    [ann, bob] = await many_people(harness.database, HOME, 2)
    listed = await many_scripts(harness.database, HOME, number)
    pairs = [(script, ann) for script in listed]
    await hold_all(harness.database, pairs, seen="until", seen_ends_at=AT + timedelta(days=90))
    await hold_all(harness.database, [(script, bob) for script in listed], seen="nothing")


async def other_servers(harness, number):
    async with harness.database.write() as connection:
        for _ in range(number):
            guild_id = 1_000 + len(await guilds.listed(connection))
            await guilds.ensure(connection, guild_id, AT)
            await guilds.add_role(connection, guild_id, 9, "staff")


async def waiting_claims(harness, number):
    async with harness.database.write() as connection:
        known = len(await claims.waiting(connection, HOME))
        for each in range(known, known + number):
            await claims.add(connection, HOME, 500 + each, f"name_{each}", AT)


async def entries(harness, number):
    """History of one person, a different script in each entry."""
    if await harness.vendor.person(name="Ann_Trades") is None:
        await harness.vendor.resolve(MEMBER, "Ann_Trades")
    ann = await harness.vendor.person(name="Ann_Trades")
    for script in await many_scripts(harness.database, HOME, number):
        async with harness.database.write() as connection:
            await events.record(
                connection, HOME, AT, "grant", customer_id=ann.id, script_id=script.id
            )


async def published(harness, number):
    """Scripts on TradingView, of which the server has one."""
    if (await harness.sessions.of(HOME)).state is not LoginState.ALIVE:
        await harness.vendor.log_in()
    for each in range(number):
        harness.vendor.world.add_script(harness.vendor.vendor, title=f"Another {each}")


async def known_names(harness, number):
    await many_people(harness.database, HOME, number)


async def repaired(harness, number):
    """That many orders of one press."""
    await differing(harness, number)
    done = await harness.repairs.repair(
        harness.request(removals=1_000), harness.script.id, Kind.OTHER_END
    )
    harness.reference = done.reference


async def overruled(harness, number):
    """Orders that take access away wait, one for each person."""
    await waiting_people(harness, number)
    async with harness.database.write() as connection:
        for held in await permissions.unfinished(connection, HOME):
            await permissions.change(connection, held.id, replaces=1)


async def from_a_backup(harness, number):
    """Months that waited in a backup, and that TradingView does not show."""
    await buyers(harness, number)
    async with harness.database.write() as connection:
        await restore.mark(connection, clock.now(), clock.now())


async def outages(harness, number):
    """Servers whose logins ended long ago."""
    await other_servers(harness, number)
    async with harness.database.write() as connection:
        for server in (await guilds.listed(connection))[-number:]:
            await connection.execute(
                insert(login_outage).values(
                    guild_id=server.id, since=AT - timedelta(days=1), told="nothing"
                )
            )


async def ann(harness):
    return await harness.permission("Ann_Trades")


async def rows_of_a_page(harness, number):
    harness.rows = number


async def months_of_ann(harness, number):
    await grants_of_ann(harness, number)
    harness.held = await ann(harness)


async def rows_of_a_batch(harness, number):
    """A dry run with so many rows, each of another script and of a name that is looked up yet."""
    scripts = await many_scripts(harness.database, HOME, number)
    rows = [
        Entry(line, username=f"Somebody_{line}", item=script.slug, length=parse_length("1M"))
        for line, script in enumerate(scripts, 2)
    ]
    draft = Draft(BatchKind.GRANT, rows)
    harness.batch = await harness.services.bulk.batches.draft(harness.request(), draft)


async def batches(harness, number):
    """Batches that were started."""
    for _ in range(number):
        await rows_of_a_batch(harness, 1)
        await harness.services.bulk.batches.start(harness.request(), harness.batch)
