"""/setup over a real gateway: from a new server to a working one, by one button after the other."""

import pytest

from bot.store.catalogue import guilds
from bot.store.ledger import events
from bot.store.people import claims
from bot.store.records import Actor
from tests.support.discord_harness import eventually, labels, text_of


async def show(harness):
    return (await harness.run(harness.as_owner, "setup show")).original


async def guild(harness):
    async with harness.vendor.database.read() as connection:
        return await guilds.by_id(connection, harness.guild.id)


async def test_the_checklist_leads_from_step_to_step(closed_office):
    from tests.support.discord_harness import at_work

    harness = closed_office
    async with at_work(harness):
        await harness.guild_settings.remove_role(
            harness.vendor.request(guild_id=harness.guild.id), harness.staff.id, "staff"
        )
        said = await show(harness)
        assert text_of(said).count("⬜") == 4
        assert labels(said) == ["Make role and channel for me", "Choose the role for staff"]

        press = await harness.as_owner.press(said, "Choose the role for staff")
        await press.until(lambda now: "Which role" in text_of(now))
        press = await harness.as_owner.choose(said, 0, [harness.staff])
        await press.until(lambda now: "counts as staff" in text_of(now))
        assert harness.guild_settings.level_roles(harness.guild.id)["staff"] == {harness.staff.id}
        assert labels(said) == ["Choose the channel"]

        channel = harness.fake.add_channel(harness.guild, "log", public=False)
        press = await harness.as_owner.press(said, "Choose the channel")
        await press.until(lambda now: "Where should" in text_of(now))
        press = await harness.as_owner.choose(said, 0, [channel])
        await press.until(lambda now: "✅ Channel for the history" in text_of(now))
        assert (await guild(harness)).log_channel_id == channel.id
        assert "Everybody in this server" not in text_of(said)
        assert labels(said) == ["Add the TradingView login"]

        press = await harness.as_owner.press(said, "Add the TradingView login")
        cookies = harness.vendor.cookies()
        values = {"sessionid": cookies.sessionid, "sessionid_sign": cookies.sessionid_sign}
        sent = await harness.as_owner.submit(press, values)
        assert "login works" in text_of(await sent.answered())
        assert "Next, `/script discover` finds your scripts" in text_of(await sent.answered())

        said = await show(harness)
        assert labels(said) == ["Choose from my scripts", "Add one by hand"]
        assert "`/script discover` lists your scripts" in text_of(said)
        pine_id = harness.vendor.world.add_script(harness.vendor.vendor).pine_id
        press = await harness.as_owner.press(said, "Add one by hand")
        sent = await harness.as_owner.submit(
            press, {"pine_id": pine_id, "slug": "trend", "title": "Trend"}
        )
        assert "Trend is added" in text_of(await sent.answered())

        said = await show(harness)
        assert "⬜ Proof that it works" in text_of(said)
        assert labels(said) == ["Prove that it works"]


async def test_roles_get_and_lose_a_level(harness):
    helper = harness.fake.add_role(harness.guild, "Helper")
    request = await harness.run(harness.as_owner, "setup staff", role=helper)
    said = text_of(request.original)
    assert "counts as staff" in said
    assert "Server Settings > Integrations" in said  # it lacks Timeout Members
    assert "already" in text_of(
        (await harness.run(harness.as_owner, "setup staff", role=helper)).original
    )
    request = await harness.run(harness.as_owner, "setup staff", role=harness.staff)
    assert "Integrations" not in text_of(request.original)
    request = await harness.run(harness.as_owner, "setup staff", role=helper, remove=True)
    assert "no longer counts as staff" in text_of(request.original)
    request = await harness.run(harness.as_owner, "setup staff", role=helper, remove=True)
    assert "did not have that level" in text_of(request.original)
    request = await harness.run(harness.as_owner, "setup manager", role=helper)
    assert "counts as managers" in text_of(request.original)
    assert harness.guild_settings.level_roles(harness.guild.id) == {
        "staff": {harness.staff.id},
        "manager": {helper.id},
    }


