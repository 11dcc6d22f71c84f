"""The gateway: who may connect, what is sent, and what a lost socket costs."""

import asyncio
import json

import aiohttp
import discord
import pytest

from bot.sandbox.discord import NotAnsweredError
from bot.sandbox.discord.gateway import ROUND_TRIP
from tests.support.fake_time import eventually


async def identify(socket, fake, intents=1, token=None):
    data = {"token": token or fake.bot_token, "intents": intents, "properties": {}}
    await socket.send_json({"op": 2, "d": data})


async def closed_with(socket):
    while True:
        frame = await socket.receive()
        if frame.type is not aiohttp.WSMsgType.TEXT:
            return socket.close_code


def echo(bot):
    @bot.tree.command(description="Echo")
    async def echo(interaction):
        await interaction.response.send_message("here")

    return bot


async def test_a_heartbeat_is_answered_after_a_round_trip_as_over_a_network(
    fake, shop, dial, monkeypatch
):
    loop, held = asyncio.get_running_loop(), []
    call_later = loop.call_later

    def hold(delay, callback, *args, **more):
        if delay == ROUND_TRIP:
            return held.append(lambda: callback(*args))
        return call_later(delay, callback, *args, **more)

    monkeypatch.setattr(loop, "call_later", hold)
    socket = await dial()
    await identify(socket, fake)
    for _ in ("READY", "GUILD_CREATE"):
        await socket.receive_json()
    await socket.send_json({"op": 1, "d": 2})
    asked = {"guild_id": str(shop.guild.id), "user_ids": [str(fake.bot.id)], "limit": 1}
    await socket.send_json({"op": 8, "d": asked})
    assert (await socket.receive_json())["t"] == "GUILD_MEMBERS_CHUNK"
    [answer] = held
    answer()
    assert (await socket.receive_json())["op"] == 11


async def test_ready_names_the_guilds_and_where_to_resume(fake, shop, dial):
    socket = await dial()
    await identify(socket, fake)
    ready = await socket.receive_json()
    assert (ready["t"], ready["s"]) == ("READY", 1)
    assert ready["d"]["resume_gateway_url"] == fake.gateway_url
    assert ready["d"]["guilds"] == [{"id": str(shop.guild.id), "unavailable": True}]
    create = await socket.receive_json()
    assert create["t"] == "GUILD_CREATE"
    assert create["d"]["unavailable"] is False
    assert [each["user"]["id"] for each in create["d"]["members"]] == [str(fake.bot.id)]
    await socket.send_json({"op": 1, "d": 2})
    assert (await socket.receive_json())["op"] == 11


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"op": 2, "d": {"token": "wrong", "intents": 1}}, 4004),
        ({"op": 6, "d": {"token": "wrong", "session_id": "a", "seq": 1}}, 4004),
        ({"op": 2, "d": {"token": "x"}}, 4013),
        ({"op": 8, "d": {}}, 4003),
        ({"nonsense": 1}, 4002),
    ],
)
async def test_a_frame_out_of_place_closes_the_socket(dial, frame, code):
    socket = await dial()
    await socket.send_json(frame)
    assert await closed_with(socket) == code


async def test_a_resume_of_an_unknown_session_is_invalid(fake, dial):
    socket = await dial()
    data = {"token": fake.bot_token, "session_id": "gone", "seq": 3}
    await socket.send_json({"op": 6, "d": data})
    answer = await socket.receive_json()
    assert (answer["op"], answer["d"]) == (9, False)


async def test_a_wrong_token_cannot_log_in(fake, make_bot):
    bot = make_bot()
    with pytest.raises(discord.LoginFailure):
        await bot.start("MTIz.wrong.token")
    await bot.close()


async def test_a_privileged_intent_that_is_off_closes_with_4014(fake, shop, start, make_bot):
    fake.allow_intents(members=False, presences=False, message_content=False)
    bot = make_bot(discord.Intents.all())
    with pytest.raises(discord.PrivilegedIntentsRequired):
        await bot.start(fake.bot_token)
    await bot.close()


