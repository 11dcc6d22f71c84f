"""What waited in a backup and TradingView does not tell of: done never, or done and taken away since."""

import pytest

from bot.access.request import Subject
from bot.access.rules.duration import parse_length
from bot.access.sweeps.errors import NothingUndecided
from bot.replies import history, orders as order_replies
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
from tests.support.vendor_fixture import HOME, MEMBER, OTHER


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


async def waited(harness, *names, length="7D"):
    """Orders wait in the backup; done and refunded since or not, TradingView shows nothing of them."""
    await closed(harness)
    orders = [await harness.grant(name, length) for name in names]
    await restored(harness)
    summary = await recovered(harness)
    assert summary == {"scripts": 1, "undecided": len(names)}
    await harness.time.advance(3_600)
    return orders


async def test_a_refunded_week_is_not_granted_again_by_itself(harness):
    [order] = await waited(harness, "Ann_Trades")
    assert (await harness.state(order), harness.end("Ann_Trades")) == ("stuck", "absent")
    assert not harness.writes()
    await nobody_hears(harness)
    receipt = await harness.outcomes.receipt(order)
    assert "never done, or done and taken away since" in order_replies.receipt(receipt).text


async def test_all_of_them_are_one_question(harness):
    await waited(harness, "Ann_Trades", "bob-fx", "ann_trades2")
    [entry] = await harness.vendor.events("restore_question")
    assert (entry.after["number"], entry.after["people"]) == (3, 3)
    assert entry.after["names"] == ["Ann_Trades (Trend)", "bob-fx (Trend)", "ann_trades2 (Trend)"]
    assert "staff decide" in history.line(entry, None, None)


async def test_dropped_nothing_is_given_and_nobody_hears_of_it(harness):
    [order] = await waited(harness, "Ann_Trades")
    [entry] = await harness.vendor.events("restore_question")
    assert await harness.undecided.drop(harness.request(), asked_in=entry.id) == 1
    await harness.time.advance(3_600)
    assert (await harness.state(order), harness.end("Ann_Trades")) == ("superseded", "absent")
    permission = await harness.permission("Ann_Trades")
    assert (permission.state, permission.wanted) == ("done", "nothing")
    assert not await harness.reasons("Ann_Trades")
    assert not harness.writes()
    await nobody_hears(harness)
    # The next one is given as ever, and begins when it is asked.
    assert await sold(harness) > harness.time.now()
    with pytest.raises(NothingUndecided):
        await harness.undecided.carry_out(harness.request(), asked_in=entry.id)


async def test_carried_out_it_is_given_once(harness):
    orders = await waited(harness, "Ann_Trades", "bob-fx")
    [entry] = await harness.vendor.events("restore_question")
    assert await harness.undecided.carry_out(harness.request(), asked_in=entry.id) == 2
    with pytest.raises(NothingUndecided):
        await harness.undecided.carry_out(harness.request(), asked_in=entry.id)
    with pytest.raises(NothingUndecided):
        await harness.undecided.drop(harness.request(), asked_in=entry.id)
    for order in orders:
        await harness.done(order, within=30)
    assert len(harness.writes()) == 2


async def test_chosen_ones_are_decided_alone(harness):
    ann, bob = await waited(harness, "Ann_Trades", "bob-fx")
    questions = await harness.undecided.questions(HOME)
    assert questions.total == 2
    by_name = {each.holding.permission.username: each for each in questions.shown}
    assert [reason.length for reason in by_name["bob-fx"].gives] == ["7D"]
    await harness.undecided.drop(
        harness.request(), ids=[by_name["Ann_Trades"].holding.permission.id]
    )
    assert (await harness.undecided.questions(HOME)).total == 1
    await harness.undecided.carry_out(
        harness.request(), ids=[by_name["bob-fx"].holding.permission.id]
    )
    await harness.done(bob, within=30)
    assert (await harness.state(ann), harness.end("Ann_Trades")) == ("superseded", "absent")


async def test_another_servers_staff_decide_nothing(harness):
    await waited(harness, "Ann_Trades")
    [entry] = await harness.vendor.events("restore_question")
    questions = await harness.undecided.questions(HOME)
    ids = [each.holding.permission.id for each in questions.shown]
    for which in ({"asked_in": entry.id}, {"ids": ids}):
        with pytest.raises(NothingUndecided):
            await harness.undecided.drop(harness.request(guild_id=OTHER), **which)
    assert (await harness.undecided.questions(OTHER)).total == 0


@pytest.mark.parametrize("answer", ["carry_out", "drop"])
async def test_a_new_order_waits_behind_the_question_and_says_so(harness, answer):
    first = await sold(harness)
    await closed(harness)
    old = await harness.grant("Ann_Trades", "1M")
    await restored(harness)
    await recovered(harness)
    new = await harness.grant("Ann_Trades", "1M")
    await harness.time.advance(60)
    receipt = await harness.outcomes.receipt(new)
    assert (receipt.order.state, receipt.waiting_for) == ("waiting", "undecided")
    assert "first staff decide" in order_replies.receipt(receipt).text
    await getattr(harness.undecided, answer)(harness.request())
    await harness.done(new, within=30)
    months = MONTH + MONTH if answer == "carry_out" else MONTH
    assert harness.end("Ann_Trades") == first + months
    assert await harness.state(old) == ("done" if answer == "carry_out" else "superseded")


async def test_an_end_or_a_revoke_takes_the_place_of_the_question(harness):
    [order] = await waited(harness, "Ann_Trades")
    revoked = await harness.revoke("Ann_Trades")
    await harness.done(revoked, within=30)
    assert await harness.state(order) == "superseded"
    assert (await harness.undecided.questions(HOME)).total == 0


async def test_what_was_given_by_hand_stays_when_the_order_is_dropped(harness):
    by_hand = harness.time.now() + 3 * MONTH
    harness.give("Ann_Trades", by_hand)
    await harness.sweeps.of_script(harness.script, by=None)
    await waited(harness, "Ann_Trades")
    await harness.undecided.drop(harness.request())
    await harness.time.advance(3_600)
    assert harness.end("Ann_Trades") == by_hand
    assert (await harness.permission("Ann_Trades")).wanted_ends_at == by_hand


async def test_trying_again_decides_nothing(harness):
    [order] = await waited(harness, "Ann_Trades")
    await harness.retries.retry(harness.request(), "trend")
    await harness.time.advance(60)
    assert (await harness.state(order), harness.end("Ann_Trades")) == ("stuck", "absent")


async def test_restored_once_more_it_is_compared_anew(harness):
    await closed(harness)
    order = await harness.grants.grant(
        harness.request(), "trend", parse_length("1M"), Subject(MEMBER, "Ann_Trades")
    )
    asked = harness.time.now()
    await restored(harness)
    assert await recovered(harness) == {"scripts": 1, "undecided": 1}
    # Staff had it carried out, and then the backup was put back that still asks.
    await restored(harness)
    harness.give("Ann_Trades", asked + MONTH)
    assert await recovered(harness) == {"scripts": 1, "done": 1}
    assert await harness.state(order) == "done"
    assert await carried_out(harness) == 0
    await nobody_hears(harness)
