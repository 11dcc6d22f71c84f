"""What was renewed after the copy was made is kept, also where the copy's end is over."""

import pytest

from bot import clock
from tests.support.access_harness import open_harness
from tests.support.restored import MONTH, closed, recovered, restored, sold

DAY = 86_400


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


async def differences(harness):
    return dict((await harness.drift.report(*where(harness))).counts)


def where(harness):
    return harness.script.guild_id, harness.script.id


@pytest.mark.parametrize("lapsed", ["before the copy", "since the copy"])
async def test_a_renewal_of_what_was_over_is_kept(harness, lapsed):
    await sold(harness, length="1D")
    await harness.time.advance(3 * DAY if lapsed == "before the copy" else DAY / 2)
    await closed(harness)
    await restored(harness)
    renewed = clock.now() + MONTH
    harness.give("Ann_Trades", renewed)
    assert await recovered(harness) == {"scripts": 1, "later": 1}
    assert await differences(harness) == {}
    assert (await harness.permission("Ann_Trades")).wanted_ends_at == renewed
    await sold(harness)
    assert harness.end("Ann_Trades") == renewed + MONTH


async def test_access_of_somebody_revoked_in_the_copy_is_only_reported(harness):
    await sold(harness)
    await harness.done(await harness.revoke("Ann_Trades"), within=10)
    await closed(harness)
    await restored(harness)
    given = clock.now() + MONTH
    harness.give("Ann_Trades", given)
    assert await recovered(harness) == {"scripts": 1}
    assert await differences(harness) == {"extra": 1}
    assert harness.end("Ann_Trades") == given
