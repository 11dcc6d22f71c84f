"""Who should have the role of a product, where pauses, grace days and names that are merely claimed meet it."""

from dataclasses import replace

import pytest
from sqlalchemy import insert

from bot import clock
from bot.access.orders.holder_roles import HolderRoles
from bot.access.request import Subject
from bot.store.catalogue import products
from bot.store.kinds import HolderRoleState
from bot.store.people import customers
from bot.store.records import Actor, HolderRole
from bot.store.tables.holder_roles import holder_role
from tests.support.access_harness import open_harness
from tests.support.statements import counting
from tests.support.vendor_fixture import HOME, STAFF

ANN, NAME, ROLE = 501, "Ann_Trades", 70
DAY = 86_400
GIVEN = HolderRole(HOME, ANN, ROLE, HolderRoleState.GIVEN)


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        async with harness.database.write() as connection:
            gold = await products.add(
                connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold",
                role_id=ROLE, grace_days=3,
            )  # fmt: skip
            await products.add_scripts(connection, gold.id, [harness.script.id])
        harness.roles = HolderRoles(harness.database)
        yield harness


async def link(harness, member_id=ANN, name=NAME):
    async with harness.database.write() as connection:
        person = await customers.add(connection, HOME, member_id=member_id)
        await customers.rename(connection, person.id, name, None)


async def give(harness, name=NAME, **consent):
    await harness.done(await harness.grant(name, "7D", "gold", **consent), within=10)


async def test_a_pause_keeps_the_role_also_beyond_the_end_and_its_grace_days(harness):
    await link(harness)
    await give(harness)
    [wished] = await harness.roles.to_give(())
    await harness.roles.keep(wished, HolderRoleState.GIVEN)
    request = harness.request()
    await harness.done(
        await harness.pauses.pause(request, Subject(username=NAME), "gold"), within=10
    )
    await harness.time.advance(30 * DAY)
    assert await harness.roles.to_take(()) == []
    await harness.done(
        await harness.pauses.resume(harness.request(), Subject(username=NAME), "gold"), within=10
    )
    await harness.time.advance(9 * DAY)  # the paid end was two days ago
    assert await harness.roles.to_take(()) == []
    await harness.time.advance(2 * DAY)
    assert await harness.roles.to_take(()) == [GIVEN]


async def test_what_is_paused_gives_no_role(harness):
    await link(harness)
    await give(harness)
    request = harness.request()
    await harness.done(
        await harness.pauses.pause(request, Subject(username=NAME), "gold"), within=10
    )
    assert await harness.roles.to_give(()) == []


async def test_who_merely_claims_a_name_gets_no_role_for_what_the_name_was_given(harness):
    request = replace(harness.request(), actor=Actor.member(ANN))
    assert await harness.customers.link(request, NAME, harness.fake.world.find_user(NAME).id)
    await give(harness, bare_name=True)
    assert harness.end(NAME) != "absent"
    assert await harness.roles.to_give(()) == []


async def test_many_in_their_grace_days_are_found_with_as_few_statements_as_one(harness):
    names = [harness.fake.world.add_user(f"Holder_{number}").username for number in range(6)]
    for number, name in enumerate(names):
        await link(harness, 600 + number, name)
        await give(harness, name)
    rows = [
        {
            "guild_id": HOME,
            "member_id": 600 + number,
            "role_id": ROLE,
            "state": HolderRoleState.GIVEN,
            "at": clock.now(),
        }
        for number in range(len(names))
    ]
    async with harness.database.write() as connection:
        await connection.execute(insert(holder_role), rows)
    await harness.time.advance(8 * DAY)
    with counting(harness.database) as statements:
        assert await harness.roles.to_take(()) == []
    assert len(statements) <= 3
