import asyncio

import pytest
from cryptography.fernet import Fernet

from bot.access.errors import TradingViewSilent
from bot.access.logins.account import LONGEST_TEST
from bot.access.logins.environment import Environment
from bot.access.logins.errors import AccountElsewhere, CookiesOfOther, CookiesRefused, NoLogin
from bot.access.logins.sessions import LoginState, Sessions, Verdict
from bot.access.logins.spares import Spares
from bot.replies.history import line
from bot.store.logins import outages, sessions
from bot.store.vault import Vault
from bot.tradingview.errors import SessionRefused
from bot.tradingview.models import Cookies
from tests.support.fake_time import eventually, settle
from tests.support.vendor_fixture import HOME, OTHER, STAFF, open_shop

BAD = Cookies("a" * 32, "v3:" + "b" * 43)


@pytest.fixture
async def shop(tmp_path):
    async with open_shop(tmp_path) as shop:
        yield shop


async def test_before_there_is_a_login_a_session_is_there_and_says_so(shop):
    held = await shop.sessions.of(HOME)
    assert (held.state, held.version, held.account_id) == (LoginState.NONE, 0, None)
    assert await shop.sessions.of(HOME) is held
    assert await held.suspect(0) is Verdict.DEAD
    with pytest.raises(SessionRefused):
        await held.tradingview.account()


async def test_good_cookies_are_used_and_kept_over_a_restart(shop):
    cookies = shop.cookies()
    updated = await shop.sessions.update(shop.asked(), cookies)
    assert (updated.username, updated.has_sign) == ("Vendor_One", True)
    assert shop.changes == [HOME]
    reborn = shop.new_sessions()
    await reborn.open()
    held = await reborn.of(HOME)
    assert (held.state, held.version) == (LoginState.ALIVE, 1)
    assert (await held.tradingview.account()).username == "Vendor_One"
    status = await reborn.status(HOME)
    assert (status.username, status.set_by, status.has_sign) == ("Vendor_One", STAFF, True)


async def test_cookies_are_hidden_from_logs_before_use_and_nowhere_readable(shop, tmp_path):
    cookies = shop.cookies()
    await shop.sessions.update(shop.asked(), cookies)
    assert {cookies.sessionid, cookies.sessionid_sign} <= set(shop.hidden)
    for path in tmp_path.iterdir():
        raw = await asyncio.to_thread(path.read_bytes)
        assert cookies.sessionid.encode() not in raw
        assert cookies.sessionid_sign.encode() not in raw
    said = repr([await shop.events(), await shop.sessions.of(HOME), vars(shop.sessions)])
    assert cookies.sessionid not in said
    assert cookies.sessionid_sign not in said


@pytest.mark.parametrize("answer", ["403", "401", "page", "redirect"])
async def test_bad_cookies_never_replace_good_ones(shop, answer):
    await shop.log_in()
    await shop.add_script()
    shop.switches.set("logged_out_answer", answer)
    before = await shop.events()
    with pytest.raises(CookiesRefused):
        await shop.sessions.update(shop.asked(), BAD)
    held = await shop.sessions.of(HOME)
    assert (held.state, held.version) == (LoginState.ALIVE, 1)
    assert await held.test() is Verdict.ALIVE
    assert await shop.events() == before


async def test_cookies_that_could_not_be_tested_replace_nothing(shop):
    await shop.log_in()
    shop.switches.set("down", True)
    with pytest.raises(TradingViewSilent):
        await shop.sessions.update(shop.asked(), shop.cookies())
    assert (await shop.sessions.of(HOME)).version == 1


@pytest.mark.parametrize("seconds", [300, 80_000])
async def test_a_long_pause_keeps_nobody_waiting_who_tests_a_login(shop, frozen, seconds):
    """Whoever tests holds the session's lock, and a pause may last a day."""
    await shop.log_in()
    held = await shop.sessions.of(HOME)
    held.pace.hold(seconds)
    assert await held.test() is Verdict.UNKNOWN
    with pytest.raises(TradingViewSilent):
        await shop.sessions.update(shop.asked(), shop.cookies())
    assert (held.state, held.version) == (LoginState.ALIVE, 1)
    assert frozen.monotonic() < 1


async def test_a_pause_that_begins_meanwhile_ends_the_test_in_time(shop, frozen):
    await shop.log_in()
    held = await shop.sessions.of(HOME)
    held.pace.hold(100)
    test = asyncio.ensure_future(held.test())
    await settle()
    held.pace.hold(80_000)
    for _ in range(30):
        await frozen.advance(5)
        await asyncio.sleep(0.001)
        if test.done():
            break
    assert await test is Verdict.UNKNOWN


