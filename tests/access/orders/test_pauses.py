"""A pause takes access away and loses no time; sources end what is theirs meanwhile, and nothing else ends."""

from datetime import timedelta

import pytest

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.ledger.errors import (
    NothingPaused,
    NothingToPause,
    Shortens,
    StopsEverything,
)
from bot.access.orders.purchases import Bought
from bot.access.request import RequestContext, Subject
from bot.access.rules.entitlements import State
from bot.store.kinds import ActorKind, StateKind
from bot.store.ledger import purchases
from bot.store.people import customers
from bot.store.records import Actor
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import HOME

ANN, NAME = 501, "Ann_Trades"
DAY = timedelta(days=1)
ROLE = Actor(ActorKind.SOURCE, "staff")


@pytest.fixture
async def harness(frozen, tmp_path):
    async with open_harness(tmp_path, frozen) as harness:
        async with harness.database.write() as connection:
            person = await customers.add(connection, HOME, member_id=ANN)
            await customers.rename(connection, person.id, NAME, None)
        yield harness


async def have(harness, length="1M", item="trend"):
    return (await harness.done(await harness.grant(NAME, length, item), within=10)).entitlement


async def pause(harness, item="trend", **consent):
    request = harness.request(**consent)
    return await harness.done(
        await harness.pauses.pause(request, Subject(username=NAME), item), within=10
    )


async def resume(harness, item="trend", **consent):
    request = harness.request(**consent)
    return await harness.done(
        await harness.pauses.resume(request, Subject(username=NAME), item), within=10
    )


async def role(harness, key="role"):
    async with harness.database.read() as connection:
        sold = await find_item(connection, HOME, "trend")
    request = RequestContext(HOME, ROLE, key, clock.now())
    opened = await harness.purchases.open(
        request, Bought("staff", sold, ANN, State(StateKind.OPEN))
    )
    await harness.done(opened.order_id, within=10)
    return opened.purchase


async def days(harness, number):
    await harness.time.advance(number * 86_400)


async def test_a_pause_of_10_days_moves_the_end_by_10_days(harness):
    end = (await have(harness)).ends_at
    paused = await pause(harness)
    assert harness.end(NAME) == "absent"
    stopped = paused.paused_since
    await days(harness, 10)
    order = await harness.pauses.resume(harness.request(), Subject(username=NAME), "trend")
    went_on = (await harness.outcomes.receipt(order)).order.asked_at
    await harness.done(order, within=10)
    assert harness.end(NAME) == end + (went_on - stopped)
    assert timedelta() <= went_on - stopped - 10 * DAY < timedelta(minutes=1)


async def test_nothing_expires_meanwhile(harness):
    end = (await have(harness, "7D")).ends_at
    stopped = (await pause(harness)).paused_since
    await days(harness, 100)  # far beyond the end
    await resume(harness)
    assert harness.end(NAME) - clock.now() > 6 * DAY
    assert (await harness.reasons(NAME))[0].ends_at - end > 99 * DAY
    assert stopped < end


async def test_a_grant_during_the_pause_comes_on_top_and_stays_paused(harness):
    first = await have(harness, "7D")
    await pause(harness)
    await days(harness, 30)
    second = await have(harness, "10D")
    assert second.start_at == first.ends_at  # not at the moment of asking: the clock stands
    assert harness.end(NAME) == "absent"
    left = second.ends_at - first.ends_at
    await resume(harness)
    [one, other] = await harness.reasons(NAME)
    assert other.ends_at - one.ends_at == left
    assert harness.end(NAME) == other.ends_at


async def test_the_days_of_a_pause_begin_a_new_row_of_months(harness):
    await have(harness)
    await pause(harness)
    await days(harness, 10)
    await resume(harness)
    [reason] = await harness.reasons(NAME)
    assert reason.row_day is None


async def test_a_revoke_during_the_pause_ends_it(harness):
    await have(harness)
    await pause(harness)
    await harness.done(await harness.revoke(NAME), within=10)
    with pytest.raises(NothingPaused):
        await resume(harness)


async def test_what_has_no_end_is_only_taken_away_and_given_back(harness):
    await have(harness, "L")
    await pause(harness)
    assert harness.end(NAME) == "absent"
    await days(harness, 10)
    await resume(harness)
    assert harness.end(NAME) is None


async def test_a_role_that_is_lost_during_the_pause_ends_what_it_gave_and_nothing_else(harness):
    end = (await have(harness)).ends_at
    bought = await role(harness)
    await pause(harness)
    [order, *_] = await harness.purchases.end(harness.request("gone"), [bought.id])
    await harness.done(order, within=10)
    await resume(harness)
    assert harness.end(NAME) >= end  # no longer without an end
    assert len(await harness.reasons(NAME)) == 1


