import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import open_database
from bot.store.ledger import events
from bot.store.people import access, claims, customers
from tests.support.vendor_fixture import hold, new_database

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOME, OTHER = 100, 200


@pytest.fixture
async def database(tmp_path):
    async with open_database(await asyncio.to_thread(new_database, tmp_path)) as database:
        async with database.write() as connection:
            await guilds.ensure(connection, HOME, NOW)
            await guilds.ensure(connection, OTHER, NOW)
        yield database


@pytest.fixture
async def connection(database):
    async with database.write() as connection:
        yield connection


async def add_script(connection, guild_id=HOME, slug="trend", pine="1"):
    return await scripts.add(
        connection, guild_id, pine_id=f"PUB;{pine}", slug=slug, title="Trend", by=1, at=NOW
    )


async def test_a_name_is_found_in_any_case_and_only_in_its_own_server(connection):
    ann = await customers.add(connection, HOME, username="Ann_Trades")
    assert await customers.by_name(connection, HOME, "aNN_trades") == ann
    assert await customers.by_name(connection, OTHER, "Ann_Trades") is None
    assert await customers.by_id(connection, ann.id) == ann


async def test_nobody_at_all_is_no_customer(database):
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await customers.add(connection, HOME)


async def test_a_name_and_a_member_are_there_once_in_a_server(database):
    async with database.write() as connection:
        await customers.add(connection, HOME, username="ann", member_id=7)
        await customers.add(connection, OTHER, username="ann", member_id=7)
    for twice in ({"username": "ANN"}, {"member_id": 7}):
        with pytest.raises(IntegrityError):
            async with database.write() as connection:
                await customers.add(connection, HOME, **twice)


async def test_tied_and_untied(connection):
    ann = await customers.add(connection, HOME, username="ann")
    await customers.tie(connection, ann.id, 7, by=1, at=NOW)
    tied = await customers.by_member(connection, HOME, 7)
    assert (tied.id, tied.linked_by, tied.linked_at) == (ann.id, 1, NOW)
    await customers.untie(connection, ann.id)
    assert await customers.by_member(connection, HOME, 7) is None
    assert await customers.by_name(connection, HOME, "ann") == ann


async def test_a_new_spelling_keeps_the_known_id(connection):
    ann = await customers.add(connection, HOME, username="ann", tv_user_id=1001)
    await customers.rename(connection, ann.id, "Ann", None)
    renamed = await customers.by_id(connection, ann.id)
    assert (renamed.username, renamed.tv_user_id) == ("Ann", 1001)


@pytest.mark.parametrize(
    ("values", "has"),
    [
        ({}, False),
        ({"wanted": "lifetime"}, True),
        ({"state": "waiting"}, True),
        ({"seen": "until", "seen_ends_at": NOW}, False),
        ({"seen": "until", "seen_ends_at": NOW + timedelta(seconds=1)}, True),
        ({"wanted": "until", "wanted_ends_at": NOW}, False),
        ({"wanted": "until", "wanted_ends_at": NOW + timedelta(seconds=1)}, True),
        ({"seen": "nothing"}, False),
    ],
)
async def test_a_name_has_access_when_anything_is_wanted_waiting_or_seen_now(
    connection, values, has
):
    ann = await customers.add(connection, HOME, username="Ann")
    await hold(connection, await add_script(connection), ann, **values)
    assert await access.is_there(connection, HOME, ["ANN"], NOW) is has
    assert await access.is_there(connection, OTHER, ["ann"], NOW) is False
    assert await access.ever_was(connection, ann.id) is True


async def test_one_claim_at_a_time_for_a_member(database):
    async with database.write() as connection:
        first = await claims.add(connection, HOME, 7, "ann", NOW)
        assert await claims.waiting_of(connection, HOME, 7) == first
        assert await claims.by_id(connection, OTHER, first.id) is None
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await claims.add(connection, HOME, 7, "bob", NOW)
    async with database.write() as connection:
        await claims.decide(connection, first.id, "refused", 1, NOW)
        await claims.add(connection, HOME, 7, "bob", NOW)
        assert [claim.username for claim in await claims.waiting(connection, HOME)] == ["bob"]


