import pytest

from bot.access.errors import RoleNotSet
from bot.access.logins.sessions import LoginState
from bot.access.people.guild_settings import Servers
from bot.store.catalogue import guilds
from bot.store.people import customers
from tests.support.vendor_fixture import AT, HOME, MEMBER, OTHER, STAFF, open_shop


@pytest.fixture
async def shop(tmp_path, frozen):
    frozen.set(AT)
    async with open_shop(tmp_path) as shop:
        await shop.servers.open()
        yield shop


async def guild(shop, guild_id=HOME):
    async with shop.database.read() as connection:
        return await guilds.by_id(connection, guild_id)


async def test_roles_are_known_without_waiting_and_after_a_restart(shop):
    assert shop.servers.level_roles(999) == {"staff": set(), "manager": set()}
    assert await shop.servers.add_role(shop.asked(), 9, "staff") is True
    assert await shop.servers.add_role(shop.asked(), 9, "staff") is False
    assert shop.servers.level_roles(HOME) == {"staff": {9}, "manager": set()}
    assert shop.servers.level_roles(OTHER)["staff"] == set()
    reborn = Servers(shop.database, shop.sessions)
    await reborn.open()
    assert reborn.level_roles(HOME)["staff"] == {9}
    [event] = await shop.events("setup_staff")
    assert (event.actor_id, event.after) == (STAFF, {"role_id": "9"})


async def test_a_role_loses_its_level(shop):
    await shop.servers.add_role(shop.asked(), 9, "manager")
    await shop.servers.remove_role(shop.asked(), 9, "manager")
    assert shop.servers.level_roles(HOME)["manager"] == set()
    with pytest.raises(RoleNotSet):
        await shop.servers.remove_role(shop.asked(), 9, "manager")
    assert len(await shop.events("setup_manager")) == 2


async def test_a_role_deleted_in_discord_is_forgotten(shop):
    for level in ("staff", "manager"):
        await shop.servers.add_role(shop.asked(), 9, level)
    await shop.servers.forget_role(HOME, 9)
    await shop.servers.forget_role(HOME, 9)
    assert shop.servers.level_roles(HOME) == {"staff": set(), "manager": set()}
    assert (await shop.events())[-1].actor_id is None


async def test_a_first_log_channel_shows_what_happens_from_now_on(shop):
    await shop.servers.add_role(shop.asked(), 9, "staff")
    await shop.servers.set_log_channel(shop.asked(), 5)
    events = await shop.events()
    assert (await guild(shop)).posted_event_id == events[0].id
    assert events[1].action == "setup_log"
    await shop.servers.set_log_channel(shop.asked(), 5)
    await shop.servers.set_log_channel(shop.asked(), 6)
    assert (await guild(shop)).log_channel_id == 6
    assert (await guild(shop)).posted_event_id == events[0].id
    assert (await shop.events("setup_log"))[-1].before == {"channel_id": "5"}
    assert len(await shop.events("setup_log")) == 2


async def test_requests_that_wait_are_asked_in_a_new_log_channel(shop):
    async with shop.database.write() as connection:
        claim = await customers.add_claim(connection, HOME, MEMBER, "Ann_Trades", AT)
    await shop.servers.set_log_channel(shop.asked(), 5)
    [event] = await shop.events("claim")
    assert event.after["claim_id"] == claim.id
    assert event.id > (await guild(shop)).posted_event_id


async def test_the_checklist_follows_the_facts(shop):
    setup = await shop.servers.setup(HOME)
    assert (setup.staff, setup.log_channel_id, setup.login, setup.scripts) == (
        set(),
        None,
        LoginState.NONE,
        0,
    )
    await shop.servers.add_role(shop.asked(), 9, "staff")
    await shop.servers.set_log_channel(shop.asked(), 5)
    await shop.log_in()
    await shop.add_script()
    setup = await shop.servers.setup(HOME)
    assert (setup.staff, setup.log_channel_id, setup.login, setup.scripts) == (
        {9},
        5,
        LoginState.ALIVE,
        1,
    )
    assert setup.account == "Vendor_One"


async def test_joined_and_left_are_recorded_once_and_keep_the_data(shop):
    told = []
    shop.servers.on_change.append(told.append)
    await shop.servers.joined(HOME)  # known already
    await shop.servers.joined(300)
    assert await shop.servers.known() == {HOME, OTHER, 300}
    await shop.servers.add_role(shop.asked(), 9, "staff")
    for _ in range(2):
        await shop.servers.left(HOME)
    await shop.servers.left(999)
    assert await shop.servers.known() == {OTHER, 300}
    for _ in range(2):
        await shop.servers.joined(HOME)
    assert (await guild(shop)).left_at is None
    assert shop.servers.level_roles(HOME)["staff"] == {9}
    assert [event.action for event in await shop.events()] == ["setup_staff", "left", "joined"]
    assert told == [300, HOME, HOME]


async def test_registered_commands_are_remembered(shop):
    await shop.servers.remember_commands({HOME}, "server:ab")
    assert await shop.servers.command_digests() == {HOME: "server:ab", OTHER: None}
    await shop.servers.left(HOME)
    await shop.servers.joined(HOME)
    assert (await shop.servers.command_digests())[HOME] is None
