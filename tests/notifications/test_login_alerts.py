"""Whoever set the login hears of its outage: once, once more after twelve hours, and when it is back."""

import asyncio

import discord
import pytest

from bot.access.logins.spares import Spares
from bot.access.logins.watch import Keeper
from bot.notifications.login_alerts import LATER, Alerts
from bot.replies.login_alerts import to_setter
from bot.store.logins import outages
from tests.support.discord_harness import at_work, open_office, text_of


@pytest.fixture
async def office(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as office:
        office.time = frozen
        shop = office.shop
        spares = Spares(shop.database, shop.vault, shop.sessions)
        office.keeper = Keeper(shop.database, shop.sessions, spares)
        await office.make_rows()
        asked = shop.asked(by=office.mod.id, guild_id=office.guild.id)
        await shop.sessions.update(asked, shop.cookies())
        yield office


async def broken(*_):
    raise RuntimeError


async def dies(office):
    office.shop.world.end_all_sessions()
    await office.shop.sessions.test_all()


def said(office):
    return [text_of(message) for message in office.as_mod.dms()]


async def test_once_for_each_outage_once_after_twelve_hours_and_once_when_it_is_back(office):
    async with at_work(office) as client:
        alerts = Alerts(client, office.shop.database)
        await alerts.tell()
        assert said(office) == []
        await dies(office)
        for _ in range(2):
            await alerts.tell()
        [first] = said(office)
        for words in ("**The shop** has ended", "Nobody lost access", "No order waits", "morning"):
            assert words in first
        await office.time.advance(12 * 3600)
        await office.keeper.remind()
        for _ in range(2):
            await alerts.tell()
        assert "still does not work" in said(office)[1]
        await office.log_in()
        for _ in range(2):
            await alerts.tell()
        assert "works again" in said(office)[2]
        assert len(said(office)) == 3


async def test_after_a_crash_before_it_was_marked_nothing_is_said_twice(office, monkeypatch):
    async with at_work(office) as client:
        await dies(office)

        with monkeypatch.context() as patch:
            patch.setattr(outages, "told", broken)
            await Alerts(client, office.shop.database).tell()
        assert len(said(office)) == 1
        await Alerts(client, office.shop.database).tell()
        assert len(said(office)) == 1


async def test_what_cannot_be_marked_is_not_sent_again_when_discord_has_forgotten_it(
    office, monkeypatch
):
    async with at_work(office) as client:
        await dies(office)
        alerts = Alerts(client, office.shop.database)
        with monkeypatch.context() as patch:
            patch.setattr(outages, "told", broken)
            for _ in range(3):
                await alerts.tell()
                for message in office.as_mod.dms():
                    message.nonce = None
                await office.time.advance(LATER)
        assert len(said(office)) == 1
        await alerts.tell()
        async with office.shop.database.read() as connection:
            assert await outages.untold(connection) == []
        await office.log_in()
        await alerts.tell()
        assert len(said(office)) == 2


async def test_a_mistake_about_one_outage_leaves_the_others_told(office, monkeypatch, caplog):
    async with at_work(office) as client:
        alerts = Alerts(client, office.shop.database)
        await dies(office)
        await alerts.tell()
        await office.log_in()
        await office.shop.sessions.update(
            office.shop.asked(by=office.mod.id, guild_id=office.guild.id), office.shop.cookies()
        )
        await dies(office)
        with monkeypatch.context() as patch:

            def only_the_second(outage, stage, *rest):
                if stage == "back":
                    raise ZeroDivisionError
                return to_setter(outage, stage, *rest)

            patch.setattr("bot.notifications.login_alerts.to_setter", only_the_second)
            for _ in range(2):
                await alerts.tell()
        assert len(said(office)) == 2
        assert "has ended" in said(office)[1]
        assert caplog.text.count("could not be told") == 1
        await office.time.advance(LATER)
        await alerts.tell()
        assert "works again" in said(office)[2]


async def test_an_outage_survives_a_restart_and_is_told_then(office):
    await dies(office)
    async with at_work(office) as client:
        await Alerts(client, office.shop.database).tell()
        assert len(said(office)) == 1
    async with at_work(office) as client:
        await Alerts(client, office.shop.database).tell()
        await asyncio.sleep(0)
        assert len(said(office)) == 1


async def test_an_outage_over_before_anybody_heard_of_it_is_not_told(office):
    await dies(office)
    await office.log_in()
    async with at_work(office) as client:
        await Alerts(client, office.shop.database).tell()
    assert said(office) == []


async def test_closed_direct_messages_end_it_and_trouble_does_not(office, monkeypatch):
    async with at_work(office) as client:
        await dies(office)
        alerts = Alerts(client, office.shop.database)
        with monkeypatch.context() as patch:

            async def broken(*_):
                raise discord.DiscordException

            patch.setattr(client, "get_user", lambda _: None)
            patch.setattr(client, "fetch_user", broken)
            await alerts.tell()
        office.fake.close_dms(office.mod)
        await alerts.tell()
        async with office.shop.database.read() as connection:
            assert await outages.untold(connection) == []


async def test_the_log_channel_says_it_with_the_history(office):
    log = office.fake.add_channel(office.guild, "log", public=False)
    await office.log_channel(log)
    async with at_work(office):
        await dies(office)
        office.teller.wake()
        lines = []
        for _ in range(200):
            lines = [line for one in office.as_owner.sees(log) for line in one.content.split("\n")]
            if any("has ended" in line for line in lines):
                break
            await asyncio.sleep(0.01)
    [line] = [line for line in lines if "has ended" in line]
    assert "Nobody lost access. No order waits. It can wait until morning" in line


async def test_a_login_that_was_deleted_is_not_said_to_be_back(office):
    async with at_work(office) as client:
        await dies(office)
        alerts = Alerts(client, office.shop.database)
        await alerts.tell()
        await office.shop.sessions.forget(office.shop.asked(guild_id=office.guild.id))
        await alerts.tell()
        assert len(said(office)) == 1
