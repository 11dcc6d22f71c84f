"""What holds wishes up, and that nothing is lost while it does."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot import clock
from bot.access.ledger.receipts import WaitingFor
from bot.access.logins.errors import CookiesRefused
from bot.access.logins.sessions import LoginState
from bot.access.sync.breaker import FIRST_PAUSE
from bot.access.sync.failures import Aftermath
from bot.jobs import Jobs
from bot.store.catalogue import guilds
from bot.tradingview import Cookies
from tests.support.access_harness import Counter, open_counter, pause
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import HOME

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_counter(tmp_path, frozen) as counter:
        yield counter


async def login_dies(counter):
    counter.fake.world.end_all_sessions()
    wish = await counter.grant("bob-fx", "1D")

    async def dead():
        return (await counter.shop.sessions.of(HOME)).state is LoginState.DEAD

    for _ in range(400):
        if await dead():
            return wish
        await pause()
    raise AssertionError("the login did not die")


async def test_with_a_dead_login_wishes_wait_and_say_why(counter):
    wish = await login_dies(counter)
    receipt = await counter.answers.receipt(wish)
    assert receipt.wish.state == "waiting"
    assert receipt.waiting_for is WaitingFor.LOGIN_DEAD
    status = await counter.views.status(HOME)
    assert status.holdup is WaitingFor.LOGIN_DEAD
    assert [row.customer.username for row in status.waiting] == ["bob-fx"]


async def test_good_cookies_drain_the_queue_with_no_further_command(counter):
    first = await login_dies(counter)
    others = [await counter.grant(name, "1M") for name in ("Ann_Trades", "ann_trades2")]
    await counter.shop.log_in()
    for wish in (first, *others):
        await counter.done(wish)
    assert len(counter.writes()) == 3


async def test_bad_cookies_never_replace_good_ones_and_drain_nothing(counter):
    with pytest.raises(CookiesRefused):
        await counter.shop.sessions.update(counter.asked(), Cookies("x" * 32, "v3:" + "y" * 44))
    await counter.done(await counter.grant("Ann_Trades", "1M"))


async def test_without_a_login_wishes_wait_for_the_first_one(tmp_path, frozen):
    async with open_counter(tmp_path, frozen, login=False) as counter:
        wish = await counter.grant("Ann_Trades", "1M")
        assert (await counter.answers.receipt(wish)).waiting_for is WaitingFor.NO_LOGIN
        await counter.shop.log_in()
        await counter.done(wish)


async def test_a_refused_script_pauses_alone_and_goes_on_after_retry(counter):
    await counter.shop.add_script("scalper")
    there = counter.fake.world.scripts
    there[counter.pine_id].forbidden = True
    held = await counter.grant("Ann_Trades", "1M")
    for _ in range(400):
        receipt = await counter.answers.receipt(held)
        if receipt.waiting_for is WaitingFor.SCRIPT_PAUSED:
            break
        await pause()
    assert receipt.waiting_for is WaitingFor.SCRIPT_PAUSED
    assert (await counter.shop.sessions.of(HOME)).state is LoginState.ALIVE
    await counter.done(await counter.grant("bob-fx", "1M", item="scalper"))
    there[counter.pine_id].forbidden = False
    await counter.queue.retry(counter.asked(), "trend")
    await counter.done(held)


async def test_a_server_that_the_bot_left_pauses_and_goes_on_when_it_is_back(counter):
    async with counter.database.write() as connection:
        await guilds.set_left(connection, HOME, NOW)
    wish = await counter.grant("Ann_Trades", "1M")
    await counter.rest()
    assert await counter.state(wish) == "waiting"
    assert counter.writes() == []
    async with counter.database.write() as connection:
        await guilds.set_left(connection, HOME, None)
    counter.queue.wake(HOME)
    await counter.done(wish)


async def test_after_five_failures_only_a_probe_goes_out(counter):
    counter.switches.down = True
    wishes = [await counter.grant(f"buyer_{n}", "1M", anyway=True) for n in range(12)]
    await eventually(lambda: counter.queue.is_blocked(HOME))
    await counter.rest()  # what was under way ends
    before = len(counter.fake.log)
    await counter.time.advance(FIRST_PAUSE)
    await counter.rest()
    assert len(counter.fake.log) == before + 1
    receipt = await counter.answers.receipt(wishes[0])
    assert receipt.waiting_for is WaitingFor.TRADINGVIEW
    counter.switches.down = False
    for n in range(12):
        counter.fake.world.add_user(f"buyer_{n}")
    for wish in wishes:
        await counter.done(wish, within=400)


async def test_what_tradingview_accepts_without_doing_it_is_tried_hourly_and_staff_hear_once(
    counter,
):
    async def told():
        return [one.action for one in await counter.shop.events()].count("not_shown")

    counter.give("Ann_Trades", None)
    counter.switches.lifetime_to_dated = "ignored"
    wish = await counter.set("Ann_Trades", "2026-05-01")
    for _ in range(60):
        await counter.rest()
        await counter.time.advance(60)
    assert await told() == 1
    before = len(counter.writes())
    for _ in range(6 * 12):
        await counter.rest()
        await counter.time.advance(300)
    assert 4 <= len(counter.writes()) - before <= 8
    assert await told() == 1
    assert await counter.state(wish) == "waiting"
    counter.switches.lifetime_to_dated = "works"
    await counter.queue.retry(counter.asked(), "trend")
    await counter.done(wish, within=60)  # the last try may still be reading back
    assert counter.end("Ann_Trades") == datetime(2026, 5, 1, 23, 59, 59, 999_000, tzinfo=UTC)


@pytest.mark.parametrize("name", ["too_many", "errors_500", "pages_502", "truncated", "redirects"])
async def test_every_outage_delays_and_loses_nothing(counter, name):
    setattr(counter.switches, name, 2)
    wish = await counter.grant("Ann_Trades", "1M")
    await counter.done(wish, within=120)
    assert counter.end("Ann_Trades") == datetime(2026, 4, 10, 12, tzinfo=UTC)


async def test_an_order_survives_a_restart_between_the_row_and_the_write(tmp_path, frozen):
    async with open_counter(tmp_path, frozen) as counter:
        counter.switches.hang = True
        wish = await counter.meanwhile(counter.grant("Ann_Trades", "1M"))
        async with Jobs() as jobs:  # another process on the same database
            counter.switches.hang = False
            again = Counter(counter.shop, jobs, frozen)
            again.script = counter.script
            await again.queue.start()
            await again.done(wish, within=60)
        assert counter.end("Ann_Trades") == datetime(2026, 4, 10, 12, tzinfo=UTC)


async def test_a_write_that_was_applied_before_a_crash_is_not_repeated(counter):
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    end = counter.end("Ann_Trades")
    # As after SIGKILL between the write and the read back: settled and sent, nothing confirmed.
    await counter.change(
        "Ann_Trades", state="working", ours="unknown", ours_ends_at=None, synced_revision=0,
        before="nothing", next_try_at=NOW,
    )  # fmt: skip
    before = len(counter.writes())
    counter.queue.wake(HOME)
    for _ in range(400):
        if (await counter.permission("Ann_Trades")).state == "done":
            break
        await pause()
    assert (await counter.permission("Ann_Trades")).state == "done"
    assert counter.end("Ann_Trades") == end
    assert len(counter.writes()) == before
    assert len(await counter.reasons("Ann_Trades")) == 1


async def test_tradingview_rounding_an_end_is_done_with_a_note(counter):
    counter.switches.rounding = "end of day"
    receipt = await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert receipt.permission.differs
    assert receipt.end == datetime(2026, 4, 10, 23, 59, 59, 999000, tzinfo=UTC)
    # What our own write became is ours: the next month starts at the end that Usher knows.
    counter.time.set(NOW)
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    assert counter.end("Ann_Trades") == datetime(2026, 5, 10, 23, 59, 59, 999000, tzinfo=UTC)


async def test_the_same_name_with_another_id_is_reported_and_never_touched(counter):
    await counter.done(await counter.grant("Ann_Trades", "1M"))
    await counter.change("Ann_Trades", tv_user_id=999_999)
    before = len(counter.writes())
    wish = await counter.grant("Ann_Trades", "1M")
    receipt = await counter.becomes(wish, "stuck", within=5)
    assert receipt.wish.reason == "other_person"
    assert len(counter.writes()) == before


async def test_what_ended_is_told_until_somebody_says_it_was(counter):
    wish = await counter.grant("Ann_Trades", "1M")
    await counter.done(wish)
    [receipt] = await counter.answers.untold()
    assert receipt.wish.id == wish
    assert await counter.answers.answer_token(receipt) == "token"
    await counter.time.advance(15 * 60)
    assert await counter.answers.answer_token(receipt) is None
    await counter.answers.told(wish, "done")
    assert await counter.answers.untold() == []


async def test_whoever_stands_and_waits_is_not_told_by_anybody_else(counter):
    counter.switches.hang = True
    wish = await counter.meanwhile(counter.grant("Ann_Trades", "1M"))
    waiting = asyncio.ensure_future(counter.answers.outcome(wish, 5))
    await pause()
    counter.switches.hang = False
    for _ in range(400):
        if counter.end("Ann_Trades") != "absent":
            break
        await pause()
    assert (await counter.meanwhile(waiting)).wish.state in ("waiting", "done")
    await counter.done(wish, within=30)
    assert [one.wish.id for one in await counter.answers.untold()] == [wish]


async def test_a_wish_that_comes_in_while_another_becomes_stuck_is_still_carried_out(
    counter, monkeypatch
):
    counter.switches.down = True
    late = await counter.grant("Ann_Trades", "1D")
    await counter.time.advance(2 * 86_400)
    stick, fresh = Aftermath.stick, []

    async def stick_later(*args, **more):
        monkeypatch.undo()
        fresh.append(await counter.grant("Ann_Trades", "1M"))
        await stick(*args, **more)

    monkeypatch.setattr(Aftermath, "stick", stick_later)
    counter.switches.down = False
    await counter.done(late, within=400)
    await counter.done(fresh[0])
    assert counter.end("Ann_Trades") > clock.now() + timedelta(days=25)


async def test_what_cannot_be_told_now_keeps_nobody_else_waiting(counter):
    for _ in range(22):
        last = await counter.grant("Ann_Trades", "1D")
    await counter.done(last)
    first = {it.wish.id for it in await counter.answers.untold()}
    assert len(first) == 20
    assert len(await counter.answers.untold(but=first)) == 2
