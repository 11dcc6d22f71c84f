"""Moving in with 600 people on three scripts: few presses, no write, no end changed."""

from datetime import timedelta
from math import ceil

from bot.access.sweeps.schedule import Rounds
from bot.sandbox.discord import Upload
from tests.support.discord_harness import labels, text_of
from tests.support.fake_time import START

PEOPLE = 600


async def test_600_people_on_three_scripts_with_a_file(closed_office):
    from tests.support.discord_harness import at_work

    office = closed_office
    world, vendor = office.shop.world, office.shop.vendor
    scripts = [world.add_script(vendor, title=f"Script {place}") for place in range(3)]
    for index in range(PEOPLE):
        for script in scripts[: 1 + index % 3]:
            end = None if index % 2 else START + timedelta(days=10 + index)
            world.grant(script.pine_id, f"trader_{index:03}", end)
    world.grant(scripts[0].pine_id, "lapsed", START - timedelta(days=5))
    before = {
        (script.pine_id, row.username): row.end
        for script in scripts
        for row in world.rows(script.pine_id)
    }
    members = {f"trader_{index:03}": office.fake.add_user(f"m{index}") for index in range(20)}
    for user in members.values():
        office.fake.add_member(office.guild, user)
    async with at_work(office):
        await office.log_in()
        office.tradingview.log.clear()
        actions = 1
        asked = await office.run(office.as_owner, "script discover")
        actions += 1
        await office.as_owner.choose(asked.original, 0, [one.pine_id for one in scripts])
        await office.passes(lambda: any("Take over" in one for one in labels(asked.original)))
        rows = sum(len(world.rows(one.pine_id)) for one in scripts)
        assert f"Take over all {rows - 1:,}" in labels(asked.original)
        actions += 1
        await office.as_owner.press(asked.original, f"Take over all {rows - 1:,}")
        await office.passes(lambda: "people taken over" in text_of(asked.original))
        assert f"{rows - 1:,} people taken over" in text_of(asked.original)
        calls = len(office.tradingview.calls())
        assert calls <= sum(ceil(len(world.rows(one.pine_id)) / 30) for one in scripts) + 10
        lines = "".join(f"{user.id},{name}\n" for name, user in members.items())
        actions += 1
        upload = Upload("list.csv", f"discord_id,username\n{lines}".encode())
        asked = await office.run(office.as_mod, "customer match", file=upload)
        actions += 1
        await office.as_mod.press(asked.original, f"Tie {len(members)} names")
        await office.passes(lambda: "tied" in text_of(asked.original))
    assert actions <= 10
    assert len(office.tradingview.calls()) == calls
    assert [call for call in office.tradingview.log if call.writes] == []
    assert before == {
        (script.pine_id, row.username): row.end
        for script in scripts
        for row in world.rows(script.pine_id)
    }
    for name, user in list(members.items())[:3]:
        assert (await office.shop.person(name=name, guild_id=office.guild.id)).member_id == user.id


async def test_what_changes_later_by_hand_is_one_line_in_the_log_channel(office):
    channel = office.fake.add_channel(office.guild, "log")
    await office.log_channel(channel)
    pine_id = next(iter(office.shop.world.scripts))
    rounds = Rounds(office.shop.database, office.sweeps, office.drift)
    await rounds.turn()
    office.shop.world.grant(pine_id, "by_hand", None)
    await office.time.advance(26 * 3600)
    await rounds.turn()
    await office.time.advance(26 * 3600)
    await rounds.turn()
    seen = office.fake.person(office.owner)
    await office.passes(lambda: any("New differences" in one.content for one in seen.sees(channel)))
    said = [one.content for one in seen.sees(channel)]
    assert sum(text.count("New differences") for text in said) == 1
    assert "New differences on TradingView for **Trend**: 1 extra" in "\n".join(said)
