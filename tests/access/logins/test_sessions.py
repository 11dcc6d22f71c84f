import asyncio

import pytest
from cryptography.fernet import Fernet

from bot.access.errors import TradingViewSilent
from bot.access.logins.account import TEST_TIMEOUT
from bot.access.logins.environment import Environment
from bot.access.logins.errors import AccountElsewhere, CookiesOfOther, CookiesRefused, NoLogin
from bot.access.logins.sessions import LoginCheck, LoginState
from bot.replies.history import line
from bot.store.logins import outages, sessions
from bot.store.records import USHER
from bot.store.vault import Vault
from bot.tradingview.errors import SessionRefused
from bot.tradingview.models import Cookies
from tests.support.fake_time import eventually, settle
from tests.support.vendor_fixture import HOME, OTHER, STAFF, open_shop

BAD = Cookies("a" * 32, "v3:" + "b" * 43)


@pytest.fixture
async def vendor(tmp_path):
    async with open_shop(tmp_path) as vendor:
        yield vendor


async def test_before_there_is_a_login_a_session_is_there_and_says_so(vendor):
    held = await vendor.sessions.of(HOME)
    assert (held.state, held.version, held.account_id) == (LoginState.NONE, 0, None)
    assert await vendor.sessions.of(HOME) is held
    assert await held.suspect(0) is LoginCheck.DEAD
    with pytest.raises(SessionRefused):
        await held.tradingview.account()


async def test_good_cookies_are_used_and_kept_over_a_restart(vendor):
    cookies = vendor.cookies()
    updated = await vendor.sessions.update(vendor.request(), cookies)
    assert (updated.username, updated.has_sign) == ("Vendor_One", True)
    assert vendor.changes == [HOME]
    reborn = vendor.new_sessions()
    await reborn.open()
    held = await reborn.of(HOME)
    assert (held.state, held.version) == (LoginState.ALIVE, 1)
    assert (await held.tradingview.account()).username == "Vendor_One"
    status = await reborn.status(HOME)
    assert (status.username, status.set_by, status.has_sign) == ("Vendor_One", STAFF, True)


async def test_cookies_are_hidden_from_logs_before_use_and_nowhere_readable(vendor, tmp_path):
    cookies = vendor.cookies()
    await vendor.sessions.update(vendor.request(), cookies)
    assert {cookies.sessionid, cookies.sessionid_sign} <= set(vendor.hidden)
    for path in tmp_path.iterdir():
        raw = await asyncio.to_thread(path.read_bytes)
        assert cookies.sessionid.encode() not in raw
        assert cookies.sessionid_sign.encode() not in raw
    said = repr([await vendor.events(), await vendor.sessions.of(HOME), vars(vendor.sessions)])
    assert cookies.sessionid not in said
    assert cookies.sessionid_sign not in said


@pytest.mark.parametrize("answer", ["403", "401", "page", "redirect"])
async def test_bad_cookies_never_replace_good_ones(vendor, answer):
    await vendor.log_in()
    await vendor.add_script()
    vendor.switches.set("logged_out_answer", answer)
    before = await vendor.events()
    with pytest.raises(CookiesRefused):
        await vendor.sessions.update(vendor.request(), BAD)
    held = await vendor.sessions.of(HOME)
    assert (held.state, held.version) == (LoginState.ALIVE, 1)
    assert await held.test() is LoginCheck.ALIVE
    assert await vendor.events() == before


async def test_cookies_that_could_not_be_tested_replace_nothing(vendor):
    await vendor.log_in()
    vendor.switches.set("down", True)
    with pytest.raises(TradingViewSilent):
        await vendor.sessions.update(vendor.request(), vendor.cookies())
    assert (await vendor.sessions.of(HOME)).version == 1


@pytest.mark.parametrize("seconds", [300, 80_000])
async def test_a_long_pause_keeps_nobody_waiting_who_tests_a_login(vendor, frozen, seconds):
    """Whoever tests holds the session's lock, and a pause may last a day."""
    await vendor.log_in()
    held = await vendor.sessions.of(HOME)
    held.limiter.hold(seconds)
    assert await held.test() is LoginCheck.UNKNOWN
    with pytest.raises(TradingViewSilent):
        await vendor.sessions.update(vendor.request(), vendor.cookies())
    assert (held.state, held.version) == (LoginState.ALIVE, 1)
    assert frozen.monotonic() < 1


async def test_a_pause_that_begins_meanwhile_ends_the_test_in_time(vendor, frozen):
    await vendor.log_in()
    held = await vendor.sessions.of(HOME)
    held.limiter.hold(100)
    test = asyncio.ensure_future(held.test())
    await settle()
    held.limiter.hold(80_000)

    async def over():
        await frozen.advance(5)
        return test.done()

    await eventually(over)
    assert await test is LoginCheck.UNKNOWN


