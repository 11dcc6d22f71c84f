"""Moving in with 600 people on three scripts: few presses, no write, no end changed."""

from datetime import timedelta
from math import ceil

from bot.sandbox.discord import Upload
from tests.support.discord_harness import labels, text_of
from tests.support.fake_time import START

PEOPLE = 600


async def test_600_people_on_three_scripts_with_a_file(closed_office):
    from tests.support.discord_harness import at_work

    harness = closed_office
    world, vendor = harness.vendor.world, harness.vendor.vendor
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
    members = {f"trader_{index:03}": harness.fake.add_user(f"m{index}") for index in range(20)}
    for user in members.values():
        harness.fake.add_member(harness.guild, user)
    async with at_work(harness):
        await harness.log_in()
        harness.tradingview.log.clear()
        actions = 1
        request = await harness.run(harness.as_owner, "script discover")
        actions += 1
        await harness.as_owner.choose(request.original, 0, [one.pine_id for one in scripts])
        await harness.passes(lambda: any("Take over" in one for one in labels(request.original)))
        rows = sum(len(world.rows(one.pine_id)) for one in scripts)
        assert f"Take over {PEOPLE} people" in labels(request.original)
        actions += 1
        await harness.as_owner.press(request.original, f"Take over {PEOPLE} people")
        await harness.passes(lambda: "people taken over" in text_of(request.original))
        assert f"{PEOPLE} people taken over**, with {rows - 1:,} accesses" in text_of(
            request.original
        )
        calls = len(harness.tradingview.calls())
        assert calls <= sum(ceil(len(world.rows(one.pine_id)) / 30) for one in scripts) + 10
        lines = "".join(f"{user.id},{name}\n" for name, user in members.items())
        actions += 1
        upload = Upload("list.csv", f"discord_id,username\n{lines}".encode())
        request = await harness.run(harness.as_mod, "customer match", file=upload)
        actions += 1
        await harness.as_mod.press(request.original, f"Tie {len(members)} names")
        await harness.passes(lambda: "tied" in text_of(request.original))
    assert actions <= 10
    assert len(harness.tradingview.calls()) == calls
    assert [call for call in harness.tradingview.log if call.writes] == []
    assert before == {
        (script.pine_id, row.username): row.end
        for script in scripts
        for row in world.rows(script.pine_id)
    }
    for name, user in list(members.items())[:3]:
        assert (
            await harness.vendor.person(name=name, guild_id=harness.guild.id)
        ).member_id == user.id


async def test_what_changes_later_by_hand_is_one_line_in_the_log_channel(harness):
    channel = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(channel)
    pine_id = next(iter(harness.vendor.world.scripts))
    rounds = harness.sweep_schedule
    await rounds.turn()
    harness.vendor.world.grant(pine_id, "by_hand", None)
    await harness.time.advance(26 * 3600)
    await rounds.turn()
    await harness.time.advance(26 * 3600)
    await rounds.turn()
    seen = harness.fake.person(harness.owner)
    await harness.passes(
        lambda: any("New on TradingView" in one.content for one in seen.sees(channel))
    )
    said = [one.content for one in seen.sees(channel)]
    assert sum(text.count("New on TradingView") for text in said) == 1
    assert "New on TradingView for **Trend**: 1 person is not taken over yet" in "\n".join(said)
