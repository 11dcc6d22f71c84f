"""Spare logins: of the same account, tested daily, and there when the one in use ends."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from bot.access.errors import TradingViewSilent
from bot.access.logins.cookies import pack
from bot.access.logins.errors import CookiesRefused, SpareKnown, SpareOfOther, SparesFull
from bot.access.logins.sessions import LoginState, Verdict
from bot.access.logins.spares import SpareKept, Spares
from bot.access.logins.watch import FIRST_WITHIN, JITTER, LOOK_EVERY, WATCH_EVERY, Keeper
from bot.jobs import Jobs
from bot.store.logins import outages, spares as kept
from bot.tradingview.models import Cookies
from tests.support.fake_time import settle
from tests.support.vendor_fixture import HOME, STAFF, open_shop

BAD = Cookies("a" * 32, "v3:" + "b" * 43)


@pytest.fixture
async def shop(tmp_path, frozen):
    async with open_shop(tmp_path) as shop:
        shop.time = frozen
        shop.spares = Spares(shop.database, shop.vault, shop.sessions)
        shop.keeper = Keeper(shop.database, shop.sessions, shop.spares)
        await shop.log_in()
        await shop.add_script()
        shop.held = await shop.sessions.of(HOME)
        yield shop


async def spare(shop):
    cookies = shop.cookies()
    assert isinstance(await shop.spares.add(shop.asked(), cookies), SpareKept)
    return cookies


async def count(shop):
    return (await shop.sessions.status(HOME)).spares


async def test_when_the_login_dies_a_spare_takes_over_and_says_so(shop):
    first, second = await spare(shop), await spare(shop)
    shop.world.end_session(shop.held.cookies.sessionid)
    assert await shop.held.suspect(1) is Verdict.REPLACED
    assert (shop.held.cookies, shop.held.version) == (first, 2)
    assert shop.held.state is LoginState.ALIVE
    assert await count(shop) == 1
    [used] = await shop.events("session_spare_used")
    assert used.after == {"left": 1}
    assert await shop.events("session_dead") == []
    reborn = shop.new_sessions()
    await reborn.open()
    assert (await reborn.of(HOME)).cookies == first
    shop.world.end_session(first.sessionid)
    assert await shop.sessions.test(HOME) is Verdict.ALIVE
    assert shop.held.cookies == second


async def other_program(shop):
    """The same login in a program that runs beside this one, such as on the terminal."""
    sessions = shop.new_sessions()
    await sessions.open()
    return await sessions.of(HOME)


async def test_a_login_that_another_program_renewed_goes_before_any_spare(shop):
    await spare(shop)
    other = await other_program(shop)
    shop.switches.rotation = "pair, old one ends"
    shop.switches.rotations = 1
    await other.tradingview.account()
    assert await shop.held.suspect(1) is Verdict.REPLACED
    assert (shop.held.cookies, shop.held.version) == (other.cookies, 2)
    assert await count(shop) == 1
    assert await shop.events("session_spare_used") == []


async def test_a_login_renewed_while_a_spare_is_tested_stays(shop):
    await spare(shop)
    other = await other_program(shop)
    shop.switches.rotations = 1
    await other.tradingview.account()
    async with shop.held.lock:
        assert not await shop.spares.take_over(shop.held)
    await shop.sessions.refresh()
    assert (shop.held.cookies, shop.held.version) == (other.cookies, 2)
    assert await count(shop) == 1


async def test_without_a_living_spare_the_login_is_dead(shop):
    cookies = await spare(shop)
    shop.world.end_session(cookies.sessionid)
    shop.world.end_session(shop.held.cookies.sessionid)
    assert await shop.held.suspect(1) is Verdict.DEAD
    assert [event.action for event in await shop.events("session_spare_dead", "session_dead")] == [
        "session_spare_dead",
        "session_dead",
    ]
    assert await count(shop) == 0


async def test_trouble_takes_no_spare_away(shop):
    await spare(shop)
    shop.switches.set("down", True)
    assert await shop.held.suspect(1) is Verdict.UNKNOWN
    await shop.time.advance(2 * 86400)
    await shop.spares.test_due()
    assert await count(shop) == 1


async def test_a_spare_is_another_login_of_the_same_account(shop):
    with pytest.raises(SpareKnown):
        await shop.spares.add(shop.asked(), shop.held.cookies)
    cookies = await spare(shop)
    with pytest.raises(SpareKnown):
        await shop.spares.add(shop.asked(), cookies)
    with pytest.raises(SpareOfOther) as other:
        await shop.spares.add(shop.asked(), shop.cookies(shop.world.add_vendor("Vendor_Two")))
    assert (other.value.username, other.value.wanted) == ("Vendor_Two", "Vendor_One")
    with pytest.raises(CookiesRefused):
        await shop.spares.add(shop.asked(), BAD)
    await spare(shop)
    with pytest.raises(SparesFull):
        await shop.spares.add(shop.asked(), shop.cookies())
    assert await count(shop) == 2
    assert (shop.held.version, shop.held.state) == (1, LoginState.ALIVE)


async def test_a_spare_that_could_not_be_tested_is_not_kept(shop):
    shop.switches.set("down", True)
    with pytest.raises(TradingViewSilent):
        await shop.spares.add(shop.asked(), shop.cookies())
    assert await count(shop) == 0


async def test_where_no_login_works_a_spare_is_used_at_once(shop):
    shop.world.end_all_sessions()
    await shop.sessions.test_all()
    cookies = shop.cookies()
    updated = await shop.spares.add(shop.asked(), cookies)
    assert updated.username == "Vendor_One"
    assert (shop.held.cookies, shop.held.state) == (cookies, LoginState.ALIVE)


async def test_spares_go_with_the_login_and_with_its_account(shop):
    await spare(shop)
    await shop.sessions.update(
        shop.asked(), shop.cookies(shop.world.add_vendor("Vendor_Two")), anyway=True
    )
    assert await count(shop) == 0
    await shop.sessions.update(shop.asked(), shop.cookies(), anyway=True)
    await spare(shop)
    await shop.sessions.forget(shop.asked())
    await shop.log_in()
    assert await count(shop) == 0


async def test_spares_are_tested_daily_and_dead_ones_said(shop):
    cookies = await spare(shop)
    calls = len(shop.fake.calls())
    await shop.spares.test_due()
    assert len(shop.fake.calls()) == calls
    await shop.time.advance(86400 + 1)
    await shop.spares.test_due()
    tested = len(shop.fake.calls())
    assert tested > calls
    await shop.spares.test_due()
    assert len(shop.fake.calls()) == tested
    shop.world.end_session(cookies.sessionid)
    await shop.time.advance(86400 + 1)
    await shop.spares.test_due()
    assert await count(shop) == 0
    [dead] = await shop.events("session_spare_dead")
    assert dead.after == {"left": 0}
    assert shop.held.state is LoginState.ALIVE


async def test_a_spare_that_was_renewed_or_taken_meanwhile_is_not_judged_by_what_it_was(shop):
    old, other = await spare(shop), await spare(shop)
    await shop.time.advance(86400 + 1)
    calls = len(shop.fake.calls())
    fresh = shop.cookies()
    async with shop.held.lock:  # a take-over is looking at them
        testing = asyncio.ensure_future(shop.spares.test_due())
        await settle()
        assert len(shop.fake.calls()) == calls
        async with shop.database.write() as connection:
            first, second = await kept.of_account(connection, shop.held.account_id)
            await kept.renew(connection, first.id, shop.vault.seal(pack(fresh)))
            await kept.drop(connection, second.id)
    for ended in (old, other):
        shop.world.end_session(ended.sessionid)
    await testing
    assert await count(shop) == 1
    assert await shop.events("session_spare_dead") == []
    shop.world.end_session(shop.held.cookies.sessionid)
    assert await shop.held.suspect(1) is Verdict.REPLACED
    assert shop.held.cookies == fresh


async def test_every_login_is_tested_every_quarter_of_an_hour_and_never_in_step(shop):
    tests = []
    for _ in range(int(4 * 3600 / LOOK_EVERY)):
        before = len(shop.fake.calls("details"))
        await shop.keeper.watch()
        if len(shop.fake.calls("details")) > before:
            tests.append(shop.time.monotonic())
        await shop.time.advance(LOOK_EVERY)
    assert tests[0] <= FIRST_WITHIN + LOOK_EVERY
    gaps = [later - earlier for earlier, later in itertools.pairwise(tests)]
    assert min(gaps) >= WATCH_EVERY * (1 - JITTER) - LOOK_EVERY
    assert max(gaps) <= WATCH_EVERY * (1 + JITTER) + LOOK_EVERY
    assert len(set(gaps)) > 1


async def test_an_outage_is_said_again_after_twelve_hours_and_only_once(shop):
    shop.switches.set("logged_out", True)
    await shop.sessions.test_all()
    since = shop.time.now()
    await shop.time.advance(12 * 3600 - 1)
    await shop.keeper.remind()
    assert await shop.events("session_still_dead") == []
    await shop.time.advance(1)
    for _ in range(3):
        await Keeper(shop.database, shop.sessions, shop.spares).remind()
        await shop.time.advance(timedelta(days=1).total_seconds())
    [said] = await shop.events("session_still_dead")
    assert said.after == {"since": since.isoformat(), "waiting": 0}
    async with shop.database.read() as connection:
        [outage] = await outages.untold(connection)
    assert (outage.set_by, outages.stage(outage)) == (STAFF, "still")


async def test_a_login_from_the_terminal_is_in_use_within_five_seconds(shop):
    async with Jobs() as jobs:
        shop.keeper.start(jobs)
        await shop.time.advance(0)
        terminal = shop.new_sessions()
        await terminal.open()
        cookies = shop.cookies()
        await terminal.take_over(HOME, cookies, by=None, note="from the terminal")
        await shop.time.advance(4)
        for _ in range(100):
            if shop.held.cookies == cookies:
                break
            await asyncio.sleep(0.01)
        assert shop.held.cookies == cookies
