"""Members come, go, and gain and lose roles: what a session hears of it, and what REST answers."""

import pytest

from bot.sandbox.discord import RefusedError, permissions

GUILDS, MEMBERS, MODERATION, PRESENCES = 1 << 0, 1 << 1, 1 << 2, 1 << 8


class Session:
    """A raw connection that has identified; `new()` is what it was sent since the last look."""

    def __init__(self, fake, shop, socket):
        self.fake, self.shop, self.socket = fake, shop, socket

    async def identify(self, intents, **more):
        data = {"token": self.fake.bot_token, "intents": intents, "properties": {}, **more}
        await self.socket.send_json({"op": 2, "d": data})
        assert (await self.socket.receive_json())["t"] == "READY"
        return (await self.socket.receive_json())["d"]

    async def ask(self, **asked):
        """Request members; the first chunk."""
        guild = {"guild_id": str(self.shop.guild.id)}
        await self.socket.send_json({"op": 8, "d": {**guild, **asked}})
        return (await self.socket.receive_json())["d"]

    async def new(self):
        asked = {"guild_id": str(self.shop.guild.id), "user_ids": [], "nonce": "mark"}
        await self.socket.send_json({"op": 8, "d": asked})
        found = []
        while (frame := await self.socket.receive_json())["d"].get("nonce") != "mark":
            found.append((frame["t"], frame["d"]))
        return found


@pytest.fixture
async def connect(fake, shop, dial):
    async def begin(intents, **more):
        session = Session(fake, shop, await dial())
        session.guild = await session.identify(intents, **more)
        return session

    return begin


def happen(fake, shop):
    """Everything that the members intent is about."""
    role = fake.add_role(shop.guild, "VIP")
    fake.give_role(shop.guild, shop.buyer, role)
    fake.take_role(shop.guild, shop.buyer, role)
    fake.boost(shop.guild, shop.buyer)
    fake.end_boost(shop.guild, shop.buyer)
    fake.remove_member(shop.guild, shop.buyer)
    fake.add_member(shop.guild, shop.buyer)
    fake.ban(shop.guild, shop.buyer)


async def test_a_session_with_the_intents_hears_of_everything_in_order(fake, shop, connect):
    fake.change_role(
        shop.guild,
        fake.bot_role(shop.guild),
        permissions=permissions.BOT | permissions.VIEW_AUDIT_LOG,
    )
    session = await connect(GUILDS | MEMBERS | MODERATION)
    happen(fake, shop)
    heard = await session.new()
    assert [name for name, _ in heard] == [
        "GUILD_ROLE_CREATE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_ROLE_CREATE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_UPDATE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_UPDATE",
        "GUILD_MEMBER_REMOVE",
        "GUILD_MEMBER_ADD",
        "GUILD_BAN_ADD",
        "GUILD_MEMBER_REMOVE",
    ]
    bodies = [body for _, body in heard]
    assert {body.get("guild_id") for body in bodies} == {str(shop.guild.id)}
    vip, booster = bodies[0]["role"], bodies[3]["role"]
    assert booster["managed"]
    assert booster["tags"] == {"premium_subscriber": None}
    assert [bodies[index]["roles"] for index in (1, 2, 4, 6)] == [
        [vip["id"]],
        [],
        [booster["id"]],
        [],
    ]
    assert bodies[4]["premium_since"]
    assert bodies[6]["premium_since"] is None
    assert [bodies[index]["premium_subscription_count"] for index in (5, 7)] == [1, 0]
    fields = {"user", "nick", "roles", "joined_at", "premium_since", "pending", "flags", "avatar"}
    assert fields < bodies[4].keys()
    assert bodies[8].keys() == {"guild_id", "user"}
    assert bodies[9]["roles"] == []
    assert bodies[9]["user"]["id"] == bodies[8]["user"]["id"] == str(shop.buyer.id)


async def test_without_the_intent_only_roles_are_heard_of_and_oneself(fake, shop, connect):
    session = await connect(GUILDS)
    happen(fake, shop)
    role = fake.add_role(shop.guild, "Bots")
    fake.give_role(shop.guild, fake.bot, role)
    names = [name for name, _ in await session.new()]
    assert names == [
        "GUILD_ROLE_CREATE",
        "GUILD_ROLE_CREATE",
        "GUILD_UPDATE",
        "GUILD_UPDATE",
        "GUILD_ROLE_CREATE",
        "GUILD_MEMBER_UPDATE",
    ]


