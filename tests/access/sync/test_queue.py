"""What holds orders up, and that nothing is lost while it does."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot import clock
from bot.access.ledger.receipts import WaitingFor
from bot.access.logins.errors import CookiesRefused
from bot.access.logins.sessions import LoginState
from bot.access.sync.breaker import FIRST_PAUSE
from bot.access.sync.failures import FailureRecorder
from bot.jobs import Jobs
from bot.store.catalogue import guilds
from bot.tradingview import Cookies
from tests.support.access_harness import AccessHarness, open_harness, pause
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import HOME

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


async def login_dies(harness):
    harness.fake.world.end_all_sessions()
    order = await harness.grant("bob-fx", "1D")

    async def dead():
        return (await harness.vendor.sessions.of(HOME)).state is LoginState.DEAD

    await eventually(dead)
    return order


async def test_with_a_dead_login_order_wait_and_say_why(harness):
    order = await login_dies(harness)
    receipt = await harness.outcomes.receipt(order)
    assert receipt.order.state == "waiting"
    assert receipt.waiting_for is WaitingFor.LOGIN_DEAD
    status = await harness.overview.status(HOME)
    assert status.holdup is WaitingFor.LOGIN_DEAD
    assert [row.customer.username for row in status.waiting] == ["bob-fx"]


async def test_good_cookies_drain_the_queue_with_no_further_command(harness):
    first = await login_dies(harness)
    others = [await harness.grant(name, "1M") for name in ("Ann_Trades", "ann_trades2")]
    await harness.vendor.log_in()
    for order in (first, *others):
        await harness.done(order)
    assert len(harness.writes()) == 3


async def test_bad_cookies_never_replace_good_ones_and_drain_nothing(harness):
    with pytest.raises(CookiesRefused):
        await harness.vendor.sessions.update(harness.request(), Cookies("x" * 32, "v3:" + "y" * 44))
    await harness.done(await harness.grant("Ann_Trades", "1M"))


async def test_without_a_login_order_wait_for_the_first_one(tmp_path, frozen):
    async with open_harness(tmp_path, frozen, login=False) as harness:
        order = await harness.grant("Ann_Trades", "1M")
        assert (await harness.outcomes.receipt(order)).waiting_for is WaitingFor.NO_LOGIN
        await harness.vendor.log_in()
        await harness.done(order)


async def test_a_refused_script_pauses_alone_and_goes_on_after_retry(harness):
    await harness.vendor.add_script("scalper")
    there = harness.fake.world.scripts
    there[harness.pine_id].forbidden = True
    held = await harness.grant("Ann_Trades", "1M")

    async def paused():
        return (await harness.outcomes.receipt(held)).waiting_for is WaitingFor.SCRIPT_PAUSED

    await eventually(paused)
    assert (await harness.vendor.sessions.of(HOME)).state is LoginState.ALIVE
    await harness.done(await harness.grant("bob-fx", "1M", item="scalper"))
    there[harness.pine_id].forbidden = False
    await harness.retries.retry(harness.request(), "trend")
    await harness.done(held)


async def test_a_server_that_the_bot_left_pauses_and_goes_on_when_it_is_back(harness):
    async with harness.database.write() as connection:
        await guilds.set_left(connection, HOME, NOW)
    order = await harness.grant("Ann_Trades", "1M")
    await harness.rest()
    assert await harness.state(order) == "waiting"
    assert harness.writes() == []
    async with harness.database.write() as connection:
        await guilds.set_left(connection, HOME, None)
    harness.queue.wake(HOME)
    await harness.done(order)


async def test_after_five_failures_only_a_probe_goes_out(harness):
    harness.switches.down = True
    orders = [await harness.grant(f"buyer_{n}", "1M", unknown_name=True) for n in range(12)]
    await eventually(lambda: harness.queue.is_blocked(HOME))
    await harness.rest()  # what was under way ends
    before = len(harness.fake.log)
    await harness.time.advance(FIRST_PAUSE)
    await harness.rest()
    assert len(harness.fake.log) == before + 1
    receipt = await harness.outcomes.receipt(orders[0])
    assert receipt.waiting_for is WaitingFor.TRADINGVIEW
    harness.switches.down = False
    for n in range(12):
        harness.fake.world.add_user(f"buyer_{n}")
    for order in orders:
        await harness.done(order, within=400)


async def test_what_tradingview_accepts_without_doing_it_is_tried_hourly_and_staff_hear_once(
    harness,
):
    async def told():
        return [one.action for one in await harness.vendor.events()].count("not_shown")

    harness.give("Ann_Trades", None)
    harness.switches.lifetime_to_dated = "ignored"
    order = await harness.set("Ann_Trades", "2026-05-01")
    for _ in range(60):
        await harness.rest()
        await harness.time.advance(60)
    assert await told() == 1
    before = len(harness.writes())
    for _ in range(6 * 12):
        await harness.rest()
        await harness.time.advance(300)
    assert 4 <= len(harness.writes()) - before <= 8
    assert await told() == 1
    assert await harness.state(order) == "waiting"
    harness.switches.lifetime_to_dated = "works"
    await harness.retries.retry(harness.request(), "trend")
    await harness.done(order, within=60)  # the last try may still be reading back
    assert harness.end("Ann_Trades") == datetime(2026, 5, 1, 23, 59, 59, 999_000, tzinfo=UTC)


@pytest.mark.parametrize("name", ["too_many", "errors_500", "pages_502", "truncated", "redirects"])
async def test_every_outage_delays_and_loses_nothing(harness, name):
    setattr(harness.switches, name, 2)
    order = await harness.grant("Ann_Trades", "1M")
    await harness.done(order, within=120)
    assert harness.end("Ann_Trades") == datetime(2026, 4, 10, 12, tzinfo=UTC)


async def test_an_order_survives_a_restart_between_the_row_and_the_write(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        harness.switches.hang = True
        order = await harness.meanwhile(harness.grant("Ann_Trades", "1M"))
        async with Jobs() as jobs:  # another process on the same database
            harness.switches.hang = False
            again = AccessHarness(harness.vendor, frozen, jobs)
            again.script = harness.script
            await again.start()
            await again.done(order, within=60)
        assert harness.end("Ann_Trades") == datetime(2026, 4, 10, 12, tzinfo=UTC)


async def test_a_write_that_was_applied_before_a_crash_is_not_repeated(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    end = harness.end("Ann_Trades")
    # As after SIGKILL between the write and the read back: settled and sent, nothing confirmed.
    await harness.change(
        "Ann_Trades", state="working", ours="unknown", ours_ends_at=None, synced_revision=0,
        before="nothing", next_try_at=NOW,
    )  # fmt: skip
    before = len(harness.writes())
    harness.queue.wake(HOME)

    async def done():
        return (await harness.permission("Ann_Trades")).state == "done"

    await eventually(done)
    assert harness.end("Ann_Trades") == end
    assert len(harness.writes()) == before
    assert len(await harness.reasons("Ann_Trades")) == 1


async def test_tradingview_rounding_an_end_is_done_with_a_note(harness):
    harness.switches.rounding = "end of day"
    receipt = await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert receipt.permission.differs
    assert receipt.end == datetime(2026, 4, 10, 23, 59, 59, 999000, tzinfo=UTC)
    # What our own write became is ours: the next month starts at the end that Usher knows.
    harness.time.set(NOW)
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    assert harness.end("Ann_Trades") == datetime(2026, 5, 10, 23, 59, 59, 999000, tzinfo=UTC)


async def test_the_same_name_with_another_id_is_reported_and_never_touched(harness):
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await harness.change("Ann_Trades", tv_user_id=999_999)
    before = len(harness.writes())
    order = await harness.grant("Ann_Trades", "1M")
    receipt = await harness.becomes(order, "stuck", within=5)
    assert receipt.order.reason == "other_person"
    assert len(harness.writes()) == before


async def test_what_ended_is_told_until_somebody_says_it_was(harness):
    order = await harness.grant("Ann_Trades", "1M")
    await harness.done(order)
    [receipt] = await harness.outcomes.untold()
    assert receipt.order.id == order
    assert await harness.outcomes.answer_token(receipt) == "token"
    await harness.time.advance(15 * 60)
    assert await harness.outcomes.answer_token(receipt) is None
    await harness.outcomes.told(order, "done")
    assert await harness.outcomes.untold() == []


async def test_whoever_stands_and_waits_is_not_told_by_anybody_else(harness):
    harness.switches.hang = True
    order = await harness.meanwhile(harness.grant("Ann_Trades", "1M"))
    waiting = asyncio.ensure_future(harness.outcomes.outcome(order, 5))
    await pause()
    harness.switches.hang = False
    await eventually(lambda: harness.end("Ann_Trades") != "absent")
    assert (await harness.meanwhile(waiting)).order.state in ("waiting", "done")
    await harness.done(order, within=30)
    assert [one.order.id for one in await harness.outcomes.untold()] == [order]


async def test_a_wish_that_comes_in_while_another_becomes_stuck_is_still_carried_out(
    harness, monkeypatch
):
    harness.switches.down = True
    late = await harness.grant("Ann_Trades", "1D")
    await harness.time.advance(2 * 86_400)
    park, fresh = FailureRecorder.park, []

    async def stick_later(*args, **more):
        monkeypatch.undo()
        fresh.append(await harness.grant("Ann_Trades", "1M"))
        await park(*args, **more)

    monkeypatch.setattr(FailureRecorder, "park", stick_later)
    harness.switches.down = False
    await harness.done(late, within=400)
    await harness.done(fresh[0])
    assert harness.end("Ann_Trades") > clock.now() + timedelta(days=25)


async def test_what_cannot_be_told_now_keeps_nobody_else_waiting(harness):
    for _ in range(22):
        last = await harness.grant("Ann_Trades", "1D")
    await harness.done(last)
    first = {it.order.id for it in await harness.outcomes.untold()}
    assert len(first) == 20
    assert len(await harness.outcomes.untold(but=first)) == 2