async def test_a_login_is_tested_with_every_script_however_long_all_of_them_take(shop, frozen):
    for number in range(65):
        await shop.add_script(f"script-{number}")
    slow = Sessions(shop.database, shop.vault, shop.connect, pace=0.5)
    begun = frozen.monotonic()
    asked = asyncio.ensure_future(slow.update(shop.asked(), shop.cookies()))
    while not asked.done():
        before = len(shop.fake.calls())
        await frozen.advance(2)
        await eventually(lambda n=before: len(shop.fake.calls()) > n or asked.done())
    assert (await asked).missing == ()
    assert frozen.monotonic() - begun > LONGEST_TEST


async def test_a_login_is_good_when_only_the_account_page_refuses_it(shop):
    await shop.add_script()
    shop.switches.set("coins_refuse", True)
    assert (await shop.log_in()).username == "Vendor_One"  # the home page tells
    assert await (await shop.sessions.of(HOME)).test() is Verdict.ALIVE


async def test_another_accounts_cookies_need_a_yes(shop):
    await shop.log_in()
    script = await shop.add_script()
    cookies = shop.cookies(shop.world.add_vendor("Vendor_Two"))
    with pytest.raises(CookiesOfOther) as question:
        await shop.sessions.update(shop.asked(), cookies)
    assert question.value.username == "Vendor_Two"
    assert question.value.before == "Vendor_One"
    assert question.value.missing == (script.title,)
    assert (await shop.sessions.status(HOME)).username == "Vendor_One"
    await shop.sessions.update(shop.asked(), cookies, anyway=True)
    assert (await shop.sessions.status(HOME)).username == "Vendor_Two"


async def test_when_the_account_tells_no_name_its_scripts_tell(shop):
    await shop.log_in()
    await shop.add_script()
    shop.switches.set("coins_bare", True)
    shop.switches.set("home", "without the name")
    assert (await shop.log_in()).username is None
    with pytest.raises(CookiesOfOther):
        await shop.sessions.update(shop.asked(), shop.cookies(shop.world.add_vendor("Other_One")))


async def test_scripts_that_the_account_does_not_own_are_named(shop):
    await shop.add_script("theirs", vendor=shop.world.add_vendor("Somebody"))
    await shop.add_script("mine")
    with pytest.raises(CookiesOfOther):
        await shop.log_in()
    updated = await shop.sessions.update(shop.asked(), shop.cookies(), anyway=True)
    assert updated.missing == ("Theirs",)


async def test_one_tradingview_account_serves_one_server(shop):
    await shop.log_in()
    with pytest.raises(AccountElsewhere):
        await shop.sessions.update(shop.asked(guild_id=OTHER), shop.cookies(), anyway=True)
    assert (await shop.sessions.of(OTHER)).state is LoginState.NONE
    await shop.sessions.forget(shop.asked())
    await shop.log_in(OTHER)


async def test_a_missing_sign_is_allowed_where_tradingview_allows_it(shop):
    shop.switches.set("sign_required", False)
    cookies = Cookies(shop.cookies().sessionid)
    assert (await shop.sessions.update(shop.asked(), cookies)).has_sign is False
    shop.switches.set("sign_required", True)
    with pytest.raises(CookiesRefused) as refused:
        await shop.sessions.update(shop.asked(), Cookies(shop.cookies().sessionid))
    assert refused.value.without_sign


@pytest.mark.parametrize("answer", ["403", "401", "page", "redirect"])
async def test_dead_when_both_calls_refuse_it_and_recorded_once(shop, answer):
    await shop.log_in()
    script = await shop.add_script()
    held = await shop.sessions.of(HOME)
    shop.switches.set("logged_out_answer", answer)
    shop.switches.set("logged_out", True)
    verdicts = await asyncio.gather(*(held.suspect(1, script.pine_id) for _ in range(20)))
    assert set(verdicts) == {Verdict.DEAD}
    assert len(shop.fake.calls("details")) == 2  # one at the update
    assert held.state is LoginState.DEAD
    assert len(await shop.events("session_dead")) == 1
    assert (await shop.sessions.status(HOME)).state is LoginState.DEAD
    reborn = shop.new_sessions()
    await reborn.open()
    assert (await reborn.of(HOME)).state is LoginState.DEAD


async def test_a_refusal_while_the_login_lives_is_about_something_else(shop):
    await shop.log_in()
    script = await shop.add_script()
    shop.world.scripts[script.pine_id].forbidden = True
    assert await (await shop.sessions.of(HOME)).suspect(1, script.pine_id) is Verdict.ALIVE