async def test_bans_are_told_only_to_those_who_may_know(fake, shop, connect):
    session = await connect(GUILDS | MEMBERS | MODERATION)
    fake.ban(shop.guild, shop.buyer)
    assert [name for name, _ in await session.new()] == ["GUILD_MEMBER_REMOVE"]
    with pytest.raises(RefusedError, match="banned"):
        fake.add_member(shop.guild, shop.buyer)
    fake.unban(shop.guild, shop.buyer)
    assert fake.add_member(shop.guild, shop.buyer).roles == []


@pytest.mark.parametrize("quiet", [False, True])
async def test_a_deleted_role_is_lost_by_all_with_and_without_events_of_their_own(
    fake, shop, connect, quiet
):
    role = fake.add_role(shop.guild, "VIP")
    for user in (shop.buyer, shop.owner):
        fake.give_role(shop.guild, user, role)
    session = await connect(GUILDS | MEMBERS)
    fake.switches.quiet_role_deletion = quiet
    fake.delete_role(shop.guild, role)
    heard = await session.new()
    assert [name for name, _ in heard] == [
        *([] if quiet else ["GUILD_MEMBER_UPDATE"] * 2),
        "GUILD_ROLE_DELETE",
    ]
    assert heard[-1][1] == {"guild_id": str(shop.guild.id), "role_id": str(role.id)}
    assert shop.guild.members[shop.buyer.id].roles == []


async def test_the_intent_can_be_refused_and_granted_again(fake, shop, connect, dial, api):
    await connect(GUILDS)
    assert not fake.hears_members
    before = await connect(GUILDS | MEMBERS)
    assert fake.hears_members
    fake.allow_members_intent(allowed=False)
    assert not fake.members_allowed
    socket = await dial()
    data = {"token": fake.bot_token, "intents": GUILDS | MEMBERS, "properties": {}}
    await socket.send_json({"op": 2, "d": data})
    await socket.receive()
    assert socket.close_code == 4014
    assert await api.refused("GET", f"/guilds/{shop.guild.id}/members?limit=1") == 50001
    assert (await api("GET", f"/guilds/{shop.guild.id}/members/search?query=b"))[0] == 200
    assert (await api("GET", f"/guilds/{shop.guild.id}/members/{shop.buyer.id}"))[0] == 200
    fake.remove_member(shop.guild, shop.buyer)  # who is connected goes on as it was
    assert [name for name, _ in await before.new()] == ["GUILD_MEMBER_REMOVE"]
    fake.allow_members_intent(allowed=True)
    await connect(GUILDS | MEMBERS)


@pytest.mark.parametrize("asked", [{"query": "", "limit": 0}, {"query": "", "limit": 5}, {}])
async def test_everybody_is_listed_only_to_those_with_the_intent(fake, shop, connect, asked):
    without, having = await connect(GUILDS), await connect(GUILDS | MEMBERS)
    guild = {"guild_id": str(shop.guild.id)}
    await without.socket.send_json({"op": 8, "d": {**guild, **asked}})
    assert await without.new() == []
    assert len((await having.ask(**asked))["members"]) == 3
    assert (await without.ask(user_ids="1"))["not_found"] == ["1"]


async def test_what_happens_while_nobody_listens_is_heard_only_by_who_resumes(
    fake, shop, connect, dial
):
    role = fake.add_role(shop.guild, "VIP")
    session = await connect(GUILDS | MEMBERS)
    (number,) = fake.gateway.sessions
    await fake.drop_gateway()
    await fake.bot_gone()
    fake.give_role(shop.guild, shop.buyer, role)
    resumed = await dial()
    data = {"token": fake.bot_token, "session_id": number, "seq": 2}
    await resumed.send_json({"op": 6, "d": data})
    missed = await resumed.receive_json()
    assert (missed["t"], missed["d"]["roles"]) == ("GUILD_MEMBER_UPDATE", [str(role.id)])
    await fake.drop_gateway(resumable=False)
    await fake.bot_gone()
    fake.take_role(shop.guild, shop.buyer, role)
    session = await connect(GUILDS | MEMBERS)
    assert await session.new() == []
    assert (await session.ask(user_ids=str(shop.buyer.id)))["members"][0]["roles"] == []


