"""The machine's clock is set back while orders wait: no stored moment holds them up that long."""

from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest

from bot import clock
from bot.clock import Trust
from bot.store.kinds import Reason
from tests.support.access_harness import open_harness
from tests.support.vendor_fixture import HOME

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONTH_ON = datetime(2026, 4, 10, 12, tzinfo=UTC)


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


@contextmanager
def nobody_tells_the_time(frozen, ahead=timedelta()):
    """The machine's clock is all there is, and it is so far ahead."""
    frozen.ahead = ahead
    with clock.taken_from(frozen), patch.object(clock, "compare"):
        yield
    frozen.ahead = timedelta()


async def waiting(harness, seconds=90):
    """An order that could not go out, and that would be tried again in a while."""
    harness.switches.down = True
    order = await harness.meanwhile(harness.grant("Ann_Trades", "1M"))
    await harness.let_pass(seconds)
    assert (await harness.outcomes.receipt(order)).order.state == "waiting"
    return order


@pytest.mark.parametrize("back", [HOUR, DAY])
@pytest.mark.parametrize("tells_time", [True, False])
async def test_waiting_orders_go_on_as_if_nothing_were(harness, frozen, back, tells_time):
    with nullcontext() if tells_time else nobody_tells_the_time(frozen):
        order = await waiting(harness)
        frozen.ahead = -back
        harness.switches.down = False
        await harness.done(order, within=360)
    assert harness.end("Ann_Trades") == MONTH_ON


async def test_an_order_from_before_goes_on_although_the_clock_is_wrong_by_now(harness, frozen):
    order = await waiting(harness)
    frozen.ahead = -DAY
    await harness.sessions.test(HOME)
    await frozen.advance(5)
    await harness.sessions.test(HOME)
    assert clock.trust() is Trust.WRONG
    harness.switches.down = False
    await harness.done(order, within=360)
    assert harness.end("Ann_Trades") == MONTH_ON


@pytest.mark.parametrize(
    ("ahead", "is_tried"), [(DAY, True), (HOUR, True), (timedelta(seconds=200), False)]
)
async def test_after_a_start_what_lies_further_ahead_than_its_own_pause_is_due(
    harness, frozen, ahead, is_tried
):
    """It waits for TradingView, for 5 minutes at the most."""
    await waiting(harness)
    await harness.change(
        "Ann_Trades", attempts=9, reason=Reason.TRADINGVIEW, next_try_at=clock.now() + ahead
    )
    await harness.queue._bring_forward(HOME)
    due = (await harness.permission("Ann_Trades")).next_try_at <= clock.now()
    assert due is is_tried


@pytest.mark.parametrize(("attempts", "is_due"), [(3, True), (11, False)])
async def test_what_is_written_once_an_hour_has_an_hour_of_its_own(harness, attempts, is_due):
    await waiting(harness)
    in_an_hour = clock.now() + timedelta(minutes=59)
    await harness.change(
        "Ann_Trades", attempts=attempts, reason=Reason.UNVERIFIED, next_try_at=in_an_hour
    )
    await harness.queue._bring_forward(HOME)
    assert ((await harness.permission("Ann_Trades")).next_try_at <= clock.now()) is is_due


async def test_a_pause_that_tradingview_asked_for_stays_one(harness):
    await waiting(harness)
    session = await harness.sessions.of(HOME)
    session.limiter.hold(7200)
    in_an_hour = clock.now() + HOUR
    await harness.change("Ann_Trades", reason=Reason.SLOW_DOWN, next_try_at=in_an_hour)
    await harness.queue._bring_forward(HOME)
    assert (await harness.permission("Ann_Trades")).next_try_at == in_an_hour


# --- the siblings -----------------------------------------------------------------------------


async def test_a_full_check_of_the_future_is_no_reason_to_wait_for_its_day(harness, frozen):
    with nobody_tells_the_time(frozen, 3 * DAY):
        await harness.sweeps.of_script(harness.script, by=None)
    calls = len(harness.fake.calls("list"))
    await harness.meanwhile(harness.sweep_schedule.turn())
    assert len(harness.fake.calls("list")) > calls


async def test_the_form_of_the_answers_is_compared_again(harness, frozen):
    with nobody_tells_the_time(frozen, 3 * DAY):
        await harness.meanwhile(harness.schema_guard.compare(await harness.sessions.of(HOME)))
    await frozen.advance(900)
    harness.schema_guard._not_before[HOME] = 0
    assert await harness.schema_guard._is_due(HOME)


async def test_spare_logins_are_tested_again(harness, frozen):
    with nobody_tells_the_time(frozen, 3 * DAY):
        await harness.spares.add(harness.request(), harness.vendor.cookies())
    calls = len(harness.fake.log)
    await harness.meanwhile(harness.spares.test_due())
    assert len(harness.fake.log) > calls


async def test_a_page_that_would_last_longer_than_pages_do_is_over(harness, frozen):
    pages = harness.one_time_pages
    pages._base = "http://127.0.0.1:1"
    with nobody_tells_the_time(frozen, DAY):
        address = await pages.create(harness.request())
    assert await pages.page_of(address.partition("#")[2]) is None
