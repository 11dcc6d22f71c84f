"""Spare logins: of the same account, tested daily, and there when the one in use ends."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from bot.access.errors import TradingViewSilent
from bot.access.logins.cookies import pack
from bot.access.logins.errors import CookiesRefused, SpareKnown, SpareOfOther, SparesFull
from bot.access.logins.sessions import LoginCheck, LoginState
from bot.access.logins.spares import SpareKept
from bot.access.logins.watch import FIRST_WITHIN, JITTER, LOOK_EVERY, WATCH_EVERY, LoginMonitor
from bot.jobs import Jobs
from bot.store.logins import outages, spares as kept
from bot.tradingview.models import Cookies
from tests.support.fake_time import eventually, settle
from tests.support.idle import at_rest
from tests.support.vendor_fixture import HOME, STAFF, open_shop

BAD = Cookies("a" * 32, "v3:" + "b" * 43)


@pytest.fixture
async def vendor(tmp_path, frozen):
    async with open_shop(tmp_path) as vendor:
        vendor.time = frozen
        await vendor.log_in()
        await vendor.add_script()
        vendor.held = await vendor.sessions.of(HOME)
        yield vendor


async def spare(vendor):
    cookies = vendor.cookies()
    assert isinstance(await vendor.spares.add(vendor.request(), cookies), SpareKept)
    return cookies


async def count(vendor):
    return (await vendor.sessions.status(HOME)).spares


async def test_when_the_login_dies_a_spare_takes_over_and_says_so(vendor):
    first, second = await spare(vendor), await spare(vendor)
    vendor.world.end_session(vendor.held.cookies.sessionid)
    assert await vendor.held.suspect(1) is LoginCheck.REPLACED
    assert (vendor.held.cookies, vendor.held.version) == (first, 2)
    assert vendor.held.state is LoginState.ALIVE
    assert await count(vendor) == 1
    [used] = await vendor.events("session_spare_used")
    assert used.after == {"left": 1}
    assert await vendor.events("session_dead") == []
    reborn = vendor.new_sessions()
    await reborn.open()
    assert (await reborn.of(HOME)).cookies == first
    vendor.world.end_session(first.sessionid)
    assert await vendor.sessions.test(HOME) is LoginCheck.ALIVE
    assert vendor.held.cookies == second


async def other_program(vendor):
    """The same login in a program that runs beside this one, such as on the terminal."""
    sessions = vendor.new_sessions()
    await sessions.open()
    return await sessions.of(HOME)


async def test_a_login_that_another_program_renewed_goes_before_any_spare(vendor):
    await spare(vendor)
    other = await other_program(vendor)
    vendor.switches.rotation = "pair, old one ends"
    vendor.switches.rotations = 1
    await other.tradingview.account()
    assert await vendor.held.suspect(1) is LoginCheck.REPLACED
    assert (vendor.held.cookies, vendor.held.version) == (other.cookies, 2)
    assert await count(vendor) == 1
    assert await vendor.events("session_spare_used") == []


async def test_a_login_renewed_while_a_spare_is_tested_stays(vendor):
    await spare(vendor)
    other = await other_program(vendor)
    vendor.switches.rotations = 1
    await other.tradingview.account()
    async with vendor.held.lock:
        assert not await vendor.spares.take_over(vendor.held)
    await vendor.sessions.refresh()
    assert (vendor.held.cookies, vendor.held.version) == (other.cookies, 2)
    assert await count(vendor) == 1


async def test_without_a_living_spare_the_login_is_dead(vendor):
    cookies = await spare(vendor)
    vendor.world.end_session(cookies.sessionid)
    vendor.world.end_session(vendor.held.cookies.sessionid)
    assert await vendor.held.suspect(1) is LoginCheck.DEAD
    assert [
        event.action for event in await vendor.events("session_spare_dead", "session_dead")
    ] == [
        "session_spare_dead",
        "session_dead",
    ]
    assert await count(vendor) == 0


async def test_trouble_takes_no_spare_away(vendor):
    await spare(vendor)
    vendor.switches.set("down", True)
    assert await vendor.held.suspect(1) is LoginCheck.UNKNOWN
    await vendor.time.advance(2 * 86400)
    await vendor.spares.test_due()
    assert await count(vendor) == 1


async def test_a_spare_is_another_login_of_the_same_account(vendor):
    with pytest.raises(SpareKnown):
        await vendor.spares.add(vendor.request(), vendor.held.cookies)
    cookies = await spare(vendor)
    with pytest.raises(SpareKnown):
        await vendor.spares.add(vendor.request(), cookies)
    with pytest.raises(SpareOfOther) as other:
        await vendor.spares.add(
            vendor.request(), vendor.cookies(vendor.world.add_vendor("Vendor_Two"))
        )
    assert (other.value.username, other.value.wanted) == ("Vendor_Two", "Vendor_One")
    with pytest.raises(CookiesRefused):
        await vendor.spares.add(vendor.request(), BAD)
    await spare(vendor)
    with pytest.raises(SparesFull):
        await vendor.spares.add(vendor.request(), vendor.cookies())
    assert await count(vendor) == 2
    assert (vendor.held.version, vendor.held.state) == (1, LoginState.ALIVE)


async def test_a_spare_that_could_not_be_tested_is_not_kept(vendor):
    vendor.switches.set("down", True)
    with pytest.raises(TradingViewSilent):
        await vendor.spares.add(vendor.request(), vendor.cookies())
    assert await count(vendor) == 0


async def test_where_no_login_works_a_spare_is_used_at_once(vendor):
    vendor.world.end_all_sessions()
    await vendor.test_logins()
    cookies = vendor.cookies()
    updated = await vendor.spares.add(vendor.request(), cookies)
    assert updated.username == "Vendor_One"
    assert (vendor.held.cookies, vendor.held.state) == (cookies, LoginState.ALIVE)


async def test_spares_go_with_the_login_and_with_its_account(vendor):
    await spare(vendor)
    await vendor.sessions.update(
        vendor.request(confirmed=True), vendor.cookies(vendor.world.add_vendor("Vendor_Two"))
    )
    assert await count(vendor) == 0
    await vendor.sessions.update(vendor.request(confirmed=True), vendor.cookies())
    await spare(vendor)
    await vendor.sessions.forget(vendor.request())
    await vendor.log_in()
    assert await count(vendor) == 0


async def test_spares_are_tested_daily_and_dead_ones_said(vendor):
    cookies = await spare(vendor)
    calls = len(vendor.fake.calls())
    await vendor.spares.test_due()
    assert len(vendor.fake.calls()) == calls
    await vendor.time.advance(86400 + 1)
    await vendor.spares.test_due()
    tested = len(vendor.fake.calls())
    assert tested > calls
    await vendor.spares.test_due()
    assert len(vendor.fake.calls()) == tested
    vendor.world.end_session(cookies.sessionid)
    await vendor.time.advance(86400 + 1)
    await vendor.spares.test_due()
    assert await count(vendor) == 0
    [dead] = await vendor.events("session_spare_dead")
    assert dead.after == {"left": 0}
    assert vendor.held.state is LoginState.ALIVE


async def test_a_spare_that_was_renewed_or_taken_meanwhile_is_not_judged_by_what_it_was(vendor):
    old, other = await spare(vendor), await spare(vendor)
    await vendor.time.advance(86400 + 1)
    calls = len(vendor.fake.calls())
    fresh = vendor.cookies()
    async with vendor.held.lock:  # a take-over is looking at them
        testing = asyncio.ensure_future(vendor.spares.test_due())
        await settle()
        assert len(vendor.fake.calls()) == calls
        async with vendor.database.write() as connection:
            first, second = await kept.of_account(connection, vendor.held.account_id)
            await kept.renew(connection, first.id, vendor.vault.seal(pack(fresh)))
            await kept.drop(connection, second.id)
    for ended in (old, other):
        vendor.world.end_session(ended.sessionid)
    await testing
    assert await count(vendor) == 1
    assert await vendor.events("session_spare_dead") == []
    vendor.world.end_session(vendor.held.cookies.sessionid)
    assert await vendor.held.suspect(1) is LoginCheck.REPLACED
    assert vendor.held.cookies == fresh


async def test_every_login_is_tested_every_quarter_of_an_hour_and_never_in_step(vendor):
    tests = []
    for _ in range(int(4 * 3600 / LOOK_EVERY)):
        before = len(vendor.fake.calls("details"))
        await vendor.login_monitor.watch()
        if len(vendor.fake.calls("details")) > before:
            tests.append(vendor.time.monotonic())
        await vendor.time.advance(LOOK_EVERY)
    assert tests[0] <= FIRST_WITHIN + LOOK_EVERY
    gaps = [later - earlier for earlier, later in itertools.pairwise(tests)]
    assert min(gaps) >= WATCH_EVERY * (1 - JITTER) - LOOK_EVERY
    assert max(gaps) <= WATCH_EVERY * (1 + JITTER) + LOOK_EVERY
    assert len(set(gaps)) > 1


async def test_an_outage_is_said_again_after_twelve_hours_and_only_once(vendor):
    vendor.switches.set("logged_out", True)
    await vendor.test_logins()
    since = vendor.time.now()
    await vendor.time.advance(12 * 3600 - 1)
    await vendor.login_monitor.remind()
    assert await vendor.events("session_still_dead") == []
    await vendor.time.advance(1)
    for _ in range(3):
        await LoginMonitor(vendor.database, vendor.sessions, vendor.spares).remind()
        await vendor.time.advance(timedelta(days=1).total_seconds())
    [said] = await vendor.events("session_still_dead")
    assert said.after == {"since": since.isoformat(), "waiting": 0}
    async with vendor.database.read() as connection:
        [outage] = await outages.untold(connection)
    assert (outage.set_by, outage.stage) == (STAFF, "still")


async def test_a_login_from_the_terminal_is_in_use_within_five_seconds(vendor):
    async with Jobs() as jobs:
        vendor.login_monitor.start(jobs)
        await at_rest(vendor.database)
        terminal = vendor.new_sessions()
        await terminal.open()
        cookies = vendor.cookies()
        await terminal.take_over(HOME, cookies, by=None, note="from the terminal")
        await vendor.time.advance(4)
        await eventually(lambda: vendor.held.cookies == cookies)
