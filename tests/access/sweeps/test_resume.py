"""Orders that waited in a restored backup: none is done twice, none is told of twice, none is lost."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.request import Who
from bot.access.rules.duration import parse_length
from bot.access.sweeps.sweep import Sweeps
from bot.replies import history
from bot.store.catalogue import guilds
from tests.support.access_harness import open_counter
from tests.support.restored import MONTH, closed, nobody_hears, recovered, restored, sold
from tests.support.vendor_fixture import HOME, MEMBER


@pytest.fixture
async def counter(frozen, tmp_path):
    async with open_counter(tmp_path, frozen) as counter:
        yield counter


async def test_a_month_that_was_added_since_is_not_added_again(counter):
    first = await sold(counter)
    await closed(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    await restored(counter)
    counter.give("Ann_Trades", first + MONTH)
    writes = len(counter.writes())
    assert await recovered(counter) == {"scripts": 1, "done": 1}
    await counter.time.advance(60)
    assert await counter.state(wish) == "done"
    permission = await counter.permission("Ann_Trades")
    assert (permission.wanted_ends_at, permission.state) == (first + MONTH, "done")
    assert len(counter.writes()) == writes
    await nobody_hears(counter)
    # The next month begins where that one ends.
    await sold(counter)
    assert counter.end("Ann_Trades") == first + MONTH + MONTH


async def test_a_first_order_that_was_done_since_is_not_done_again(counter):
    await closed(counter)
    wish = await counter.grants.grant(
        counter.asked(), "trend", parse_length("1M"), Who(MEMBER, "Ann_Trades")
    )
    end = clock.now() + MONTH
    await restored(counter)
    counter.give("Ann_Trades", end)
    assert await recovered(counter) == {"scripts": 1, "done": 1}
    await counter.time.advance(60)
    assert await counter.state(wish) == "done"
    assert counter.end("Ann_Trades") == end
    assert not counter.writes()
    await nobody_hears(counter)


async def test_a_later_end_than_was_ordered_wins_and_is_reported(counter):
    first = await sold(counter)
    await closed(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    await restored(counter)
    later = first + MONTH + MONTH
    counter.give("Ann_Trades", later)
    writes = len(counter.writes())
    assert await recovered(counter) == {"scripts": 1, "stuck": 1, "later": 1}
    await counter.time.advance(60)
    assert await counter.state(wish) == "stuck", "perhaps it was done, perhaps somebody gave more"
    assert (await counter.permission("Ann_Trades")).wanted_ends_at == later
    assert len(counter.writes()) == writes
    assert [one.after["ends_at"] for one in await counter.shop.events("found")] == [
        later.isoformat()
    ]


async def test_an_order_that_was_not_done_is_done_once_and_told_once(counter):
    first = await sold(counter)
    await closed(counter)
    wish = await counter.grants.grant(
        counter.asked(), "trend", parse_length("1M"), Who(MEMBER, "Ann_Trades")
    )
    await restored(counter)
    assert await recovered(counter) == {"scripts": 1, "open": 1}
    await counter.done(wish, within=30)
    assert counter.end("Ann_Trades") == first + MONTH
    assert [it.wish.id for it in await counter.answers.untold()] == [wish]
    assert [it.wish.id for it in await counter.answers.members_to_tell()] == [wish]


async def test_what_was_found_by_hand_before_the_copy_counts(counter):
    by_hand = clock.now() + timedelta(days=90)
    counter.give("Ann_Trades", by_hand)
    await Sweeps(counter.database, counter.shop.sessions).of_script(counter.script, by=None)
    await closed(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    await restored(counter)
    counter.give("Ann_Trades", by_hand + MONTH)
    assert await recovered(counter) == {"scripts": 1, "done": 1}
    assert await counter.state(wish) == "done"
    await counter.time.advance(60)
    assert not counter.writes()
    assert counter.end("Ann_Trades") == by_hand + MONTH


async def test_a_part_that_was_done_since_is_not_done_again(counter):
    first = await sold(counter)
    await closed(counter)
    wishes = [await counter.grant("Ann_Trades", "1M") for _ in range(2)]
    await restored(counter)
    counter.give("Ann_Trades", first + MONTH)
    assert await recovered(counter) == {"scripts": 1, "open": 2}
    for wish in wishes:
        await counter.done(wish, within=30)
    assert counter.end("Ann_Trades") == first + MONTH + MONTH


@pytest.mark.parametrize("known", [True, False])
async def test_where_something_else_was_done_since_staff_decide(counter, known):
    if known:
        await sold(counter)
    await closed(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    await restored(counter)
    if known:
        counter.fake.world.revoke(counter.pine_id, "Ann_Trades")
    else:  # nobody had looked before: perhaps it was there, perhaps it was done and more was sold
        counter.give("Ann_Trades", clock.now() + timedelta(days=200))
    writes, end = len(counter.writes()), counter.end("Ann_Trades")
    found = {} if known else {"later": 1}
    assert await recovered(counter) == {"scripts": 1, "stuck": 1, **found}
    await counter.time.advance(60)
    assert await counter.state(wish) == "stuck"
    assert (await counter.permission("Ann_Trades")).reason == "restored"
    assert (len(counter.writes()), counter.end("Ann_Trades")) == (writes, end)
    await nobody_hears(counter)


async def by_hand_before_the_order(counter, days):
    """The last full read is older than what the vendor gave by hand, and that than the order."""
    await Sweeps(counter.database, counter.shop.sessions).of_script(counter.script, by=None)
    await counter.time.advance(3600)
    given = clock.now() + timedelta(days=days)
    counter.give("Ann_Trades", given)
    await closed(counter)
    wish = await counter.grants.grant(
        counter.asked(), "trend", parse_length("1M"), Who(MEMBER, "Ann_Trades")
    )
    await restored(counter)
    return wish, given


@pytest.mark.parametrize("days", [90, 10])
@pytest.mark.parametrize("known", [True, False])
async def test_what_was_given_by_hand_before_the_order_does_not_pass_for_it(counter, known, days):
    if known:
        first = await sold(counter)
        days += (first - clock.now()).days
    wish, given = await by_hand_before_the_order(counter, days)
    assert await recovered(counter) == {"scripts": 1, "stuck": 1, "later": 1}
    await counter.time.advance(60)
    assert (await counter.state(wish), counter.end("Ann_Trades")) == ("stuck", given)
    await sold(counter)  # staff give it anew
    assert counter.end("Ann_Trades") == given + MONTH


async def test_the_end_of_the_day_is_the_same_end(counter):
    first = await sold(counter)
    await closed(counter)
    wish = await counter.grant("Ann_Trades", "1M")
    await restored(counter)
    shown = (first + MONTH).replace(hour=23, minute=59, second=59, microsecond=999000)
    counter.give("Ann_Trades", shown)
    assert await recovered(counter) == {"scripts": 1, "done": 1, "later": 1}
    assert await counter.state(wish) == "done"
    assert (await counter.permission("Ann_Trades")).wanted_ends_at == shown


async def test_what_was_given_on_top_of_an_exact_end_that_stands_is_still_given(counter):
    await sold(counter, length="1Y")
    await closed(counter)
    await counter.set("Ann_Trades", "2026-06-30")
    stands = (await counter.permission("Ann_Trades")).wanted_ends_at
    wish = await counter.grant("Ann_Trades", "1M")
    await restored(counter)
    counter.give("Ann_Trades", stands)
    assert await recovered(counter) == {"scripts": 1, "open": 2}
    await counter.done(wish, within=30)
    assert counter.end("Ann_Trades") == stands + MONTH


async def test_a_removal_that_waited_is_done_when_the_person_is_gone(counter):
    await sold(counter)
    await sold(counter, "bob-fx")
    await closed(counter)
    gone, there = await counter.revoke("Ann_Trades"), await counter.revoke("bob-fx")
    await restored(counter)
    counter.fake.world.revoke(counter.pine_id, "Ann_Trades")
    writes = len(counter.writes())
    assert await recovered(counter) == {"scripts": 1, "done": 1, "stuck": 1}
    assert [await counter.state(one) for one in (gone, there)] == ["done", "stuck"]
    assert len(counter.writes()) == writes
    await nobody_hears(counter)


async def test_an_exact_end_that_stands_is_done(counter):
    await sold(counter, length="1Y")
    await closed(counter)
    wish = await counter.set("Ann_Trades", "2026-06-30")
    wanted = (await counter.permission("Ann_Trades")).wanted_ends_at
    await restored(counter)
    counter.give("Ann_Trades", wanted)
    assert await recovered(counter) == {"scripts": 1, "done": 1}
    assert await counter.state(wish) == "done"
    assert (await counter.permission("Ann_Trades")).replaces is None
    await nobody_hears(counter)


async def test_an_order_from_after_the_restore_begins_where_that_one_ended(counter):
    first = await sold(counter)
    await closed(counter)
    old = await counter.grant("Ann_Trades", "1M")
    await restored(counter)
    counter.give("Ann_Trades", first + MONTH)
    await counter.time.advance(5)
    new = await counter.grant("Ann_Trades", "1M")
    assert await recovered(counter) == {"scripts": 1, "done": 1}
    assert await counter.state(old) == "done"
    await counter.done(new, within=30)
    assert counter.end("Ann_Trades") == first + MONTH + MONTH
    assert [it.wish.id for it in await counter.answers.untold()] == [new]


async def test_what_was_stuck_in_the_copy_is_not_told_again(counter):
    await closed(counter)
    wish = await counter.grant("nobody_such", "1M", anyway=True)
    await counter.change("nobody_such", checked=False)
    await restored(counter)
    assert await recovered(counter) == {"scripts": 1, "open": 1}
    await counter.becomes(wish, "stuck", within=30)
    await nobody_hears(counter)


async def test_the_log_channel_shows_only_what_is_new(counter):
    await sold(counter)
    await restored(counter)
    async with counter.database.read() as connection:
        server = await guilds.by_id(connection, HOME)
    entries = await counter.shop.events()
    assert [one.action for one in entries if one.id > server.posted_event_id] == ["restored"]


async def test_the_summary_counts_what_became_of_the_orders(counter):
    first = await sold(counter)
    await closed(counter)
    await counter.grant("Ann_Trades", "1M")
    await counter.grant("bob-fx", "1M")
    await counter.grant("ann_trades2", "1M")
    await restored(counter)
    counter.give("Ann_Trades", first + MONTH)
    counter.give("ann_trades2", clock.now() + timedelta(days=200))
    await recovered(counter)
    [summary] = await counter.shop.events("restore_over")
    said = history.line(summary, None, None)
    assert "1 list read" in said
    for part in ("Of 3 orders", "1 had been done since", "1 had not", "1 need"):
        assert part in said
