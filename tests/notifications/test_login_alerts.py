"""Whoever set the login hears of its outage: once, once more after twelve hours, and when it is back."""

import asyncio

import discord
import pytest

from bot.notifications.backoff import PAUSES
from bot.notifications.direct_messages import DirectMessages
from bot.notifications.login_alerts import LoginAlerts
from bot.replies.login_alerts import to_setter
from bot.store.logins import outages
from bot.store.records import OPERATOR_ID
from tests.support.discord_harness import at_work, open_office, text_of


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        vendor = harness.vendor
        await harness.make_rows()
        await harness.guild_settings.add_role(
            vendor.request(guild_id=harness.guild.id), harness.staff.id, "manager"
        )
        request = vendor.request(by=harness.mod.id, guild_id=harness.guild.id)
        await vendor.sessions.update(request, vendor.cookies())
        yield harness


def alerts_of(harness):
    """The alerts as a new program has them."""
    made = harness.login_alerts
    return LoginAlerts(made._client, made._outages, made._direct_messages, made._may)


async def broken(*_):
    raise RuntimeError


async def dies(harness):
    harness.vendor.world.end_all_sessions()
    await harness.vendor.test_logins()


def said(harness):
    return [text_of(message) for message in harness.as_mod.dms()]


async def test_once_for_each_outage_once_after_twelve_hours_and_once_when_it_is_back(harness):
    async with at_work(harness):
        alerts = alerts_of(harness)
        await alerts.tell()
        assert said(harness) == []
        await dies(harness)
        for _ in range(2):
            await alerts.tell()
        [first] = said(harness)
        for words in ("**The shop** has ended", "Nobody lost access", "No order waits", "morning"):
            assert words in first
        await harness.time.advance(12 * 3600)
        await harness.login_monitor.remind()
        for _ in range(2):
            await alerts.tell()
        assert "still does not work" in said(harness)[1]
        await harness.log_in()
        for _ in range(2):
            await alerts.tell()
        assert "works again" in said(harness)[2]
        assert len(said(harness)) == 3


async def test_after_a_crash_before_it_was_marked_nothing_is_said_twice(harness, monkeypatch):
    async with at_work(harness):
        await dies(harness)

        with monkeypatch.context() as patch:
            patch.setattr(outages, "told", broken)
            await alerts_of(harness).tell()
        assert len(said(harness)) == 1
        await alerts_of(harness).tell()
        assert len(said(harness)) == 1


async def test_what_cannot_be_marked_is_not_sent_again_when_discord_has_forgotten_it(
    harness, monkeypatch
):
    async with at_work(harness):
        await dies(harness)
        alerts = alerts_of(harness)
        with monkeypatch.context() as patch:
            patch.setattr(outages, "told", broken)
            for _ in range(3):
                await alerts.tell()
                for message in harness.as_mod.dms():
                    message.nonce = None
                await harness.time.advance(PAUSES[-2])
        assert len(said(harness)) == 1
        await alerts.tell()
        async with harness.vendor.database.read() as connection:
            assert await outages.untold(connection) == []
        await harness.log_in()
        await alerts.tell()
        assert len(said(harness)) == 2


async def test_a_mistake_about_one_outage_leaves_the_others_told(harness, monkeypatch, caplog):
    async with at_work(harness):
        alerts = alerts_of(harness)
        await dies(harness)
        await alerts.tell()
        await harness.log_in()
        await harness.vendor.sessions.update(
            harness.vendor.request(by=harness.mod.id, guild_id=harness.guild.id),
            harness.vendor.cookies(),
        )
        await dies(harness)
        with monkeypatch.context() as patch:

            def only_the_second(outage, stage, *rest):
                if stage == "back":
                    raise ZeroDivisionError
                return to_setter(outage, stage, *rest)

            patch.setattr("bot.notifications.login_alerts.to_setter", only_the_second)
            for _ in range(2):
                await alerts.tell()
        assert len(said(harness)) == 2
        assert "has ended" in said(harness)[1]
        assert caplog.text.count("could not be told") == 1
        await harness.time.advance(PAUSES[-2])
        await alerts.tell()
        assert "works again" in said(harness)[2]


async def test_an_outage_survives_a_restart_and_is_told_then(harness):
    await dies(harness)
    async with at_work(harness):
        await alerts_of(harness).tell()
        assert len(said(harness)) == 1
    async with at_work(harness):
        await alerts_of(harness).tell()
        await asyncio.sleep(0)
        assert len(said(harness)) == 1


