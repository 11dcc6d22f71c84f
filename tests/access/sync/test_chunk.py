"""Many orders for one script: two full reads instead of two reads for each, and nothing less true."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.access.sync.chunk import is_cheaper
from tests.support.access_harness import open_harness
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import HOME

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MONTH = datetime(2026, 4, 10, 12, tzinfo=UTC)
CROWD = [f"buyer_{n:03}" for n in range(45)]


@pytest.fixture
async def harness(tmp_path, frozen, monkeypatch):
    """Many were granted something while there was no login yet."""
    monkeypatch.setattr("bot.access.sync.worker.LARGEST", 25)
    async with open_harness(tmp_path, frozen, login=False) as harness:
        for name in CROWD:
            harness.fake.world.add_user(name)
        yield harness


async def granted(harness, names=CROWD):
    harness.orders = [await harness.grant(name, "1M") for name in names]
    # As if the spelling had been found when they were granted.
    for name in names:
        await harness.change(name, checked=True)


def applied(harness):
    return [call for call in harness.writes() if call.applied]


async def all_done(harness, *, within=0):
    for order in harness.orders:

        async def done(order=order):
            return await harness.state(order) == "done"

        if not within:
            await eventually(done)
        elif not await done():  # most are, once the first is
            await harness.done(order, within=within)


@pytest.mark.parametrize(
    ("changes", "rows", "cheaper"),
    [(300, 0, True), (100, 600, True), (100, 5_000, False), (19, 0, False), (20, 0, True)],
)
def test_full_reads_are_used_only_where_they_cost_fewer_calls(changes, rows, cheaper):
    assert is_cheaper(changes, rows) is cheaper


async def test_a_crowd_is_written_once_each_and_costs_few_calls(harness):
    await granted(harness)
    before = len(harness.fake.log)
    await harness.vendor.log_in()
    await all_done(harness)
    assert {harness.end(name) for name in CROWD} == {MONTH}
    assert len(applied(harness)) == len(CROWD)
    reads = len(harness.fake.log) - before - len(CROWD)
    assert reads < len(CROWD) // 2  # a full read takes two calls here, single reads 90


async def test_days_given_by_hand_are_kept_for_everybody_in_a_crowd(harness):
    for name in CROWD[:20]:
        harness.give(name, NOW + timedelta(days=200))
    await granted(harness)
    await harness.vendor.log_in()
    await all_done(harness)
    assert {harness.end(name) for name in CROWD[:20]} == {datetime(2026, 10, 26, 12, tzinfo=UTC)}
    assert {harness.end(name) for name in CROWD[20:]} == {MONTH}


async def test_a_row_that_a_full_read_missed_is_read_alone_and_loses_nothing(harness, monkeypatch):
    from bot.access.sync.chunk import _People

    harness.give(CROWD[0], NOW + timedelta(days=200))
    plain = _People.row_of
    missed = []

    def forgetful(self, permission):
        if permission.username == CROWD[0] and not missed:
            missed.append(permission.username)
            return None
        return plain(self, permission)

    monkeypatch.setattr(_People, "row_of", forgetful)
    await granted(harness)
    await harness.vendor.log_in()
    await all_done(harness, within=20)
    assert missed
    assert harness.end(CROWD[0]) == datetime(2026, 10, 26, 12, tzinfo=UTC)


async def test_answers_lost_in_a_crowd_extend_once(harness):
    harness.switches.lost_answers = 7
    await granted(harness)
    await harness.vendor.log_in()
    await all_done(harness)
    assert {harness.end(name) for name in CROWD} == {MONTH}
    assert len(applied(harness)) == len(CROWD)


async def test_oks_that_change_nothing_are_noticed_in_a_crowd(harness):
    harness.switches.silent_ok = 5
    await granted(harness)
    await harness.vendor.log_in()
    await all_done(harness, within=30)
    assert {harness.end(name) for name in CROWD} == {MONTH}


@pytest.mark.parametrize("outage", ["errors_500", "truncated", "too_many"])
async def test_a_list_that_cannot_be_read_delays_a_crowd_and_loses_nobody(harness, outage):
    await granted(harness)
    await harness.vendor.log_in()
    setattr(harness.switches, outage, 3)
    await all_done(harness, within=120)
    assert {harness.end(name) for name in CROWD} == {MONTH}
    assert len(applied(harness)) == len(CROWD)


async def test_a_login_that_dies_over_a_crowd_delays_it_until_the_next_one(harness):
    await granted(harness)
    harness.switches.logged_out_after = 15
    await harness.vendor.log_in()

    async def dead():
        return (await harness.vendor.sessions.of(HOME)).state == "dead"

    await eventually(dead)
    harness.switches.logged_out_after = 0
    harness.switches.logged_out = False
    await harness.vendor.log_in()
    await all_done(harness, within=60)
    assert {harness.end(name) for name in CROWD} == {MONTH}
    assert len(applied(harness)) == len(CROWD)


async def test_whoever_stands_and_waits_does_not_wait_for_a_crowd(harness):
    await granted(harness)
    await harness.vendor.log_in()
    order = await harness.grant("Ann_Trades", "1M")
    receipt = await harness.meanwhile(harness.outcomes.outcome(order, 600))
    assert receipt.order.state == "done"
    await all_done(harness, within=10)