async def test_days_of_grace_after_a_lost_role_stand_still_too(harness):
    bought = await role(harness)
    await harness.purchases.lapse([bought.id], clock.now() + 3 * DAY)
    await pause(harness)
    await days(harness, 10)
    await harness.purchases.look()
    assert await harness.reasons(NAME)
    await harness.purchases.lapse([bought.id], clock.now() + 3 * DAY)  # seen again: not once more
    await resume(harness)
    async with harness.database.read() as connection:
        again = await purchases.by_id(connection, bought.id)
    assert again.lapses_at - clock.now() <= 3 * DAY
    assert again.paused_at is None
    await days(harness, 4)
    await harness.purchases.look()
    await harness.rest()
    assert await harness.reasons(NAME) == []


async def test_a_role_lost_during_the_pause_lapses_during_the_pause(harness):
    bought = await role(harness)
    await pause(harness)
    await harness.purchases.lapse([bought.id], clock.now() + 3 * DAY)
    await days(harness, 4)
    await harness.purchases.look()
    assert await harness.reasons(NAME) == []


async def test_more_than_usher_knew_of_on_tradingview_stands_still_with_the_rest(harness):
    await have(harness)
    later = clock.now() + 90 * DAY
    harness.give(NAME, later)
    await pause(harness)
    assert harness.end(NAME) == "absent"
    await days(harness, 10)
    await resume(harness)
    assert harness.end(NAME) >= later + 10 * DAY


async def test_an_earlier_end_than_what_stands_still_asks_first(harness):
    await have(harness)
    await pause(harness)
    with pytest.raises(Shortens):
        await harness.set(NAME, "2026-03-12", confirmed=False)
    await harness.done(await harness.set(NAME, "2026-03-12"), within=10)
    assert harness.end(NAME) != "absent"


async def test_everything_is_asked_about_and_stops_together(harness):
    await harness.vendor.add_script(slug="range")
    await have(harness)
    await have(harness, item="range")
    with pytest.raises(StopsEverything) as asked:
        await pause(harness, None)
    assert set(asked.value.titles) == {"Trend", "Range"}
    done = await pause(harness, None, confirmed=True)
    assert len(done.every) == 2
    done = await resume(harness, None, confirmed=True)
    assert len(done.every) == 2


async def test_what_does_not_run_cannot_be_paused_and_what_runs_cannot_go_on(harness):
    with pytest.raises(NothingToPause):
        await pause(harness)
    await have(harness)
    with pytest.raises(NothingPaused):
        await resume(harness)
    await pause(harness)
    with pytest.raises(NothingToPause):
        await pause(harness)


async def test_a_pause_that_waits_is_overtaken_by_its_end(harness):
    end = (await have(harness)).ends_at
    harness.switches.down = True
    request = harness.request()
    order = await harness.pauses.pause(request, Subject(username=NAME), "trend")
    back = await harness.pauses.resume(harness.request(), Subject(username=NAME), "trend")
    harness.switches.down = False
    await harness.done(back, within=400)
    assert await harness.state(order) == "superseded"
    assert harness.end(NAME) - end < timedelta(minutes=1)
    assert await harness.pauses.pause(request, Subject(username=NAME), "trend") == order


async def test_grace_days_are_kept_and_never_given_twice(harness):
    """Two purchases with grace days: those of the last one alone are on top."""
    from bot.store.catalogue import products
    from tests.support.vendor_fixture import STAFF

    async with harness.database.write() as connection:
        gold = await products.add(
            connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold", grace_days=3
        )
        await products.add_scripts(connection, gold.id, [harness.script.id])
    first = await have(harness, "10D", "gold")
    second = await have(harness, "10D", "gold")
    assert second.start_at == first.ends_at  # grace is not time
    assert harness.end(NAME) == second.ends_at + 3 * DAY
    await pause(harness, "gold")
    await days(harness, 5)
    await resume(harness, "gold")
    last = (await harness.reasons(NAME))[-1]
    assert harness.end(NAME) == last.ends_at + 3 * DAY
    assert last.ends_at - first.ends_at < 10 * DAY + 6 * DAY


async def test_two_sources_one_ends_and_the_other_ones_end_stands(harness):
    end = (await have(harness)).ends_at
    bought = await role(harness)
    assert harness.end(NAME) is None
    [order, *_] = await harness.purchases.end(harness.request("gone"), [bought.id])
    await harness.done(order, within=10)
    assert harness.end(NAME) == end


@pytest.mark.parametrize("length", ["1M", "L"])
async def test_a_gift_is_ended_by_no_automation(harness, length):
    from bot.access.rules.duration import parse_length

    given = await harness.grants.gift(
        harness.request(), "trend", parse_length(length), Subject(username=NAME), "a birthday"
    )
    end = (await harness.done(given, within=10)).end
    bought = await role(harness)
    await harness.purchases.lapse([bought.id], clock.now())
    await harness.purchases.look()
    await harness.rest()
    await harness.purchases.end(harness.request("gone"), [bought.id])
    await harness.time.advance(10)
    [reason] = await harness.reasons(NAME)
    assert (reason.source, reason.note) == ("gift", "a birthday")
    held = harness.end(NAME)
    assert held is None if length == "L" else held == end
    await harness.done(await harness.revoke(NAME), within=10)  # staff do end it
    assert harness.end(NAME) == "absent"
