"""Names in dry runs that TradingView is asked for while it is read, and what happens meanwhile."""

import pytest

from bot.store.kinds import BatchKind, Lookup, RowProblem, RowState
from bot.tradingview import SlowDown
from tests.support.access_harness import open_harness
from tests.support.bulk import Counter, entries


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        harness.vendor.world.add_user("Buyer_1")
        yield Counter(harness)


def meanwhile(counter, monkeypatch, act):
    """Do something while TradingView looks the names up."""
    ask = counter.bulk.lookups._ask

    async def asked(guild_id, row):
        answer = await ask(guild_id, row)
        await act()
        return answer

    monkeypatch.setattr(counter.bulk.lookups, "_ask", asked)


async def test_an_answer_that_comes_after_the_order_leaves_the_row_as_it_is(counter, monkeypatch):
    number = await counter.draft(BatchKind.GRANT, entries(["Nobody_At_All"], "1M"))

    async def start():
        await counter.start(number)
        await counter.bulk.runner.look()

    meanwhile(counter, monkeypatch, start)
    assert await counter.bulk.lookups.look()
    [row] = await counter.rows(number)
    assert (row.state, row.problem, row.order_id is None) == (RowState.ORDERED, None, False)


async def test_a_started_batch_is_told_which_names_nobody_has_before_their_turn(
    counter, monkeypatch
):
    number = await counter.draft(BatchKind.GRANT, entries(["bUYER_1", "Nobody_At_All"], "1M"))
    meanwhile(counter, monkeypatch, lambda: counter.start(number))
    assert await counter.bulk.lookups.look()
    known, unknown = await counter.rows(number)
    assert (known.username, known.lookup) == ("Buyer_1", Lookup.KNOWN)
    assert (unknown.state, unknown.problem) == (RowState.LEFT_OUT, RowProblem.USER_UNKNOWN)


async def test_names_in_a_dry_run_that_was_dropped_meanwhile_are_nobodys(counter, monkeypatch):
    number = await counter.draft(BatchKind.GRANT, entries(["Nobody_At_All"], "1M"))
    drop = counter.bulk.batches.drop(counter.harness.request(), number)
    meanwhile(counter, monkeypatch, lambda: drop)
    assert await counter.bulk.lookups.look()
    assert not await counter.bulk.lookups.look()


async def test_without_a_login_a_servers_names_wait_and_hold_up_no_other(tmp_path, frozen):
    async with open_harness(tmp_path, frozen, login=False) as harness:
        counter = Counter(harness)
        await counter.draft(BatchKind.GRANT, entries(["Nobody_At_All"], "1M"))
        assert await counter.bulk.lookups.look()
        assert not await counter.bulk.lookups.look(), "its turn comes later"


async def test_what_was_answered_is_kept_when_another_name_fails(counter, monkeypatch):
    names = ["bUYER_1", "Nobody_At_All"]
    number = await counter.draft(BatchKind.GRANT, entries(names, "1M"))
    ask = counter.bulk.lookups._ask

    async def asked(guild_id, row):
        if row.username == "Nobody_At_All":
            raise SlowDown
        return await ask(guild_id, row)

    monkeypatch.setattr(counter.bulk.lookups, "_ask", asked)
    assert await counter.bulk.lookups.look()
    known, unknown = await counter.rows(number)
    assert (known.username, known.lookup) == ("Buyer_1", Lookup.KNOWN)
    assert (unknown.state, unknown.lookup) == (RowState.PLANNED, Lookup.OPEN)
    assert not await counter.bulk.lookups.look(), "asked again later"
