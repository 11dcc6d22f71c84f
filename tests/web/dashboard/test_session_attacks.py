"""What somebody tries who wants another person's session, or more of their own than they may have."""

import asyncio
import dataclasses
import logging
from datetime import timedelta

from bot import clock
from bot.replies import Message
from bot.web.dashboard.visitor import NOTES


async def test_what_is_kept_for_a_session_is_never_another_ones(dashboard):
    """A number that was used anew would hand over its notes, and a login that is half typed in."""
    other = dashboard.fake.add_guild("Another shop", dashboard.owner)
    opened = await dashboard.web_sessions.open(await dashboard.token(dashboard.owner, other))
    dashboard.app[NOTES][opened.session.id] = [Message("of another shop")]
    await dashboard.web_sessions.sign_out(opened.session)
    browser = await dashboard.signed_in(dashboard.owner)
    assert "of another shop" not in browser.page.text
    [session] = await dashboard.web_sessions.listed(dashboard.guild.id)
    assert session.id != opened.session.id


async def test_a_link_that_is_sent_twice_at_the_same_moment_opens_one_session(dashboard):
    token = await dashboard.token(dashboard.mod)
    browsers = [await dashboard.browser() for _ in range(5)]
    pages = await asyncio.gather(
        *(each.post("/dashboard/sign-in", {"token": token}) for each in browsers)
    )
    assert sorted(page.status for page in pages) == [200, 410, 410, 410, 410]
    assert len(await dashboard.web_sessions.listed(dashboard.guild.id)) == 1


async def test_a_new_sign_in_ends_what_the_browser_had_before(dashboard):
    """The browser forgets the earlier cookie, so that only a copy of it could go on."""
    browser, copy = await dashboard.signed_in(dashboard.mod), await dashboard.browser()
    [cookie] = browser.http.cookie_jar
    copy.http.cookie_jar.update_cookies({cookie.key: cookie.value})
    await browser.post("/dashboard/sign-in", {"token": await dashboard.token(dashboard.mod)})
    assert (await browser.get("")).status == 200
    assert (await copy.get("")).status == 401
    assert len(await dashboard.web_sessions.listed(dashboard.guild.id)) == 1


async def test_one_person_has_ten_sessions_at_most(dashboard):
    first = await dashboard.signed_in(dashboard.mod)
    other = await dashboard.signed_in(dashboard.owner)
    for number in range(12):
        dashboard.time.set(clock.now() + timedelta(seconds=number + 1))
        last = await dashboard.signed_in(dashboard.mod)
    found = await dashboard.web_sessions.listed(dashboard.guild.id)
    assert len([each for each in found if each.member_id == dashboard.mod.id]) == 10
    assert (await last.get("")).status == (await other.get("")).status == 200
    assert (await first.get("")).status == 401  # the one that was used longest ago


async def test_guesses_from_behind_the_same_proxy_lock_nobody_out(dashboard):
    guesser = await dashboard.browser()
    for number in range(40):
        await guesser.post("/dashboard/sign-in", {"token": f"{number:043}"})
    assert guesser.page.status == 429
    browser = await dashboard.signed_in(dashboard.mod)
    assert "Today" in browser.page.title


async def test_no_secret_reaches_the_log_or_the_history(dashboard, caplog):
    caplog.set_level(logging.DEBUG)
    token = await dashboard.token(dashboard.owner)
    browser = await dashboard.browser()
    await browser.post("/dashboard/sign-in", {"token": token})
    [cookie] = browser.http.cookie_jar
    form_token = (await browser.get("login")).form("Sign out").fields["form_token"]
    typed = {"form_token": form_token, "once": "0" * 32}
    secrets = [token, cookie.value, form_token]
    for path, fields in (
        ("login/paste", {"sessionid": "pasted-first", "sessionid_sign": "pasted-second"}),
        ("login/password", {"name": "typed-name", "password": "typed-password"}),
        ("login/code", {"code": "typed-code"}),
        ("settings/webhooks/new", {"provider": "stripe", "secret": "typed-secret"}),
        ("settings/webhooks/new", {"provider": "no such", "secret": "typed-secret-too"}),
    ):
        await browser.post(path, typed | fields)
        secrets += [text for name, text in fields.items() if name != "provider"]
    await browser.post("/dashboard/sign-in", {"token": "x" * 43})
    history = (await browser.get("history")).text
    for secret in secrets:
        assert secret not in caplog.text
        assert secret not in history
    assert cookie.value not in browser.page.html
    [session] = await dashboard.web_sessions.listed(dashboard.guild.id)
    assert not set(secrets) & set(map(str, dataclasses.astuple(session)))
