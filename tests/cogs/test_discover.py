"""/script discover over a real gateway: from nothing to several scripts and their people."""

from tests.support.discord_harness import labels, text_of


async def run(harness):
    return await harness.run(harness.as_owner, "script discover")


async def test_scripts_are_chosen_from_a_list_and_their_people_taken_over(harness):
    world, vendor = harness.vendor.world, harness.vendor.vendor
    ids = [world.add_script(vendor, title=title).pine_id for title in ("Tail Hunter", "Zones")]
    world.add_script(vendor, title="Free", access="open_no_auth")
    for index in range(35):
        world.grant(ids[0], f"user{index:02}")
        world.grant(ids[1], f"user{index:02}")
    request = await run(harness)
    text = text_of(request.original)
    assert "3 invite-only scripts" in text
    assert "Here already: **Trend** (`trend`)" in text
    assert "Free" not in text
    menu = request.original.components[0]["components"][0]
    assert [one["label"] for one in menu["options"]] == ["Tail Hunter", "Zones"]
    calls = len(harness.tradingview.calls())
    await harness.as_owner.choose(request.original, 0, ids)
    await harness.passes(lambda: "Take over 35 people" in labels(request.original))
    text = text_of(request.original)
    assert "2 scripts added:" in text
    assert "**Tail Hunter**: 35 people: 35 without an end" in text
    await harness.as_owner.press(request.original, "Take over 35 people")
    await harness.passes(
        lambda: "35 people taken over**, with 70 accesses" in text_of(request.original)
    )
    assert len(harness.tradingview.calls()) - calls <= 2 * 2 + 10
    assert [call for call in harness.tradingview.log if call.writes] == []


async def test_without_scripts_a_living_login_says_so(harness):
    harness.vendor.world.scripts.clear()
    assert "no invite-only scripts" in text_of((await run(harness)).original)


async def test_a_dead_login_is_never_no_scripts(harness):
    harness.switches.logged_out = True
    said = text_of((await run(harness)).original)
    assert "does not accept the stored login" in said


async def test_only_those_who_manage_scripts_see_it(harness):
    names = [
        f"{command['name']} {sub['name']}"
        for command in harness.as_buyer.commands(harness.guild)
        for sub in command.get("options", ())
    ]
    assert "script discover" not in names
