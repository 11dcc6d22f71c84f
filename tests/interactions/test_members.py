"""Members, asked for in one place: within seconds, as often as Discord allows, and never for ever."""

import asyncio

import discord
import pytest

from bot.access.errors import DiscordSilent, MembersSilent
from bot.interactions.members import LIST_TIMEOUT
from tests.support.discord_harness import at_work, eventually, open_office, text_of


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        await harness.make_rows()
        async with at_work(harness, ready=True):
            yield harness


def forget(harness, *users):
    """Empty the cache as if Discord had not sent everybody."""
    guild = harness.client.get_guild(harness.guild.id)
    for user in users or harness.fake.world.users.values():
        if user is not harness.fake.bot:
            guild._members.pop(user.id, None)
    return guild


async def answered(harness, run, seconds=30):
    await harness.passes(lambda: run.original is not None and text_of(run.original), seconds)
    return text_of(run.original)


async def test_everybody_is_listed(harness):
    await harness.time.advance(30)
    guild = forget(harness)
    members = await harness.client.members.everybody(guild)
    assert {member.id for member in members} >= {harness.buyer.id, harness.stranger.id}


async def test_a_second_request_is_refused_and_later_ones_obey_and_work(harness):
    guild = forget(harness)  # discord.py asked at the start, less than 30 s ago
    with pytest.raises(MembersSilent) as refused:
        await harness.client.members.everybody(guild)
    assert refused.value.wait == pytest.approx(30, abs=1)
    await harness.time.advance(20)
    sent = dict(next(iter(harness.fake.gateway.sessions.values())).listed_at)
    with pytest.raises(MembersSilent) as refused:
        await harness.client.members.everybody(guild)
    assert refused.value.wait == pytest.approx(10, abs=1)
    assert dict(next(iter(harness.fake.gateway.sessions.values())).listed_at) == sent
    await harness.time.advance(10)
    assert len(await harness.client.members.everybody(guild)) == len(harness.guild.members)


async def test_a_discord_that_never_answers_is_waited_for_seconds_and_poisons_nothing(harness):
    await harness.time.advance(30)
    guild = forget(harness)
    harness.fake.switches.members_silent = True
    run = await harness.as_mod.run("customer match", guild=harness.guild, channel=harness.channel)
    assert "Waiting" in await answered(harness, run, int(LIST_TIMEOUT) + 2)
    await harness.passes(lambda: "Waiting" not in text_of(run.original), 60)
    said = text_of(run.original)
    assert "Discord does not list the members" in said
    assert "Nothing was changed" in said
    harness.fake.switches.members_silent = False
    await harness.time.advance(30)
    assert len(await harness.client.members.everybody(guild)) == len(harness.guild.members)


async def test_two_who_ask_at_once_are_both_answered_at_once(harness):
    guild = forget(harness)
    asking = [harness.client.members.everybody(guild) for _ in range(2)]
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(each) for each in found] == [MembersSilent] * 2


async def test_match_says_when_to_try_again(harness):
    forget(harness)
    run = await harness.as_mod.run("customer match", guild=harness.guild, channel=harness.channel)
    assert "try again in 30 seconds" in await answered(harness, run)


async def test_a_request_that_a_new_connection_ends_is_not_taken_for_everybody(
    harness, monkeypatch
):
    await harness.time.advance(30)
    guild = forget(harness)
    harness.fake.switches.members_silent = True
    asking = asyncio.ensure_future(harness.client.members.everybody(guild))
    await eventually(lambda: guild._state._chunk_requests)
    with monkeypatch.context() as patch:
        patch.setattr(harness.client, "ws", object())
        guild._state.clear_chunk_requests(None)  # as discord.py does when it is ready again
        with pytest.raises(MembersSilent):
            await asking


async def test_one_member_is_fetched_where_the_cache_has_none(harness):
    forget(harness)
    found = await harness.client.members.find(harness.guild.id, harness.mod.id)
    assert [role.name for role in found.roles][1:] == ["Staff"]
    assert await harness.client.members.find(harness.guild.id, 42) is None


async def test_a_server_that_is_not_known_yet_is_fetched_with_its_roles(harness, monkeypatch):
    monkeypatch.setattr(harness.client, "get_guild", lambda _: None)
    found = await harness.client.members.find(harness.guild.id, harness.owner.id)
    assert found.guild_permissions.administrator


@pytest.mark.parametrize("code", [50001, 40003])
async def test_a_discord_that_does_not_tell_is_not_taken_for_no(harness, code):
    forget(harness)
    harness.fake.switches.refuse("member", code)
    with pytest.raises(DiscordSilent):
        await harness.client.members.find(harness.guild.id, harness.mod.id)


async def press_in_dm(harness):
    """The button of an alarm, pressed by the owner in the direct messages."""
    from bot.notifications.login_alerts import LoginAlerts

    alerts = harness.login_alerts
    assert isinstance(alerts, LoginAlerts)
    harness.vendor.world.end_all_sessions()
    await harness.vendor.test_logins()
    await alerts.tell()
    [message] = harness.as_owner.dms()
    return message


async def test_a_button_in_a_direct_message_works_with_an_empty_cache(harness):
    message = await press_in_dm(harness)
    forget(harness)
    press = await harness.as_owner.press(message, "Renew the login")
    assert await press.form()


async def test_a_button_says_that_discord_is_silent_not_that_it_is_forbidden(harness):
    message = await press_in_dm(harness)
    forget(harness)
    harness.fake.switches.fail("member", 503, 1)
    press = await harness.as_owner.press(message, "Renew the login")
    said = text_of(await press.answered())
    assert "Discord does not tell me" in said
    assert "Only" not in said


async def test_a_stranger_stays_one_with_an_empty_cache(harness):
    message = await press_in_dm(harness)
    forget(harness)
    harness.fake.take_role(harness.guild, harness.mod, harness.staff)
    message.channel = harness.fake.world.dm(harness.mod)
    press = await harness.as_mod.press(message, "Renew the login")
    assert "Only those who manage" in text_of(await press.answered())


async def test_a_one_time_page_asks_discord_where_the_cache_has_nobody(harness):
    forget(harness)
    may = harness.one_time_pages._may
    assert await may(harness.guild.id, harness.owner.id)
    assert not await may(harness.guild.id, harness.stranger.id)


def test_discord_py_still_has_what_is_reached_into():
    client = discord.Client(intents=discord.Intents.none())
    assert client._connection._chunk_requests == {}
    assert isinstance(client._connection.parsers, dict)
