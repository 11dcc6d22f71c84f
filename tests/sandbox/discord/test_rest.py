"""Unknown ids, permissions, nonces, and the token."""

import pytest

from bot.sandbox.discord import permissions


def url(*parts):
    return "/" + "/".join(str(getattr(part, "id", part)) for part in parts)


async def test_unknown_ids_have_their_own_codes(api, shop):
    guild, channel = shop.guild, shop.channel
    stranger = shop.fake.add_user("stranger")
    assert await api.refused("GET", url("channels", 1)) == 10003
    assert await api.refused("GET", url("guilds", 1)) == 10004
    assert await api.refused("GET", url("guilds", guild, "members", stranger)) == 10007
    assert await api.refused("GET", url("channels", channel, "messages", 1)) == 10008
    assert await api.refused("GET", url("guilds", guild, "roles", 1)) == 10011
    assert await api.refused("GET", url("users", 1)) == 10013
    assert await api.refused("POST", "/users/@me/channels", {"recipient_id": "1"}) == 10013
    commands = url("applications", shop.fake.bot, "commands")
    assert await api.refused("GET", commands + "/1") == 10063
    assert (await api("GET", "/nowhere"))[0] == 404


async def test_a_wrong_token_is_401(api, shop):
    for headers in ({}, {"Authorization": "Bot nonsense"}):
        status, answer = await api("GET", "/users/@me", headers=headers)
        assert (status, answer["code"]) == (401, 0)
    shop.fake.reset_token()
    assert (await api("GET", "/users/@me"))[0] == 401


async def test_the_bots_servers_come_by_number_in_pages(api, shop):
    more = [shop.fake.add_guild(f"More {number}", shop.owner).id for number in range(3)]
    every = [shop.guild.id, *more]

    async def listed(query=""):
        status, answer = await api("GET", f"/users/@me/guilds{query}")
        assert status == 200
        return [int(each["id"]) for each in answer]

    assert await listed() == every
    assert await listed("?limit=2") == every[:2]
    assert await listed(f"?after={every[0]}&limit=2") == every[1:3]
    assert await listed(f"?before={every[3]}&limit=2") == every[1:3]
    assert await listed(f"?after={every[2] - 1}&limit=1") == [every[2]]
    for wrong in ("0", "201", "many"):
        assert await api.refused("GET", f"/users/@me/guilds?limit={wrong}") == 50035


async def test_a_private_channel_is_seen_by_the_bot_but_not_by_members(api, shop):
    private = shop.fake.add_channel(shop.guild, "staff", public=False)
    assert (await api("POST", url("channels", private, "messages"), {"content": "x"}))[0] == 200
    snapshot = shop.fake.snapshot()["guilds"][0]["channels"]
    assert [each["public"] for each in snapshot] == [True, False]
    assert str(shop.buyer.id) not in snapshot[1]["seen_by"]
    assert str(shop.owner.id) in snapshot[1]["seen_by"]


async def test_channel_permissions_decide(api, shop):
    path = url("channels", shop.channel, "messages")
    role = shop.fake.bot_role(shop.guild)
    shop.fake.set_overwrite(shop.channel, role, deny=1 << 11)
    assert await api.refused("POST", path, {"content": "x"}) == 50013
    shop.fake.set_overwrite(shop.channel, role, deny=1 << 10)
    assert await api.refused("POST", path, {"content": "x"}) == 50001
    shop.fake.set_overwrite(shop.channel, shop.fake.bot, allow=(1 << 10) | (1 << 11))
    assert (await api("POST", path, {"content": "x"}))[0] == 200


async def test_roles_above_the_bots_and_managed_ones_are_out_of_reach(api, shop):
    guild, fake = shop.guild, shop.fake
    high = fake.add_role(guild, "VIP")

    def path(role):
        return url("guilds", guild, "members", shop.buyer, "roles", role)

    assert await api.refused("PUT", path(high)) == 50013
    fake.change_role(guild, fake.bot_role(guild), position=9)
    assert await api("PUT", path(high)) == (204, None)
    assert await api("PUT", path(high)) == (204, None)
    assert guild.members[shop.buyer.id].roles == [high]
    assert await api("DELETE", path(high)) == (204, None)
    assert await api.refused("PUT", path(fake.bot_role(guild))) == 50013
    assert await api.refused("PUT", path(guild)) == 50028
    assert await api.refused("PUT", path(1)) == 10011


async def test_a_nonce_gives_the_existing_message(api, shop):
    path = url("channels", shop.channel, "messages")
    body = {"content": "once", "nonce": "7", "enforce_nonce": True}
    _, first = await api("POST", path, body)
    _, again = await api("POST", path, body)
    assert first["id"] == again["id"]
    assert len(shop.channel.messages) == 1
    await api("POST", path, {"content": "once", "nonce": "7"})
    assert len(shop.channel.messages) == 2


async def test_direct_messages_need_open_doors_and_a_shared_server(api, shop):
    _, dm = await api("POST", "/users/@me/channels", {"recipient_id": str(shop.buyer.id)})
    path = url("channels", dm["id"], "messages")
    assert (await api("POST", path, {"content": "x"}))[0] == 200
    shop.fake.close_dms(shop.buyer)
    assert await api.refused("POST", path, {"content": "x"}) == 50007
    shop.fake.open_dms(shop.buyer)
    shop.fake.remove_member(shop.guild, shop.buyer)
    assert await api.refused("POST", path, {"content": "x"}) == 50007


async def test_only_own_messages_can_be_edited(api, shop):
    path = url("channels", shop.channel, "messages")
    said = await shop.as_buyer.say("mine", channel=shop.channel)
    assert await api.refused("PATCH", f"{path}/{said.id}", {"content": "x"}) == 50005
    assert await api.refused("DELETE", f"{path}/{said.id}") == 50013


async def test_a_guild_without_the_bot_is_out_of_reach(api, shop):
    shop.fake.remove_bot(shop.guild)
    assert await api.refused("GET", url("guilds", shop.guild)) == 10004
    commands = url("applications", shop.fake.bot, "guilds", shop.guild, "commands")
    assert await api.refused("PUT", commands, []) == 50001
    path = url("channels", shop.channel, "messages")
    assert await api.refused("POST", path, {"content": "x"}) == 50001


async def test_what_is_no_json_object_is_refused(api, shop):
    path = url("channels", shop.channel, "messages")
    assert await api.refused("POST", path, data=b"{") == 50109
    assert await api.refused("POST", path, []) == 50035


@pytest.mark.parametrize("first", [True, False])
async def test_permissions_of_the_owner_and_of_administrators_are_all(shop, first):
    admin = shop.fake.add_role(shop.guild, "Admin", permissions.ADMINISTRATOR)
    person = shop.owner if first else shop.buyer
    if not first:
        shop.fake.give_role(shop.guild, person, admin)
    member = shop.guild.members[person.id]
    shop.fake.set_overwrite(shop.channel, shop.guild.everyone, deny=permissions.VIEW_CHANNEL)
    assert permissions.in_channel(shop.channel, member) == permissions.ALL