async def test_a_login_is_tested_with_every_script_however_long_all_of_them_take(vendor, frozen):
    for number in range(65):
        await vendor.add_script(f"script-{number}")
    slow = vendor.new_sessions(tv_pace=0.5, tv_concurrency=2)
    begun = frozen.monotonic()
    request = asyncio.ensure_future(slow.update(vendor.request(), vendor.cookies()))
    while not request.done():
        before = len(vendor.fake.calls())
        await frozen.advance(2)
        await eventually(lambda n=before: len(vendor.fake.calls()) > n or request.done())
    assert (await request).missing == ()
    assert frozen.monotonic() - begun > TEST_TIMEOUT


async def test_a_login_is_good_when_only_the_account_page_refuses_it(vendor):
    await vendor.add_script()
    vendor.switches.set("coins_refuse", True)
    assert (await vendor.log_in()).username == "Vendor_One"  # the home page tells
    assert await (await vendor.sessions.of(HOME)).test() is LoginCheck.ALIVE


async def test_another_accounts_cookies_need_a_yes(vendor):
    await vendor.log_in()
    script = await vendor.add_script()
    cookies = vendor.cookies(vendor.world.add_vendor("Vendor_Two"))
    with pytest.raises(CookiesOfOther) as question:
        await vendor.sessions.update(vendor.request(), cookies)
    assert question.value.username == "Vendor_Two"
    assert question.value.before == "Vendor_One"
    assert question.value.missing == (script.title,)
    assert (await vendor.sessions.status(HOME)).username == "Vendor_One"
    await vendor.sessions.update(vendor.request(confirmed=True), cookies)
    assert (await vendor.sessions.status(HOME)).username == "Vendor_Two"


async def test_when_the_account_tells_no_name_its_scripts_tell(vendor):
    await vendor.log_in()
    await vendor.add_script()
    vendor.switches.set("coins_bare", True)
    vendor.switches.set("home", "without the name")
    assert (await vendor.log_in()).username is None
    with pytest.raises(CookiesOfOther):
        await vendor.sessions.update(
            vendor.request(), vendor.cookies(vendor.world.add_vendor("Other_One"))
        )


async def test_scripts_that_the_account_does_not_own_are_named(vendor):
    await vendor.add_script("theirs", vendor=vendor.world.add_vendor("Somebody"))
    await vendor.add_script("mine")
    with pytest.raises(CookiesOfOther):
        await vendor.log_in()
    updated = await vendor.sessions.update(vendor.request(confirmed=True), vendor.cookies())
    assert updated.missing == ("Theirs",)


async def test_one_tradingview_account_serves_one_server(vendor):
    await vendor.log_in()
    with pytest.raises(AccountElsewhere):
        await vendor.sessions.update(
            vendor.request(guild_id=OTHER, confirmed=True), vendor.cookies()
        )
    assert (await vendor.sessions.of(OTHER)).state is LoginState.NONE
    await vendor.sessions.forget(vendor.request())
    await vendor.log_in(OTHER)


async def test_a_missing_sign_is_allowed_where_tradingview_allows_it(vendor):
    vendor.switches.set("sign_required", False)
    cookies = Cookies(vendor.cookies().sessionid)
    assert (await vendor.sessions.update(vendor.request(), cookies)).has_sign is False
    vendor.switches.set("sign_required", True)
    with pytest.raises(CookiesRefused) as refused:
        await vendor.sessions.update(vendor.request(), Cookies(vendor.cookies().sessionid))
    assert refused.value.without_sign


@pytest.mark.parametrize("answer", ["403", "401", "page", "redirect"])
async def test_dead_when_both_calls_refuse_it_and_recorded_once(vendor, answer):
    await vendor.log_in()
    script = await vendor.add_script()
    held = await vendor.sessions.of(HOME)
    vendor.switches.set("logged_out_answer", answer)
    vendor.switches.set("logged_out", True)
    verdicts = await asyncio.gather(*(held.suspect(1, script.pine_id) for _ in range(20)))
    assert set(verdicts) == {LoginCheck.DEAD}
    assert len(vendor.fake.calls("details")) == 2  # one at the update
    assert held.state is LoginState.DEAD
    assert len(await vendor.events("session_dead")) == 1
    assert (await vendor.sessions.status(HOME)).state is LoginState.DEAD
    reborn = vendor.new_sessions()
    await reborn.open()
    assert (await reborn.of(HOME)).state is LoginState.DEAD


async def test_a_refusal_while_the_login_lives_is_about_something_else(vendor):
    await vendor.log_in()
    script = await vendor.add_script()
    vendor.world.scripts[script.pine_id].forbidden = True
    assert await (await vendor.sessions.of(HOME)).suspect(1, script.pine_id) is LoginCheck.ALIVE