async def test_an_archived_script_is_not_found_by_its_short_name_but_keeps_it(connection):
    trend = await add_script(connection)
    await scripts.archive(connection, trend.id, NOW)
    assert await scripts.by_slug(connection, HOME, "trend") is None
    assert (await scripts.by_slug(connection, HOME, "trend", archived=True)).id == trend.id
    assert await scripts.listed(connection, HOME) == []
    assert len(await scripts.listed(connection, HOME, archived=True)) == 1
    await scripts.unarchive(connection, trend.id)
    assert await scripts.by_slug(connection, HOME, "TREND") == trend


async def test_a_pine_id_is_there_once_in_all_servers(database):
    async with database.write() as connection:
        trend = await add_script(connection)
        assert await scripts.by_pine_id(connection, "PUB;1") == trend
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await add_script(connection, OTHER)


async def test_a_script_pauses_with_a_reason_and_goes_on(connection):
    trend = await add_script(connection)
    await scripts.pause(connection, trend.id, NOW, "not yours")
    paused = await scripts.by_id(connection, trend.id)
    assert (paused.paused_at, paused.paused_reason) == (NOW, "not yours")
    await scripts.unpause(connection, trend.id)
    assert await scripts.by_id(connection, trend.id) == trend


async def test_holders_are_people_and_ends_in_the_past_do_not_count(connection):
    trend = await add_script(connection)
    tail = await add_script(connection, slug="tail", pine="2")
    later = NOW + timedelta(days=1)
    for name, values in {
        "life": {"wanted": "lifetime"},
        "dated": {"wanted": "until", "wanted_ends_at": later},
        "over": {"wanted": "until", "wanted_ends_at": NOW, "seen": "until", "seen_ends_at": NOW},
        "found": {"seen": "until", "seen_ends_at": later},
        "none": {},
    }.items():
        person = await customers.add(connection, HOME, username=name)
        await hold(connection, trend, person, **values)
        if name == "life":
            await hold(connection, tail, person, **values)
    assert (await scripts.holders_of(connection, [tail.id], NOW))[tail.id] == 1


async def test_a_server_is_added_once_and_can_be_left(connection):
    again = await guilds.ensure(connection, HOME, NOW + timedelta(days=1))
    assert again.created_at == NOW
    await guilds.set_left(connection, HOME, NOW)
    assert [guild.id for guild in await guilds.listed(connection)] == [OTHER]
    assert len(await guilds.listed(connection, left=True)) == 2
    await guilds.set_left(connection, HOME, None)
    assert len(await guilds.listed(connection)) == 2


async def test_settings_of_a_server(connection):
    await guilds.set_log_channel(connection, HOME, 5)
    await guilds.set_posted(connection, HOME, 3)
    await guilds.set_commands_digest(connection, [HOME], "ab")
    home = await guilds.by_id(connection, HOME)
    assert (home.log_channel_id, home.posted_event_id, home.commands_digest) == (5, 3, "ab")
    assert (await guilds.by_id(connection, OTHER)).log_channel_id is None


async def test_a_role_can_have_both_levels_and_each_once(connection):
    assert await guilds.add_role(connection, HOME, 9, "staff") is True
    assert await guilds.add_role(connection, HOME, 9, "staff") is False
    assert await guilds.add_role(connection, HOME, 9, "manager") is True
    assert await guilds.roles(connection, HOME) == {"staff": {9}, "manager": {9}}
    assert await guilds.remove_role(connection, HOME, 9, "staff") is True
    assert await guilds.remove_role(connection, HOME, 9, "staff") is False
    assert await guilds.roles(connection, HOME) == {"staff": set(), "manager": {9}}


async def test_the_newest_history_entry(connection):
    assert await guilds.last_event(connection, HOME) == 0
    await events.record(connection, HOME, NOW, "link")
    await events.record(connection, OTHER, NOW, "link")
    assert await guilds.last_event(connection, HOME) == 1
