"""Many wishes for one script: two full reads instead of two reads for each, and nothing less true."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.access.sync.batch import is_cheaper
from tests.support.access_harness import open_counter
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import HOME

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MONTH = datetime(2026, 4, 10, 12, tzinfo=UTC)
CROWD = [f"buyer_{n:03}" for n in range(45)]


@pytest.fixture
async def counter(tmp_path, frozen, monkeypatch):
    """Many were granted something while there was no login yet."""
    monkeypatch.setattr("bot.access.sync.worker.LARGEST", 25)
    async with open_counter(tmp_path, frozen, login=False) as counter:
        for name in CROWD:
            counter.fake.world.add_user(name)
        yield counter


async def granted(counter, names=CROWD):
    counter.wishes = [await counter.grant(name, "1M") for name in names]
    # As if the spelling had been found when they were granted.
    for name in names:
        await counter.change(name, checked=True)


def applied(counter):
    return [call for call in counter.writes() if call.applied]


async def all_done(counter, *, within=0):
    for wish in counter.wishes:
        if not within:

            async def done(wish=wish):
                return await counter.state(wish) == "done"

            await eventually(done, tries=4000)
        await counter.done(wish, within=within)


@pytest.mark.parametrize(
    ("changes", "rows", "cheaper"),
    [(300, 0, True), (100, 600, True), (100, 5_000, False), (19, 0, False), (20, 0, True)],
)
def test_full_reads_are_used_only_where_they_cost_fewer_calls(changes, rows, cheaper):
    assert is_cheaper(changes, rows) is cheaper


async def test_a_crowd_is_written_once_each_and_costs_few_calls(counter):
    await granted(counter)
    before = len(counter.fake.log)
    await counter.shop.log_in()
    await all_done(counter)
    assert {counter.end(name) for name in CROWD} == {MONTH}
    assert len(applied(counter)) == len(CROWD)
    reads = len(counter.fake.log) - before - len(CROWD)
    assert reads < len(CROWD) // 2  # a full read takes two calls here, single reads 90


async def test_days_given_by_hand_are_kept_for_everybody_in_a_crowd(counter):
    for name in CROWD[:20]:
        counter.give(name, NOW + timedelta(days=200))
    await granted(counter)
    await counter.shop.log_in()
    await all_done(counter)
    assert {counter.end(name) for name in CROWD[:20]} == {datetime(2026, 10, 26, 12, tzinfo=UTC)}
    assert {counter.end(name) for name in CROWD[20:]} == {MONTH}


async def test_a_row_that_a_full_read_missed_is_read_alone_and_loses_nothing(counter, monkeypatch):
    from bot.access.sync.batch import _People

    counter.give(CROWD[0], NOW + timedelta(days=200))
    plain = _People.row_of
    missed = []

    def forgetful(self, permission):
        if permission.username == CROWD[0] and not missed:
            missed.append(permission.username)
            return None
        return plain(self, permission)

    monkeypatch.setattr(_People, "row_of", forgetful)
    await granted(counter)
    await counter.shop.log_in()
    await all_done(counter, within=20)
    assert missed
    assert counter.end(CROWD[0]) == datetime(2026, 10, 26, 12, tzinfo=UTC)


async def test_answers_lost_in_a_crowd_extend_once(counter):
    counter.switches.lost_answers = 7
    await granted(counter)
    await counter.shop.log_in()
    await all_done(counter)
    assert {counter.end(name) for name in CROWD} == {MONTH}
    assert len(applied(counter)) == len(CROWD)


async def test_oks_that_change_nothing_are_noticed_in_a_crowd(counter):
    counter.switches.silent_ok = 5
    await granted(counter)
    await counter.shop.log_in()
    await all_done(counter, within=30)
    assert {counter.end(name) for name in CROWD} == {MONTH}


@pytest.mark.parametrize("outage", ["errors_500", "truncated", "too_many"])
async def test_a_list_that_cannot_be_read_delays_a_crowd_and_loses_nobody(counter, outage):
    await granted(counter)
    await counter.shop.log_in()
    setattr(counter.switches, outage, 3)
    await all_done(counter, within=120)
    assert {counter.end(name) for name in CROWD} == {MONTH}
    assert len(applied(counter)) == len(CROWD)


async def test_a_login_that_dies_over_a_crowd_delays_it_until_the_next_one(counter):
    await granted(counter)
    counter.switches.logged_out_after = 15
    await counter.shop.log_in()

    async def dead():
        return (await counter.shop.sessions.of(HOME)).state == "dead"

    await eventually(dead, tries=4000)
    counter.switches.logged_out_after = 0
    counter.switches.logged_out = False
    await counter.shop.log_in()
    await all_done(counter, within=60)
    assert {counter.end(name) for name in CROWD} == {MONTH}
    assert len(applied(counter)) == len(CROWD)


async def test_whoever_stands_and_waits_does_not_wait_for_a_crowd(counter):
    await granted(counter)
    await counter.shop.log_in()
    wish = await counter.grant("Ann_Trades", "1M")
    receipt = await counter.meanwhile(counter.answers.outcome(wish, 600))
    assert receipt.wish.state == "done"
    await all_done(counter, within=10)
