"""Members, asked for in one place: within seconds, as often as Discord allows, and never for ever."""

import asyncio

import discord
import pytest

from bot.access.errors import DiscordSilent, MembersSilent
from bot.access.people.import_errors import MembersUnseen
from bot.access.people.import_records import Wanted
from bot.interactions.member_requests import LIST_TIMEOUT
from tests.support.discord_harness import at_work, eventually, open_office, text_of


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        await harness.make_rows()
        async with at_work(harness, ready=True):
            yield harness


NOBODY = Wanted(frozenset(), ())


async def everybody(harness, wanted=NOBODY, tell=lambda _: None):
    people = await harness.client.members.people(harness.guild.id, wanted, tell)
    return {person.id for person in people.found}


def asked_lately(harness):
    """As after a start within 30 s of the one before: Discord lists everybody only once in that time."""
    [session] = harness.fake.gateway.sessions.values()
    session.listed_at[harness.guild.id] = harness.fake.world.now()
    return session.listed_at


async def answered(harness, run, seconds=30):
    await harness.passes(lambda: run.original is not None and text_of(run.original), seconds)
    return text_of(run.original)


async def test_no_member_is_kept_but_the_bot_itself(harness):
    guild = harness.client.get_guild(harness.guild.id)
    await harness.run(harness.as_mod, "customer link", member=harness.buyer, username="Alice_T")
    assert len(await everybody(harness)) == 4
    harness.fake.give_role(harness.guild, harness.buyer, harness.staff)
    newcomer = harness.fake.add_user("nina")
    harness.fake.add_member(harness.guild, newcomer)
    await eventually(lambda: guild.member_count == 6)
    assert [member.id for member in guild.members] == [harness.client.user.id]
    harness.fake.remove_member(harness.guild, newcomer)
    await eventually(lambda: guild.member_count == 5)


async def test_the_bots_own_roles_are_kept_up(harness):
    guild = harness.client.get_guild(harness.guild.id)
    before = len(guild.me.roles)
    harness.fake.give_role(harness.guild, harness.fake.bot, harness.staff)
    await eventually(lambda: len(guild.me.roles) == before + 1)


async def test_everybody_is_listed_but_the_bots(harness):
    harness.fake.add_member(harness.guild, harness.fake.add_user("helper", bot=True))
    people = {harness.owner.id, harness.mod.id, harness.buyer.id, harness.stranger.id}
    assert await everybody(harness) == people


async def test_a_list_counts_for_30_seconds_with_whoever_joins_meanwhile(harness):
    first = await everybody(harness)
    asked = dict(asked_lately(harness))
    await harness.time.advance(20)
    zoe = harness.fake.add_user("zoe")
    harness.fake.add_member(harness.guild, zoe)
    await eventually(lambda: harness.client.get_guild(harness.guild.id).member_count == 6)
    assert await everybody(harness) == {*first, zoe.id}
    [session] = harness.fake.gateway.sessions.values()
    assert session.listed_at == asked
    harness.fake.remove_member(harness.guild, zoe)
    await harness.time.advance(10)
    assert await everybody(harness) == first


async def test_a_request_that_is_refused_says_when_and_later_ones_obey_and_work(harness):
    listed_at = asked_lately(harness)
    with pytest.raises(MembersSilent) as refused:
        await everybody(harness)
    assert refused.value.wait == pytest.approx(30, abs=1)
    await harness.time.advance(20)
    sent = dict(listed_at)
    with pytest.raises(MembersSilent) as refused:
        await everybody(harness)
    assert refused.value.wait == pytest.approx(10, abs=1)
    assert listed_at == sent
    await harness.time.advance(10)
    assert len(await everybody(harness)) == len(harness.guild.members) - 1


async def test_a_discord_that_never_answers_is_waited_for_seconds_and_poisons_nothing(harness):
    harness.fake.switches.members_silent = True
    run = await harness.as_mod.run("customer match", guild=harness.guild, channel=harness.channel)
    assert "Waiting" in await answered(harness, run, int(LIST_TIMEOUT) + 2)
    await harness.passes(lambda: "Waiting" not in text_of(run.original), 60)
    said = text_of(run.original)
    assert "Discord does not list the members" in said
    assert "Nothing was changed" in said
    harness.fake.switches.members_silent = False
    await harness.time.advance(30)
    assert len(await everybody(harness)) == len(harness.guild.members) - 1


async def test_two_who_ask_at_once_get_one_list(harness):
    first, second = await asyncio.gather(everybody(harness), everybody(harness))
    assert first == second
    assert len(first) == 4


async def test_two_who_are_refused_at_once_are_both_answered_at_once(harness):
    asked_lately(harness)
    asking = [everybody(harness) for _ in range(2)]
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(each) for each in found] == [MembersSilent] * 2


async def test_match_says_when_to_try_again(harness):
    asked_lately(harness)
    run = await harness.as_mod.run("customer match", guild=harness.guild, channel=harness.channel)
    assert "try again in 30 seconds" in await answered(harness, run)


async def test_pieces_of_an_older_request_are_not_taken_for_everybody(harness):
    harness.fake.switches.members_silent = True
    asking = asyncio.ensure_future(everybody(harness))
    requests = harness.client.members._requests
    await eventually(lambda: requests._under_way)
    piece = {"members": [], "chunk_index": 0, "chunk_count": 1, "nonce": "another"}
    harness.client._connection.parsers["GUILD_MEMBERS_CHUNK"](piece)
    await harness.time.advance(LIST_TIMEOUT + 1)
    with pytest.raises(MembersSilent):
        await asking


async def test_a_list_comes_whole_in_several_pieces(harness):
    for number in range(1100):
        harness.fake.add_member(harness.guild, harness.fake.add_user(f"trader{number}"))
    assert len(await everybody(harness)) == 1104


