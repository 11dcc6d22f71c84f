"""Wire §2, "Cookies": a login that TradingView renews is kept, over the very pair it came from."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot import tradingview_accounts
from bot.access.errors import TradingViewSilent
from bot.access.ledger.receipts import WaitingFor
from bot.access.logins.cookies import unpack
from bot.access.logins.environment import Environment
from bot.access.logins.errors import CookiesOfOther
from bot.access.logins.renewal import CandidateLogin
from bot.access.logins.sessions import MAX_CLOSING, LoginCheck, LoginState
from bot.store.logins import sessions, spares as kept_spares
from bot.store.tables.logins import environment_session
from bot.tradingview import Cookies
from tests.support.access_harness import open_harness, pause
from tests.support.fake_time import eventually, settle
from tests.support.vendor_fixture import HOME, open_shop

FRESH = Cookies("z" * 32, "v3:fresh")


@pytest.fixture
async def vendor(tmp_path, frozen):
    async with open_shop(tmp_path) as vendor:
        await vendor.log_in()
        await vendor.add_script()
        yield vendor


@pytest.fixture
async def held(vendor):
    return await vendor.sessions.of(HOME)


async def stored(vendor):
    """Version and pair as another program would find them."""
    reborn = vendor.new_sessions()
    await reborn.open()
    held = await reborn.of(HOME)
    return held.version, held.cookies


async def test_a_renewed_pair_is_used_stored_and_hidden_from_the_log(vendor, held):
    before = held.cookies
    vendor.switches.rotations = 1
    await held.tradingview.account()
    assert held.cookies != before
    assert held.version == 2
    assert await stored(vendor) == (2, held.cookies)
    assert {held.cookies.sessionid, held.cookies.sessionid_sign} <= set(vendor.hidden)
    async with vendor.database.read() as connection:
        kept = await sessions.of_guild(connection, HOME)
    for secret in (held.cookies.sessionid, held.cookies.sessionid_sign):
        assert secret.encode() not in kept.sealed
    assert (
        await vendor.events("session_set") == await vendor.events()
    )  # nothing said of the renewal


async def test_every_answer_may_renew_it_even_when_the_old_pair_ends(vendor, held):
    vendor.switches.rotation = "pair, old one ends"
    vendor.switches.rotations = -1
    for version in range(2, 7):
        await held.tradingview.account()
        assert (held.version, held.state) == (version, LoginState.ALIVE)
    assert await stored(vendor) == (6, held.cookies)


@pytest.mark.parametrize("kind", ["lone sessionid", "deleting"])
async def test_a_lone_or_deleting_one_changes_nothing(vendor, held, kind):
    before = held.cookies
    vendor.switches.rotation = kind
    vendor.switches.rotations = -1
    await held.tradingview.account()
    vendor.switches.logged_out = True
    assert await held.suspect(held.version) is LoginCheck.DEAD
    assert held.cookies == before
    assert (await stored(vendor))[1] == before


async def test_a_pair_that_staff_set_meanwhile_is_not_overwritten_by_a_late_one(vendor, held):
    vendor.switches.rotations = 1
    vendor.switches.fault("hang", path="list")
    script = next(iter(vendor.world.scripts))
    late = asyncio.ensure_future(held.tradingview.find_row(script, "ann"))
    await eventually(lambda: vendor.fake.calls("list"))
    newer = vendor.cookies()
    async with held.lock, vendor.database.write() as connection:
        sealed = vendor.vault.seal(f'["{newer.sessionid}", "{newer.sessionid_sign}"]')
        await sessions.put(connection, held.account_id, version=2, sealed=sealed, by=1, at=NOW)
        held.use(held.account_id, newer, 2, NOW)
    vendor.switches.lift("hang")
    await late
    assert (held.version, held.cookies) == (2, newer)
    assert await stored(vendor) == (2, newer)


NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


async def test_a_pair_that_another_program_stored_meanwhile_is_not_overwritten(vendor, held):
    """The terminal wrote one that the running program has not seen yet."""
    terminal = vendor.new_sessions()
    await terminal.open()
    newer = vendor.cookies()
    await terminal.take_over(HOME, newer, by=None)
    before = held.cookies
    await held.tradingview.rotated(before, FRESH)
    assert held.cookies == before
    assert await stored(vendor) == (2, newer)
    await vendor.sessions.refresh()
    assert (held.version, held.cookies) == (2, newer)


async def given_up(asking, client):
    """Somebody asks, a new pair comes along, and they give up before it is stored."""
    request = asyncio.ensure_future(asking)
    await eventually(lambda: client()._rotating)
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)


async def test_at_the_end_a_pair_on_its_way_is_stored_before_the_database_closes(vendor, held):
    vendor.switches.rotation = "pair, old one ends"
    vendor.switches.rotations = 1
    async with vendor.database.write():  # somebody else's long transaction
        await given_up(held.tradingview.account(), lambda: held.tradingview)
        closing = asyncio.ensure_future(vendor.sessions.close())
        await settle()
        assert not closing.done()
    await closing
    assert (await stored(vendor))[0] == 2


async def test_at_the_end_a_pair_of_a_door_that_only_tests_is_waited_for_too(vendor, held):
    doors, connect = [], vendor.sessions._connect
    vendor.sessions._connect = lambda *given: doors.append(connect(*given)) or doors[-1]
    kept, stored = asyncio.Event(), []

    async def keep(fresh):
        await kept.wait()
        stored.append(fresh)

    vendor.switches.rotations = 1
    trial = CandidateLogin(vendor.cookies(), keep)
    await given_up(
        vendor.sessions.examined(held, trial), lambda: doors[-1] if doors else held.tradingview
    )
    doors.clear()
    closing = asyncio.ensure_future(vendor.sessions.close())
    await settle()
    assert not closing.done()
    kept.set()
    await closing
    assert stored == [trial.cookies]


async def test_at_the_end_nobody_waits_for_ever_for_a_renewed_pair(vendor, held, frozen):
    vendor.switches.rotations = 1
    async with vendor.database.write():
        await given_up(held.tradingview.account(), lambda: held.tradingview)
        closing = asyncio.ensure_future(vendor.sessions.close())
        await frozen.advance(MAX_CLOSING)
        await closing
    await held.tradingview.settled()


async def test_of_two_new_pairs_for_the_same_old_one_the_first_counts(vendor, held):
    before = held.cookies
    second = Cookies("y" * 32, "v3:second")
    await asyncio.gather(
        held.tradingview.rotated(before, FRESH), held.tradingview.rotated(before, second)
    )
    assert (held.version, held.cookies) == (2, FRESH)
    assert await stored(vendor) == (2, FRESH)


async def test_a_renewal_that_meets_a_new_login_in_the_database_gives_way(vendor, held):
    before, newer = held.cookies, vendor.cookies()
    await asyncio.gather(
        vendor.sessions.update(vendor.request(), newer), held.tradingview.rotated(before, FRESH)
    )
    assert held.cookies == newer
    assert await stored(vendor) == (held.version, newer)


async def test_a_forgotten_login_is_not_brought_back(vendor, held):
    before = held.cookies
    await asyncio.gather(
        vendor.sessions.forget(vendor.request()), held.tradingview.rotated(before, FRESH)
    )
    await held.tradingview.rotated(before, FRESH)
    assert (held.state, held.cookies) == (LoginState.NONE, None)
    async with vendor.database.read() as connection:
        assert await sessions.of_guild(connection, HOME) is None


async def test_a_pair_that_could_not_be_stored_is_not_used(vendor, held, monkeypatch, caplog):
    async def broken(*_):
        raise OSError("disk full")

    before = held.cookies
    monkeypatch.setattr(sessions, "renew", broken)
    await held.tradingview.rotated(before, FRESH)
    assert (held.version, held.cookies) == (1, before)
    assert "could not be stored" in caplog.text
    assert FRESH.sessionid not in caplog.text


@pytest.mark.parametrize("kind", ["pair", "pair, old one ends"])
async def test_a_pair_that_is_renewed_while_it_is_tested_is_stored_as_renewed(vendor, held, kind):
    vendor.switches.rotation = kind
    vendor.switches.rotations = -1
    brought = vendor.cookies()
    await vendor.sessions.update(vendor.request(), brought)
    assert held.cookies != brought
    assert (await stored(vendor))[1] == held.cookies
    vendor.switches.rotations = 0
    await held.tradingview.account()


async def test_two_programs_of_one_account_use_each_others_new_pairs(vendor, frozen):
    vendor.switches.rotation, vendor.switches.rotations = "pair, old one ends", -1
    programs = [
        tradingview_accounts.sessions(
            vendor.settings, vendor.database, vendor.vault, vendor.http, shared=True
        )
        for _ in range(2)
    ]
    doors = []
    for each in programs:
        await each.open()
        doors.append((await each.of(HOME)).tradingview)

    async def meanwhile(*asking):
        together = asyncio.gather(*asking)
        while not together.done():
            await frozen.advance(0.1)
            await pause()
        await together

    await meanwhile(doors[0].account())
    for _ in range(3):
        for door in reversed(doors):
            await meanwhile(door.account(), door.home_username(), door.account())
    assert [call for call in vendor.fake.log if call.status in (401, 403)] == []
    for each in programs:
        await each.close()


@pytest.fixture
async def harness(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        yield harness


async def test_orders_go_through_while_every_answer_renews_the_login(harness):
    harness.switches.rotations = -1
    names = [f"buyer_{n}" for n in range(12)]
    for name in names:
        harness.fake.world.add_user(name)
    orders = [await harness.grant(name, "1M") for name in names]
    for order in orders:
        await harness.done(order, within=30)
    assert len(harness.writes()) == 12


async def test_a_login_renewed_under_eight_requests_pauses_no_script(harness):
    """The old pair ends at once: whoever was on the way is refused, though nothing is wrong."""
    harness.switches.rotation = "pair, old one ends"
    names = [f"buyer_{n}" for n in range(12)]
    for name in names:
        harness.fake.world.add_user(name)
    orders = [await harness.grant(name, "1M") for name in names]
    harness.switches.rotations = 6
    for order in orders:
        await harness.done(order, within=60)
    held = await harness.vendor.sessions.of(HOME)
    assert held.state is LoginState.ALIVE
    assert await harness.vendor.events("script_paused", "session_dead") == []


async def test_a_script_that_refuses_is_paused_although_the_login_is_renewed_all_the_time(harness):
    harness.switches.rotations = -1
    harness.fake.world.scripts[harness.pine_id].forbidden = True
    order = await harness.grant("Ann_Trades", "1M")

    async def paused():
        return (await harness.outcomes.receipt(order)).waiting_for is WaitingFor.SCRIPT_PAUSED

    await eventually(paused)


async def test_a_spare_that_is_renewed_while_it_is_tested_is_still_good(vendor, held):
    vendor.switches.rotation = "pair, old one ends"
    vendor.switches.rotations = -1
    await vendor.spares.add(vendor.request(), vendor.cookies())
    vendor.world.end_session(held.cookies.sessionid)
    assert await held.suspect(held.version) is LoginCheck.REPLACED
    assert held.state is LoginState.ALIVE
    await held.tradingview.account()
    assert (await stored(vendor))[1] == held.cookies


async def silence(vendor, frozen, asking):
    """TradingView renews the pair with its first answer, and says no more until the test is over."""
    vendor.switches.rotation = "pair, old one ends"
    vendor.switches.rotations = 1
    vendor.switches.fault("hang", path="list")
    before = len(vendor.fake.calls("list"))
    request = asyncio.ensure_future(asking)
    await eventually(lambda: len(vendor.fake.calls("list")) > before)
    yield
    for _ in range(2):  # the first two minutes began with an answer
        await frozen.advance(121)
        await settle()
    with pytest.raises(TradingViewSilent):
        await request
    vendor.switches.lift("hang")


async def test_the_live_pair_brought_again_is_kept_as_renewed_at_once(vendor, held, frozen):
    before = held.cookies
    async for _ in silence(vendor, frozen, vendor.sessions.update(vendor.request(), before)):
        assert held.cookies != before
        assert await stored(vendor) == (2, held.cookies)
    await held.tradingview.account()
    assert held.state is LoginState.ALIVE


async def test_the_live_pair_is_kept_as_renewed_whatever_the_answer_to_a_question(vendor, held):
    before = held.cookies
    async with vendor.database.write() as connection:
        await sessions.name_account(connection, held.account_id, "Somebody_Else")
    vendor.switches.rotation = "pair, old one ends"
    vendor.switches.rotations = 1
    with pytest.raises(CookiesOfOther):
        await vendor.sessions.update(vendor.request(), before)
    assert await stored(vendor) == (2, held.cookies)
    assert held.cookies != before
    await held.tradingview.account()


def environment(vendor, sessions=None):
    return Environment(vendor.database, vendor.vault, sessions or vendor.sessions)


async def test_the_environments_pair_outlasts_silence_and_a_restart(vendor, held, frozen):
    live, given = held.cookies, vendor.cookies()
    async for _ in silence(vendor, frozen, environment(vendor).adopt(HOME, given)):
        assert held.cookies == live
    assert held.cookies == live
    reborn = vendor.new_sessions()
    await reborn.open()
    assert await environment(vendor, reborn).adopt(HOME, given) is True
    again = await reborn.of(HOME)
    assert again.cookies not in (live, given)
    await again.tradingview.account()
    assert await environment(vendor, reborn).adopt(HOME, given) is False
    async with vendor.database.read() as connection:
        assert (await connection.execute(select(environment_session))).all() == []


async def test_another_pair_in_the_environment_is_tested_itself(vendor, held, frozen):
    async for _ in silence(vendor, frozen, environment(vendor).adopt(HOME, vendor.cookies())):
        pass
    given = vendor.cookies()
    assert await environment(vendor).adopt(HOME, given) is True
    assert held.cookies == given


async def test_a_spare_is_stored_as_renewed_while_it_is_still_tested(vendor, held, frozen):
    await vendor.spares.add(vendor.request(), vendor.cookies())
    before = await spare_of(vendor, held)
    vendor.switches.rotation = "pair, old one ends"
    vendor.switches.rotations = 1
    vendor.switches.fault("hang", path="list")
    frozen.set(NOW + timedelta(days=2))
    test = asyncio.ensure_future(vendor.spares.test_due())
    request = len(vendor.fake.calls("list"))
    await eventually(lambda: len(vendor.fake.calls("list")) > request)
    assert await spare_of(vendor, held) != before
    vendor.switches.lift("hang")
    await test


async def spare_of(vendor, held):
    async with vendor.database.read() as connection:
        [spare] = await kept_spares.of_account(connection, held.account_id)
    return unpack(vendor.vault.open(spare.cookies))
