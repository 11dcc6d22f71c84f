"""The client: commands are registered once, servers come and go."""

import asyncio

import pytest

from bot.store.catalogue import guilds
from tests.support.discord_harness import at_work, open_office, text_of
from tests.support.fake_time import eventually, settle


@pytest.fixture
async def office(tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as office:
        yield office


def registrations(office):
    return [path for method, path, _ in office.fake.calls if method == "PUT" and "commands" in path]


async def test_commands_are_registered_only_when_they_changed(office):
    async with at_work(office):
        assert len(registrations(office)) == 1
    async with at_work(office):
        assert len(registrations(office)) == 1
        assert {"access", "me"} <= {one["name"] for one in office.fake.commands()}
    client = office.build()
    await client.servers.remember_commands(await client.servers.known(), "global:old")
    async with at_work(office, client):
        assert len(registrations(office)) == 2


async def test_one_server_gets_its_commands_alone_and_not_twice(office):
    async with at_work(office):
        assert office.fake.commands()
    async with at_work(office, office.build(guild_id=office.guild.id)):
        assert office.fake.commands() == []
        assert {"access", "me"} <= {one["name"] for one in office.fake.commands(office.guild)}
        asked = await office.run(office.as_owner, "sync status")
        assert "Nothing waits" in text_of(asked.original)
    before = len(registrations(office))
    async with at_work(office, office.build(guild_id=office.guild.id)):
        assert len(registrations(office)) == before
    async with at_work(office):
        assert office.fake.commands(office.guild) == []
        assert office.fake.commands()


async def test_a_server_without_the_bot_gets_its_commands_when_it_is_invited(office):
    office.fake.remove_bot(office.guild)
    async with at_work(office, office.build(guild_id=office.guild.id)):
        assert office.fake.commands(office.guild) == []
        office.fake.invite_bot(office.guild)
        await eventually(lambda: office.fake.commands(office.guild))


async def test_commands_work_in_a_server_that_the_database_has_never_seen(office):
    async with at_work(office):
        guild = office.fake.add_guild("Another shop", office.owner)
        asked = await office.as_owner.run("sync status", guild=guild)
        assert "TradingView login" in text_of(await asked.answered())


async def test_leaving_and_coming_back_are_noticed_also_while_off(office):
    async def row():
        async with office.shop.database.read() as connection:
            return await guilds.by_id(connection, office.guild.id)

    async def is_left():
        return (await row()).left_at is not None

    async def is_back():
        return not await is_left()

    async with at_work(office):
        office.fake.remove_bot(office.guild)
        await eventually(is_left)
        office.fake.invite_bot(office.guild)
        await eventually(is_back)
    office.fake.remove_bot(office.guild)
    async with at_work(office):
        await eventually(is_left)
    office.fake.invite_bot(office.guild)
    async with at_work(office):
        await eventually(is_back)


async def test_a_deleted_role_gives_nobody_a_level(office):
    async with at_work(office):
        assert office.servers.level_roles(office.guild.id)["staff"]
        office.fake.delete_role(office.guild, office.staff)
        await eventually(lambda: not office.servers.level_roles(office.guild.id)["staff"])


async def test_removed_and_back_in_one_breath_is_back(office, monkeypatch):
    async with at_work(office):
        await eventually(office.client.is_ready)
        gate, left = asyncio.Event(), office.servers.left
        done, invited = asyncio.Event(), asyncio.Event()

        async def slowly(guild_id):
            await gate.wait()
            await left(guild_id)
            done.set()

        async def noticed(_):
            invited.set()

        monkeypatch.setattr(office.servers, "left", slowly)
        office.client.add_listener(noticed, "on_guild_join")
        office.fake.remove_bot(office.guild)
        await eventually(lambda: not office.client.guilds)
        office.fake.invite_bot(office.guild)
        await asyncio.wait_for(invited.wait(), 20)
        await settle()
        gate.set()
        await done.wait()

        async def is_back():
            async with office.shop.database.read() as connection:
                return (await guilds.by_id(connection, office.guild.id)).left_at is None

        await eventually(is_back)
