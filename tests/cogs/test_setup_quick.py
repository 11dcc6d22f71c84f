"""/setup quick: a role for staff and a private log channel in one press, each once, whatever happens."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.sandbox.discord import permissions
from bot.store.catalogue import guilds
from bot.store.ledger import events
from tests.support.discord_harness import at_work, eventually, labels, text_of

pytestmark = pytest.mark.ready


@pytest.fixture
async def new(closed_office):
    """A new server: no staff, no log channel, and the bot may make both."""
    harness = closed_office
    async with at_work(harness, ready=True):
        await harness.guild_settings.remove_role(
            harness.vendor.request(guild_id=harness.guild.id), harness.staff.id, "staff"
        )
        yield harness


async def quick(harness):
    return (await harness.run(harness.as_owner, "setup quick")).original


def roles(harness):
    return [role for role in harness.guild.roles.values() if role.name == "Usher Staff"]


def channels(harness):
    return [each for each in harness.guild.channels.values() if each.name == "usher-log"]


def staff_of(harness):
    return harness.guild_settings.level_roles(harness.guild.id)["staff"]


async def log_of(harness):
    async with harness.vendor.database.read() as connection:
        return (await guilds.by_id(connection, harness.guild.id)).log_channel_id


async def history(harness):
    async with harness.vendor.database.read() as connection:
        found = await events.since(connection, harness.guild.id, 0)
    return [event.action for event in found if event.action.startswith("setup_")]


def may(harness, channel, bits):
    """Who has these rights there, by name."""
    members = harness.guild.members.values()
    return {
        each.user.name
        for each in members
        if permissions.in_channel(channel, each) & bits == bits and each.user is not harness.owner
    }


async def test_one_press_makes_both_and_the_checklist_goes_on(new):
    harness = new
    said = await quick(harness)
    [role], [channel] = roles(harness), channels(harness)
    assert staff_of(harness) == {role.id}
    assert await log_of(harness) == channel.id
    text = text_of(said)
    assert f"I made the role <@&{role.id}>" in text
    assert f"I made the channel <#{channel.id}>" in text
    assert "Manage Server" in text
    assert "Server Settings > Integrations" in text
    assert labels(said) == ["Add the TradingView login"]
    assert (await history(harness))[-3:] == ["setup_quick", "setup_staff", "setup_log"]
    reasons = [each.reason for each in harness.fake.world.creations]
    assert reasons == ["Asked for with /setup quick"] * 2


async def test_the_role_may_do_nothing_and_the_channel_is_private(new):
    harness = new
    manager = harness.fake.add_role(harness.guild, "Boss")
    helper, boss = harness.fake.add_user("hal"), harness.fake.add_user("bea")
    harness.fake.add_member(harness.guild, helper)
    harness.fake.add_member(harness.guild, boss, [manager])
    await harness.run(harness.as_owner, "setup manager", role=manager)
    await quick(harness)
    [role], [channel] = roles(harness), channels(harness)
    harness.fake.give_role(harness.guild, helper, role)
    assert role.permissions == 0
    assert may(harness, channel, permissions.VIEW_CHANNEL) == {"hal", "bea", "Usher"}
    write = permissions.SEND_MESSAGES | permissions.EMBED_LINKS
    assert "Usher" in may(harness, channel, write)
    assert permissions.in_channel(channel, harness.guild.members[harness.owner.id])


async def test_whoever_asked_sees_the_channel_without_a_role(new):
    harness = new
    able = harness.fake.add_role(harness.guild, "Admin-ish", permissions=permissions.MANAGE_GUILD)
    harness.fake.give_role(harness.guild, harness.mod, able)
    await harness.run(harness.as_mod, "setup quick")
    assert may(harness, channels(harness)[0], permissions.VIEW_CHANNEL) == {"mia", "Usher"}


async def test_the_first_open_step_has_a_button_for_both(new):
    harness = new
    said = (await harness.run(harness.as_owner, "setup show")).original
    assert labels(said) == ["Make role and channel for me", "Choose the role for staff"]
    press = await harness.as_owner.press(said, "Make role and channel for me")
    await press.until(lambda now: "I made the channel" in text_of(now))
    assert labels(said) == ["Add the TradingView login"]
    assert len(roles(harness)) == len(channels(harness)) == 1


async def test_pressed_twice_it_keeps_what_is_there(new):
    harness = new
    await quick(harness)
    said = await quick(harness)
    assert text_of(said).count("as before") == 2
    assert len(roles(harness)) == len(channels(harness)) == 1
    assert (await history(harness)).count("setup_quick") == 1


async def test_two_presses_at_once_make_one_of_each(new):
    harness = new
    held = harness.fake.switches.hold("creation", times=1)
    first = await harness.as_owner.run("setup quick", guild=harness.guild, channel=harness.channel)
    second = await harness.as_owner.run("setup quick", guild=harness.guild, channel=harness.channel)
    await asyncio.sleep(0)
    harness.fake.switches.remove(held)
    await first.answered()
    await second.answered()
    assert len(roles(harness)) == len(channels(harness)) == 1


async def test_what_was_chosen_is_kept(new):
    harness = new
    await harness.run(harness.as_owner, "setup staff", role=harness.staff)
    said = text_of(await quick(harness))
    assert f"<@&{harness.staff.id}>, as before" in said
    assert "I made the channel" in said
    assert roles(harness) == []
    assert harness.staff.id in channels(harness)[0].overwrites


async def test_a_channel_that_staff_cannot_see_is_pointed_out(new):
    harness = new
    log = harness.fake.add_channel(harness.guild, "log", public=False)
    await eventually(lambda: harness.client.get_channel(log.id) is not None)
    await harness.choose_log_channel(log)
    said = text_of(await quick(harness))
    assert f"<#{log.id}>, as before" in said
    assert "I made the role" in said
    assert channels(harness) == []
    [role] = roles(harness)
    assert f"<@&{role.id}> cannot see that channel" in said


async def test_a_log_channel_that_is_gone_is_made_anew(new):
    harness = new
    await quick(harness)
    [channel] = channels(harness)
    harness.fake.delete_channel(channel)
    await eventually(lambda: harness.client.get_channel(channel.id) is None)
    assert "I made the channel" in text_of(await quick(harness))
    assert len(channels(harness)) == 1
    assert len(roles(harness)) == 1


async def test_the_rights_are_asked_for_only_then_and_only_those(new):
    harness = new
    bot_role = harness.fake.bot_role(harness.guild)
    harness.fake.change_role(harness.guild, bot_role, permissions=permissions.EVERYONE)
    await eventually(lambda: not rights_of(harness).manage_channels)
    said = await quick(harness)
    assert "**Manage Roles** and **Manage Channels**" in text_of(said)
    assert "for nothing else" in text_of(said)
    assert labels(said) == ["Give me the rights", "Try again"]
    link = said.components[0]["components"][0]["url"]
    asked = parse_qs(urlsplit(link).query)
    assert link.startswith("https://discord.com/oauth2/authorize?")
    assert asked["guild_id"] == [str(harness.guild.id)]
    assert asked["client_id"] == [str(harness.fake.bot.id)]
    assert asked["disable_guild_select"] == ["true"]
    assert asked["scope"] == ["bot applications.commands"]
    both = permissions.MANAGE_ROLES | permissions.MANAGE_CHANNELS
    assert int(asked["permissions"][0]) == permissions.EVERYONE | both
    assert roles(harness) == channels(harness) == []
    assert "setup_quick" not in await history(harness)

    harness.fake.change_role(harness.guild, bot_role, permissions=int(asked["permissions"][0]))
    await eventually(lambda: rights_of(harness).manage_channels)
    press = await harness.as_owner.press(said, "Try again")
    await press.until(lambda now: "I made the channel" in text_of(now))
    assert len(roles(harness)) == len(channels(harness)) == 1


def rights_of(harness):
    return harness.client.get_guild(harness.guild.id).me.guild_permissions


async def without_rights(harness):
    """The bot's own role, after it lost the rights that `/setup quick` takes."""
    bot_role = harness.fake.bot_role(harness.guild)
    harness.fake.change_role(harness.guild, bot_role, permissions=permissions.EVERYONE)
    await eventually(lambda: not rights_of(harness).manage_channels)
    return bot_role