async def test_everyone_is_no_staff(harness):
    everyone = harness.guild.roles[harness.guild.id]
    request = await harness.run(harness.as_owner, "setup staff", role=everyone)
    assert "Everybody has that role" in text_of(request.original)


async def test_a_deleted_role_gives_nobody_a_level(harness):
    harness.fake.delete_role(harness.guild, harness.staff)
    await harness.passes(lambda: not harness.guild_settings.level_roles(harness.guild.id)["staff"])


async def set_log(harness, channel):
    request = await harness.as_owner.run(
        "setup log", guild=harness.guild, channel=channel, at=harness.channel
    )
    return text_of(await request.answered())


async def test_a_public_channel_is_warned_about_and_a_closed_one_refused(harness):
    assert "Everybody in this server can read" in await set_log(harness, harness.channel)
    closed = harness.fake.add_channel(harness.guild, "closed", public=False)
    harness.fake.set_overwrite(closed, harness.fake.world.bot, deny=1 << 11)

    def known():
        channel = harness.client.get_channel(closed.id)
        return channel and not channel.permissions_for(channel.guild.me).send_messages

    await eventually(known)
    said = await set_log(harness, closed)
    assert "I may not write in" in said
    assert "Send Messages" in said
    assert (await guild(harness)).log_channel_id == harness.channel.id


async def test_the_history_appears_in_the_chosen_channel(harness):
    channel = harness.fake.add_channel(harness.guild, "log", public=True)
    await set_log(harness, channel)
    await harness.passes(
        lambda: any("changed the channel" in text_of(one) for one in harness.as_mod.sees(channel))
    )


async def chosen_channel(harness):
    """A log channel that the owner chose, with a member who waits for a decision."""
    channel = harness.fake.add_channel(harness.guild, "log", public=False)
    await set_log(harness, channel)
    async with harness.vendor.database.write() as connection:
        for user, name in ((harness.buyer, "Alice_T"), (harness.stranger, "Alice_Two")):
            await claims.add(connection, harness.guild.id, user.id, name, harness.time.now())
    return channel


def warnings(person):
    return [text_of(one) for one in person.dms() if "reach nobody" in text_of(one)]


async def lose(harness, channel, how):
    if how == "gone":
        harness.fake.delete_channel(channel)
    else:
        harness.fake.set_overwrite(channel, harness.fake.world.bot, deny=1 << 11)
    await harness.passes(lambda: harness.log_channel.trouble(harness.guild.id, channel.id))


@pytest.mark.parametrize(
    ("how", "words"),
    [("gone", ("the channel is gone",)), ("closed", ("I may not write", "**Send Messages**"))],
)
async def test_a_log_channel_that_takes_nothing_is_said_and_whoever_chose_it_hears_once(
    harness, how, words
):
    channel = await chosen_channel(harness)
    await lose(harness, channel, how)
    await harness.passes(lambda: warnings(harness.as_owner))
    await harness.passes(lambda: harness.time.monotonic() > 120, 200)
    [warned] = warnings(harness.as_owner)
    said = await show(harness)
    for word in words:
        assert word in warned
        assert word in text_of(said)
    assert "❌ Channel for the history" in text_of(said)
    assert "Everything is set up" not in text_of(said)
    assert (
        "2 members wait for a decision about a TradingView name, under `/sync status`"
        in text_of(said)
    )
    assert labels(said) == ["Choose another channel"]


async def test_requests_stay_reachable_without_a_log_channel(harness):
    await lose(harness, await chosen_channel(harness), "gone")
    request = await harness.run(harness.as_mod, "sync status")
    assert "2 members wait for a decision" in text_of(request.original)
    press = await harness.as_mod.press(request.original, "Decide")
    await press.until(lambda one: r"says that **Alice\_T** (" in text_of(one))
    press = await harness.as_mod.press(request.original, "Yes, it is theirs")
    await press.until(lambda one: "accepted" in text_of(one))
    await harness.passes(harness.as_buyer.dms)
    assert "is your TradingView name" in text_of(harness.as_buyer.dms()[0])
    press = await harness.as_mod.press(request.original, "Next request (1)")
    await press.until(lambda one: r"says that **Alice\_Two** (" in text_of(one))
    press = await harness.as_mod.press(request.original, "No")
    await press.until(lambda one: "refused" in text_of(one))
    assert labels(request.original) == []