async def test_however_many_suspect_a_living_login_it_is_asked_once(vendor):
    await vendor.log_in()
    held = await vendor.sessions.of(HOME)
    verdicts = await asyncio.gather(*(held.suspect(1) for _ in range(20)))
    assert set(verdicts) == {LoginCheck.ALIVE}
    assert len(vendor.fake.calls("details")) == 2  # one at the update
    assert await held.suspect(1) is LoginCheck.ALIVE
    assert len(vendor.fake.calls("details")) == 3  # a later suspicion is a new question


@pytest.mark.parametrize("trouble", [{"down": True}, {"challenges": -1}, {"too_many": -1}])
async def test_trouble_says_nothing_about_the_login(vendor, trouble):
    await vendor.log_in()
    await vendor.add_script()
    for name, value in trouble.items():
        vendor.switches.set(name, value)
    held = await vendor.sessions.of(HOME)
    assert await held.suspect(1) is LoginCheck.UNKNOWN
    assert held.state is LoginState.ALIVE


async def test_an_older_pair_is_simply_replaced(vendor):
    await vendor.log_in()
    await vendor.log_in()
    before = len(vendor.fake.calls())
    assert await (await vendor.sessions.of(HOME)).suspect(1) is LoginCheck.REPLACED
    assert len(vendor.fake.calls()) == before


async def test_the_watch_notices_death_and_return(vendor):
    await vendor.log_in()
    await vendor.add_script()
    vendor.switches.set("logged_out", True)
    await vendor.test_logins()
    held = await vendor.sessions.of(HOME)
    assert held.state is LoginState.DEAD
    vendor.switches.set("logged_out", False)
    await vendor.test_logins()
    assert held.state is LoginState.ALIVE
    assert [event.action for event in await vendor.events()] == [
        "session_set",
        "session_dead",
        "session_alive",
    ]
    assert vendor.changes == [HOME] * 3


async def test_forgotten_cookies_are_gone_and_a_new_pair_has_a_higher_version(vendor):
    with pytest.raises(NoLogin):
        await vendor.sessions.forget(vendor.request())
    await vendor.log_in()
    await vendor.sessions.forget(vendor.request())
    held = await vendor.sessions.of(HOME)
    assert (held.state, held.cookies) == (LoginState.NONE, None)
    assert (await vendor.sessions.status(HOME)).state is LoginState.NONE
    await vendor.log_in()
    assert held.version == 2


def environment(vendor, sessions=None):
    return Environment(vendor.database, vendor.vault, sessions or vendor.sessions)


async def test_the_environments_pair_is_used_once(vendor):
    first = vendor.cookies()
    assert await environment(vendor).adopt(HOME, first) is True
    assert (await vendor.sessions.status(HOME)).set_by is None
    await vendor.log_in()  # somebody typed another one since
    assert await environment(vendor).adopt(HOME, first) is False
    assert (await vendor.sessions.of(HOME)).version == 2
    assert await environment(vendor).adopt(HOME, vendor.cookies()) is True


async def test_a_bad_pair_of_the_environment_replaces_nothing_and_is_tried_once(vendor, caplog):
    await vendor.log_in()
    assert await environment(vendor).adopt(HOME, BAD) is False
    assert "not used" in caplog.text
    assert BAD.sessionid not in caplog.text
    calls = len(vendor.fake.calls())
    assert await environment(vendor).adopt(HOME, BAD) is False
    assert len(vendor.fake.calls()) == calls
    assert (await vendor.sessions.of(HOME)).version == 1


async def test_the_environment_never_changes_the_account_by_itself(vendor, caplog):
    await vendor.log_in()
    await vendor.spares.add(vendor.request(), vendor.cookies())
    other = vendor.cookies(vendor.world.add_vendor("Vendor_Two"))
    assert await environment(vendor).adopt(HOME, other) is False
    status = await vendor.sessions.status(HOME)
    assert (status.username, status.spares) == ("Vendor_One", 1)
    assert "another TradingView account" in caplog.text
    [event] = await vendor.events("session_environment_other")
    said = line(event, None, None)
    assert "**Vendor\\_Two**" in said
    assert "`/session update`" in said
    calls = len(vendor.fake.calls())
    assert await environment(vendor).adopt(HOME, other) is False
    assert len(vendor.fake.calls()) == calls


async def test_the_environments_pair_is_used_where_no_name_tells_whose_it_is(vendor):
    await vendor.add_script(vendor=vendor.world.add_vendor("Vendor_Two"))
    assert await environment(vendor).adopt(HOME, vendor.cookies()) is True


async def test_the_environments_pair_waits_for_tradingview(vendor):
    vendor.switches.set("down", True)
    cookies = vendor.cookies()
    with pytest.raises(TradingViewSilent):
        await environment(vendor).adopt(HOME, cookies)
    vendor.switches.set("down", False)
    assert await environment(vendor).adopt(HOME, cookies) is True