# Without the members intent


@pytest.fixture
def unseen(harness):
    harness.client.go_without_members()
    return harness


async def test_some_are_found_by_number_and_by_how_a_name_begins(unseen):
    told = []
    wanted = Wanted(frozenset({unseen.buyer.id, 42}), ("STAN", "nobody"))
    found = await everybody(unseen, wanted, told.append)
    assert found == {unseen.buyer.id, unseen.stranger.id}
    assert told == [(2, 4), (3, 4), (4, 4)]
    [session] = unseen.fake.gateway.sessions.values()
    assert not session.listed_at, "nobody asks for everybody"


async def test_numbers_are_asked_about_one_by_one_where_the_gateway_is_silent(unseen):
    unseen.fake.switches.members_silent = True
    wanted = Wanted(frozenset({unseen.buyer.id, unseen.fake.bot.id, 42}), ())
    asking = asyncio.ensure_future(everybody(unseen, wanted))
    await unseen.passes(asking.done)
    assert asking.result() == {unseen.buyer.id}
    unseen.fake.switches.refuse("member", 50001)
    asking = asyncio.ensure_future(everybody(unseen, wanted))
    await unseen.passes(asking.done)
    assert isinstance(asking.exception(), MembersSilent)


async def test_a_name_is_searched_once_in_ten_minutes(unseen):
    def searched():
        return sum("/members/search" in path for _, path, _ in unseen.fake.calls)

    for _ in range(2):
        assert await everybody(unseen, Wanted(frozenset(), ("ben",))) == {unseen.buyer.id}
    assert searched() == 1
    await unseen.time.advance(601)
    await everybody(unseen, Wanted(frozenset(), ("ben",)))
    assert searched() == 2


@pytest.mark.parametrize(("code", "error"), [(50001, MembersUnseen), (40003, MembersSilent)])
async def test_a_search_that_discord_refuses_finds_nobody_for_certain(unseen, code, error):
    unseen.fake.switches.refuse("search", code)
    with pytest.raises(error):
        await everybody(unseen, Wanted(frozenset(), ("ben",)))


# One member


async def test_known_customers_are_asked_about_one_a_second(harness):
    members, ids = harness.client.members, [harness.mod.id, 42, harness.buyer.id]
    asking = [
        asyncio.ensure_future(members.roles_of(harness.guild.id, member_id)) for member_id in ids
    ]

    def done():
        return sum(each.done() for each in asking)

    for number in (1, 2, 3):
        await eventually(lambda number=number: done() == number)
        await harness.time.advance(0.9)
        assert done() == number
        await harness.time.advance(0.1)
    assert [each.result() for each in asking] == [
        frozenset({harness.staff.id}),
        None,
        frozenset(),
    ]


async def test_a_discord_that_does_not_tell_roles_is_not_taken_for_none(harness):
    harness.fake.switches.refuse("member", 50001)
    with pytest.raises(DiscordSilent):
        await harness.client.members.roles_of(harness.guild.id, harness.mod.id)


async def test_a_server_that_discord_does_not_know_now_is_not_taken_for_nobody_there(harness):
    """A bot that was just removed would else take the access of everybody in turn."""
    harness.fake.switches.refuse("member", 10004)
    with pytest.raises(DiscordSilent):
        await harness.client.members.roles_of(harness.guild.id, harness.buyer.id)


async def test_one_member_is_fetched(harness):
    found = await harness.client.members.find(harness.guild.id, harness.mod.id)
    assert [role.name for role in found.roles][1:] == ["Staff"]
    assert await harness.client.members.find(harness.guild.id, 42) is None


async def test_a_server_that_is_not_known_yet_is_fetched_with_its_roles(harness, monkeypatch):
    monkeypatch.setattr(harness.client, "get_guild", lambda _: None)
    found = await harness.client.members.find(harness.guild.id, harness.owner.id)
    assert found.guild_permissions.administrator


@pytest.mark.parametrize("code", [50001, 40003])
async def test_a_discord_that_does_not_tell_is_not_taken_for_no(harness, code):
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


async def test_a_button_in_a_direct_message_works(harness):
    message = await press_in_dm(harness)
    press = await harness.as_owner.press(message, "Renew the login")
    assert await press.form()


async def test_a_button_says_that_discord_is_silent_not_that_it_is_forbidden(harness):
    message = await press_in_dm(harness)
    harness.fake.switches.fail("member", 503, 1)
    press = await harness.as_owner.press(message, "Renew the login")
    said = text_of(await press.answered())
    assert "Discord does not tell me" in said
    assert "Only" not in said


async def test_a_stranger_stays_one_in_direct_messages(harness):
    message = await press_in_dm(harness)
    harness.fake.take_role(harness.guild, harness.mod, harness.staff)
    message.channel = harness.fake.world.dm(harness.mod)
    press = await harness.as_mod.press(message, "Renew the login")
    assert "Only those who manage" in text_of(await press.answered())


async def test_a_one_time_page_asks_discord(harness):
    may = harness.one_time_pages._may
    assert await may(harness.guild.id, harness.owner.id)
    assert not await may(harness.guild.id, harness.stranger.id)


def test_discord_py_still_has_what_is_reached_into():
    client = discord.Client(intents=discord.Intents.none())
    assert {
        "GUILD_CREATE",
        "GUILD_MEMBERS_CHUNK",
        "GUILD_MEMBER_ADD",
        "GUILD_MEMBER_REMOVE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_ROLE_DELETE",
        "INTERACTION_CREATE",
    } <= client._connection.parsers.keys()
    client._connection._intents.members = True
    assert client.intents.members
    assert callable(discord.gateway.DiscordWebSocket.request_chunks)
