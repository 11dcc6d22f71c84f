"""Orders that a restore parked: nothing carries them out by itself, and whatever stands stays."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.sweeps.drift import Kind
from bot.replies.orders import why_stuck
from bot.store.ledger import orders, permissions
from tests.support.access_harness import open_harness
from tests.support.restored import MONTH, closed, nobody_hears, recovered, restored, sold

SET = "2026-06-30"


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


async def parked(harness, kind, *, given):
    """An order of that kind waits in the copy; since then TradingView was given that much more."""
    await sold(harness, length="1Y")
    there = harness.end("Ann_Trades")
    await closed(harness)
    match kind:
        case "grant":
            order = await harness.grant("Ann_Trades", "1M")
        case "set":
            order = await harness.set("Ann_Trades", SET)
        case "revoke":
            order = await harness.revoke("Ann_Trades")
    await restored(harness)
    harness.give("Ann_Trades", there + given)
    await recovered(harness)
    assert await harness.state(order) == "stuck"
    return order, there + given


@pytest.mark.parametrize("kind", ["grant", "set", "revoke"])
async def test_the_next_sale_goes_on_top_of_what_stands(harness, kind):
    order, there = await parked(harness, kind, given=timedelta(days=90))
    await nobody_hears(harness)
    await sold(harness)
    assert harness.end("Ann_Trades") == there + MONTH
    assert await harness.state(order) == "superseded"
    permission = await harness.permission("Ann_Trades")
    assert (permission.state, permission.replaces) == ("done", None)


@pytest.mark.parametrize("kind", ["set", "revoke"])
async def test_also_where_nothing_was_changed_since(harness, kind):
    _, there = await parked(harness, kind, given=timedelta())
    await sold(harness)
    assert harness.end("Ann_Trades") == there + MONTH


@pytest.mark.parametrize("kind", ["grant", "set", "revoke"])
async def test_trying_again_does_not_wake_it(harness, kind):
    order, there = await parked(harness, kind, given=timedelta(days=90))
    writes = len(harness.writes())
    assert await harness.retries.retry(harness.request(), "trend") == 0
    await harness.time.advance(60)
    await harness.rest()
    assert await harness.state(order) == "stuck"
    assert (len(harness.writes()), harness.end("Ann_Trades")) == (writes, there)


@pytest.mark.parametrize("kind", ["grant", "set", "revoke"])
async def test_nor_does_putting_the_stuck_right(harness, kind):
    order, there = await parked(harness, kind, given=timedelta(days=90))
    repaired = await harness.repairs.repair(harness.request(), harness.script.id, Kind.STUCK)
    assert repaired.number == 0
    await harness.time.advance(60)
    await harness.rest()
    assert (await harness.state(order), harness.end("Ann_Trades")) == ("stuck", there)


async def test_a_month_of_which_nothing_is_known_is_not_given_with_the_next(harness):
    await closed(harness)
    order = await harness.grant("Ann_Trades", "1M")
    await restored(harness)
    there = (await harness.permission("Ann_Trades")).asked_at + MONTH + MONTH
    harness.give("Ann_Trades", there)  # it was done, and one more was sold
    assert await recovered(harness) == {"scripts": 1, "stuck": 1, "later": 1}
    await sold(harness)
    assert harness.end("Ann_Trades") == there + MONTH
    assert await harness.state(order) == "superseded"
    assert [one.source for one in await harness.reasons("Ann_Trades")] == ["found", "staff"]


async def test_what_orders_in_a_row_had_taken_is_given_back(harness):
    await sold(harness, length="1Y")
    there = harness.end("Ann_Trades")
    await closed(harness)
    await harness.grant("Ann_Trades", "1M")
    await harness.set("Ann_Trades", "2026-09-30")
    await harness.set("Ann_Trades", SET)
    await restored(harness)
    assert await recovered(harness) == {"scripts": 1, "stuck": 1}
    assert [one.ends_at for one in await harness.reasons("Ann_Trades")] == [there]
    permission = await harness.permission("Ann_Trades")
    assert (permission.wanted_ends_at, permission.state) == (there, "stuck")


async def test_an_order_given_before_the_lists_are_read_does_not_carry_it_out(harness):
    await sold(harness, length="1Y")
    there = harness.end("Ann_Trades")
    await closed(harness)
    old = await harness.revoke("Ann_Trades")
    await restored(harness)
    harness.give("Ann_Trades", there + MONTH)
    await harness.time.advance(5)
    new = await harness.grant("Ann_Trades", "1M")
    assert await recovered(harness) == {"scripts": 1, "stuck": 1, "later": 1}
    await harness.done(new, within=30)
    assert harness.end("Ann_Trades") == there + MONTH + MONTH
    assert await harness.state(old) == "stuck"


async def test_nor_does_trying_again_before_they_are_read(harness):
    await sold(harness, length="1Y")
    there = harness.end("Ann_Trades")
    await closed(harness)
    old = await harness.revoke("Ann_Trades")
    await restored(harness)
    assert await harness.retries.retry(harness.request(), "trend") == 0
    assert await recovered(harness) == {"scripts": 1, "stuck": 1}
    await harness.time.advance(60)
    await harness.rest()
    assert (await harness.state(old), harness.end("Ann_Trades")) == ("stuck", there)


async def test_what_was_stuck_and_overrules_is_parked_too(harness):
    await sold(harness)
    await closed(harness)
    await harness.set("Ann_Trades", SET)
    permission = await harness.permission("Ann_Trades")
    async with harness.database.write() as connection:
        await orders.end(
            connection, permission.id, permission.revision, clock.now(), "stuck", "refused"
        )
        await permissions.change(connection, permission.id, state="stuck", reason="refused")
    await restored(harness)
    there = clock.now() + timedelta(days=90)
    harness.give("Ann_Trades", there)
    assert await recovered(harness) == {"scripts": 1, "stuck": 1, "later": 1}
    await sold(harness)
    assert harness.end("Ann_Trades") == there + MONTH


async def test_a_second_restore_leaves_it_parked(harness):
    order, there = await parked(harness, "set", given=timedelta(days=90))
    await restored(harness)
    assert await recovered(harness) == {"scripts": 1}
    assert await harness.state(order) == "stuck"
    await sold(harness)
    assert harness.end("Ann_Trades") == there + MONTH


async def test_staff_read_that_they_order_it_anew(harness):
    order, _ = await parked(harness, "set", given=timedelta(days=90))
    said = why_stuck((await harness.outcomes.receipt(order)).order.reason)
    assert "order it anew if it is still wanted" in said
    assert "retry" not in said