async def test_a_bot_with_the_members_intent_gets_all_members(fake, shop, make_bot, start):
    for number in range(1100):
        fake.add_member(shop.guild, fake.add_user(f"member{number}"))
    intents = discord.Intents.default()
    intents.members = True
    bot = await start(make_bot(intents))
    await eventually(lambda: bot.guilds and len(bot.guilds[0].members) == 1103)
    found = await bot.guilds[0].query_members("member109", limit=5)
    assert [each.name for each in found][:2] == ["member109", "member1090"]


async def test_member_and_role_events_reach_a_bot_that_asked_for_them(fake, shop, make_bot, start):
    intents = discord.Intents.default()
    intents.members = True
    bot = await start(make_bot(intents))
    await eventually(lambda: bot.guilds and len(bot.guilds[0].members) == 3)
    role = fake.add_role(shop.guild, "VIP")
    fake.give_role(shop.guild, shop.buyer, role)
    newcomer = fake.add_user("nina")
    fake.add_member(shop.guild, newcomer)
    fake.remove_member(shop.guild, newcomer)
    await eventually(lambda: len(bot.heard) == 3)
    assert bot.names() == ["member_update", "member_join", "member_remove"]
    assert [each.name for each in bot.heard[0][1].roles] == ["@everyone", "VIP"]


async def test_without_the_members_intent_there_are_no_member_events(fake, shop, make_bot, start):
    bot = await start(make_bot())
    fake.add_member(shop.guild, fake.add_user("nina"))
    await shop.as_buyer.say("x", channel=shop.channel)
    await eventually(lambda: bot.heard)
    assert bot.names() == ["message"]
    assert bot.heard[0][1].content == ""  # nor without its intent the content of messages


async def test_the_bot_hears_of_being_removed_and_invited(fake, shop, make_bot, start):
    bot = await start(make_bot())
    await eventually(lambda: bot.guilds)
    fake.remove_bot(shop.guild)
    await eventually(lambda: bot.names() == ["guild_remove"])
    assert not bot.guilds
    fake.invite_bot(shop.guild)
    await eventually(lambda: bot.guilds)


async def test_a_dropped_socket_is_resumed_and_what_was_missed_is_replayed(
    fake, shop, make_bot, start
):
    bot = await start(echo(make_bot()))
    (session,) = fake.gateway.sessions
    await fake.drop_gateway()
    await fake.bot_gone()
    used = await shop.as_buyer.run("echo", guild=shop.guild)
    assert (await used.answered()).content == "here"
    await eventually(lambda: "resumed" in bot.names())
    assert list(fake.gateway.sessions) == [session]


async def test_a_session_that_cannot_be_resumed_is_begun_anew(fake, shop, make_bot, start):
    # discord.py sleeps five seconds before it identifies again; the end of that is not awaited
    bot = await start(echo(make_bot()))
    await fake.drop_gateway(resumable=False)
    await fake.bot_gone()
    used = await shop.as_buyer.run("echo", guild=shop.guild)
    with pytest.raises(NotAnsweredError):
        await used.answered()
    assert bot.names() == []


async def test_a_reconnect_request_is_followed(fake, shop, make_bot, start):
    bot = await start(make_bot())
    fake.gateway.ask_to_reconnect()
    await eventually(lambda: "resumed" in bot.names())


async def test_a_bot_that_closes_properly_has_no_session_left(fake, shop, make_bot, start):
    queue = fake.subscribe()
    bot = await start(make_bot())
    assert fake.online
    await bot.close()
    await fake.bot_gone()
    assert not fake.gateway.sessions or not fake.online
    kinds = [queue.get_nowait()["type"] for _ in range(queue.qsize())]
    assert kinds == ["bot_online", "bot_offline"]


async def test_two_deliveries_of_one_interaction_are_one_acknowledgement(
    fake, shop, make_bot, start
):
    bot = make_bot()
    codes = []

    @bot.tree.command(description="Echo")
    async def echo(interaction):
        try:
            await interaction.response.send_message("here")
        except discord.HTTPException as error:
            codes.append(error.code)

    await start(bot)
    used = await shop.as_buyer.run("echo", guild=shop.guild, deliver=2)
    await used.answered()
    await eventually(lambda: codes)
    assert codes == [40060]
    assert len(shop.channel.messages) == 1