async def test_however_many_suspect_a_living_login_it_is_asked_once(shop):
    await shop.log_in()
    held = await shop.sessions.of(HOME)
    verdicts = await asyncio.gather(*(held.suspect(1) for _ in range(20)))
    assert set(verdicts) == {Verdict.ALIVE}
    assert len(shop.fake.calls("details")) == 2  # one at the update
    assert await held.suspect(1) is Verdict.ALIVE
    assert len(shop.fake.calls("details")) == 3  # a later suspicion is a new question


@pytest.mark.parametrize("trouble", [{"down": True}, {"challenges": -1}, {"too_many": -1}])
async def test_trouble_says_nothing_about_the_login(shop, trouble):
    await shop.log_in()
    await shop.add_script()
    for name, value in trouble.items():
        shop.switches.set(name, value)
    held = await shop.sessions.of(HOME)
    assert await held.suspect(1) is Verdict.UNKNOWN
    assert held.state is LoginState.ALIVE


async def test_an_older_pair_is_simply_replaced(shop):
    await shop.log_in()
    await shop.log_in()
    before = len(shop.fake.calls())
    assert await (await shop.sessions.of(HOME)).suspect(1) is Verdict.REPLACED
    assert len(shop.fake.calls()) == before


async def test_the_watch_notices_death_and_return(shop):
    await shop.log_in()
    await shop.add_script()
    shop.switches.set("logged_out", True)
    await shop.sessions.test_all()
    held = await shop.sessions.of(HOME)
    assert held.state is LoginState.DEAD
    shop.switches.set("logged_out", False)
    await shop.sessions.test_all()
    assert held.state is LoginState.ALIVE
    assert [event.action for event in await shop.events()] == [
        "session_set",
        "session_dead",
        "session_alive",
    ]
    assert shop.changes == [HOME] * 3


async def test_forgotten_cookies_are_gone_and_a_new_pair_has_a_higher_version(shop):
    with pytest.raises(NoLogin):
        await shop.sessions.forget(shop.asked())
    await shop.log_in()
    await shop.sessions.forget(shop.asked())
    held = await shop.sessions.of(HOME)
    assert (held.state, held.cookies) == (LoginState.NONE, None)
    assert (await shop.sessions.status(HOME)).state is LoginState.NONE
    await shop.log_in()
    assert held.version == 2


def environment(shop, sessions=None):
    return Environment(shop.database, shop.vault, sessions or shop.sessions)


async def test_the_environments_pair_is_used_once(shop):
    first = shop.cookies()
    assert await environment(shop).adopt(HOME, first) is True
    assert (await shop.sessions.status(HOME)).set_by is None
    await shop.log_in()  # somebody typed another one since
    assert await environment(shop).adopt(HOME, first) is False
    assert (await shop.sessions.of(HOME)).version == 2
    assert await environment(shop).adopt(HOME, shop.cookies()) is True


async def test_a_bad_pair_of_the_environment_replaces_nothing_and_is_tried_once(shop, caplog):
    await shop.log_in()
    assert await environment(shop).adopt(HOME, BAD) is False
    assert "not used" in caplog.text
    assert BAD.sessionid not in caplog.text
    calls = len(shop.fake.calls())
    assert await environment(shop).adopt(HOME, BAD) is False
    assert len(shop.fake.calls()) == calls
    assert (await shop.sessions.of(HOME)).version == 1


async def test_the_environment_never_changes_the_account_by_itself(shop, caplog):
    await shop.log_in()
    await Spares(shop.database, shop.vault, shop.sessions).add(shop.asked(), shop.cookies())
    other = shop.cookies(shop.world.add_vendor("Vendor_Two"))
    assert await environment(shop).adopt(HOME, other) is False
    status = await shop.sessions.status(HOME)
    assert (status.username, status.spares) == ("Vendor_One", 1)
    assert "another TradingView account" in caplog.text
    [event] = await shop.events("session_environment_other")
    said = line(event, None, None)
    assert "**Vendor\\_Two**" in said
    assert "`/session update`" in said
    calls = len(shop.fake.calls())
    assert await environment(shop).adopt(HOME, other) is False
    assert len(shop.fake.calls()) == calls


async def test_the_environments_pair_is_used_where_no_name_tells_whose_it_is(shop):
    await shop.add_script(vendor=shop.world.add_vendor("Vendor_Two"))
    assert await environment(shop).adopt(HOME, shop.cookies()) is True


