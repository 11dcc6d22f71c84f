"""The client: commands are registered once, servers come and go."""

import asyncio

import pytest

from bot.interactions.client import Usher
from bot.store.catalogue import guilds
from tests.support.discord_harness import at_work, open_office, text_of
from tests.support.fake_time import eventually, settle


@pytest.fixture
async def harness(tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        yield harness


def registrations(harness):
    return [
        path for method, path, _ in harness.fake.calls if method == "PUT" and "commands" in path
    ]


async def test_commands_are_registered_only_when_they_changed(harness):
    async with at_work(harness):
        assert len(registrations(harness)) == 1
    async with at_work(harness):
        assert len(registrations(harness)) == 1
        assert {"access", "me"} <= {one["name"] for one in harness.fake.commands()}
    client = harness.build()
    await client.guild_settings.remember_commands(await client.guild_settings.known(), "global:old")
    async with at_work(harness, client):
        assert len(registrations(harness)) == 2


async def test_another_bots_commands_are_registered_too(harness, monkeypatch):
    async with at_work(harness):
        assert len(registrations(harness)) == 1
    monkeypatch.setattr(Usher, "_application_number", lambda _: harness.fake.bot.id + 1)
    async with at_work(harness):
        assert len(registrations(harness)) == 2


async def test_one_server_gets_its_commands_alone_and_not_twice(harness):
    async with at_work(harness):
        assert harness.fake.commands()
    async with at_work(harness, harness.build(discord_guild_id=harness.guild.id)):
        assert harness.fake.commands() == []
        assert {"access", "me"} <= {one["name"] for one in harness.fake.commands(harness.guild)}
        request = await harness.run(harness.as_owner, "sync status")
        assert "Nothing waits" in text_of(request.original)
    before = len(registrations(harness))
    async with at_work(harness, harness.build(discord_guild_id=harness.guild.id)):
        assert len(registrations(harness)) == before
    async with at_work(harness):
        assert harness.fake.commands(harness.guild) == []
        assert harness.fake.commands()


async def test_a_server_without_the_bot_gets_its_commands_when_it_is_invited(harness):
    harness.fake.remove_bot(harness.guild)
    async with at_work(harness, harness.build(discord_guild_id=harness.guild.id)):
        assert harness.fake.commands(harness.guild) == []
        harness.fake.invite_bot(harness.guild)
        await eventually(lambda: harness.fake.commands(harness.guild))


async def test_commands_work_in_a_server_that_the_database_has_never_seen(harness):
    async with at_work(harness):
        guild = harness.fake.add_guild("Another shop", harness.owner)
        request = await harness.as_owner.run("sync status", guild=guild)
        assert "TradingView login" in text_of(await request.answered())


async def test_leaving_and_coming_back_are_noticed_also_while_off(harness):
    async def row():
        async with harness.vendor.database.read() as connection:
            return await guilds.by_id(connection, harness.guild.id)

    async def is_left():
        return (await row()).left_at is not None

    async def is_back():
        return not await is_left()

    async with at_work(harness):
        harness.fake.remove_bot(harness.guild)
        await eventually(is_left)
        harness.fake.invite_bot(harness.guild)
        await eventually(is_back)
    harness.fake.remove_bot(harness.guild)
    async with at_work(harness):
        await eventually(is_left)
    harness.fake.invite_bot(harness.guild)
    async with at_work(harness):
        await eventually(is_back)


async def test_an_outage_of_discord_is_no_leaving(harness):
    async with at_work(harness) as client:
        await eventually(client.is_ready)
        parts = client._connection.parse_guild_delete
        parts({"id": str(harness.guild.id), "unavailable": True})  # as the gateway says it
        await client.on_ready()  # as after a connection that found the server in the same state
        await settle()
        assert [guild.unavailable for guild in client.guilds] == [True]
        async with harness.vendor.database.read() as connection:
            assert (await guilds.by_id(connection, harness.guild.id)).left_at is None


async def test_a_deleted_role_gives_nobody_a_level(harness):
    async with at_work(harness):
        assert harness.guild_settings.level_roles(harness.guild.id)["staff"]
        harness.fake.delete_role(harness.guild, harness.staff)
        await eventually(lambda: not harness.guild_settings.level_roles(harness.guild.id)["staff"])


async def test_removed_and_back_in_one_breath_is_back(harness, monkeypatch):
    async with at_work(harness):
        await eventually(harness.client.is_ready)
        gate, left = asyncio.Event(), harness.guild_settings.left
        done, invited = asyncio.Event(), asyncio.Event()

        async def slowly(guild_id):
            await gate.wait()
            await left(guild_id)
            done.set()

        async def noticed(_):
            invited.set()

        monkeypatch.setattr(harness.guild_settings, "left", slowly)
        harness.client.add_listener(noticed, "on_guild_join")
        harness.fake.remove_bot(harness.guild)
        await eventually(lambda: not harness.client.guilds)
        harness.fake.invite_bot(harness.guild)
        await asyncio.wait_for(invited.wait(), 60)
        await settle()
        gate.set()
        await done.wait()

        async def is_back():
            async with harness.vendor.database.read() as connection:
                return (await guilds.by_id(connection, harness.guild.id)).left_at is None

        await eventually(is_back)


async def test_an_event_after_the_end_is_dropped(harness):
    async with at_work(harness) as client:
        [guild] = client.guilds
    client.dispatch("guild_available", guild)
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("discord.py: ")]
