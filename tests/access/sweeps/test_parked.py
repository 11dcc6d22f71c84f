"""Orders that a restore parked: nothing carries them out by itself, and whatever stands stays."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.sweeps.drift import Kind
from bot.access.sweeps.repair import Mending
from bot.replies import orders
from bot.store.ledger import orders as wishes, permissions
from tests.support.access_harness import open_counter
from tests.support.restored import MONTH, closed, nobody_hears, recovered, restored, sold

SET = "2026-06-30"


@pytest.fixture
async def counter(frozen, tmp_path):
    async with open_counter(tmp_path, frozen) as counter:
        yield counter


async def parked(counter, kind, *, given):
    """An order of that kind waits in the copy; since then TradingView was given that much more."""
    await sold(counter, length="1Y")
    there = counter.end("Ann_Trades")
    await closed(counter)
    match kind:
        case "grant":
            wish = await counter.grant("Ann_Trades", "1M")
        case "set":
            wish = await counter.set("Ann_Trades", SET)
        case "revoke":
            wish = await counter.revoke("Ann_Trades")
    await restored(counter)
    counter.give("Ann_Trades", there + given)
    await recovered(counter)
    assert await counter.state(wish) == "stuck"
    return wish, there + given


@pytest.mark.parametrize("kind", ["grant", "set", "revoke"])
async def test_the_next_sale_goes_on_top_of_what_stands(counter, kind):
    wish, there = await parked(counter, kind, given=timedelta(days=90))
    await nobody_hears(counter)
    await sold(counter)
    assert counter.end("Ann_Trades") == there + MONTH
    assert await counter.state(wish) == "superseded"
    permission = await counter.permission("Ann_Trades")
    assert (permission.state, permission.replaces) == ("done", None)


@pytest.mark.parametrize("kind", ["set", "revoke"])
async def test_also_where_nothing_was_changed_since(counter, kind):
    _, there = await parked(counter, kind, given=timedelta())
    await sold(counter)
    assert counter.end("Ann_Trades") == there + MONTH


@pytest.mark.parametrize("kind", ["grant", "set", "revoke"])
async def test_trying_again_does_not_wake_it(counter, kind):
    wish, there = await parked(counter, kind, given=timedelta(days=90))
    writes = len(counter.writes())
    assert await counter.queue.retry(counter.asked(), "trend") == 0
    await counter.time.advance(60)
    await counter.rest()
    assert await counter.state(wish) == "stuck"
    assert (len(counter.writes()), counter.end("Ann_Trades")) == (writes, there)


@pytest.mark.parametrize("kind", ["grant", "set", "revoke"])
async def test_nor_does_putting_the_stuck_right(counter, kind):
    wish, there = await parked(counter, kind, given=timedelta(days=90))
    mending = Mending(counter.database, counter.shop.vault, counter.queue, counter.news)
    mended = await mending.mend(counter.asked(), counter.script.id, Kind.STUCK)
    assert mended.number == 0
    await counter.time.advance(60)
    await counter.rest()
    assert (await counter.state(wish), counter.end("Ann_Trades")) == ("stuck", there)


async def test_a_month_of_which_nothing_is_known_is_not_given_with_the_next(counter):
    await closed(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    await restored(counter)
    there = (await counter.permission("Ann_Trades")).asked_at + MONTH + MONTH
    counter.give("Ann_Trades", there)  # it was done, and one more was sold
    assert await recovered(counter) == {"scripts": 1, "stuck": 1, "later": 1}
    await sold(counter)
    assert counter.end("Ann_Trades") == there + MONTH
    assert await counter.state(wish) == "superseded"
    assert [one.source for one in await counter.reasons("Ann_Trades")] == ["found", "manual"]


async def test_what_orders_in_a_row_had_taken_is_given_back(counter):
    await sold(counter, length="1Y")
    there = counter.end("Ann_Trades")
    await closed(counter)
    await counter.grant("Ann_Trades", "1M")
    await counter.set("Ann_Trades", "2026-09-30")
    await counter.set("Ann_Trades", SET)
    await restored(counter)
    assert await recovered(counter) == {"scripts": 1, "stuck": 1}
    assert [one.ends_at for one in await counter.reasons("Ann_Trades")] == [there]
    permission = await counter.permission("Ann_Trades")
    assert (permission.wanted_ends_at, permission.state) == (there, "stuck")


async def test_an_order_given_before_the_lists_are_read_does_not_carry_it_out(counter):
    await sold(counter, length="1Y")
    there = counter.end("Ann_Trades")
    await closed(counter)
    old = await counter.revoke("Ann_Trades")
    await restored(counter)
    counter.give("Ann_Trades", there + MONTH)
    await counter.time.advance(5)
    new = await counter.grant("Ann_Trades", "1M")
    assert await recovered(counter) == {"scripts": 1, "stuck": 1, "later": 1}
    await counter.done(new, within=30)
    assert counter.end("Ann_Trades") == there + MONTH + MONTH
    assert await counter.state(old) == "stuck"


async def test_nor_does_trying_again_before_they_are_read(counter):
    await sold(counter, length="1Y")
    there = counter.end("Ann_Trades")
    await closed(counter)
    old = await counter.revoke("Ann_Trades")
    await restored(counter)
    assert await counter.queue.retry(counter.asked(), "trend") == 0
    assert await recovered(counter) == {"scripts": 1, "stuck": 1}
    await counter.time.advance(60)
    await counter.rest()
    assert (await counter.state(old), counter.end("Ann_Trades")) == ("stuck", there)


async def test_what_was_stuck_and_overrules_is_parked_too(counter):
    await sold(counter)
    await closed(counter)
    await counter.set("Ann_Trades", SET)
    permission = await counter.permission("Ann_Trades")
    async with counter.database.write() as connection:
        await wishes.end(
            connection, permission.id, permission.revision, clock.now(), "stuck", "refused"
        )
        await permissions.change(connection, permission.id, state="stuck", reason="refused")
    await restored(counter)
    there = clock.now() + timedelta(days=90)
    counter.give("Ann_Trades", there)
    assert await recovered(counter) == {"scripts": 1, "stuck": 1, "later": 1}
    await sold(counter)
    assert counter.end("Ann_Trades") == there + MONTH


async def test_a_second_restore_leaves_it_parked(counter):
    wish, there = await parked(counter, "set", given=timedelta(days=90))
    await restored(counter)
    assert await recovered(counter) == {"scripts": 1}
    assert await counter.state(wish) == "stuck"
    await sold(counter)
    assert counter.end("Ann_Trades") == there + MONTH


async def test_staff_read_that_they_order_it_anew(counter):
    wish, _ = await parked(counter, "set", given=timedelta(days=90))
    said = orders.why_stuck((await counter.answers.receipt(wish)).wish.reason)
    assert "order it anew if it is still wanted" in said
    assert "retry" not in said