async def test_the_environments_pair_waits_for_tradingview(shop):
    shop.switches.set("down", True)
    cookies = shop.cookies()
    with pytest.raises(TradingViewSilent):
        await environment(shop).adopt(HOME, cookies)
    shop.switches.set("down", False)
    assert await environment(shop).adopt(HOME, cookies) is True


async def test_the_environments_pair_reaches_a_server_that_is_not_known_yet(shop):
    assert await environment(shop).adopt(300, shop.cookies()) is True
    assert (await shop.sessions.of(300)).state is LoginState.ALIVE


async def test_a_login_set_by_another_program_is_taken_over(shop):
    await shop.log_in()
    terminal = shop.new_sessions()
    await terminal.open()
    shop.changes.clear()
    cookies = shop.cookies()
    await terminal.take_over(HOME, cookies, by=None, note="from the terminal")
    held = await shop.sessions.of(HOME)
    assert held.version == 1
    await shop.sessions.refresh()
    assert (held.version, held.cookies, held.state) == (2, cookies, LoginState.ALIVE)
    assert cookies.sessionid in shop.hidden
    changes = len(shop.changes)
    await shop.sessions.refresh()
    assert len(shop.changes) == changes
    [_, event] = await shop.events("session_set")
    assert (event.actor_id, event.note) == (None, "from the terminal")


async def test_a_login_set_outside_over_one_that_changed_meanwhile_is_newer_than_both(shop):
    await shop.log_in()
    terminal = shop.new_sessions()
    await terminal.open()
    await shop.log_in()
    await terminal.take_over(HOME, shop.cookies(), by=None)
    await shop.sessions.refresh()
    assert (await shop.sessions.of(HOME)).version == 3


async def test_a_login_deleted_and_set_again_outside_is_noticed(shop):
    await shop.log_in()
    terminal = shop.new_sessions()
    await terminal.open()
    await terminal.forget(shop.asked())
    await shop.sessions.refresh()
    held = await shop.sessions.of(HOME)
    assert (held.state, held.cookies) == (LoginState.NONE, None)
    again = shop.new_sessions()
    await again.open()
    await again.take_over(HOME, shop.cookies(), by=None)
    await shop.sessions.refresh()
    assert held.state is LoginState.ALIVE
    assert await held.test() is Verdict.ALIVE


async def test_a_login_of_another_key_is_not_taken_over_and_said_once(shop, caplog):
    await shop.log_in()
    held = await shop.sessions.of(HOME)
    before = held.cookies
    terminal = shop.new_sessions()
    await terminal.open()
    terminal._vault = Vault(Fernet.generate_key().decode())
    await terminal.take_over(HOME, shop.cookies(), by=None)
    for _ in range(2):
        await shop.sessions.refresh()
    assert held.cookies == before
    assert caplog.text.count("encrypted with a key") == 1


async def another_keys_login(shop):
    """A login set by a program with another key; what lies in the database then."""
    terminal = shop.new_sessions()
    await terminal.open()
    terminal._vault = Vault(Fernet.generate_key().decode())
    await terminal.take_over(HOME, shop.cookies(), by=None)
    await shop.sessions.refresh()
    return await stored(shop)


async def stored(shop):
    async with shop.database.read() as connection:
        return await sessions.of_guild(connection, HOME)


async def test_a_renewal_of_the_earlier_pair_never_goes_over_one_of_another_key(shop):
    await shop.log_in()
    held = await shop.sessions.of(HOME)
    theirs = await another_keys_login(shop)
    shop.switches.rotations = 1
    await held.tradingview.account()
    assert await stored(shop) == theirs
    assert held.version == 1


async def test_when_the_earlier_pair_dies_one_of_another_key_is_not_said_to_be_dead(shop):
    await shop.log_in()
    held = await shop.sessions.of(HOME)
    theirs = await another_keys_login(shop)
    shop.switches.logged_out = True
    assert await held.test() is Verdict.DEAD
    assert await stored(shop) == theirs
    assert held.state is LoginState.DEAD
    shop.switches.logged_out = False
    await shop.log_in()
    assert (held.version, held.state) == (3, LoginState.ALIVE)


async def test_an_outage_is_kept_once_and_ends_with_a_new_login(shop):
    await shop.log_in()
    shop.switches.set("logged_out", True)
    for _ in range(3):
        await shop.sessions.test_all()
    async with shop.database.read() as connection:
        outage = await outages.open_of(connection, HOME)
        assert (outage.set_by, outage.told) == (STAFF, "nothing")
    [dead] = await shop.events("session_dead")
    assert dead.after == {"waiting": 0}
    await shop.log_in()
    assert len(await shop.events("session_alive")) == 1
    async with shop.database.read() as connection:
        assert await outages.open_of(connection, HOME) is None
