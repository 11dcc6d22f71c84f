"""/session over a real gateway: the form for the cookies, and what is never said."""

from bot.access.logins.sessions import LoginState
from tests.support.discord_harness import labels, text_of

BAD = {"sessionid": "a" * 32, "sessionid_sign": "v3:" + "b" * 43}


def typed(cookies):
    return {"sessionid": cookies.sessionid, "sessionid_sign": cookies.sessionid_sign or ""}


async def update(office, values, who=None):
    """Open the form and send it; returns the answer."""
    who = who or office.as_owner
    asked = await who.run("session update", guild=office.guild, channel=office.channel)
    sent = await who.submit(asked, values)
    return await sent.answered()


async def everything_said(office):
    """All that anybody can read in Discord, and the history."""
    texts = [repr(one.history) + text_of(one) for one in office.as_owner.sees(office.channel)]
    return " ".join([*texts, repr(await office.shop.events())])


async def test_good_cookies_are_used_and_never_repeated(office, caplog):
    cookies = office.shop.cookies()
    said = await update(office, typed(cookies))
    assert r"The TradingView login works as Vendor\_One" in text_of(said)
    assert said.ephemeral
    held = await office.shop.sessions.of(office.guild.id)
    assert held.cookies == cookies
    for secret in (cookies.sessionid, cookies.sessionid_sign):
        assert secret not in await everything_said(office)
        assert secret in office.shop.hidden


async def test_bad_cookies_never_replace_good_ones(office):
    await office.shop.log_in(office.guild.id)
    before = (await office.shop.sessions.of(office.guild.id)).cookies
    said = await update(office, BAD)
    assert "does not accept these cookies" in text_of(said)
    for values, which in (
        ({"sessionid": "two words", "sessionid_sign": ""}, "sessionid"),
        ({"sessionid": "x" * 30, "sessionid_sign": "käse"}, "sessionid_sign"),
    ):
        said = await update(office, values)
        assert f"cannot be the value of `{which}`" in text_of(said)
        for value in values.values():
            assert not value or value not in text_of(said)
    office.switches.set("down", True)
    said = await update(office, typed(office.shop.cookies()))
    assert "does not answer" in text_of(said)
    assert (await office.shop.sessions.of(office.guild.id)).cookies == before
    assert BAD["sessionid"] not in await everything_said(office)


async def test_a_missing_sign_is_warned_about(office):
    office.switches.set("sign_required", False)
    cookies = office.shop.cookies()
    said = await update(office, {"sessionid": cookies.sessionid, "sessionid_sign": ""})
    assert "`sessionid_sign`, is missing" in text_of(said)
    office.switches.set("sign_required", True)
    said = await update(office, {"sessionid": cookies.sessionid, "sessionid_sign": ""})
    assert "was left out" in text_of(said)


async def test_another_accounts_cookies_need_a_yes(office):
    await office.shop.log_in(office.guild.id)
    cookies = office.shop.cookies(office.shop.world.add_vendor("Vendor_Two"))
    said = await update(office, typed(cookies))
    assert r"These cookies belong to" in text_of(said)
    assert r"Vendor\_Two" in text_of(said)
    press = await office.as_owner.press(said, "Yes, change the account")
    await press.until(lambda now: "login works" in text_of(now))
    assert "Trend" in text_of(said)  # it does not own what the server sells
    assert (await office.shop.sessions.of(office.guild.id)).cookies == cookies


async def test_an_account_of_another_server_is_refused(office):
    await office.shop.sessions.forget(office.shop.asked(guild_id=office.guild.id))
    await office.shop.log_in()
    said = await update(office, typed(office.shop.cookies()))
    assert "Another server of this bot uses" in text_of(said)


async def test_a_dead_login_lets_orders_wait_until_the_form_brings_new_cookies(office):
    office.shop.world.end_all_sessions()
    asked = await office.as_mod.run(
        "access grant",
        guild=office.guild,
        channel=office.channel,
        item="trend",
        duration="1M",
        username="Alice_T",
    )
    await office.passes(lambda: asked.messages and "⏳" in text_of(asked.original))
    said = await office.run(office.as_owner, "session status")
    assert "has ended" in text_of(said.original)
    assert labels(said.original) == ["Renew the login"]
    pressed = await office.as_owner.press(said.original, "Renew the login")
    sent = await office.as_owner.submit(pressed, typed(office.shop.cookies()))
    assert "login works" in text_of(await sent.answered())
    await office.passes(lambda: "✅ **Done:**" in text_of(asked.original))


async def test_status_tests_the_login_and_says_how_it_stands(office):
    assert "tested just now" in text_of(
        (await office.run(office.as_owner, "session status")).original
    )
    office.switches.set("down", True)
    assert "does not answer just now" in text_of(
        (await office.run(office.as_owner, "session status")).original
    )


async def test_forgetting_asks_first(office):
    await office.shop.log_in(office.guild.id)
    asked = await office.run(office.as_owner, "session forget")
    press = await office.as_owner.press(asked.original, "No, keep it")
    await press.until(lambda now: "stays" in text_of(now))
    asked = await office.run(office.as_owner, "session forget")
    press = await office.as_owner.press(asked.original, "Yes, delete it")
    await press.until(lambda now: "is deleted" in text_of(now))
    assert (await office.shop.sessions.of(office.guild.id)).state is LoginState.NONE
    asked = await office.run(office.as_owner, "session forget")
    assert "There is no TradingView login yet" in text_of(asked.original)
    asked = await office.run(office.as_owner, "session status")
    assert labels(asked.original) == ["Add the login"]


async def test_staff_may_not_open_the_form_or_send_it(office):
    office.fake.open_commands(office.guild)
    asked = await office.as_mod.run("session update", guild=office.guild, channel=office.channel)
    assert "Only those who manage" in text_of(await asked.answered())


async def test_a_page_is_offered_only_where_a_browser_can_open_it_safely(office):
    asked = await office.run(office.as_owner, "session link")
    assert "no web address that a browser can open safely" in text_of(asked.original)
    assert "`usher session set`" in text_of(asked.original)
    office.links._base = "https://usher.example.com"
    asked = await office.run(office.as_owner, "session link")
    assert "works once, and only for you" in text_of(asked.original)
    assert asked.original.ephemeral
    [button] = [part for row in asked.original.components for part in row["components"]]
    assert button["url"].startswith("https://usher.example.com/login/#")
    token = button["url"].partition("#")[2]
    assert len(token) >= 43


async def test_the_page_is_for_whoever_may_still_manage(office):
    links = office.links
    assert links._may(office.guild.id, office.owner.id)
    for member_id in (office.mod.id, office.stranger.id, 5):
        assert not links._may(office.guild.id, member_id)
    assert not links._may(5, office.owner.id)


async def test_a_second_login_can_be_kept_as_a_spare(office):
    await office.shop.log_in(office.guild.id)
    before = (await office.shop.sessions.of(office.guild.id)).version
    shown = await office.run(office.as_owner, "session status")
    assert "Add a spare login" in labels(shown.original)
    asked = await office.as_owner.press(shown.original, "Add a spare login")
    sent = await office.as_owner.submit(asked, typed(office.shop.cookies()))
    assert "The spare login of Vendor" in text_of(await sent.answered())
    assert (await office.shop.sessions.of(office.guild.id)).version == before
    shown = await office.run(office.as_owner, "session status")
    assert "There is 1 spare login." in text_of(shown.original)