async def test_an_outage_over_before_anybody_heard_of_it_is_not_told(harness):
    await dies(harness)
    await harness.log_in()
    async with at_work(harness):
        await alerts_of(harness).tell()
    assert said(harness) == []


async def test_closed_direct_messages_end_it_and_trouble_does_not(harness, monkeypatch):
    async with at_work(harness) as client:
        await dies(harness)
        alerts = alerts_of(harness)
        with monkeypatch.context() as patch:

            async def broken(*_):
                raise discord.DiscordException

            patch.setattr(client, "get_user", lambda _: None)
            patch.setattr(client, "fetch_user", broken)
            await alerts.tell()
        harness.fake.close_dms(harness.mod)
        harness.fake.close_dms(harness.owner)
        await harness.time.advance(5)
        await alerts.tell()
        async with harness.vendor.database.read() as connection:
            assert await outages.untold(connection) == []


async def test_the_log_channel_says_it_with_the_history(harness):
    log = harness.fake.add_channel(harness.guild, "log", public=False)
    await harness.choose_log_channel(log)
    async with at_work(harness):
        await dies(harness)
        harness.outcome_notifier.wake()
        await harness.passes(
            lambda: any("has ended" in text_of(it) for it in harness.as_owner.sees(log))
        )
        [alarm] = [it for it in harness.as_owner.sees(log) if "has ended" in text_of(it)]
    assert "Nobody lost access. No order waits. It can wait until morning" in text_of(alarm)


async def test_a_login_that_was_deleted_is_not_said_to_be_back(harness):
    async with at_work(harness):
        await dies(harness)
        alerts = alerts_of(harness)
        await alerts.tell()
        await harness.vendor.sessions.forget(harness.vendor.request(guild_id=harness.guild.id))
        await alerts.tell()
        assert len(said(harness)) == 1


async def outage_of(harness):
    async with harness.vendor.database.read() as connection:
        return await outages.untold(connection)


async def test_of_a_login_that_the_operator_gave_the_owner_hears_and_nobody_else_is_tried(
    harness, monkeypatch
):
    async with at_work(harness):
        request = harness.vendor.request(by=OPERATOR_ID, guild_id=harness.guild.id)
        await harness.vendor.sessions.update(request, harness.vendor.cookies())
        asked = []
        send = DirectMessages.send

        async def noted(self, user_id, *given, **more):
            asked.append(user_id)
            return await send(self, user_id, *given, **more)

        monkeypatch.setattr(DirectMessages, "send", noted)
        await dies(harness)
        await alerts_of(harness).tell()
        assert asked == [harness.owner.id]
        assert "has ended" in text_of(harness.as_owner.dms()[0])


async def test_of_a_login_from_the_settings_the_owner_hears(harness):
    cookies = harness.vendor.cookies()
    await harness.environment.adopt(harness.guild.id, cookies)
    async with at_work(harness):
        alerts = alerts_of(harness)
        await dies(harness)
        for _ in range(2):
            await alerts.tell()
        [said_to_owner] = harness.as_owner.dms()
        assert "has ended" in text_of(said_to_owner)
        assert said(harness) == []
        await harness.log_in()
        await alerts.tell()
        assert "works again" in text_of(harness.as_owner.dms()[1])


@pytest.mark.parametrize("why", ["closed", "gone", "demoted"])
async def test_the_owner_hears_where_whoever_set_it_cannot_or_may_not(harness, why):
    async with at_work(harness):
        alerts = alerts_of(harness)
        match why:
            case "closed":
                harness.fake.close_dms(harness.mod)
            case "gone":
                harness.fake.remove_member(harness.guild, harness.mod)
            case "demoted":
                harness.fake.take_role(harness.guild, harness.mod, harness.staff)
        await dies(harness)
        await alerts.tell()
        assert "has ended" in text_of(harness.as_owner.dms()[0])
        assert said(harness) == []


@pytest.mark.parametrize("code", [40003, 20026, 50001])
async def test_an_alarm_that_discord_delays_is_told_later(harness, code):
    async with at_work(harness):
        alerts = alerts_of(harness)
        await dies(harness)
        harness.fake.switches.refuse("dm", code)
        await alerts.tell()
        assert len(await outage_of(harness)) == 1
        await harness.time.advance(7 * 3600)
        await alerts.tell()
        assert len(said(harness)) == 1
        assert await outage_of(harness) == []
