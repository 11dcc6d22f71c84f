"""/session over a real gateway: the form for the cookies, and what is never said."""

import json

from bot.access.logins.sessions import LoginState
from bot.sandbox.discord import Upload
from tests.support.discord_harness import labels, text_of

BAD = {"sessionid": "a" * 32, "sessionid_sign": "v3:" + "b" * 43}


def typed(cookies):
    return {"sessionid": cookies.sessionid, "sessionid_sign": cookies.sessionid_sign or ""}


async def update(harness, values, who=None):
    """Open the form and send it; returns the answer."""
    who = who or harness.as_owner
    request = await who.run("session update", guild=harness.guild, channel=harness.channel)
    sent = await who.submit(request, values)
    return await sent.answered()


async def everything_said(harness):
    """All that anybody can read in Discord, and the history."""
    texts = [repr(one.history) + text_of(one) for one in harness.as_owner.sees(harness.channel)]
    return " ".join([*texts, repr(await harness.vendor.events())])


async def test_good_cookies_are_used_and_never_repeated(harness, caplog):
    cookies = harness.vendor.cookies()
    said = await update(harness, typed(cookies))
    assert r"The TradingView login works as Vendor\_One" in text_of(said)
    assert said.ephemeral
    held = await harness.vendor.sessions.of(harness.guild.id)
    assert held.cookies == cookies
    for secret in (cookies.sessionid, cookies.sessionid_sign):
        assert secret not in await everything_said(harness)
        assert secret in harness.vendor.hidden


async def test_bad_cookies_never_replace_good_ones(harness):
    await harness.vendor.log_in(harness.guild.id)
    before = (await harness.vendor.sessions.of(harness.guild.id)).cookies
    said = await update(harness, BAD)
    assert "does not accept these cookies" in text_of(said)
    for values, which in (
        ({"sessionid": "two words", "sessionid_sign": ""}, "sessionid"),
        ({"sessionid": "x" * 30, "sessionid_sign": "käse"}, "sessionid_sign"),
    ):
        said = await update(harness, values)
        assert f"cannot be the value of `{which}`" in text_of(said)
        for value in values.values():
            assert not value or value not in text_of(said)
    harness.switches.set("down", True)
    said = await update(harness, typed(harness.vendor.cookies()))
    assert "does not answer" in text_of(said)
    assert (await harness.vendor.sessions.of(harness.guild.id)).cookies == before
    assert BAD["sessionid"] not in await everything_said(harness)


async def test_a_missing_sign_is_warned_about(harness):
    harness.switches.set("sign_required", False)
    cookies = harness.vendor.cookies()
    said = await update(harness, {"sessionid": cookies.sessionid, "sessionid_sign": ""})
    assert "`sessionid_sign`, is missing" in text_of(said)
    harness.switches.set("sign_required", True)
    said = await update(harness, {"sessionid": cookies.sessionid, "sessionid_sign": ""})
    assert "was left out" in text_of(said)


async def test_another_accounts_cookies_need_a_yes(harness):
    await harness.vendor.log_in(harness.guild.id)
    cookies = harness.vendor.cookies(harness.vendor.world.add_vendor("Vendor_Two"))
    said = await update(harness, typed(cookies))
    assert r"These cookies belong to" in text_of(said)
    assert r"Vendor\_Two" in text_of(said)
    press = await harness.as_owner.press(said, "Yes, change the account")
    await press.until(lambda now: "login works" in text_of(now))
    assert "Trend" in text_of(said)  # it does not own what the server sells
    assert (await harness.vendor.sessions.of(harness.guild.id)).cookies == cookies


async def test_an_account_of_another_server_is_refused(harness):
    await harness.vendor.sessions.forget(harness.vendor.request(guild_id=harness.guild.id))
    await harness.vendor.log_in()
    said = await update(harness, typed(harness.vendor.cookies()))
    assert "Another server of this bot uses" in text_of(said)


async def test_a_dead_login_lets_orders_wait_until_the_form_brings_new_cookies(harness):
    harness.vendor.world.end_all_sessions()
    request = await harness.as_mod.run(
        "access grant",
        guild=harness.guild,
        channel=harness.channel,
        item="trend",
        duration="1M",
        username="Alice_T",
    )
    await harness.passes(lambda: request.messages and "⏳" in text_of(request.original))
    said = await harness.run(harness.as_owner, "session status")
    assert "has ended" in text_of(said.original)
    assert labels(said.original) == ["Renew the login"]
    pressed = await harness.as_owner.press(said.original, "Renew the login")
    sent = await harness.as_owner.submit(pressed, typed(harness.vendor.cookies()))
    assert "login works" in text_of(await sent.answered())
    await harness.passes(lambda: "✅ **Done:**" in text_of(request.original))


async def test_status_tests_the_login_and_says_how_it_stands(harness):
    assert "tested just now" in text_of(
        (await harness.run(harness.as_owner, "session status")).original
    )
    harness.switches.set("down", True)
    assert "does not answer just now" in text_of(
        (await harness.run(harness.as_owner, "session status")).original
    )


