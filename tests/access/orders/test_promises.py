"""What is promised about paid time, against the sandbox's TradingView over real sockets."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot import clock
from bot.access.catalogue.errors import ItemUnknown
from bot.access.ledger.errors import EndsSeveral, NothingToRevoke, OvertakenSince, Shortens
from bot.access.people.errors import UserUnknown
from bot.access.request import Subject
from tests.support.access_harness import open_harness

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


def moment(*parts):
    return datetime(*parts, tzinfo=UTC)


async def test_a_new_customer_gets_exactly_what_was_asked(harness):
    receipt = await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert harness.end("Ann_Trades") == moment(2026, 4, 10, 12)
    assert receipt.end == moment(2026, 4, 10, 12)


async def test_time_left_is_kept(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await harness.time.advance(86_400)
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert harness.end("Ann_Trades") == moment(2026, 5, 10, 12)


async def test_a_lapsed_customer_that_tradingview_still_lists_is_really_renewed(harness):
    harness.give("Ann_Trades", NOW - timedelta(days=3))
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert harness.end("Ann_Trades") == moment(2026, 4, 10, 12)


async def test_days_given_by_hand_on_the_site_are_kept_under_a_grant(harness):
    harness.give("Ann_Trades", NOW + timedelta(days=200))
    harness.switches.down = True
    order = await harness.grant("Ann_Trades", "1M")
    harness.switches.down = False
    await harness.done(order, within=60)
    assert harness.end("Ann_Trades") == moment(2026, 10, 26, 12)


@pytest.mark.parametrize("end", [NOW + timedelta(days=5), NOW + timedelta(days=900)])
async def test_a_wrong_stored_view_does_not_move_a_start(harness, end):
    harness.give("Ann_Trades", NOW + timedelta(days=200))
    harness.switches.down = True
    order = await harness.grant("Ann_Trades", "1M")
    await harness.change("Ann_Trades", seen="until", seen_ends_at=end, seen_at=NOW)
    harness.switches.down = False
    await harness.done(order, within=60)
    assert harness.end("Ann_Trades") == moment(2026, 10, 26, 12)


async def test_days_given_by_hand_after_our_own_write_are_kept(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    harness.give("Ann_Trades", moment(2026, 12, 1, 9))
    await harness.done(await harness.grant("Ann_Trades", "1W"))
    assert harness.end("Ann_Trades") == moment(2026, 12, 8, 9)


async def test_a_grant_after_a_waiting_earlier_set_starts_at_the_set_end(harness):
    await harness.done(await harness.grant("Ann_Trades", "1Y"))
    harness.switches.down = True
    set_wish = await harness.set("Ann_Trades", "2026-04-01")
    grant = await harness.grant("Ann_Trades", "7D")
    harness.switches.down = False
    await harness.done(grant, within=60)
    assert await harness.state(set_wish) == "done"
    assert harness.end("Ann_Trades") == moment(2026, 4, 8, 23, 59, 59, 999000)


async def test_a_set_overrules_days_given_by_hand_and_they_can_be_put_back(harness):
    harness.give("Ann_Trades", NOW + timedelta(days=200))
    order = await harness.set("Ann_Trades", "2026-04-01")
    receipt = await harness.done(order)
    assert harness.end("Ann_Trades") == moment(2026, 4, 1, 23, 59, 59, 999000)
    assert receipt.can_put_back
    await harness.done(await harness.put_back(order))
    assert harness.end("Ann_Trades") == NOW + timedelta(days=200)


async def test_days_given_by_hand_come_back_also_where_a_set_asked_for_the_same_end(harness):
    harness.give("Ann_Trades", NOW + timedelta(days=200))
    order = await harness.set("Ann_Trades", (NOW + timedelta(days=200)).isoformat())
    await harness.done(order)
    await harness.done(await harness.put_back(order))
    assert harness.end("Ann_Trades") == NOW + timedelta(days=200)
    assert [reason.source for reason in await harness.reasons("Ann_Trades")] == ["found"]


async def test_whoever_is_new_is_new_also_when_they_hear_of_it_after_the_next_order(harness):
    first = await harness.grant("Ann_Trades", "1M")
    await harness.done(first)
    second = await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert not (await harness.outcomes.receipt(first)).had_access
    assert second.had_access


async def test_an_answer_lost_after_the_write_extends_once(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    harness.switches.lost_answers = 1
    await harness.done(await harness.grant("Ann_Trades", "1M"), within=20)
    assert harness.end("Ann_Trades") == moment(2026, 5, 10, 12)


async def test_an_answer_lost_after_the_first_write_grants_once(harness):
    harness.switches.lost_answers = 1
    await harness.done(await harness.grant("Ann_Trades", "1M"), within=20)
    assert harness.end("Ann_Trades") == moment(2026, 4, 10, 12)
    assert len(harness.writes()) == 1


@pytest.mark.parametrize("length", ["1D", "1M"])
async def test_an_ok_that_changes_nothing_is_noticed(harness, length):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    harness.switches.silent_ok = -1
    order = await harness.grant("Ann_Trades", length)
    await harness.rest()
    await harness.time.advance(8)
    await harness.rest()
    receipt = await harness.outcomes.receipt(order)
    assert receipt.order.state == "waiting"
    harness.switches.silent_ok = 0
    await harness.done(order, within=60)
    expected = moment(2026, 4, 11, 12) if length == "1D" else moment(2026, 5, 10, 12)
    assert harness.end("Ann_Trades") == expected


async def test_twenty_simultaneous_days_are_twenty_days(harness):
    orders = await asyncio.gather(*(harness.grant("Ann_Trades", "1D") for _ in range(20)))
    for order in orders:
        await harness.done(order, within=30)
    assert harness.end("Ann_Trades") == NOW + timedelta(days=20)


async def test_the_same_request_delivered_twice_counts_once(harness):
    request = harness.request()
    one, two = await asyncio.gather(
        harness.grant("Ann_Trades", "1M", request=request),
        harness.grant("Ann_Trades", "1M", request=request),
    )
    assert one == two
    await harness.done(one)
    await harness.rest()
    assert harness.end("Ann_Trades") == moment(2026, 4, 10, 12)


async def test_month_ends_are_worked_out_on_the_day_on_which_the_row_began(harness):
    harness.time.set(moment(2027, 1, 31, 12))
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert harness.end("Ann_Trades") == moment(2027, 2, 28, 12)
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert harness.end("Ann_Trades") == moment(2027, 3, 31, 12)


async def test_in_a_leap_year_january_ends_in_29_days(harness):
    harness.time.set(moment(2028, 1, 31, 12))
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert harness.end("Ann_Trades") == moment(2028, 2, 29, 12)
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert harness.end("Ann_Trades") == moment(2028, 3, 31, 12)


async def test_lifetime_is_lifetime(harness):
    await harness.done(await harness.grant("Ann_Trades", "L"))
    assert harness.end("Ann_Trades") is None


async def test_lifetime_replaces_a_dated_row(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await harness.done(await harness.grant("Ann_Trades", "L"))
    assert harness.end("Ann_Trades") is None


async def test_time_for_somebody_without_an_end_takes_nothing_away(harness):
    harness.give("Ann_Trades", None)
    receipt = await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert harness.end("Ann_Trades") is None
    assert receipt.open_ended
    assert harness.writes() == []


async def test_natural_expiry_sends_nothing(harness):
    await harness.done(await harness.grant("Ann_Trades", "1D"))
    before = len(harness.fake.log)
    await harness.time.advance(86_400 * 3)
    await harness.rest()
    assert len(harness.fake.log) == before


async def test_an_end_that_passed_while_waiting_is_not_sent_and_becomes_stuck(harness):
    harness.switches.down = True
    order = await harness.grant("Ann_Trades", "1D")
    await harness.time.advance(86_400 * 2)
    harness.switches.down = False
    receipt = await harness.becomes(order, "stuck", within=400)
    assert receipt.order.reason == "too_late"
    assert harness.end("Ann_Trades") == "absent"
    assert harness.writes() == []


async def test_a_new_grant_takes_the_place_of_one_whose_time_ran_out(harness):
    harness.switches.down = True
    old = await harness.grant("Ann_Trades", "1D")
    await harness.time.advance(86_400 * 2)
    harness.switches.down = False
    await harness.becomes(old, "stuck", within=400)
    await harness.done(await harness.grant("Ann_Trades", "1D"))
    assert await harness.state(old) == "superseded"
    assert harness.end("Ann_Trades") == clock.now().replace(microsecond=0) + timedelta(days=1)


async def test_grant_then_revoke_while_tradingview_is_down_holds_nothing(harness):
    harness.switches.down = True
    granted = await harness.grant("Ann_Trades", "1M")
    revoked = await harness.revoke("Ann_Trades")
    assert await harness.state(granted) == "superseded"
    harness.switches.down = False
    await harness.done(revoked, within=60)
    assert harness.end("Ann_Trades") == "absent"


async def test_revoke_then_grant_while_tradingview_is_down_starts_at_the_asking(harness):
    await harness.done(await harness.grant("Ann_Trades", "1Y"))
    harness.switches.down = True
    revoked = await harness.revoke("Ann_Trades")
    granted = await harness.grant("Ann_Trades", "1M")
    assert await harness.state(revoked) == "superseded"
    harness.switches.down = False
    await harness.done(granted, within=60)
    assert harness.end("Ann_Trades") == moment(2026, 4, 10, 12)


async def test_somebody_only_tradingview_knows_can_be_revoked_and_put_back(harness):
    end = NOW + timedelta(days=90)
    harness.give("bob-fx", end)
    order = await harness.revoke("BOB-FX")
    await harness.done(order)
    assert harness.end("bob-fx") == "absent"
    await harness.done(await harness.put_back(order))
    assert harness.end("bob-fx") == end


async def test_putting_back_a_removal_that_was_never_sent_touches_nothing(harness):
    harness.give("bob-fx", NOW + timedelta(days=90))
    harness.switches.down = True
    order = await harness.revoke("bob-fx")
    back = await harness.put_back(order)
    harness.switches.down = False
    await harness.done(back, within=60)
    assert harness.end("bob-fx") == NOW + timedelta(days=90)
    assert harness.writes() == []


async def test_putting_back_twice_is_done_once(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    order = await harness.revoke("Ann_Trades")
    await harness.done(order)
    first, second = await harness.put_back(order), await harness.put_back(order)
    assert first == second
    await harness.done(first)
    assert harness.end("Ann_Trades") == moment(2026, 4, 10, 12)


@pytest.mark.parametrize("taken", ["set", "revoke"])
async def test_days_sold_after_a_removal_go_on_top_of_what_is_put_back(harness, taken):
    await harness.done(await harness.grant("Ann_Trades", "1Y"))
    order = (
        await harness.set("Ann_Trades", "2026-03-20")
        if taken == "set"
        else await harness.revoke("Ann_Trades")
    )
    await harness.done(order)
    await harness.time.advance(60)
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await harness.time.advance(60)
    await harness.done(await harness.put_back(order))
    assert harness.end("Ann_Trades") == moment(2027, 4, 10, 12)


async def test_what_was_sold_before_the_removal_is_put_back_as_it_was(harness):
    for _ in range(2):
        await harness.done(await harness.grant("Ann_Trades", "1M"))
    end = harness.end("Ann_Trades")
    order = await harness.set("Ann_Trades", "2026-03-20")
    await harness.done(order)
    await harness.done(await harness.put_back(order))
    assert harness.end("Ann_Trades") == end == moment(2026, 5, 10, 12)


async def test_revoking_nothing_says_so_and_records_nothing(harness):
    with pytest.raises(NothingToRevoke):
        await harness.revoke("Ann_Trades", confirmed=False)
    assert await harness.permission("Ann_Trades") is None


async def test_shortening_is_asked_first_also_of_days_given_by_hand(harness):
    harness.give("Ann_Trades", NOW + timedelta(days=200))
    with pytest.raises(Shortens) as question:
        await harness.set("Ann_Trades", "2026-04-01", confirmed=False)
    assert question.value.before == NOW + timedelta(days=200)
    assert await harness.permission("Ann_Trades") is None


async def test_ending_several_reasons_or_lifetime_is_asked_first(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    with pytest.raises(EndsSeveral):
        await harness.revoke("Ann_Trades", confirmed=False)
    await harness.done(await harness.grant("bob-fx", "L"))
    with pytest.raises(EndsSeveral):
        await harness.revoke("bob-fx", confirmed=False)
    assert harness.end("bob-fx") is None


async def test_an_unknown_name_is_refused_with_near_hits_and_leaves_no_row(harness):
    with pytest.raises(UserUnknown) as refusal:
        await harness.grant("ann_trade", "1M")
    assert set(refusal.value.near) == {"Ann_Trades", "ann_trades2"}
    assert await harness.permission("ann_trade") is None


async def test_an_unknown_name_granted_anyway_becomes_stuck_and_says_why(harness):
    order = await harness.grant("nobody_here", "1M", unknown_name=True)
    receipt = await harness.becomes(order, "stuck", within=5)
    assert receipt.order.reason == "no_such_user"


async def test_a_name_recorded_unchecked_gets_its_spelling_before_anything_else(harness):
    harness.switches.down = True
    order = await harness.grant("aNN_tRADES", "1M")
    harness.switches.down = False
    harness.switches.exact_spelling = True
    receipt = await harness.done(order, within=60)
    assert receipt.permission.username == "Ann_Trades"
    assert harness.row("Ann_Trades").end == moment(2026, 4, 10, 12)


async def test_an_unknown_item_names_what_is_like_it(harness):
    with pytest.raises(ItemUnknown) as refusal:
        await harness.grant("Ann_Trades", "1M", item="trnd")
    assert refusal.value.near == ("trend",)


async def test_somebody_whose_name_is_the_prefix_of_another_is_told_apart(harness):
    harness.give("ann_trades2", NOW + timedelta(days=50))
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert harness.end("Ann_Trades") == moment(2026, 4, 10, 12)
    assert harness.end("ann_trades2") == NOW + timedelta(days=50)


async def test_tradingview_hanging_says_waiting_and_turns_to_done_by_itself(harness):
    harness.switches.hang = True
    order = await harness.meanwhile(harness.grant("Ann_Trades", "1M"))
    receipt = await harness.meanwhile(harness.outcomes.outcome(order, 5))
    assert receipt.order.state == "waiting"
    harness.switches.hang = False
    await harness.done(order, within=60)


async def test_a_second_reference_of_a_done_wish_is_not_told_again(harness):
    order = await harness.grant("Ann_Trades", "1M")
    receipt = await harness.outcomes.outcome(order, 5)
    assert receipt.order.state == "done"
    await harness.outcomes.told(order, "done")
    assert await harness.outcomes.untold() == []
    assert await harness.outcomes.answer_token(receipt) is None


async def test_a_slip_at_the_end_of_a_name_still_finds_near_hits(harness):
    with pytest.raises(UserUnknown) as refusal:
        await harness.grant("Ann_Tradse", "1M")
    assert refusal.value.near[0] == "Ann_Trades"


async def test_that_it_waits_is_still_said_when_a_crash_came_first(harness):
    harness.switches.hang = True
    order = await harness.meanwhile(harness.grant("Ann_Trades", "1M"))
    assert await harness.outcomes.untold() == []  # the command itself may still say it
    await harness.time.advance(11)
    assert [one.order.id for one in await harness.outcomes.untold()] == [order]
    await harness.outcomes.told(order, "waiting")
    assert await harness.outcomes.untold() == []
    harness.switches.hang = False
    await harness.done(order, within=60)


async def test_an_order_delivered_again_after_it_was_done_is_the_same_order(harness):
    subject = Subject(username="Ann_Trades")
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    request = harness.request()
    ended = await harness.grants.revoke(request, "trend", subject)
    await harness.done(ended)
    assert await harness.grants.revoke(request, "trend", subject) == ended
    request = harness.request()
    given = await harness.grants.set_end(request, "trend", NOW + timedelta(days=9), subject)
    await harness.done(given)
    await harness.done(await harness.grant("Ann_Trades", "1Y"))
    assert await harness.grants.set_end(request, "trend", NOW + timedelta(days=9), subject) == given


async def test_a_month_that_was_not_given_and_is_given_again_is_one_month(harness):
    stuck = await harness.grant("Nobody_Yet", "1M", unknown_name=True)
    await harness.becomes(stuck, "stuck", within=1)
    harness.vendor.world.add_user("Nobody_Yet")
    await harness.done(await harness.grant("Nobody_Yet", "1M"))
    assert harness.end("Nobody_Yet") == moment(2026, 4, 10, 12)
    assert await harness.state(stuck) == "superseded"
    assert len(await harness.reasons("Nobody_Yet")) == 1


async def test_a_set_that_met_unknown_days_says_so_and_can_be_put_back(harness):
    harness.give("Ann_Trades", NOW + timedelta(days=200))
    harness.switches.down = True
    order = await harness.set("Ann_Trades", "2026-04-01")
    harness.switches.down = False
    receipt = await harness.done(order, within=60)
    assert receipt.before.end == NOW + timedelta(days=200)
    assert receipt.can_put_back
    await harness.done(await harness.put_back(order))
    assert harness.end("Ann_Trades") == NOW + timedelta(days=200)


async def test_what_was_ended_since_does_not_come_back_with_an_earlier_put_back(harness):
    await harness.done(await harness.grant("Ann_Trades", "1Y"))
    first = await harness.set("Ann_Trades", "2026-04-01")
    await harness.done(first)
    second = await harness.revoke("Ann_Trades")
    await harness.done(second)
    assert not (await harness.outcomes.receipt(first)).can_put_back
    with pytest.raises(OvertakenSince):
        await harness.put_back(first)
    assert harness.end("Ann_Trades") == "absent"
    await harness.done(await harness.put_back(second))
    assert harness.end("Ann_Trades") == moment(2026, 4, 1, 23, 59, 59, 999000)
    await harness.done(await harness.put_back(first))
    assert harness.end("Ann_Trades") == moment(2027, 3, 10, 12)


async def test_reasons_whose_time_is_over_are_not_asked_about(harness):
    await harness.done(await harness.grant("Ann_Trades", "1W"))
    await harness.time.advance(8 * 86_400)
    await harness.done(await harness.grant("Ann_Trades", "1W"))
    await harness.done(await harness.revoke("Ann_Trades", confirmed=False))
    await harness.done(await harness.grant("Ann_Trades", "1W"))
    await harness.time.advance(8 * 86_400)
    with pytest.raises(NothingToRevoke):
        await harness.revoke("Ann_Trades", confirmed=False)


async def test_that_there_is_nothing_to_end_is_said_only_when_tradingview_was_asked(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await harness.done(await harness.revoke("Ann_Trades"))
    harness.give("Ann_Trades", NOW + timedelta(days=100))
    harness.switches.down = True
    order = await harness.revoke("Ann_Trades", confirmed=False)
    harness.switches.down = False
    await harness.done(order, within=60)
    assert harness.end("Ann_Trades") == "absent"


async def test_done_names_the_end_that_tradingview_shows_and_no_later_wish(harness):
    order = await harness.grant("Ann_Trades", "1M")
    await harness.done(order)
    harness.switches.down = True
    await harness.grant("Ann_Trades", "L")
    receipt = await harness.outcomes.receipt(order)
    assert receipt.end == moment(2026, 4, 10, 12)
    assert not receipt.open_ended