async def test_a_channel_that_is_open_again_goes_on_where_it_stopped(harness):
    channel = await chosen_channel(harness)
    await harness.passes(lambda: harness.as_owner.sees(channel))
    await lose(harness, channel, "closed")
    await harness.passes(lambda: warnings(harness.as_owner))
    await harness.run(
        harness.as_owner, "setup staff", role=harness.fake.add_role(harness.guild, "New")
    )
    harness.fake.set_overwrite(channel, harness.fake.world.bot)
    await harness.passes(
        lambda: any("counts as staff" in text_of(one) for one in harness.as_owner.sees(channel)),
        900,
    )

    async def is_open():
        return (await guild(harness)).log_closed_at is None

    await eventually(is_open)
    assert "✅ Channel for the history" in text_of(await show(harness))


async def test_the_owner_hears_where_whoever_chose_the_channel_is_gone(harness):
    channel = await chosen_channel(harness)
    async with harness.vendor.database.write() as connection:
        await events.record(
            connection,
            harness.guild.id,
            harness.time.now(),
            "setup_log",
            actor=Actor.member(harness.mod.id),
        )
    await lose(harness, channel, "gone")
    await harness.passes(lambda: warnings(harness.as_owner))
    assert warnings(harness.as_mod) == []


async def test_a_channel_that_discord_refuses_without_a_reason_is_said_after_some_tries(harness):
    channel = await chosen_channel(harness)
    await harness.passes(lambda: harness.as_owner.sees(channel))
    harness.fake.switches.refuse("message", 50013, times=3)
    await harness.run(
        harness.as_owner, "setup staff", role=harness.fake.add_role(harness.guild, "New")
    )
    await harness.passes(lambda: warnings(harness.as_owner), 900)
    assert "Discord refuses what I write" in warnings(harness.as_owner)[0]


async def test_a_refusal_that_passes_alarms_nobody(harness):
    channel = await chosen_channel(harness)
    await harness.passes(lambda: harness.as_owner.sees(channel))
    before = len(harness.as_owner.sees(channel))
    harness.fake.switches.refuse("message", 50001)
    await harness.run(
        harness.as_owner, "setup staff", role=harness.fake.add_role(harness.guild, "New")
    )
    await harness.passes(lambda: len(harness.as_owner.sees(channel)) > before, 900)
    assert warnings(harness.as_owner) == []


async def test_when_a_second_manager_is_needed_is_set_and_said_in_the_log(harness):
    said = (await harness.run(harness.as_owner, "setup approval", people="100")).original
    assert "more than 100 people" in text_of(said)
    assert "Until now: Ending access for more than 25 people" in text_of(said)
    said = (await harness.run(harness.as_owner, "setup approval", people="OFF")).original
    assert "One manager alone may end access" in text_of(said)
    assert (await guild(harness)).approval_above is None
    said = (await harness.run(harness.as_owner, "setup approval", people="0")).original
    assert "anybody's access with `/bulk` takes a second manager" in text_of(said)
    for wrong in ("some", "-1", "10001", "²", "2,5"):
        said = (await harness.run(harness.as_owner, "setup approval", people=wrong)).original
        assert "no number of people" in text_of(said)
    assert (await guild(harness)).approval_above == 0
    async with harness.vendor.database.read() as connection:
        told = [
            e.after
            for e in await events.since(connection, harness.guild.id, 0)
            if e.action == "setup_approval"
        ]
    assert told == [{"above": 100}, {"above": None}, {"above": 0}]
