"""What is promised about paid time, against the sandbox's TradingView over real sockets."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot import clock
from bot.access.errors import (
    EndsSeveral,
    ItemUnknown,
    NothingToRevoke,
    OvertakenSince,
    Shortens,
    UserUnknown,
)
from bot.access.request import Who
from tests.support.access_harness import open_counter

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_counter(tmp_path, frozen) as counter:
        yield counter


def moment(*parts):
    return datetime(*parts, tzinfo=UTC)


async def test_a_new_customer_gets_exactly_what_was_asked(counter):
    receipt = await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert counter.end("Ann_Trades") == moment(2026, 4, 10, 12)
    assert receipt.end == moment(2026, 4, 10, 12)


async def test_time_left_is_kept(counter):
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    await counter.time.advance(86_400)
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert counter.end("Ann_Trades") == moment(2026, 5, 10, 12)


async def test_a_lapsed_customer_that_tradingview_still_lists_is_really_renewed(counter):
    counter.give("Ann_Trades", NOW - timedelta(days=3))
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert counter.end("Ann_Trades") == moment(2026, 4, 10, 12)


async def test_days_given_by_hand_on_the_site_are_kept_under_a_grant(counter):
    counter.give("Ann_Trades", NOW + timedelta(days=200))
    counter.switches.down = True
    wish = await counter.grant("Ann_Trades", "1M")
    counter.switches.down = False
    await counter.done(wish, within=60)
    assert counter.end("Ann_Trades") == moment(2026, 10, 26, 12)


@pytest.mark.parametrize("end", [NOW + timedelta(days=5), NOW + timedelta(days=900)])
async def test_a_wrong_stored_view_does_not_move_a_start(counter, end):
    counter.give("Ann_Trades", NOW + timedelta(days=200))
    counter.switches.down = True
    wish = await counter.grant("Ann_Trades", "1M")
    await counter.change("Ann_Trades", seen="until", seen_ends_at=end, seen_at=NOW)
    counter.switches.down = False
    await counter.done(wish, within=60)
    assert counter.end("Ann_Trades") == moment(2026, 10, 26, 12)


async def test_days_given_by_hand_after_our_own_write_are_kept(counter):
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    counter.give("Ann_Trades", moment(2026, 12, 1, 9))
    await counter.done(await counter.grant("Ann_Trades", "1W"))
    assert counter.end("Ann_Trades") == moment(2026, 12, 8, 9)


async def test_a_grant_after_a_waiting_earlier_set_starts_at_the_set_end(counter):
    await counter.done(await counter.grant("Ann_Trades", "1Y"))
    counter.switches.down = True
    set_wish = await counter.set("Ann_Trades", "2026-04-01")
    grant = await counter.grant("Ann_Trades", "7D")
    counter.switches.down = False
    await counter.done(grant, within=60)
    assert await counter.state(set_wish) == "done"
    assert counter.end("Ann_Trades") == moment(2026, 4, 8, 23, 59, 59, 999000)


async def test_a_set_overrules_days_given_by_hand_and_they_can_be_put_back(counter):
    counter.give("Ann_Trades", NOW + timedelta(days=200))
    wish = await counter.set("Ann_Trades", "2026-04-01")
    receipt = await counter.done(wish)
    assert counter.end("Ann_Trades") == moment(2026, 4, 1, 23, 59, 59, 999000)
    assert receipt.can_put_back
    await counter.done(await counter.put_back(wish))
    assert counter.end("Ann_Trades") == NOW + timedelta(days=200)


async def test_an_answer_lost_after_the_write_extends_once(counter):
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    counter.switches.lost_answers = 1
    await counter.done(await counter.grant("Ann_Trades", "1M"), within=20)
    assert counter.end("Ann_Trades") == moment(2026, 5, 10, 12)


async def test_an_answer_lost_after_the_first_write_grants_once(counter):
    counter.switches.lost_answers = 1
    await counter.done(await counter.grant("Ann_Trades", "1M"), within=20)
    assert counter.end("Ann_Trades") == moment(2026, 4, 10, 12)
    assert len(counter.writes()) == 1


@pytest.mark.parametrize("length", ["1D", "1M"])
async def test_an_ok_that_changes_nothing_is_noticed(counter, length):
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    counter.switches.silent_ok = -1
    wish = await counter.grant("Ann_Trades", length)
    await counter.rest()
    await counter.time.advance(8)
    await counter.rest()
    receipt = await counter.answers.receipt(wish)
    assert receipt.wish.state == "waiting"
    counter.switches.silent_ok = 0
    await counter.done(wish, within=60)
    expected = moment(2026, 4, 11, 12) if length == "1D" else moment(2026, 5, 10, 12)
    assert counter.end("Ann_Trades") == expected


async def test_twenty_simultaneous_days_are_twenty_days(counter):
    wishes = await asyncio.gather(*(counter.grant("Ann_Trades", "1D") for _ in range(20)))
    for wish in wishes:
        await counter.done(wish, within=30)
    assert counter.end("Ann_Trades") == NOW + timedelta(days=20)


async def test_the_same_request_delivered_twice_counts_once(counter):
    asked = counter.asked()
    one, two = await asyncio.gather(
        counter.grant("Ann_Trades", "1M", asked=asked),
        counter.grant("Ann_Trades", "1M", asked=asked),
    )
    assert one == two
    await counter.done(one)
    await counter.rest()
    assert counter.end("Ann_Trades") == moment(2026, 4, 10, 12)


async def test_month_ends_are_worked_out_on_the_current_end(counter):
    counter.time.set(moment(2027, 1, 31, 12))
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert counter.end("Ann_Trades") == moment(2027, 2, 28, 12)
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert counter.end("Ann_Trades") == moment(2027, 3, 28, 12)


async def test_in_a_leap_year_january_ends_in_29_days(counter):
    counter.time.set(moment(2028, 1, 31, 12))
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert counter.end("Ann_Trades") == moment(2028, 2, 29, 12)
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert counter.end("Ann_Trades") == moment(2028, 3, 29, 12)


async def test_lifetime_is_lifetime(counter):
    await counter.done(await counter.grant("Ann_Trades", "L"))
    assert counter.end("Ann_Trades") is None


async def test_lifetime_replaces_a_dated_row(counter):
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    await counter.done(await counter.grant("Ann_Trades", "L"))
    assert counter.end("Ann_Trades") is None


async def test_time_for_somebody_without_an_end_takes_nothing_away(counter):
    counter.give("Ann_Trades", None)
    receipt = await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert counter.end("Ann_Trades") is None
    assert receipt.open_ended
    assert counter.writes() == []


async def test_natural_expiry_sends_nothing(counter):
    await counter.done(await counter.grant("Ann_Trades", "1D"))
    before = len(counter.fake.log)
    await counter.time.advance(86_400 * 3)
    await counter.rest()
    assert len(counter.fake.log) == before


async def test_an_end_that_passed_while_waiting_is_not_sent_and_becomes_stuck(counter):
    counter.switches.down = True
    wish = await counter.grant("Ann_Trades", "1D")
    await counter.time.advance(86_400 * 2)
    counter.switches.down = False
    receipt = await counter.becomes(wish, "stuck", within=400)
    assert receipt.wish.reason == "too_late"
    assert counter.end("Ann_Trades") == "absent"
    assert counter.writes() == []


async def test_a_new_grant_takes_the_place_of_one_whose_time_ran_out(counter):
    counter.switches.down = True
    old = await counter.grant("Ann_Trades", "1D")
    await counter.time.advance(86_400 * 2)
    counter.switches.down = False
    await counter.becomes(old, "stuck", within=400)
    await counter.done(await counter.grant("Ann_Trades", "1D"))
    assert await counter.state(old) == "superseded"
    assert counter.end("Ann_Trades") == clock.now().replace(microsecond=0) + timedelta(days=1)


async def test_grant_then_revoke_while_tradingview_is_down_holds_nothing(counter):
    counter.switches.down = True
    granted = await counter.grant("Ann_Trades", "1M")
    revoked = await counter.revoke("Ann_Trades")
    assert await counter.state(granted) == "superseded"
    counter.switches.down = False
    await counter.done(revoked, within=60)
    assert counter.end("Ann_Trades") == "absent"


async def test_revoke_then_grant_while_tradingview_is_down_starts_at_the_asking(counter):
    await counter.done(await counter.grant("Ann_Trades", "1Y"))
    counter.switches.down = True
    revoked = await counter.revoke("Ann_Trades")
    granted = await counter.grant("Ann_Trades", "1M")
    assert await counter.state(revoked) == "superseded"
    counter.switches.down = False
    await counter.done(granted, within=60)
    assert counter.end("Ann_Trades") == moment(2026, 4, 10, 12)


async def test_somebody_only_tradingview_knows_can_be_revoked_and_put_back(counter):
    end = NOW + timedelta(days=90)
    counter.give("bob-fx", end)
    wish = await counter.revoke("BOB-FX")
    await counter.done(wish)
    assert counter.end("bob-fx") == "absent"
    await counter.done(await counter.put_back(wish))
    assert counter.end("bob-fx") == end


async def test_putting_back_a_removal_that_was_never_sent_touches_nothing(counter):
    counter.give("bob-fx", NOW + timedelta(days=90))
    counter.switches.down = True
    wish = await counter.revoke("bob-fx")
    back = await counter.put_back(wish)
    counter.switches.down = False
    await counter.done(back, within=60)
    assert counter.end("bob-fx") == NOW + timedelta(days=90)
    assert counter.writes() == []


async def test_putting_back_twice_is_done_once(counter):
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    wish = await counter.revoke("Ann_Trades")
    await counter.done(wish)
    first, second = await counter.put_back(wish), await counter.put_back(wish)
    assert first == second
    await counter.done(first)
    assert counter.end("Ann_Trades") == moment(2026, 4, 10, 12)


@pytest.mark.parametrize("taken", ["set", "revoke"])
async def test_days_sold_after_a_removal_go_on_top_of_what_is_put_back(counter, taken):
    await counter.done(await counter.grant("Ann_Trades", "1Y"))
    wish = (
        await counter.set("Ann_Trades", "2026-03-20")
        if taken == "set"
        else await counter.revoke("Ann_Trades")
    )
    await counter.done(wish)
    await counter.time.advance(60)
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    await counter.time.advance(60)
    await counter.done(await counter.put_back(wish))
    assert counter.end("Ann_Trades") == moment(2027, 4, 10, 12)


async def test_what_was_sold_before_the_removal_is_put_back_as_it_was(counter):
    for _ in range(2):
        await counter.done(await counter.grant("Ann_Trades", "1M"))
    end = counter.end("Ann_Trades")
    wish = await counter.set("Ann_Trades", "2026-03-20")
    await counter.done(wish)
    await counter.done(await counter.put_back(wish))
    assert counter.end("Ann_Trades") == end == moment(2026, 5, 10, 12)


async def test_revoking_nothing_says_so_and_records_nothing(counter):
    with pytest.raises(NothingToRevoke):
        await counter.revoke("Ann_Trades", confirmed=False)
    assert await counter.permission("Ann_Trades") is None


async def test_shortening_is_asked_first_also_of_days_given_by_hand(counter):
    counter.give("Ann_Trades", NOW + timedelta(days=200))
    with pytest.raises(Shortens) as question:
        await counter.set("Ann_Trades", "2026-04-01", confirmed=False)
    assert question.value.before == NOW + timedelta(days=200)
    assert await counter.permission("Ann_Trades") is None


async def test_ending_several_reasons_or_lifetime_is_asked_first(counter):
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    with pytest.raises(EndsSeveral):
        await counter.revoke("Ann_Trades", confirmed=False)
    await counter.done(await counter.grant("bob-fx", "L"))
    with pytest.raises(EndsSeveral):
        await counter.revoke("bob-fx", confirmed=False)
    assert counter.end("bob-fx") is None


async def test_an_unknown_name_is_refused_with_near_hits_and_leaves_no_row(counter):
    with pytest.raises(UserUnknown) as refusal:
        await counter.grant("ann_trade", "1M")
    assert set(refusal.value.near) == {"Ann_Trades", "ann_trades2"}
    assert await counter.permission("ann_trade") is None


async def test_an_unknown_name_granted_anyway_becomes_stuck_and_says_why(counter):
    wish = await counter.grant("nobody_here", "1M", anyway=True)
    receipt = await counter.becomes(wish, "stuck", within=5)
    assert receipt.wish.reason == "no_such_user"


async def test_a_name_recorded_unchecked_gets_its_spelling_before_anything_else(counter):
    counter.switches.down = True
    wish = await counter.grant("aNN_tRADES", "1M")
    counter.switches.down = False
    counter.switches.exact_spelling = True
    receipt = await counter.done(wish, within=60)
    assert receipt.permission.username == "Ann_Trades"
    assert counter.row("Ann_Trades").end == moment(2026, 4, 10, 12)


async def test_an_unknown_item_names_what_is_like_it(counter):
    with pytest.raises(ItemUnknown) as refusal:
        await counter.grant("Ann_Trades", "1M", item="trnd")
    assert refusal.value.near == ("trend",)


async def test_somebody_whose_name_is_the_prefix_of_another_is_told_apart(counter):
    counter.give("ann_trades2", NOW + timedelta(days=50))
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert counter.end("Ann_Trades") == moment(2026, 4, 10, 12)
    assert counter.end("ann_trades2") == NOW + timedelta(days=50)


async def test_tradingview_hanging_says_waiting_and_turns_to_done_by_itself(counter):
    counter.switches.hang = True
    wish = await counter.meanwhile(counter.grant("Ann_Trades", "1M"))
    receipt = await counter.meanwhile(counter.answers.outcome(wish, 5))
    assert receipt.wish.state == "waiting"
    counter.switches.hang = False
    await counter.done(wish, within=60)


async def test_a_second_reference_of_a_done_wish_is_not_told_again(counter):
    wish = await counter.grant("Ann_Trades", "1M")
    receipt = await counter.answers.outcome(wish, 5)
    assert receipt.wish.state == "done"
    await counter.answers.told(wish, "done")
    assert await counter.answers.untold() == []
    assert await counter.answers.answer_token(receipt) is None


async def test_a_slip_at_the_end_of_a_name_still_finds_near_hits(counter):
    with pytest.raises(UserUnknown) as refusal:
        await counter.grant("Ann_Tradse", "1M")
    assert refusal.value.near[0] == "Ann_Trades"


async def test_that_it_waits_is_still_said_when_a_crash_came_first(counter):
    counter.switches.hang = True
    wish = await counter.meanwhile(counter.grant("Ann_Trades", "1M"))
    assert await counter.answers.untold() == []  # the command itself may still say it
    await counter.time.advance(11)
    assert [one.wish.id for one in await counter.answers.untold()] == [wish]
    await counter.answers.told(wish, "waiting")
    assert await counter.answers.untold() == []
    counter.switches.hang = False
    await counter.done(wish, within=60)


async def test_an_order_delivered_again_after_it_was_done_is_the_same_order(counter):
    who = Who(username="Ann_Trades")
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    asked = counter.asked()
    ended = await counter.grants.revoke(asked, "trend", who)
    await counter.done(ended)
    assert await counter.grants.revoke(asked, "trend", who) == ended
    asked = counter.asked()
    given = await counter.grants.set_end(asked, "trend", NOW + timedelta(days=9), who)
    await counter.done(given)
    await counter.done(await counter.grant("Ann_Trades", "1Y"))
    assert await counter.grants.set_end(asked, "trend", NOW + timedelta(days=9), who) == given


async def test_a_month_that_was_not_given_and_is_given_again_is_one_month(counter):
    stuck = await counter.grant("Nobody_Yet", "1M", anyway=True)
    await counter.becomes(stuck, "stuck", within=1)
    counter.shop.world.add_user("Nobody_Yet")
    await counter.done(await counter.grant("Nobody_Yet", "1M"))
    assert counter.end("Nobody_Yet") == moment(2026, 4, 10, 12)
    assert await counter.state(stuck) == "superseded"
    assert len(await counter.reasons("Nobody_Yet")) == 1


async def test_a_set_that_met_unknown_days_says_so_and_can_be_put_back(counter):
    counter.give("Ann_Trades", NOW + timedelta(days=200))
    counter.switches.down = True
    wish = await counter.set("Ann_Trades", "2026-04-01")
    counter.switches.down = False
    receipt = await counter.done(wish, within=60)
    assert receipt.before.end == NOW + timedelta(days=200)
    assert receipt.can_put_back
    await counter.done(await counter.put_back(wish))
    assert counter.end("Ann_Trades") == NOW + timedelta(days=200)


async def test_what_was_ended_since_does_not_come_back_with_an_earlier_put_back(counter):
    await counter.done(await counter.grant("Ann_Trades", "1Y"))
    first = await counter.set("Ann_Trades", "2026-04-01")
    await counter.done(first)
    second = await counter.revoke("Ann_Trades")
    await counter.done(second)
    assert not (await counter.answers.receipt(first)).can_put_back
    with pytest.raises(OvertakenSince):
        await counter.put_back(first)
    assert counter.end("Ann_Trades") == "absent"
    await counter.done(await counter.put_back(second))
    assert counter.end("Ann_Trades") == moment(2026, 4, 1, 23, 59, 59, 999000)
    await counter.done(await counter.put_back(first))
    assert counter.end("Ann_Trades") == moment(2027, 3, 10, 12)


async def test_reasons_whose_time_is_over_are_not_asked_about(counter):
    await counter.done(await counter.grant("Ann_Trades", "1W"))
    await counter.time.advance(8 * 86_400)
    await counter.done(await counter.grant("Ann_Trades", "1W"))
    await counter.done(await counter.revoke("Ann_Trades", confirmed=False))
    await counter.done(await counter.grant("Ann_Trades", "1W"))
    await counter.time.advance(8 * 86_400)
    with pytest.raises(NothingToRevoke):
        await counter.revoke("Ann_Trades", confirmed=False)


async def test_that_there_is_nothing_to_end_is_said_only_when_tradingview_was_asked(counter):
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    await counter.done(await counter.revoke("Ann_Trades"))
    counter.give("Ann_Trades", NOW + timedelta(days=100))
    counter.switches.down = True
    wish = await counter.revoke("Ann_Trades", confirmed=False)
    counter.switches.down = False
    await counter.done(wish, within=60)
    assert counter.end("Ann_Trades") == "absent"


async def test_done_names_the_end_that_tradingview_shows_and_no_later_wish(counter):
    wish = await counter.grant("Ann_Trades", "1M")
    await counter.done(wish)
    counter.switches.down = True
    await counter.grant("Ann_Trades", "L")
    receipt = await counter.answers.receipt(wish)
    assert receipt.end == moment(2026, 4, 10, 12)
    assert not receipt.open_ended
