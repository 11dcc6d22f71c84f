"""A yes ties what was shown, and nobody else."""

import pytest

from bot.access.people.import_csv import People, Person, Wanted
from bot.store.people import customers
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import HOME

ANN = 123456789012345678


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


async def test_a_name_that_went_to_somebody_else_before_the_yes_ties_nobody(harness):
    matches = harness.imports

    async def look_up(wanted):
        assert wanted == Wanted(frozenset({ANN}), ())
        return People((Person(ANN, ("ann",)),))

    async with harness.database.write() as connection:
        first = await customers.add(connection, HOME, username="Ann_Trades")
    [one] = await matches.compare(HOME, f"discord_id,username\n{ANN},Ann_Trades".encode(), look_up)
    assert one.pair is not None
    async with harness.database.write() as connection:  # renamed; another one took the name
        await customers.rename(connection, first.id, "Ann_New", 7)
        await customers.add(connection, HOME, username="Ann_Trades")
    done = await matches.tie(harness.request(), [one.pair], {ANN})
    assert (done.pairs, done.changed) == ((), 1)
    assert await harness.vendor.person(member=ANN) is None
