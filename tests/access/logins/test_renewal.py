"""Wire §2, "Cookies": a login that TradingView renews is kept, over the very pair it came from."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.access.errors import TradingViewSilent
from bot.access.ledger.receipts import WaitingFor
from bot.access.logins.cookies import unpack
from bot.access.logins.environment import Environment
from bot.access.logins.errors import CookiesOfOther
from bot.access.logins.renewal import Trial
from bot.access.logins.sessions import LONGEST_CLOSING, LoginState, Verdict
from bot.access.logins.spares import Spares
from bot.store.logins import sessions, spares as kept_spares
from bot.store.tables.logins import environment_session
from bot.tradingview import Cookies
from tests.support.access_harness import open_counter, pause
from tests.support.fake_time import eventually, settle
from tests.support.vendor_fixture import HOME, open_shop

FRESH = Cookies("z" * 32, "v3:fresh")


@pytest.fixture
async def shop(tmp_path, frozen):
    async with open_shop(tmp_path) as shop:
        await shop.log_in()
        await shop.add_script()
        yield shop


@pytest.fixture
async def held(shop):
    return await shop.sessions.of(HOME)


async def stored(shop):
    """Version and pair as another program would find them."""
    reborn = shop.new_sessions()
    await reborn.open()
    held = await reborn.of(HOME)
    return held.version, held.cookies


async def test_a_renewed_pair_is_used_stored_and_hidden_from_the_log(shop, held):
    before = held.cookies
    shop.switches.rotations = 1
    await held.tradingview.account()
    assert held.cookies != before
    assert held.version == 2
    assert await stored(shop) == (2, held.cookies)
    assert {held.cookies.sessionid, held.cookies.sessionid_sign} <= set(shop.hidden)
    async with shop.database.read() as connection:
        kept = await sessions.of_guild(connection, HOME)
    for secret in (held.cookies.sessionid, held.cookies.sessionid_sign):
        assert secret.encode() not in kept.sealed
    assert await shop.events("session_set") == await shop.events()  # nothing said of the renewal


async def test_every_answer_may_renew_it_even_when_the_old_pair_ends(shop, held):
    shop.switches.rotation = "pair, old one ends"
    shop.switches.rotations = -1
    for version in range(2, 7):
        await held.tradingview.account()
        assert (held.version, held.state) == (version, LoginState.ALIVE)
    assert await stored(shop) == (6, held.cookies)


@pytest.mark.parametrize("kind", ["lone sessionid", "deleting"])
async def test_a_lone_or_deleting_one_changes_nothing(shop, held, kind):
    before = held.cookies
    shop.switches.rotation = kind
    shop.switches.rotations = -1
    await held.tradingview.account()
    shop.switches.logged_out = True
    assert await held.suspect(held.version) is Verdict.DEAD
    assert held.cookies == before
    assert (await stored(shop))[1] == before


async def test_a_pair_that_staff_set_meanwhile_is_not_overwritten_by_a_late_one(shop, held):
    shop.switches.rotations = 1
    shop.switches.fault("hang", path="list")
    script = next(iter(shop.world.scripts))
    late = asyncio.ensure_future(held.tradingview.find_row(script, "ann"))
    await eventually(lambda: shop.fake.calls("list"))
    newer = shop.cookies()
    async with held.lock, shop.database.write() as connection:
        sealed = shop.vault.seal(f'["{newer.sessionid}", "{newer.sessionid_sign}"]')
        await sessions.put(connection, held.account_id, version=2, sealed=sealed, by=1, at=NOW)
        held.use(held.account_id, newer, 2, NOW)
    shop.switches.lift("hang")
    await late
    assert (held.version, held.cookies) == (2, newer)
    assert await stored(shop) == (2, newer)


NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


async def test_a_pair_that_another_program_stored_meanwhile_is_not_overwritten(shop, held):
    """The terminal wrote one that the running program has not seen yet."""
    terminal = shop.new_sessions()
    await terminal.open()
    newer = shop.cookies()
    await terminal.take_over(HOME, newer, by=None)
    before = held.cookies
    await held.tradingview.rotated(before, FRESH)
    assert held.cookies == before
    assert await stored(shop) == (2, newer)
    await shop.sessions.refresh()
    assert (held.version, held.cookies) == (2, newer)


async def given_up(asking, door):
    """Somebody asks, a new pair comes along, and they give up before it is stored."""
    asked = asyncio.ensure_future(asking)
    await eventually(lambda: door()._rotating)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)


async def test_at_the_end_a_pair_on_its_way_is_stored_before_the_database_closes(shop, held):
    shop.switches.rotation = "pair, old one ends"
    shop.switches.rotations = 1
    async with shop.database.write():  # somebody else's long transaction
        await given_up(held.tradingview.account(), lambda: held.tradingview)
        closing = asyncio.ensure_future(shop.sessions.close())
        await settle()
        assert not closing.done()
    await closing
    assert (await stored(shop))[0] == 2


async def test_at_the_end_a_pair_of_a_door_that_only_tests_is_waited_for_too(shop, held):
    doors, connect = [], shop.sessions._connect
    shop.sessions._connect = lambda *given: doors.append(connect(*given)) or doors[-1]
    kept, stored = asyncio.Event(), []

    async def keep(fresh):
        await kept.wait()
        stored.append(fresh)

    shop.switches.rotations = 1
    trial = Trial(shop.cookies(), keep)
    await given_up(
        shop.sessions.examined(held, trial), lambda: doors[-1] if doors else held.tradingview
    )
    doors.clear()
    closing = asyncio.ensure_future(shop.sessions.close())
    await settle()
    assert not closing.done()
    kept.set()
    await closing
    assert stored == [trial.cookies]


async def test_at_the_end_nobody_waits_for_ever_for_a_renewed_pair(shop, held, frozen):
    shop.switches.rotations = 1
    async with shop.database.write():
        await given_up(held.tradingview.account(), lambda: held.tradingview)
        closing = asyncio.ensure_future(shop.sessions.close())
        await frozen.advance(LONGEST_CLOSING)
        await closing
    await held.tradingview.settled()


async def test_of_two_new_pairs_for_the_same_old_one_the_first_counts(shop, held):
    before = held.cookies
    second = Cookies("y" * 32, "v3:second")
    await asyncio.gather(
        held.tradingview.rotated(before, FRESH), held.tradingview.rotated(before, second)
    )
    assert (held.version, held.cookies) == (2, FRESH)
    assert await stored(shop) == (2, FRESH)


async def test_a_renewal_that_meets_a_new_login_in_the_database_gives_way(shop, held):
    before, newer = held.cookies, shop.cookies()
    await asyncio.gather(
        shop.sessions.update(shop.asked(), newer), held.tradingview.rotated(before, FRESH)
    )
    assert held.cookies == newer
    assert await stored(shop) == (held.version, newer)


async def test_a_forgotten_login_is_not_brought_back(shop, held):
    before = held.cookies
    await asyncio.gather(
        shop.sessions.forget(shop.asked()), held.tradingview.rotated(before, FRESH)
    )
    await held.tradingview.rotated(before, FRESH)
    assert (held.state, held.cookies) == (LoginState.NONE, None)
    async with shop.database.read() as connection:
        assert await sessions.of_guild(connection, HOME) is None


async def test_a_pair_that_could_not_be_stored_is_not_used(shop, held, monkeypatch, caplog):
    async def broken(*_):
        raise OSError("disk full")

    before = held.cookies
    monkeypatch.setattr(sessions, "renew", broken)
    await held.tradingview.rotated(before, FRESH)
    assert (held.version, held.cookies) == (1, before)
    assert "could not be stored" in caplog.text
    assert FRESH.sessionid not in caplog.text


@pytest.mark.parametrize("kind", ["pair", "pair, old one ends"])
async def test_a_pair_that_is_renewed_while_it_is_tested_is_stored_as_renewed(shop, held, kind):
    shop.switches.rotation = kind
    shop.switches.rotations = -1
    brought = shop.cookies()
    await shop.sessions.update(shop.asked(), brought)
    assert held.cookies != brought
    assert (await stored(shop))[1] == held.cookies
    shop.switches.rotations = 0
    await held.tradingview.account()


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_counter(tmp_path, frozen) as counter:
        yield counter


async def test_orders_go_through_while_every_answer_renews_the_login(counter):
    counter.switches.rotations = -1
    names = [f"buyer_{n}" for n in range(12)]
    for name in names:
        counter.fake.world.add_user(name)
    wishes = [await counter.grant(name, "1M") for name in names]
    for wish in wishes:
        await counter.done(wish, within=30)
    assert len(counter.writes()) == 12


async def test_a_login_renewed_under_eight_requests_pauses_no_script(counter):
    """The old pair ends at once: whoever was on the way is refused, though nothing is wrong."""
    counter.switches.rotation = "pair, old one ends"
    names = [f"buyer_{n}" for n in range(12)]
    for name in names:
        counter.fake.world.add_user(name)
    wishes = [await counter.grant(name, "1M") for name in names]
    counter.switches.rotations = 6
    for wish in wishes:
        await counter.done(wish, within=60)
    held = await counter.shop.sessions.of(HOME)
    assert held.state is LoginState.ALIVE
    assert await counter.shop.events("script_paused", "session_dead") == []


async def test_a_script_that_refuses_is_paused_although_the_login_is_renewed_all_the_time(counter):
    counter.switches.rotations = -1
    counter.fake.world.scripts[counter.pine_id].forbidden = True
    wish = await counter.grant("Ann_Trades", "1M")
    for _ in range(400):
        receipt = await counter.answers.receipt(wish)
        if receipt.waiting_for is WaitingFor.SCRIPT_PAUSED:
            break
        await pause()
    assert receipt.waiting_for is WaitingFor.SCRIPT_PAUSED


async def test_a_spare_that_is_renewed_while_it_is_tested_is_still_good(shop, held):
    spares = Spares(shop.database, shop.vault, shop.sessions)
    shop.switches.rotation = "pair, old one ends"
    shop.switches.rotations = -1
    await spares.add(shop.asked(), shop.cookies())
    shop.world.end_session(held.cookies.sessionid)
    assert await held.suspect(held.version) is Verdict.REPLACED
    assert held.state is LoginState.ALIVE
    await held.tradingview.account()
    assert (await stored(shop))[1] == held.cookies


async def silence(shop, frozen, asking):
    """TradingView renews the pair with its first answer, and says no more until the test is over."""
    shop.switches.rotation = "pair, old one ends"
    shop.switches.rotations = 1
    shop.switches.fault("hang", path="list")
    before = len(shop.fake.calls("list"))
    asked = asyncio.ensure_future(asking)
    await eventually(lambda: len(shop.fake.calls("list")) > before)
    yield
    for _ in range(2):  # the first two minutes began with an answer
        await frozen.advance(121)
        await settle()
    with pytest.raises(TradingViewSilent):
        await asked
    shop.switches.lift("hang")


async def test_the_live_pair_brought_again_is_kept_as_renewed_at_once(shop, held, frozen):
    before = held.cookies
    async for _ in silence(shop, frozen, shop.sessions.update(shop.asked(), before)):
        assert held.cookies != before
        assert await stored(shop) == (2, held.cookies)
    await held.tradingview.account()
    assert held.state is LoginState.ALIVE


async def test_the_live_pair_is_kept_as_renewed_whatever_the_answer_to_a_question(shop, held):
    before = held.cookies
    async with shop.database.write() as connection:
        await sessions.name_account(connection, held.account_id, "Somebody_Else")
    shop.switches.rotation = "pair, old one ends"
    shop.switches.rotations = 1
    with pytest.raises(CookiesOfOther):
        await shop.sessions.update(shop.asked(), before)
    assert await stored(shop) == (2, held.cookies)
    assert held.cookies != before
    await held.tradingview.account()


def environment(shop, sessions=None):
    return Environment(shop.database, shop.vault, sessions or shop.sessions)


async def test_the_environments_pair_outlasts_silence_and_a_restart(shop, held, frozen):
    live, given = held.cookies, shop.cookies()
    async for _ in silence(shop, frozen, environment(shop).adopt(HOME, given)):
        assert held.cookies == live
    assert held.cookies == live
    reborn = shop.new_sessions()
    await reborn.open()
    assert await environment(shop, reborn).adopt(HOME, given) is True
    again = await reborn.of(HOME)
    assert again.cookies not in (live, given)
    await again.tradingview.account()
    assert await environment(shop, reborn).adopt(HOME, given) is False
    async with shop.database.read() as connection:
        assert (await connection.execute(select(environment_session))).all() == []


async def test_another_pair_in_the_environment_is_tested_itself(shop, held, frozen):
    async for _ in silence(shop, frozen, environment(shop).adopt(HOME, shop.cookies())):
        pass
    given = shop.cookies()
    assert await environment(shop).adopt(HOME, given) is True
    assert held.cookies == given


async def test_a_spare_is_stored_as_renewed_while_it_is_still_tested(shop, held, frozen):
    spares = Spares(shop.database, shop.vault, shop.sessions)
    await spares.add(shop.asked(), shop.cookies())
    before = await spare_of(shop, held)
    shop.switches.rotation = "pair, old one ends"
    shop.switches.rotations = 1
    shop.switches.fault("hang", path="list")
    frozen.set(NOW + timedelta(days=2))
    test = asyncio.ensure_future(spares.test_due())
    asked = len(shop.fake.calls("list"))
    await eventually(lambda: len(shop.fake.calls("list")) > asked)
    assert await spare_of(shop, held) != before
    shop.switches.lift("hang")
    await test


async def spare_of(shop, held):
    async with shop.database.read() as connection:
        [spare] = await kept_spares.of_account(connection, held.account_id)
    return unpack(shop.vault.open(spare.cookies))
