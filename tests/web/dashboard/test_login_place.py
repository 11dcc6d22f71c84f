"""The dashboard's page of the TradingView login: how it stands, a new one, spares, and who may."""

from datetime import timedelta

import pytest

from bot.access.logins.sessions import LoginState
from bot.store.ledger import events
from bot.store.records import OPERATOR_ID
from tests.support.discord_harness import text_of

RIGHT = {"name": "vendor_one", "password": " open sesame"}


@pytest.fixture
async def browser(dashboard):
    browser = await dashboard.signed_in(dashboard.owner)
    await browser.get("login")
    return browser


def pair(dashboard, **more):
    cookies = dashboard.vendor.cookies(**more)
    return {"sessionid": cookies.sessionid, "sessionid_sign": cookies.sessionid_sign}


async def held(dashboard):
    return await dashboard.vendor.sessions.of(dashboard.guild.id)


async def history(dashboard):
    async with dashboard.vendor.database.read() as connection:
        return await events.since(connection, dashboard.guild.id, 0)


async def dies(dashboard):
    """Let TradingView end the login, and the bot find out."""
    dashboard.vendor.world.end_all_sessions()
    await dashboard.vendor.sessions.test(dashboard.guild.id)


async def test_it_says_how_the_login_stands_and_tests_it_now(dashboard, browser):
    page = browser.page
    assert page.status == 200
    assert "works" in page.text
    assert "Vendor_One" in page.text
    assert "There is none. A spare" in page.text
    calls = len(dashboard.vendor.fake.log)
    page = await browser.press("Test now")
    assert (page.status, page.url.path) == (200, f"/dashboard/{dashboard.guild.id}/login")
    assert "works as Vendor_One; tested just now" in page.text
    assert len(dashboard.vendor.fake.log) > calls


async def test_cookies_and_spares_are_given_and_never_come_back(dashboard, browser, caplog):
    caplog.set_level("DEBUG")
    new, spare = pair(dashboard), pair(dashboard)
    page = await browser.press("Test and save", **new)
    assert "The TradingView login works as Vendor_One" in page.text
    assert (await held(dashboard)).cookies.sessionid == new["sessionid"]
    page = await browser.press("Test and save", spare="1", **spare)
    assert "spare login of Vendor_One is kept" in page.text
    assert "first" in page.text
    again = await browser.press("Test and save", spare="1", **spare)
    assert again.status == 422
    assert "That login is here already" in again.text
    for text in (page.html, again.html, caplog.text, repr(await history(dashboard))):
        for secret in (*new.values(), *spare.values()):
            assert secret not in text
    said = [(entry.action, entry.actor_id) for entry in await history(dashboard)]
    assert ("session_set", str(dashboard.owner.id)) in said
    assert ("login_refused", str(dashboard.owner.id)) in said


async def test_signing_in_asks_for_the_code_and_keeps_it_over_the_next_look(dashboard, browser):
    dashboard.vendor.world.vendors[0].password = RIGHT["password"]
    dashboard.vendor.switches.set("signin", "two-factor")
    page = await browser.press("Sign in once", **RIGHT)
    assert page.url.path.endswith("/login")
    assert "Name and password are right" in page.text
    assert RIGHT["password"].strip() not in page.html
    await browser.get("login")
    page = await browser.press("Send the code", code="999999")
    assert page.status == 422
    assert "does not accept this code" in page.text
    await browser.get("login")
    page = await browser.press("Send the code", code="042 137")
    assert "works as Vendor_One" in page.text
    assert len(dashboard.vendor.fake.calls("signin")) == 1


async def test_another_account_is_asked_about_and_the_pair_stays_in_memory(dashboard, browser):
    other = pair(dashboard, vendor=dashboard.vendor.world.add_vendor("Vendor_Two"))
    for answer, account in (
        ("No, go back", "Vendor_One"),
        ("Yes, change the account", "Vendor_Two"),
    ):
        page = await browser.press("Test and save", **other)
        assert "Another account?" in page.text
        assert "Vendor_Two" in page.text
        assert other["sessionid"] not in page.html
        await browser.press(answer)
        status = await dashboard.vendor.sessions.status(dashboard.guild.id)
        assert status.username == account
    assert "works as Vendor_Two" in browser.page.text


async def test_another_session_sees_nothing_of_what_one_typed(dashboard, browser):
    other = pair(dashboard, vendor=dashboard.vendor.world.add_vendor("Vendor_Two"))
    await browser.press("Test and save", **other)
    second = await dashboard.signed_in(dashboard.owner)
    page = await second.get("login")
    assert "Another account?" not in page.text
    token = page.form("Test and save").fields
    page = await second.post(
        f"/dashboard/{dashboard.guild.id}/login/again",
        {"form_token": token["form_token"], "once": token["once"], "yes": "1"},
    )
    assert page.status == 422
    assert (await dashboard.vendor.sessions.status(dashboard.guild.id)).username == "Vendor_One"


