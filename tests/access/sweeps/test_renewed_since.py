"""What was renewed after the copy was made is kept, also where the copy's end is over."""

import pytest

from bot import clock
from bot.access.sweeps.drift import Drift
from tests.support.access_harness import open_counter
from tests.support.restored import MONTH, closed, recovered, restored, sold

DAY = 86_400


@pytest.fixture
async def counter(frozen, tmp_path):
    async with open_counter(tmp_path, frozen) as counter:
        yield counter


async def differences(counter):
    return dict((await Drift(counter.database).report(*where(counter))).counts)


def where(counter):
    return counter.script.guild_id, counter.script.id


@pytest.mark.parametrize("lapsed", ["before the copy", "since the copy"])
async def test_a_renewal_of_what_was_over_is_kept(counter, lapsed):
    await sold(counter, length="1D")
    await counter.time.advance(3 * DAY if lapsed == "before the copy" else DAY / 2)
    await closed(counter)
    await restored(counter)
    renewed = clock.now() + MONTH
    counter.give("Ann_Trades", renewed)
    assert await recovered(counter) == {"scripts": 1, "later": 1}
    assert await differences(counter) == {}
    assert (await counter.permission("Ann_Trades")).wanted_ends_at == renewed
    await sold(counter)
    assert counter.end("Ann_Trades") == renewed + MONTH


async def test_access_of_somebody_revoked_in_the_copy_is_only_reported(counter):
    await sold(counter)
    await counter.done(await counter.revoke("Ann_Trades"), within=10)
    await closed(counter)
    await restored(counter)
    given = clock.now() + MONTH
    counter.give("Ann_Trades", given)
    assert await recovered(counter) == {"scripts": 1}
    assert await differences(counter) == {"extra": 1}
    assert counter.end("Ann_Trades") == given
