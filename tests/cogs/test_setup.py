"""/setup over a real gateway: from a new server to a working one, by one button after the other."""

from bot.store.catalogue import guilds
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
        assert labels(said) == ["Choose the role for staff"]

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

        said = await show(harness)
        assert labels(said) == ["Add the first script"]
        pine_id = harness.vendor.world.add_script(harness.vendor.vendor).pine_id
        press = await harness.as_owner.press(said, "Add the first script")
        sent = await harness.as_owner.submit(
            press, {"pine_id": pine_id, "slug": "trend", "title": "Trend"}
        )
        assert "Trend is added" in text_of(await sent.answered())

        said = await show(harness)
        assert "Everything is set up" in text_of(said)
        assert labels(said) == []


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