async def test_while_tradingview_is_silent_another_try_is_one_button(dashboard, browser):
    dashboard.vendor.switches.set("down", True)
    page = await browser.press("Test and save", **pair(dashboard))
    assert "It waits for TradingView" in page.text
    dashboard.vendor.switches.set("down", False)
    page = await browser.press("Try again")
    assert "works as Vendor_One" in page.text


async def test_an_old_session_is_asked_to_sign_in_again_for_the_page_and_every_form(
    dashboard, browser
):
    forms = {form.action: form.fields for form in browser.page.forms if "/login/" in form.action}
    assert {action.rpartition("/")[2] for action in forms} == {
        "test",
        "paste",
        "password",
        "forget",
    }
    for name in ("code", "again", "start-over"):
        forms[f"/dashboard/{dashboard.guild.id}/login/{name}"] = forms[next(iter(forms))]
    await dashboard.time.advance(timedelta(minutes=15).total_seconds())
    calls = len(dashboard.vendor.fake.log)
    for action, fields in forms.items():
        page = await browser.post(action, {**fields, **pair(dashboard), **RIGHT, "code": "042137"})
        assert page.status == 403, action
        assert "sign in again" in page.text
    page = await browser.get("login")
    assert page.status == 403
    assert "/dashboard" in page.text
    assert len(dashboard.vendor.fake.log) == calls
    assert (await held(dashboard)).state is LoginState.ALIVE


async def test_a_session_that_grows_old_or_loses_its_role_meanwhile_keeps_nothing(
    dashboard, browser
):
    other = pair(dashboard, vendor=dashboard.vendor.world.add_vendor("Vendor_Two"))
    await browser.press("Test and save", **other)
    await dashboard.time.advance(timedelta(minutes=15).total_seconds())
    fresh = await dashboard.signed_in(dashboard.owner)
    await fresh.get("login")
    await fresh.press("Test and save", **pair(dashboard))
    assert len(dashboard.vendor.services.one_time_pages.entry._progress) == 0


async def test_staff_who_manage_nothing_do_not_see_it(dashboard):
    browser = await dashboard.signed_in(dashboard.mod)
    page = await browser.get("")
    assert "Login" not in page.links
    assert (await browser.get("login")).status == 403


async def test_the_operator_gives_a_login_and_is_called_so(dashboard):
    browser = await dashboard.signed_in()
    await browser.get("login")
    page = await browser.press("Test and save", **pair(dashboard))
    assert "the operator" in page.text
    assert "member 0" not in page.text
    status = await dashboard.vendor.sessions.status(dashboard.guild.id)
    assert status.set_by == OPERATOR_ID
    answer = await dashboard.as_owner.run("session status", guild=dashboard.guild)
    await answer.answered()
    assert "by the operator" in text_of(answer.original)


async def test_a_dead_login_says_that_nobody_lost_access_and_since_when(dashboard, browser):
    await dies(dashboard)
    page = await browser.get("login")
    assert "has ended" in page.text
    assert "Nobody lost access" in page.text
    assert "not yet" in page.text
    page = await browser.press("Test and save", **pair(dashboard))
    assert "works as Vendor_One" in page.text
    assert "Worked again" in page.text
    assert "not yet" not in page.text


async def test_deleting_is_asked_back_first(dashboard, browser):
    page = await browser.press("Delete the login")
    assert page.status == 409
    assert "Delete the TradingView login of Vendor_One?" in page.text
    assert (await held(dashboard)).state is LoginState.ALIVE
    page = await browser.press("Yes, delete it")
    assert "There is no TradingView login yet" in page.text
    assert (await held(dashboard)).state is LoginState.NONE
    assert "There is no TradingView login yet" in (await browser.get("login")).text


async def test_a_spare_that_no_key_opens_is_said(dashboard, browser):
    await browser.press("Test and save", spare="1", **pair(dashboard))
    async with dashboard.vendor.database.write() as connection:
        await connection.exec_driver_sql("UPDATE spare_session SET cookies = x'00'")
    page = await browser.get("login")
    assert "encrypted with a key that I do not have" in page.text
    assert "cannot be read" in page.text


async def test_ten_presses_in_a_row_and_no_more(dashboard, browser):
    form = browser.page.form("Sign in once")
    statuses = []
    for _ in range(11):
        page = await browser.post(form.action, {**form.fields, "name": "", "password": ""})
        statuses.append(page.status)
    assert statuses == [422] * 10 + [429]
    assert dashboard.vendor.fake.calls("signin") == []


async def test_names_of_others_come_escaped(dashboard, browser):
    async with dashboard.vendor.database.write() as connection:
        await connection.exec_driver_sql("UPDATE account SET username = '<script>x</script>'")
    page = await browser.get("login")
    assert "<script>x" not in page.html
    assert "&lt;script&gt;x" in page.html


async def test_a_form_without_its_token_or_for_another_server_does_nothing(dashboard, browser):
    form = browser.page.form("Test and save")
    page = await browser.post(form.action, {**pair(dashboard), "once": form.fields["once"]})
    assert page.status == 403
    before = (await held(dashboard)).cookies
    page = await browser.post("/dashboard/1/login/paste", {**form.fields, **pair(dashboard)})
    assert page.status == 401
    assert (await held(dashboard)).cookies == before
