"""Answers that get lost, errors and waiting: what the switches do to discord.py."""

import aiohttp
import discord
import pytest

from tests.support.fake_time import eventually


@pytest.fixture
async def bot(make_bot, shop, start):
    bot = make_bot()
    bot.seen = []

    @bot.tree.command(description="Echo")
    async def echo(interaction):
        for _ in range(2):
            try:
                await interaction.response.send_message("here", ephemeral=True)
            except (discord.HTTPException, aiohttp.ClientError) as error:
                bot.seen.append(error)
            else:
                return

    return await start(bot)


async def test_a_lost_callback_took_effect_and_the_second_is_40060(bot, shop, fake):
    fake.switches.lose_answers("callback")
    used = await shop.as_buyer.run("echo", guild=shop.guild)
    assert (await used.answered()).content == "here"
    await eventually(lambda: len(bot.seen) == 2)
    lost, second = bot.seen
    assert isinstance(lost, aiohttp.ServerDisconnectedError)
    assert second.code == 40060
    assert len(shop.channel.messages) == 1


async def test_a_lost_message_is_there_and_its_nonce_finds_it(bot, shop, fake):
    fake.switches.lose_answers("message")
    await eventually(lambda: bot.guilds)
    channel = bot.get_channel(shop.channel.id)
    with pytest.raises(aiohttp.ClientError):
        await channel.send("once", nonce=7)
    again = await channel.send("once", nonce=7)
    assert [each.id for each in shop.channel.messages] == [again.id]


async def test_a_429_is_waited_out_only_with_a_via_header(bot, shop, fake):
    await eventually(lambda: bot.guilds)
    channel = bot.get_channel(shop.channel.id)
    fake.switches.slow_down("message", retry_after=0.0)
    await channel.send("through")
    fake.switches.slow_down("message", via=False)
    with pytest.raises(discord.HTTPException) as caught:
        await channel.send("banned")
    assert caught.value.status == 429
    assert [each.content for each in shop.channel.messages] == ["through"]


async def test_a_503_is_not_repeated_and_changes_nothing(bot, shop, fake):
    await eventually(lambda: bot.guilds)
    fault = fake.switches.fail("message", 503)
    with pytest.raises(discord.DiscordServerError):
        await bot.get_channel(shop.channel.id).send("x")
    assert (fault.hit, shop.channel.messages) == (1, [])


async def test_a_held_callback_that_is_released_too_late_is_refused(bot, shop, fake, clock):
    held = fake.switches.hold("callback")
    used = await shop.as_buyer.run("echo", guild=shop.guild)
    await eventually(lambda: held.hit == 1)
    clock.advance(4)
    await eventually(lambda: used.failed)
    held.release()
    await eventually(lambda: len(bot.seen) == 2)
    assert [each.code for each in bot.seen] == [10062, 10062]
    assert shop.channel.messages == []


async def test_a_delay_ends_by_itself(bot, shop, fake):
    fake.switches.delay(0.01, "callback")
    used = await shop.as_buyer.run("echo", guild=shop.guild)
    assert (await used.answered()).content == "here"


async def test_clearing_lets_everything_go_on(bot, shop, fake):
    held = fake.switches.hold()
    used = await shop.as_buyer.run("echo", guild=shop.guild)
    await eventually(lambda: held.hit == 1)
    fake.switches.clear()
    assert (await used.answered()).content == "here"
    assert fake.switches.faults == []


async def test_a_rate_limit_is_announced_and_kept(api, shop, fake):
    fake.switches.limit("message", 2, per=3600)
    path = f"{fake.api_url}/channels/{shop.channel.id}/messages"
    left = []
    for _ in range(2):
        async with api.http.post(path, json={"content": "x"}, headers=api.headers) as answer:
            left.append(answer.headers["X-RateLimit-Remaining"])
    assert left == ["1", "0"]
    async with api.http.post(path, json={"content": "x"}, headers=api.headers) as answer:
        assert (answer.status, answer.headers["Via"]) == (429, "1.1 google")
        assert (await answer.json())["retry_after"] > 0
    assert len(shop.channel.messages) == 2


async def test_each_channel_and_each_webhook_has_a_limit_of_its_own(fake, api, shop):
    fake.switches.limit("edit", 5, per=3600)
    fake.switches.limit("original", 5, per=3600)
    other = fake.add_channel(shop.guild, "other")
    places = []
    for channel in (shop.channel, other):
        path = f"/channels/{channel.id}/messages"
        _, message = await api("POST", path, {"content": "0"})
        places.append(f"{path}/{message['id']}")
    for _ in range(2):
        used, path = shop.opened()
        await api("POST", path, {"type": 4, "data": {"content": "0"}})
        places.append(f"/webhooks/{fake.bot.id}/{used.token}/messages/@original")
    for place in places:
        for number in range(5):
            assert (await api("PATCH", place, {"content": str(number)}))[0] == 200
        status, answer = await api("PATCH", place, {"content": "once too often"})
        assert (status, answer["global"]) == (429, False)
        assert answer["retry_after"] > 0
    assert [each.content for each in other.messages] == ["4"]


async def test_an_address_is_blocked_with_a_page_of_html(fake, api):
    block = fake.switches.block()
    async with api.http.get(f"{fake.api_url}/users/@me", headers=api.headers) as answer:
        assert (answer.status, answer.content_type) == (429, "text/html")
        assert answer.headers["Retry-After"] == "82721"
        assert "Via" not in answer.headers
        assert "</html>" in await answer.text()
    fake.switches.remove(block)
    assert (await api("GET", "/users/@me"))[0] == 200


async def test_a_refusal_carries_the_code_that_was_set(fake, api):
    fake.switches.refuse("dm", 20026)
    assert await api.refused("POST", "/users/@me/channels", {"recipient_id": "1"}) == 20026