BOTH = permissions.EVERYONE | permissions.MANAGE_ROLES | permissions.MANAGE_CHANNELS


async def test_it_goes_on_by_itself_once_the_rights_are_there(new):
    harness = new
    bot_role = await without_rights(harness)
    said = await quick(harness)
    assert "I go on here by myself" in text_of(said)
    one = permissions.EVERYONE | permissions.MANAGE_ROLES
    harness.fake.change_role(harness.guild, bot_role, permissions=one)
    await eventually(lambda: rights_of(harness).manage_roles)
    await harness.time.advance(10)
    assert roles(harness) == []
    harness.fake.change_role(harness.guild, bot_role, permissions=BOTH)
    await harness.passes(lambda: "I made the channel" in text_of(said))
    assert labels(said) == ["Add the TradingView login"]
    assert len(roles(harness)) == len(channels(harness)) == 1
    assert (await history(harness)).count("setup_quick") == 1


async def test_an_answer_too_old_to_change_makes_nothing(new):
    harness = new
    bot_role = await without_rights(harness)
    await quick(harness)
    await harness.time.advance(15 * 60)
    harness.fake.change_role(harness.guild, bot_role, permissions=BOTH)
    await eventually(lambda: rights_of(harness).manage_channels)
    await harness.time.advance(10)
    assert roles(harness) == channels(harness) == []