async def test_forgetting_asks_first(harness):
    await harness.vendor.log_in(harness.guild.id)
    request = await harness.run(harness.as_owner, "session forget")
    assert "At TradingView the login itself lives on" in text_of(request.original)
    assert "backups" in text_of(request.original)
    assert "sign out on all devices" in text_of(request.original)
    press = await harness.as_owner.press(request.original, "No, keep it")
    await press.until(lambda now: "stays" in text_of(now))
    request = await harness.run(harness.as_owner, "session forget")
    press = await harness.as_owner.press(request.original, "Yes, delete it")
    await press.until(lambda now: "is deleted" in text_of(now))
    await press.until(lambda now: "sign out on all devices" in text_of(now))
    assert (await harness.vendor.sessions.of(harness.guild.id)).state is LoginState.NONE
    request = await harness.run(harness.as_owner, "session forget")
    assert "There is no TradingView login yet" in text_of(request.original)
    request = await harness.run(harness.as_owner, "session status")
    assert labels(request.original) == ["Add the login"]


async def test_staff_may_not_open_the_form_or_send_it(harness):
    harness.fake.open_commands(harness.guild)
    request = await harness.as_mod.run(
        "session update", guild=harness.guild, channel=harness.channel
    )
    assert "Only those who manage" in text_of(await request.answered())


async def test_a_page_is_offered_only_where_a_browser_can_open_it_safely(harness):
    request = await harness.run(harness.as_owner, "session link")
    assert "no web address that a browser can open safely" in text_of(request.original)
    assert "`usher session set`" in text_of(request.original)
    harness.one_time_pages._base = "https://usher.example.com"
    request = await harness.run(harness.as_owner, "session link")
    assert "works once, and only for you" in text_of(request.original)
    assert request.original.ephemeral
    [button] = [part for row in request.original.components for part in row["components"]]
    assert button["url"].startswith("https://usher.example.com/login/#")
    token = button["url"].partition("#")[2]
    assert len(token) >= 43


async def test_the_page_is_for_whoever_may_still_manage(harness):
    links = harness.one_time_pages
    assert await links._may(harness.guild.id, harness.owner.id)
    for member_id in (harness.mod.id, harness.stranger.id, 5):
        assert not await links._may(harness.guild.id, member_id)
    assert not await links._may(5, harness.owner.id)


async def test_a_second_login_can_be_kept_as_a_spare(harness):
    await harness.vendor.log_in(harness.guild.id)
    before = (await harness.vendor.sessions.of(harness.guild.id)).version
    shown = await harness.run(harness.as_owner, "session status")
    assert "Add a spare login" in labels(shown.original)
    request = await harness.as_owner.press(shown.original, "Add a spare login")
    sent = await harness.as_owner.submit(request, typed(harness.vendor.cookies()))
    assert "The spare login of Vendor" in text_of(await sent.answered())
    assert (await harness.vendor.sessions.of(harness.guild.id)).version == before
    shown = await harness.run(harness.as_owner, "session status")
    assert "There is 1 spare login." in text_of(shown.original)


def exported(cookies):
    """What an extension writes, of several sites and far longer than a field takes."""
    values = {"sessionid": cookies.sessionid, "sessionid_sign": cookies.sessionid_sign}
    ours = [
        {"domain": ".tradingview.com", "name": name, "value": value, "path": "/"}
        for name, value in values.items()
    ]
    others = [
        {"domain": ".other.example", "name": "sessionid", "value": f"{number:032}"}
        for number in range(100)
    ]
    return json.dumps(others + ours, indent=2)


async def test_an_export_that_is_too_long_for_the_form_comes_as_a_file(harness, caplog):
    caplog.set_level("DEBUG")
    cookies = harness.vendor.cookies()
    request = await harness.run(
        harness.as_owner, "session update", file=Upload("cookies.json", exported(cookies).encode())
    )
    assert r"The TradingView login works as Vendor\_One" in text_of(request.original)
    assert request.original.ephemeral
    assert (await harness.vendor.sessions.of(harness.guild.id)).cookies == cookies
    for secret in (cookies.sessionid, cookies.sessionid_sign):
        assert secret not in await everything_said(harness) + text_of(request.original)
        assert secret not in caplog.text


async def test_an_export_may_be_pasted_into_the_form(harness):
    cookies = harness.vendor.cookies()
    curly = f"{{“sessionid”: “{cookies.sessionid}”, “sessionid_sign”: “{cookies.sessionid_sign}”}}"
    said = await update(harness, {"sessionid": curly, "sessionid_sign": ""})
    assert "login works" in text_of(said)
    assert (await harness.vendor.sessions.of(harness.guild.id)).cookies == cookies


async def test_a_file_without_the_cookies_changes_nothing_and_is_not_repeated(harness):
    await harness.vendor.log_in(harness.guild.id)
    before = (await harness.vendor.sessions.of(harness.guild.id)).cookies
    other = json.dumps([{"domain": ".other.example", "name": "sessionid", "value": "strange"}])
    for content in (other.encode(), b"\x89PNG\x80", b"x" * (256 * 1024 + 1)):
        request = await harness.run(
            harness.as_owner, "session update", file=Upload("cookies.json", content)
        )
        assert "all that a cookie extension exports" in text_of(request.original)
        assert "strange" not in text_of(request.original)
    assert (await harness.vendor.sessions.of(harness.guild.id)).cookies == before


async def test_another_accounts_cookies_in_a_file_need_a_yes_too(harness):
    await harness.vendor.log_in(harness.guild.id)
    cookies = harness.vendor.cookies(harness.vendor.world.add_vendor("Vendor_Two"))
    request = await harness.run(
        harness.as_owner, "session update", file=Upload("cookies.json", exported(cookies).encode())
    )
    press = await harness.as_owner.press(request.original, "Yes, change the account")
    await press.until(lambda now: "login works" in text_of(now))
    assert (await harness.vendor.sessions.of(harness.guild.id)).cookies == cookies
