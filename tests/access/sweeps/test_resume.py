"""Orders that waited in a restored backup: none is done twice, none is told of twice, none is lost."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import clock
from bot.access.request import Subject
from bot.access.rules.duration import parse_length
from bot.replies import history
from bot.store.catalogue import guilds
from tests.support.access_harness import open_harness
from tests.support.restored import (
    MONTH,
    carried_out,
    closed,
    nobody_hears,
    recovered,
    restored,
    sold,
)
from tests.support.vendor_fixture import HOME, MEMBER


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


async def test_a_month_that_was_added_since_is_not_added_again(harness):
    first = await sold(harness)
    await closed(harness)
    order = await harness.grant("Ann_Trades", "1M")
    await restored(harness)
    harness.give("Ann_Trades", first + MONTH)
    writes = len(harness.writes())
    assert await recovered(harness) == {"scripts": 1, "done": 1}
    await harness.time.advance(60)
    assert await harness.state(order) == "done"
    permission = await harness.permission("Ann_Trades")
    assert (permission.wanted_ends_at, permission.state) == (first + MONTH, "done")
    assert len(harness.writes()) == writes
    await nobody_hears(harness)
    # The next month begins where that one ends.
    await sold(harness)
    assert harness.end("Ann_Trades") == first + MONTH + MONTH


async def test_a_month_of_a_row_that_was_added_since_is_known_and_the_row_goes_on(harness):
    await harness.done(await harness.set("Ann_Trades", "2027-01-31"))
    await sold(harness)
    await closed(harness)
    order = await harness.grant("Ann_Trades", "1M")
    await restored(harness)
    harness.give("Ann_Trades", datetime(2027, 3, 31, 23, 59, 59, 999_000, tzinfo=UTC))
    assert await recovered(harness) == {"scripts": 1, "done": 1}
    assert await harness.state(order) == "done"
    assert await sold(harness) == datetime(2027, 4, 30, 23, 59, 59, 999_000, tzinfo=UTC)


async def test_a_first_order_that_was_done_since_is_not_done_again(harness):
    await closed(harness)
    order = await harness.grants.grant(
        harness.request(), "trend", parse_length("1M"), Subject(MEMBER, "Ann_Trades")
    )
    end = clock.now() + MONTH
    await restored(harness)
    harness.give("Ann_Trades", end)
    assert await recovered(harness) == {"scripts": 1, "done": 1}
    await harness.time.advance(60)
    assert await harness.state(order) == "done"
    assert harness.end("Ann_Trades") == end
    assert not harness.writes()
    await nobody_hears(harness)


async def test_a_later_end_than_was_ordered_wins_and_is_reported(harness):
    first = await sold(harness)
    await closed(harness)
    order = await harness.grant("Ann_Trades", "1M")
    await restored(harness)
    later = first + MONTH + MONTH
    harness.give("Ann_Trades", later)
    writes = len(harness.writes())
    assert await recovered(harness) == {"scripts": 1, "stuck": 1, "later": 1}
    await harness.time.advance(60)
    assert await harness.state(order) == "stuck", "perhaps it was done, perhaps somebody gave more"
    assert (await harness.permission("Ann_Trades")).wanted_ends_at == later
    assert len(harness.writes()) == writes
    assert [one.after["ends_at"] for one in await harness.vendor.events("found")] == [
        later.isoformat()
    ]


async def test_an_order_that_was_not_done_is_done_once_and_told_once(harness):
    first = await sold(harness)
    await closed(harness)
    order = await harness.grants.grant(
        harness.request(), "trend", parse_length("1M"), Subject(MEMBER, "Ann_Trades")
    )
    await restored(harness)
    assert await recovered(harness) == {"scripts": 1, "undecided": 1}
    assert await carried_out(harness) == 1
    await harness.done(order, within=30)
    assert harness.end("Ann_Trades") == first + MONTH
    assert [it.order.id for it in await harness.outcomes.untold()] == [order]
    assert [it.order.id for it in await harness.outcomes.members_to_tell()] == [order]


async def test_what_was_found_by_hand_before_the_copy_counts(harness):
    by_hand = clock.now() + timedelta(days=90)
    harness.give("Ann_Trades", by_hand)
    await harness.sweeps.of_script(harness.script, by=None)
    await closed(harness)
    order = await harness.grant("Ann_Trades", "1M")
    await restored(harness)
    harness.give("Ann_Trades", by_hand + MONTH)
    assert await recovered(harness) == {"scripts": 1, "done": 1}
    assert await harness.state(order) == "done"
    await harness.time.advance(60)
    assert not harness.writes()
    assert harness.end("Ann_Trades") == by_hand + MONTH


async def test_a_part_that_was_done_since_is_not_done_again(harness):
    first = await sold(harness)
    await closed(harness)
    orders = [await harness.grant("Ann_Trades", "1M") for _ in range(2)]
    await restored(harness)
    harness.give("Ann_Trades", first + MONTH)
    assert await recovered(harness) == {"scripts": 1, "open": 2}
    for order in orders:
        await harness.done(order, within=30)
    assert harness.end("Ann_Trades") == first + MONTH + MONTH


@pytest.mark.parametrize("known", [True, False])
async def test_where_something_else_was_done_since_staff_decide(harness, known):
    if known:
        await sold(harness)
    await closed(harness)
    order = await harness.grant("Ann_Trades", "1M")
    await restored(harness)
    if known:
        harness.fake.world.revoke(harness.pine_id, "Ann_Trades")
    else:  # nobody had looked before: perhaps it was there, perhaps it was done and more was sold
        harness.give("Ann_Trades", clock.now() + timedelta(days=200))
    writes, end = len(harness.writes()), harness.end("Ann_Trades")
    found = {} if known else {"later": 1}
    assert await recovered(harness) == {"scripts": 1, "stuck": 1, **found}
    await harness.time.advance(60)
    assert await harness.state(order) == "stuck"
    assert (await harness.permission("Ann_Trades")).reason == "restored"
    assert (len(harness.writes()), harness.end("Ann_Trades")) == (writes, end)
    await nobody_hears(harness)


async def by_hand_before_the_order(harness, days):
    """The last full read is older than what the vendor gave by hand, and that than the order."""
    await harness.sweeps.of_script(harness.script, by=None)
    await harness.time.advance(3600)
    given = clock.now() + timedelta(days=days)
    harness.give("Ann_Trades", given)
    await closed(harness)
    order = await harness.grants.grant(
        harness.request(), "trend", parse_length("1M"), Subject(MEMBER, "Ann_Trades")
    )
    await restored(harness)
    return order, given


@pytest.mark.parametrize("days", [90, 10])
@pytest.mark.parametrize("known", [True, False])
async def test_what_was_given_by_hand_before_the_order_does_not_pass_for_it(harness, known, days):
    if known:
        first = await sold(harness)
        days += (first - clock.now()).days
    order, given = await by_hand_before_the_order(harness, days)
    assert await recovered(harness) == {"scripts": 1, "stuck": 1, "later": 1}
    await harness.time.advance(60)
    assert (await harness.state(order), harness.end("Ann_Trades")) == ("stuck", given)
    await sold(harness)  # staff give it anew
    assert harness.end("Ann_Trades") == given + MONTH


async def test_the_end_of_the_day_is_the_same_end(harness):
    first = await sold(harness)
    await closed(harness)
    order = await harness.grant("Ann_Trades", "1M")
    await restored(harness)
    shown = (first + MONTH).replace(hour=23, minute=59, second=59, microsecond=999000)
    harness.give("Ann_Trades", shown)
    assert await recovered(harness) == {"scripts": 1, "done": 1, "later": 1}
    assert await harness.state(order) == "done"
    assert (await harness.permission("Ann_Trades")).wanted_ends_at == shown


async def test_what_was_given_on_top_of_an_exact_end_that_stands_is_still_given(harness):
    await sold(harness, length="1Y")
    await closed(harness)
    await harness.set("Ann_Trades", "2026-06-30")
    stands = (await harness.permission("Ann_Trades")).wanted_ends_at
    order = await harness.grant("Ann_Trades", "1M")
    await restored(harness)
    harness.give("Ann_Trades", stands)
    assert await recovered(harness) == {"scripts": 1, "open": 2}
    await harness.done(order, within=30)
    assert harness.end("Ann_Trades") == stands + MONTH


async def test_a_removal_that_waited_is_done_when_the_person_is_gone(harness):
    await sold(harness)
    await sold(harness, "bob-fx")
    await closed(harness)
    gone, there = await harness.revoke("Ann_Trades"), await harness.revoke("bob-fx")
    await restored(harness)
    harness.fake.world.revoke(harness.pine_id, "Ann_Trades")
    writes = len(harness.writes())
    assert await recovered(harness) == {"scripts": 1, "done": 1, "stuck": 1}
    assert [await harness.state(one) for one in (gone, there)] == ["done", "stuck"]
    assert len(harness.writes()) == writes
    await nobody_hears(harness)


async def test_an_exact_end_that_stands_is_done(harness):
    await sold(harness, length="1Y")
    await closed(harness)
    order = await harness.set("Ann_Trades", "2026-06-30")
    wanted = (await harness.permission("Ann_Trades")).wanted_ends_at
    await restored(harness)
    harness.give("Ann_Trades", wanted)
    assert await recovered(harness) == {"scripts": 1, "done": 1}
    assert await harness.state(order) == "done"
    assert (await harness.permission("Ann_Trades")).replaces is None
    await nobody_hears(harness)


async def test_an_order_from_after_the_restore_begins_where_that_one_ended(harness):
    first = await sold(harness)
    await closed(harness)
    old = await harness.grant("Ann_Trades", "1M")
    await restored(harness)
    harness.give("Ann_Trades", first + MONTH)
    await harness.time.advance(5)
    new = await harness.grant("Ann_Trades", "1M")
    assert await recovered(harness) == {"scripts": 1, "done": 1}
    assert await harness.state(old) == "done"
    await harness.done(new, within=30)
    assert harness.end("Ann_Trades") == first + MONTH + MONTH
    assert [it.order.id for it in await harness.outcomes.untold()] == [new]


async def test_what_was_stuck_in_the_copy_is_not_told_again(harness):
    await closed(harness)
    order = await harness.grant("nobody_such", "1M", unknown_name=True)
    await harness.change("nobody_such", checked=False)
    await restored(harness)
    assert await recovered(harness) == {"scripts": 1, "undecided": 1}
    assert await carried_out(harness) == 1
    await harness.becomes(order, "stuck", within=30)
    await nobody_hears(harness)


async def test_the_log_channel_shows_only_what_is_new(harness):
    await sold(harness)
    await restored(harness)
    async with harness.database.read() as connection:
        server = await guilds.by_id(connection, HOME)
    entries = await harness.vendor.events()
    assert [one.action for one in entries if one.id > server.posted_event_id] == ["restored"]


async def test_the_summary_counts_what_became_of_the_orders(harness):
    first = await sold(harness)
    await closed(harness)
    await harness.grant("Ann_Trades", "1M")
    await harness.grant("bob-fx", "1M")
    await harness.grant("ann_trades2", "1M")
    await restored(harness)
    harness.give("Ann_Trades", first + MONTH)
    harness.give("ann_trades2", clock.now() + timedelta(days=200))
    await recovered(harness)
    [summary] = await harness.vendor.events("restore_over")
    said = history.line(summary, None, None)
    assert "1 list read" in said
    for part in ("Of 3 orders", "1 had been done since", "1 may have been done", "1 need"):
        assert part in said