async def test_whoever_may_not_any_more_gets_nothing_made(new):
    harness = new
    able = harness.fake.add_role(harness.guild, "Admin-ish", permissions=permissions.MANAGE_GUILD)
    harness.fake.give_role(harness.guild, harness.mod, able)
    bot_role = await without_rights(harness)
    await harness.run(harness.as_mod, "setup quick")
    harness.fake.take_role(harness.guild, harness.mod, able)
    harness.fake.change_role(harness.guild, bot_role, permissions=BOTH)
    await eventually(lambda: rights_of(harness).manage_channels)
    await harness.time.advance(10)
    assert roles(harness) == channels(harness) == []


async def test_only_the_missing_right_for_the_missing_part_is_asked_for(new):
    harness = new
    await harness.run(harness.as_owner, "setup staff", role=harness.staff)
    bot_role = harness.fake.bot_role(harness.guild)
    harness.fake.change_role(harness.guild, bot_role, permissions=permissions.EVERYONE)
    await eventually(lambda: not rights_of(harness).manage_channels)
    said = text_of(await quick(harness))
    assert "To make the log channel I need Discord's right **Manage Channels**" in said
    assert "Manage Roles" not in said


@pytest.mark.parametrize(
    ("code", "status", "says"),
    [
        (30005, 400, "has 250 roles, the most that Discord allows"),
        (50013, 403, "Discord does not let me"),
        (60003, 403, "Discord does not let me"),
    ],
)
async def test_a_refused_role_leaves_the_channel_for_later(new, code, status, says):
    harness = new
    harness.fake.switches.refuse("creation", code, status, times=1)
    said = await quick(harness)
    assert says in text_of(said)
    assert "the role comes first" in text_of(said)
    assert labels(said) == ["Try again"]
    assert roles(harness) == channels(harness) == []
    press = await harness.as_owner.press(said, "Try again")
    await press.until(lambda now: "I made the channel" in text_of(now))
    assert len(roles(harness)) == len(channels(harness)) == 1


async def test_a_full_server_keeps_the_role_and_says_what_is_next(new):
    harness = new
    for number in range(500 - len(harness.guild.channels)):
        harness.fake.world.channels.setdefault(number, None)
        harness.guild.channels[number] = next(iter(harness.guild.channels.values()))
    said = await quick(harness)
    assert "I made the role" in text_of(said)
    assert "has 500 channels, the most that Discord allows" in text_of(said)
    assert labels(said) == ["Try again"]
    assert staff_of(harness) == {roles(harness)[0].id}
    for number in [each for each in harness.guild.channels if each < 600]:
        del harness.guild.channels[number]
    press = await harness.as_owner.press(said, "Try again")
    await press.until(lambda now: "as before" in text_of(now) and "I made" in text_of(now))
    assert len(roles(harness)) == len(channels(harness)) == 1


async def test_a_lost_answer_makes_nothing_twice(new):
    """discord.py asks again by itself; what that made twice goes again."""
    harness = new
    harness.fake.switches.lose_answers("creation", times=1)
    await quick(harness)
    assert len(roles(harness)) == 1
    assert len(channels(harness)) == 1
    assert staff_of(harness) == {roles(harness)[0].id}


async def test_a_role_of_that_name_that_is_not_ours_is_left_alone(new):
    harness = new
    theirs = harness.fake.add_role(harness.guild, "Usher Staff")
    harness.fake.give_role(harness.guild, harness.stranger, theirs)
    await quick(harness)
    assert theirs.id not in staff_of(harness)
    assert len(roles(harness)) == 2


@pytest.mark.parametrize("made", ["nothing", "role", "channel"])
async def test_killed_in_the_middle_it_goes_on_with_what_was_made(closed_office, monkeypatch, made):
    harness = closed_office

    async def die(*args, **kwargs):
        raise asyncio.CancelledError

    settings = type(harness.vendor.services.guild_settings)
    async with at_work(harness, ready=True):
        await harness.guild_settings.remove_role(
            harness.vendor.request(guild_id=harness.guild.id), harness.staff.id, "staff"
        )
        with monkeypatch.context() as patch:
            if made == "channel":
                patch.setattr(settings, "set_log_channel", die)
            else:
                patch.setattr(settings, "add_role", die)
            run = await harness.as_owner.run(
                "setup quick", guild=harness.guild, channel=harness.channel
            )
            await eventually(lambda: channels(harness) if made == "channel" else roles(harness))
            if made == "nothing":  # as if killed before Discord heard of it
                harness.fake.delete_role(harness.guild, roles(harness)[0])
            await asyncio.sleep(0.05)
        del run
    async with at_work(harness, harness.build(), ready=True):
        await harness.vendor.services.guild_settings.open()
        async with harness.vendor.database.write() as connection:
            await guilds.remove_role(connection, harness.guild.id, harness.staff.id, "staff")
        await harness.vendor.services.guild_settings.open()
        said = text_of(await quick(harness))
        assert "❌" not in said
        assert len(roles(harness)) == len(channels(harness)) == 1
        assert staff_of(harness) == {roles(harness)[0].id}
        assert await log_of(harness) == channels(harness)[0].id