async def test_the_environments_pair_reaches_a_server_that_is_not_known_yet(vendor):
    assert await environment(vendor).adopt(300, vendor.cookies()) is True
    assert (await vendor.sessions.of(300)).state is LoginState.ALIVE


async def test_a_login_set_by_another_program_is_taken_over(vendor):
    await vendor.log_in()
    terminal = vendor.new_sessions()
    await terminal.open()
    vendor.changes.clear()
    cookies = vendor.cookies()
    await terminal.take_over(HOME, cookies, by=None, note="from the terminal")
    held = await vendor.sessions.of(HOME)
    assert held.version == 1
    await vendor.sessions.refresh()
    assert (held.version, held.cookies, held.state) == (2, cookies, LoginState.ALIVE)
    assert cookies.sessionid in vendor.hidden
    changes = len(vendor.changes)
    await vendor.sessions.refresh()
    assert len(vendor.changes) == changes
    [_, event] = await vendor.events("session_set")
    assert (event.actor, event.note) == (USHER, "from the terminal")


async def test_a_login_set_outside_over_one_that_changed_meanwhile_is_newer_than_both(vendor):
    await vendor.log_in()
    terminal = vendor.new_sessions()
    await terminal.open()
    await vendor.log_in()
    await terminal.take_over(HOME, vendor.cookies(), by=None)
    await vendor.sessions.refresh()
    assert (await vendor.sessions.of(HOME)).version == 3


async def test_a_login_deleted_and_set_again_outside_is_noticed(vendor):
    await vendor.log_in()
    terminal = vendor.new_sessions()
    await terminal.open()
    await terminal.forget(vendor.request())
    await vendor.sessions.refresh()
    held = await vendor.sessions.of(HOME)
    assert (held.state, held.cookies) == (LoginState.NONE, None)
    again = vendor.new_sessions()
    await again.open()
    await again.take_over(HOME, vendor.cookies(), by=None)
    await vendor.sessions.refresh()
    assert held.state is LoginState.ALIVE
    assert await held.test() is LoginCheck.ALIVE


async def test_a_login_of_another_key_is_not_taken_over_and_said_once(vendor, caplog):
    await vendor.log_in()
    held = await vendor.sessions.of(HOME)
    before = held.cookies
    terminal = vendor.new_sessions()
    await terminal.open()
    terminal._vault = Vault(Fernet.generate_key().decode())
    await terminal.take_over(HOME, vendor.cookies(), by=None)
    for _ in range(2):
        await vendor.sessions.refresh()
    assert held.cookies == before
    assert caplog.text.count("encrypted with a key") == 1


async def another_keys_login(vendor):
    """A login set by a program with another key; what lies in the database then."""
    terminal = vendor.new_sessions()
    await terminal.open()
    terminal._vault = Vault(Fernet.generate_key().decode())
    await terminal.take_over(HOME, vendor.cookies(), by=None)
    await vendor.sessions.refresh()
    return await stored(vendor)


async def stored(vendor):
    async with vendor.database.read() as connection:
        return await sessions.of_guild(connection, HOME)


async def test_a_renewal_of_the_earlier_pair_never_goes_over_one_of_another_key(vendor):
    await vendor.log_in()
    held = await vendor.sessions.of(HOME)
    theirs = await another_keys_login(vendor)
    vendor.switches.rotations = 1
    await held.tradingview.account()
    assert await stored(vendor) == theirs
    assert held.version == 1


async def test_when_the_earlier_pair_dies_one_of_another_key_is_not_said_to_be_dead(vendor):
    await vendor.log_in()
    held = await vendor.sessions.of(HOME)
    theirs = await another_keys_login(vendor)
    vendor.switches.logged_out = True
    assert await held.test() is LoginCheck.DEAD
    assert await stored(vendor) == theirs
    assert held.state is LoginState.DEAD
    vendor.switches.logged_out = False
    await vendor.log_in()
    assert (held.version, held.state) == (3, LoginState.ALIVE)


async def test_an_outage_is_kept_once_and_ends_with_a_new_login(vendor):
    await vendor.log_in()
    vendor.switches.set("logged_out", True)
    for _ in range(3):
        await vendor.test_logins()
    async with vendor.database.read() as connection:
        outage = await outages.open_of(connection, HOME)
        assert (outage.set_by, outage.told) == (STAFF, "nothing")
    [dead] = await vendor.events("session_dead")
    assert dead.after == {"waiting": 0}
    await vendor.log_in()
    assert len(await vendor.events("session_alive")) == 1
    async with vendor.database.read() as connection:
        assert await outages.open_of(connection, HOME) is None
