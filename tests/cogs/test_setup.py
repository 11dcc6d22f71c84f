"""/setup over a real gateway: from a new server to a working one, by one button after the other."""

from bot.store.catalogue import guilds
from tests.support.discord_harness import eventually, labels, text_of


async def show(office):
    return (await office.run(office.as_owner, "setup show")).original


async def guild(office):
    async with office.shop.database.read() as connection:
        return await guilds.by_id(connection, office.guild.id)


async def test_the_checklist_leads_from_step_to_step(closed_office):
    from tests.support.discord_harness import at_work

    office = closed_office
    async with at_work(office):
        await office.servers.remove_role(
            office.shop.asked(guild_id=office.guild.id), office.staff.id, "staff"
        )
        said = await show(office)
        assert text_of(said).count("⬜") == 4
        assert labels(said) == ["Choose the role for staff"]

        press = await office.as_owner.press(said, "Choose the role for staff")
        await press.until(lambda now: "Which role" in text_of(now))
        press = await office.as_owner.choose(said, 0, [office.staff])
        await press.until(lambda now: "counts as staff" in text_of(now))
        assert office.servers.level_roles(office.guild.id)["staff"] == {office.staff.id}
        assert labels(said) == ["Choose the channel"]

        channel = office.fake.add_channel(office.guild, "log", public=False)
        press = await office.as_owner.press(said, "Choose the channel")
        await press.until(lambda now: "Where should" in text_of(now))
        press = await office.as_owner.choose(said, 0, [channel])
        await press.until(lambda now: "✅ Channel for the history" in text_of(now))
        assert (await guild(office)).log_channel_id == channel.id
        assert "Everybody in this server" not in text_of(said)
        assert labels(said) == ["Add the TradingView login"]

        press = await office.as_owner.press(said, "Add the TradingView login")
        cookies = office.shop.cookies()
        values = {"sessionid": cookies.sessionid, "sessionid_sign": cookies.sessionid_sign}
        sent = await office.as_owner.submit(press, values)
        assert "login works" in text_of(await sent.answered())

        said = await show(office)
        assert labels(said) == ["Add the first script"]
        pine_id = office.shop.world.add_script(office.shop.vendor).pine_id
        press = await office.as_owner.press(said, "Add the first script")
        sent = await office.as_owner.submit(
            press, {"pine_id": pine_id, "slug": "trend", "title": "Trend"}
        )
        assert "Trend is added" in text_of(await sent.answered())

        said = await show(office)
        assert "Everything is set up" in text_of(said)
        assert labels(said) == []


async def test_roles_get_and_lose_a_level(office):
    helper = office.fake.add_role(office.guild, "Helper")
    asked = await office.run(office.as_owner, "setup staff", role=helper)
    said = text_of(asked.original)
    assert "counts as staff" in said
    assert "Server Settings > Integrations" in said  # it lacks Timeout Members
    assert "already" in text_of(
        (await office.run(office.as_owner, "setup staff", role=helper)).original
    )
    asked = await office.run(office.as_owner, "setup staff", role=office.staff)
    assert "Integrations" not in text_of(asked.original)
    asked = await office.run(office.as_owner, "setup staff", role=helper, remove=True)
    assert "no longer counts as staff" in text_of(asked.original)
    asked = await office.run(office.as_owner, "setup staff", role=helper, remove=True)
    assert "did not have that level" in text_of(asked.original)
    asked = await office.run(office.as_owner, "setup manager", role=helper)
    assert "counts as managers" in text_of(asked.original)
    assert office.servers.level_roles(office.guild.id) == {
        "staff": {office.staff.id},
        "manager": {helper.id},
    }


async def test_everyone_is_no_staff(office):
    everyone = office.guild.roles[office.guild.id]
    asked = await office.run(office.as_owner, "setup staff", role=everyone)
    assert "Everybody has that role" in text_of(asked.original)


async def test_a_deleted_role_gives_nobody_a_level(office):
    office.fake.delete_role(office.guild, office.staff)
    await office.passes(lambda: not office.servers.level_roles(office.guild.id)["staff"])


async def set_log(office, channel):
    asked = await office.as_owner.run(
        "setup log", guild=office.guild, channel=channel, at=office.channel
    )
    return text_of(await asked.answered())


async def test_a_public_channel_is_warned_about_and_a_closed_one_refused(office):
    assert "Everybody in this server can read" in await set_log(office, office.channel)
    closed = office.fake.add_channel(office.guild, "closed", public=False)
    office.fake.set_overwrite(closed, office.fake.world.bot, deny=1 << 11)

    def known():
        channel = office.client.get_channel(closed.id)
        return channel and not channel.permissions_for(channel.guild.me).send_messages

    await eventually(known)
    said = await set_log(office, closed)
    assert "I may not write in" in said
    assert "Send Messages" in said
    assert (await guild(office)).log_channel_id == office.channel.id


async def test_the_history_appears_in_the_chosen_channel(office):
    channel = office.fake.add_channel(office.guild, "log", public=True)
    await set_log(office, channel)
    await office.passes(
        lambda: any("changed the channel" in text_of(one) for one in office.as_mod.sees(channel))
    )