async def test_a_hundred_thousand_members_are_counted_and_not_sent(fake, shop, connect):
    fake.add_crowd(shop.guild, 100_000)
    for intents in (GUILDS | MEMBERS, GUILDS | MEMBERS | PRESENCES):
        guild = (await connect(intents)).guild
        assert guild["member_count"] == 100_003
        assert guild["large"] is True
        assert [each["user"]["id"] for each in guild["members"]] == [str(fake.bot.id)]


async def test_a_smaller_server_lists_members_to_those_who_see_presences(fake, shop, connect):
    fake.add_crowd(shop.guild, 100)
    role = fake.add_role(shop.guild, "VIP")
    fake.give_role(shop.guild, shop.buyer, role)
    fake.set_nick(shop.guild, shop.owner, "Boss")
    guild = (await connect(GUILDS | PRESENCES, large_threshold=250)).guild
    assert (guild["large"], len(guild["members"])) == (False, 103)
    guild = (await connect(GUILDS | PRESENCES)).guild
    known = {str(each.id) for each in (shop.owner, shop.buyer, fake.bot)}
    assert (guild["large"], {each["user"]["id"] for each in guild["members"]}) == (True, known)
    guild = (await connect(GUILDS, large_threshold=250)).guild
    assert (guild["large"], len(guild["members"])) == (False, 1)


async def test_members_are_found_by_the_beginning_of_any_name(fake, shop, api):
    fake.add_crowd(shop.guild, 30)
    fake.set_nick(shop.guild, shop.owner, "Boss")

    async def found(query):
        status, answer = await api("GET", f"/guilds/{shop.guild.id}/members/search?{query}")
        assert status == 200
        return [each["user"]["username"] for each in answer]

    assert await found("query=BOS&limit=5") == ["olga"]
    assert await found("query=member2&limit=3") == ["member2", "member20", "member21"]
    assert await found("query=member") == ["member0"]  # one is what Discord gives by itself
    assert await found("query=ember&limit=9") == []
    path = f"/guilds/{shop.guild.id}/members/search"
    for wrong in ("", "?query=", "?query=b&limit=0", "?query=b&limit=1001", "?query=b&limit=x"):
        assert await api.refused("GET", path + wrong) == 50035


async def test_role_changes_are_limited_and_leave_the_bot_s_reason(fake, shop, api):
    low = fake.add_role(shop.guild, "low", position=1)
    fake.change_role(shop.guild, fake.bot_role(shop.guild), position=5)
    path = f"/guilds/{shop.guild.id}/members/{shop.buyer.id}/roles/{low.id}"
    headers = {**api.headers, "X-Audit-Log-Reason": "bought%20%E2%82%AC%205"}
    for _ in range(2):
        assert (await api("PUT", path, headers=headers))[0] == 204
    assert (await api("DELETE", path))[0] == 204
    changes = [(each.given, each.reason) for each in fake.world.role_changes]
    assert changes == [(True, "bought € 5"), (False, None)]
    long = {**api.headers, "X-Audit-Log-Reason": "x" * 513}
    assert await api.refused("PUT", path, headers=long) == 50035
    fake.switches.limit("roles", 10, 10.0)
    statuses = [(await api("PUT", path))[0] for _ in range(11)]
    assert statuses == [204] * 10 + [429]


async def test_a_role_is_refused_without_the_right_above_the_bot_and_when_managed(fake, shop, api):
    guild, mine = shop.guild, fake.bot_role(shop.guild)
    low, high = fake.add_role(guild, "low", position=1), fake.add_role(guild, "high")
    fake.change_role(guild, mine, position=2)
    fake.change_role(guild, high, position=3)
    fake.boost(guild, shop.buyer)

    def path(role, user=shop.buyer):
        return f"/guilds/{guild.id}/members/{getattr(user, 'id', user)}/roles/{role.id}"

    assert (await api("PUT", path(low)))[0] == 204
    for role in (high, mine, guild.booster_role):
        for method in ("PUT", "DELETE"):
            assert await api.refused(method, path(role)) == 50013
    fake.change_role(guild, high, position=2)  # beside the bot's is not below it
    assert await api.refused("PUT", path(high)) == 50013
    fake.change_role(guild, mine, permissions=permissions.EVERYONE)
    assert await api.refused("DELETE", path(low)) == 50013
    fake.remove_member(guild, shop.buyer)
    assert await api.refused("PUT", path(low)) == 10007
    assert await api.refused("PUT", path(low, 1)) == 10013
    fake.add_member(guild, shop.buyer)
    fake.delete_role(guild, low)
    assert await api.refused("PUT", path(low)) == 10011