async def test_a_client_without_compression_is_served_text(fake, shop, dial):
    socket = await dial()
    await identify(socket, fake)
    assert json.loads((await socket.receive()).data)["t"] == "READY"
    await socket.close()
    await eventually(lambda: not fake.online)
    await asyncio.sleep(0)


async def listing(socket, shop, nonce):
    asked = {"guild_id": str(shop.guild.id), "query": "", "limit": 0, "nonce": nonce}
    await socket.send_json({"op": 8, "d": asked})
    return await socket.receive_json()


async def test_a_second_request_for_all_members_within_30_seconds_is_refused(
    fake, shop, dial, clock
):
    socket = await dial()
    await identify(socket, fake, intents=1 | 1 << 1)
    for _ in ("READY", "GUILD_CREATE"):
        await socket.receive_json()
    assert (await listing(socket, shop, "first"))["t"] == "GUILD_MEMBERS_CHUNK"
    clock.advance(12)
    refused = await listing(socket, shop, "second")
    assert refused["t"] == "RATE_LIMITED"
    assert refused["d"] == {
        "opcode": 8,
        "retry_after": 18.0,
        "meta": {"guild_id": str(shop.guild.id), "nonce": "second"},
    }
    fake.switches.member_limit = False
    assert (await listing(socket, shop, "third"))["t"] == "GUILD_MEMBERS_CHUNK"
    fake.switches.member_limit = True
    clock.advance(30)
    assert (await listing(socket, shop, "fourth"))["t"] == "GUILD_MEMBERS_CHUNK"


async def test_requests_for_some_members_are_not_limited_and_silence_is_a_switch(fake, shop, dial):
    socket = await dial()
    await identify(socket, fake, intents=1 | 1 << 1)
    for _ in ("READY", "GUILD_CREATE"):
        await socket.receive_json()
    asked = {"guild_id": str(shop.guild.id), "query": "b", "limit": 5}
    for _ in range(2):
        await socket.send_json({"op": 8, "d": asked})
        assert (await socket.receive_json())["t"] == "GUILD_MEMBERS_CHUNK"
    fake.switches.members_silent = True
    await socket.send_json({"op": 8, "d": asked})
    await socket.send_json({"op": 1, "d": 2})
    assert (await socket.receive_json())["op"] == 11


async def test_without_the_members_intent_a_hundred_are_found_by_name_or_id_and_not_everybody(
    fake, shop, dial
):
    users = [fake.add_user(f"trader{number}") for number in range(130)]
    for user in users:
        fake.add_member(shop.guild, user)
    socket = await dial()
    await identify(socket, fake, intents=1)
    for _ in ("READY", "GUILD_CREATE"):
        await socket.receive_json()
    guild = {"guild_id": str(shop.guild.id)}
    for asked in ({"query": "trader", "limit": 0}, {"user_ids": [str(user.id) for user in users]}):
        await socket.send_json({"op": 8, "d": {**guild, **asked}})
        assert len((await socket.receive_json())["d"]["members"]) == 100
    await socket.send_json({"op": 8, "d": {**guild, "query": "", "limit": 0}})
    await socket.send_json({"op": 1, "d": 2})
    assert (await socket.receive_json())["op"] == 11


async def test_members_are_searched_by_rest_without_the_intent_as_many_as_asked_for(
    fake, shop, api
):
    fake.allow_intents(members=False, presences=False, message_content=False)
    for number in range(130):
        fake.add_member(shop.guild, fake.add_user(f"trader{number}"))
    where = f"/guilds/{shop.guild.id}/members/search"
    assert len((await api("GET", f"{where}?query=TRADER&limit=1000"))[1]) == 130
    assert len((await api("GET", f"{where}?query=trader"))[1]) == 1
    assert await api.refused("GET", f"{where}?limit=5") == 50035  # nobody is found without a query
