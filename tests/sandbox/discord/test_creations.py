"""Roles and channels that the bot makes: rights, limits, overwrites, the audit log and the gateway."""

import discord
import pytest

from bot.sandbox.discord import permissions
from tests.support.fake_time import eventually


@pytest.fixture
def able(shop):
    """A server in which the bot may make roles and channels."""
    return shop


def roles(shop):
    return f"/guilds/{shop.guild.id}/roles"


def channels(shop):
    return f"/guilds/{shop.guild.id}/channels"


async def test_discord_py_makes_both_and_hears_of_them(fake, able, make_bot, start):
    bot = await start(make_bot())
    await eventually(lambda: bot.get_guild(able.guild.id) is not None)
    guild = bot.get_guild(able.guild.id)
    role = await guild.create_role(
        name="Staff", permissions=discord.Permissions.none(), reason="asked for: ü"
    )
    hidden = discord.PermissionOverwrite(view_channel=False)
    seen = discord.PermissionOverwrite(view_channel=True)
    seers = {role: seen, guild.me: seen}
    channel = await guild.create_text_channel(
        "The Log", topic="t", overwrites={guild.default_role: hidden, **seers}, reason="b"
    )
    await eventually(lambda: guild.get_channel(channel.id) is not None)
    await eventually(lambda: [each.position for each in guild.roles] == [0, 1, 2])
    assert (channel.name, channel.topic) == ("the-log", "t")
    assert not channel.permissions_for(guild.default_role).view_channel
    assert guild.get_role(role.id).position == 1
    made = able.guild.roles[role.id]
    assert (made.permissions, made.position) == (0, 1)
    assert fake.bot_role(able.guild).position == 2
    await channel.delete(reason="c")
    await role.delete()
    assert channel.id not in able.guild.channels
    assert role.id not in able.guild.roles
    kept = [(each.what, each.deleted, each.reason) for each in fake.world.creations]
    assert kept == [
        ("role", False, "asked for: ü"),
        ("channel", False, "b"),
        ("channel", True, "c"),
        ("role", True, None),
    ]


async def test_without_the_right_nothing_is_made(fake, shop, api):
    fake.change_role(shop.guild, fake.bot_role(shop.guild), permissions=permissions.EVERYONE)
    assert await api.refused("POST", roles(shop), {"name": "x"}) == 50013
    assert await api.refused("POST", channels(shop), {"name": "x"}) == 50013
    assert await api.refused("DELETE", f"/channels/{shop.channel.id}") == 50013
    low = fake.add_role(shop.guild, "low", position=1)
    assert await api.refused("DELETE", f"{roles(shop)}/{low.id}") == 50013


async def test_nobody_gives_more_than_they_have(fake, able, api):
    body = {"name": "x", "permissions": str(permissions.BAN_MEMBERS)}
    assert await api.refused("POST", roles(able), body) == 50013
    for field in ("allow", "deny"):
        overwrite = {"id": str(able.guild.id), "type": 0, field: str(permissions.KICK_MEMBERS)}
        body = {"name": "x", "permission_overwrites": [overwrite]}
        assert await api.refused("POST", channels(able), body) == 50013
    # In a channel, Manage Roles is for administrators to give.
    overwrite = {"id": str(able.guild.id), "type": 0, "deny": str(permissions.MANAGE_ROLES)}
    body = {"name": "x", "permission_overwrites": [overwrite]}
    assert await api.refused("POST", channels(able), body) == 50013


async def test_what_is_left_out_is_as_discord_has_it(able, api):
    status, role = await api("POST", roles(able), {})
    assert (status, role["name"]) == (200, "new role")
    assert role["permissions"] == str(able.guild.everyone.permissions)
    status, channel = await api("POST", channels(able), {"name": "x"})
    assert (status, channel["type"], channel["permission_overwrites"]) == (201, 0, [])


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"name": "BASE_TYPE_REQUIRED"}),
        ({"name": "x" * 101}, {"name": "BASE_TYPE_BAD_LENGTH"}),
        ({"name": "x", "topic": "t" * 1025}, {"topic": "BASE_TYPE_MAX_LENGTH"}),
        ({"name": "x", "type": 99}, {"type": "BASE_TYPE_CHOICES"}),
        (
            {"name": "x", "permission_overwrites": [{"id": "1", "type": 0}]},
            {"permission_overwrites.0": "CHANNEL_OVERWRITE_ID_INVALID"},
        ),
        (
            {"name": "x", "permission_overwrites": [{"id": "1", "type": 0}] * 101},
            {"permission_overwrites": "BASE_TYPE_BAD_LENGTH"},
        ),
    ],
)
async def test_a_channel_that_cannot_be(able, api, body, faults):
    assert await api.faults("POST", channels(able), body) == faults


async def test_a_role_that_cannot_be(able, api):
    assert await api.faults("POST", roles(able), {"name": "x" * 101}) == {
        "name": "BASE_TYPE_BAD_LENGTH"
    }
    assert await api.faults("POST", roles(able), {"permissions": "all"}) == {
        "permissions": "BASE_TYPE_CONVERT"
    }
    assert await api.refused("DELETE", f"{roles(able)}/{able.guild.id}") == 50028


async def test_so_many_and_no_more(fake, able, api):
    while len(able.guild.roles) < 250:
        fake.add_role(able.guild, "r", position=1)
    assert await api.refused("POST", roles(able), {"name": "x"}) == 30005
    while len(able.guild.channels) < 500:
        fake.add_channel(able.guild, "c", public=True)
    assert await api.refused("POST", channels(able), {"name": "x"}) == 30013


async def test_a_role_above_the_bots_stays(fake, able, api):
    high = fake.add_role(able.guild, "high")
    assert await api.refused("DELETE", f"{roles(able)}/{high.id}") == 50013
