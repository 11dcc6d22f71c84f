"""A server that the bot left: its login is asked nothing any more, and deleted after 30 days."""

import dataclasses
from datetime import timedelta

import pytest

from bot import app
from bot.access.logins.sessions import LoginState
from bot.access.logins.spares import TEST_EVERY, SpareKept
from bot.access.logins.watch import FIRST_WITHIN, WATCH_EVERY
from bot.settings import Secret
from bot.store.logins import sessions
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import HOME, open_shop

DAY = timedelta(days=1).total_seconds()


@pytest.fixture
async def vendor(tmp_path, frozen):
    async with open_shop(tmp_path) as vendor:
        vendor.time = frozen
        await vendor.log_in()
        assert isinstance(await vendor.spares.add(vendor.request(), vendor.cookies()), SpareKept)
        vendor.held = await vendor.sessions.of(HOME)
        yield vendor


async def look(vendor):
    """Everything about logins that happens by itself."""
    await vendor.login_monitor.watch()
    await vendor.spares.test_due()
    await vendor.login_monitor.remind()
    await vendor.login_monitor.forget_left()


async def asked(vendor, seconds):
    """Return how many questions TradingView hears while so much time passes, with a look before and after."""
    await look(vendor)
    before = len(vendor.fake.calls())
    await vendor.time.advance(seconds)
    await look(vendor)
    return len(vendor.fake.calls()) - before


async def stored(vendor):
    async with vendor.database.read() as connection:
        return await sessions.of_guild(connection, HOME)


async def test_tradingview_is_asked_nothing_from_the_moment_on(vendor):
    assert await asked(vendor, FIRST_WITHIN + 1) > 0
    await vendor.guild_settings.left(HOME)
    assert await asked(vendor, WATCH_EVERY * 2) == 0
    assert await asked(vendor, TEST_EVERY.total_seconds() * 2) == 0


async def test_back_within_thirty_days_it_is_taken_up_again(vendor):
    await asked(vendor, FIRST_WITHIN + 1)
    await vendor.guild_settings.left(HOME)
    await asked(vendor, 29 * DAY)
    await vendor.guild_settings.joined(HOME)
    assert await asked(vendor, 0) == 0  # the look before has tested it
    assert len(vendor.fake.calls("details")) > 0
    await asked(vendor, 60 * DAY)
    assert await stored(vendor) is not None
    assert (vendor.held.state, vendor.held.cookies is None) == (LoginState.ALIVE, False)
    assert (await vendor.sessions.status(HOME)).spares == 1


async def test_after_thirty_days_it_is_deleted_with_its_spares_and_the_account_is_free(vendor):
    await vendor.guild_settings.left(HOME)
    await asked(vendor, 30 * DAY - 60)
    assert await stored(vendor) is not None
    await asked(vendor, 60)
    assert await stored(vendor) is None
    assert (vendor.held.state, vendor.held.cookies) == (LoginState.NONE, None)
    assert len(await vendor.events("session_left")) == 1
    async with vendor.database.read() as connection:
        assert await sessions.account_named(connection, "Vendor_One") is None
    await asked(vendor, DAY)
    assert len(await vendor.events("session_left")) == 1
    await vendor.guild_settings.joined(HOME)
    assert (await vendor.sessions.status(HOME)).spares == 0
    reborn = vendor.new_sessions()
    await reborn.open()
    assert (await reborn.of(HOME)).state is LoginState.NONE


async def test_an_outage_of_a_server_that_was_left_is_not_said_again(vendor):
    vendor.switches.set("logged_out", True)
    await vendor.test_logins()
    await vendor.guild_settings.left(HOME)
    await asked(vendor, DAY)
    assert await vendor.events("session_still_dead") == []


async def test_the_environments_login_waits_until_the_bot_is_back(vendor):
    await vendor.guild_settings.left(HOME)
    cookies = vendor.cookies()
    settings = dataclasses.replace(
        vendor.settings,
        discord_guild_id=HOME,
        tv_sessionid=Secret(cookies.sessionid),
        tv_sessionid_sign=Secret(cookies.sessionid_sign),
    )
    before = len(vendor.fake.calls())
    adopting = vendor.jobs.spawn(app._adopt_environment(settings, vendor.services), "adopt")
    for _ in range(5):
        await vendor.time.advance(app.ENVIRONMENT_AGAIN)
    assert len(vendor.fake.calls()) == before
    await vendor.guild_settings.joined(HOME)
    await eventually(adopting.done)
    assert vendor.held.cookies == cookies
