import pytest

from bot.access.catalogue.products import Terms
from bot.access.logins.sessions import LoginState
from bot.access.people.guild_settings import GuildSettings
from bot.access.people.settings_errors import RoleNotSet, RoleProblem, RoleUnusable
from bot.store.catalogue import guilds
from bot.store.people import claims
from tests.support.vendor_fixture import AT, HOME, MEMBER, OTHER, STAFF, open_shop


@pytest.fixture
async def vendor(tmp_path, frozen):
    frozen.set(AT)
    async with open_shop(tmp_path) as vendor:
        await vendor.guild_settings.open()
        yield vendor


async def guild(vendor, guild_id=HOME):
    async with vendor.database.read() as connection:
        return await guilds.by_id(connection, guild_id)


async def test_roles_are_known_without_waiting_and_after_a_restart(vendor):
    assert vendor.guild_settings.level_roles(999) == {"staff": set(), "manager": set()}
    assert await vendor.guild_settings.add_role(vendor.request(), 9, "staff") is True
    assert await vendor.guild_settings.add_role(vendor.request(), 9, "staff") is False
    assert vendor.guild_settings.level_roles(HOME) == {"staff": {9}, "manager": set()}
    assert vendor.guild_settings.level_roles(OTHER)["staff"] == set()
    reborn = GuildSettings(vendor.database, vendor.sessions)
    await reborn.open()
    assert reborn.level_roles(HOME)["staff"] == {9}
    [event] = await vendor.events("setup_staff")
    assert (event.actor.member_id, event.after) == (STAFF, {"role_id": "9"})


@pytest.mark.parametrize("level", ["staff", "manager"])
async def test_the_role_of_a_products_holders_gets_no_level(vendor, level):
    """Else every buyer, and whoever tries it for three days, would manage all the others."""
    await vendor.add_script("trend")
    terms = Terms(slug="gold", title="Gold", role_id=9)
    await vendor.services.products.create(vendor.request(), terms, ["trend"])
    with pytest.raises(RoleUnusable) as refused:
        await vendor.guild_settings.add_role(vendor.request(), 9, level)
    assert refused.value.problem is RoleProblem.PRODUCTS
    assert vendor.guild_settings.level_roles(HOME)[level] == set()
    assert await vendor.guild_settings.add_role(vendor.request(guild_id=OTHER), 9, level)


async def test_a_role_loses_its_level(vendor):
    await vendor.guild_settings.add_role(vendor.request(), 9, "manager")
    await vendor.guild_settings.remove_role(vendor.request(), 9, "manager")
    assert vendor.guild_settings.level_roles(HOME)["manager"] == set()
    with pytest.raises(RoleNotSet):
        await vendor.guild_settings.remove_role(vendor.request(), 9, "manager")
    assert len(await vendor.events("setup_manager")) == 2


async def test_a_role_deleted_in_discord_is_forgotten(vendor):
    for level in ("staff", "manager"):
        await vendor.guild_settings.add_role(vendor.request(), 9, level)
    await vendor.guild_settings.forget_role(HOME, 9)
    await vendor.guild_settings.forget_role(HOME, 9)
    assert vendor.guild_settings.level_roles(HOME) == {"staff": set(), "manager": set()}
    assert (await vendor.events())[-1].actor_id is None


async def test_a_first_log_channel_shows_what_happens_from_now_on(vendor):
    await vendor.guild_settings.add_role(vendor.request(), 9, "staff")
    await vendor.guild_settings.set_log_channel(vendor.request(), 5)
    events = await vendor.events()
    assert (await guild(vendor)).posted_event_id == events[0].id
    assert events[1].action == "setup_log"
    await vendor.guild_settings.set_log_channel(vendor.request(), 5)
    await vendor.guild_settings.set_log_channel(vendor.request(), 6)
    assert (await guild(vendor)).log_channel_id == 6
    assert (await guild(vendor)).posted_event_id == events[0].id
    assert (await vendor.events("setup_log"))[-1].before == {"channel_id": "5"}
    assert len(await vendor.events("setup_log")) == 2


async def test_requests_that_wait_are_asked_in_a_new_log_channel(vendor):
    async with vendor.database.write() as connection:
        claim = await claims.add(connection, HOME, MEMBER, "Ann_Trades", AT)
    await vendor.guild_settings.set_log_channel(vendor.request(), 5)
    [event] = await vendor.events("claim")
    assert event.after["claim_id"] == claim.id
    assert event.id > (await guild(vendor)).posted_event_id


async def test_the_checklist_follows_the_facts(vendor):
    setup = await vendor.guild_settings.setup(HOME)
    assert (setup.staff, setup.log_channel_id, setup.login, setup.scripts) == (
        set(),
        None,
        LoginState.NONE,
        0,
    )
    await vendor.guild_settings.add_role(vendor.request(), 9, "staff")
    await vendor.guild_settings.set_log_channel(vendor.request(), 5)
    await vendor.log_in()
    await vendor.add_script()
    setup = await vendor.guild_settings.setup(HOME)
    assert (setup.staff, setup.log_channel_id, setup.login, setup.scripts) == (
        {9},
        5,
        LoginState.ALIVE,
        1,
    )
    assert setup.account == "Vendor_One"


async def test_joined_and_left_are_recorded_once_and_keep_the_data(vendor):
    told = []
    vendor.guild_settings.on_change.append(told.append)
    await vendor.guild_settings.joined(HOME)  # known already
    await vendor.guild_settings.joined(300)
    assert await vendor.guild_settings.known() == {HOME, OTHER, 300}
    await vendor.guild_settings.add_role(vendor.request(), 9, "staff")
    for _ in range(2):
        await vendor.guild_settings.left(HOME)
    await vendor.guild_settings.left(999)
    assert await vendor.guild_settings.known() == {OTHER, 300}
    for _ in range(2):
        await vendor.guild_settings.joined(HOME)
    assert (await guild(vendor)).left_at is None
    assert vendor.guild_settings.level_roles(HOME)["staff"] == {9}
    assert [event.action for event in await vendor.events()] == ["setup_staff", "left", "joined"]
    assert told == [300, HOME, HOME]


async def test_registered_commands_are_remembered(vendor):
    await vendor.guild_settings.remember_commands({HOME}, "server:ab")
    assert await vendor.guild_settings.command_digests() == {HOME: "server:ab", OTHER: None}
    await vendor.guild_settings.left(HOME)
    await vendor.guild_settings.joined(HOME)
    assert (await vendor.guild_settings.command_digests())[HOME] is None
