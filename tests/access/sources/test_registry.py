"""Sources come from a registry, and the database takes reasons from these alone."""

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError, StatementError

from bot.access.sources import REGISTRY, Source
from bot.store.ledger import entitlements
from bot.store.tables import ledger
from tests.support.access_harness import open_harness


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


def test_each_source_is_found_by_its_module():
    assert {"staff", "found"} <= set(REGISTRY)
    assert all(isinstance(source, Source) and source.label for source in REGISTRY.values())


async def test_the_database_knows_every_source_and_one_is_added_once(harness):
    async with harness.database.write() as connection:
        await entitlements.know_sources(connection, REGISTRY)
        known = await connection.execute(select(ledger.source.c.name))
    assert sorted(known.scalars()) == sorted(REGISTRY)


async def test_a_reason_from_nowhere_is_refused(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    with pytest.raises(IntegrityError):
        async with harness.database.write() as connection:
            await connection.execute(update(ledger.entitlement).values(source="nowhere"))


async def test_what_staff_give_is_from_staff_by_them(harness):
    order = await harness.grant("Ann_Trades", "1M")
    receipt = await harness.outcomes.receipt(order)
    assert receipt.entitlement.source == "staff"
    assert receipt.order.actor == harness.request().actor


async def test_an_order_of_a_source_is_told_to_nobody(harness):
    order = await harness.grant("Ann_Trades", "1M")
    async with harness.database.write() as connection:
        await connection.execute(
            update(ledger.order).values(actor_kind="source", actor_id="role", told_state="waiting")
        )
    await harness.done(order)
    assert await harness.outcomes.untold() == []


@pytest.mark.parametrize(
    ("kind", "number", "refusal"),
    [
        ("usher", "1", IntegrityError),
        ("member", None, IntegrityError),
        ("ghost", "1", StatementError),  # no such kind: it does not reach the database
    ],
)
async def test_an_actor_has_a_kind_and_an_id_that_fit_together(harness, kind, number, refusal):
    row = {
        "guild_id": 1,
        "at": harness.time.now(),
        "action": "x",
        "actor_kind": kind,
        "actor_id": number,
    }
    with pytest.raises(refusal):
        async with harness.database.write() as connection:
            await connection.execute(insert(ledger.event).values(**row))
