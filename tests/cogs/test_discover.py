"""/script discover over a real gateway: from nothing to several scripts and their people."""

from tests.support.discord_harness import labels, text_of


async def run(office):
    return await office.run(office.as_owner, "script discover")


async def test_scripts_are_chosen_from_a_list_and_their_people_taken_over(office):
    world, vendor = office.shop.world, office.shop.vendor
    ids = [world.add_script(vendor, title=title).pine_id for title in ("Tail Hunter", "Zones")]
    world.add_script(vendor, title="Free", access="open_no_auth")
    for index in range(35):
        world.grant(ids[0], f"user{index:02}")
        world.grant(ids[1], f"user{index:02}")
    asked = await run(office)
    text = text_of(asked.original)
    assert "3 invite-only scripts" in text
    assert "Here already: **Trend** (`trend`)" in text
    assert "Free" not in text
    menu = asked.original.components[0]["components"][0]
    assert [one["label"] for one in menu["options"]] == ["Tail Hunter", "Zones"]
    calls = len(office.tradingview.calls())
    await office.as_owner.choose(asked.original, 0, ids)
    await office.passes(lambda: "Take over all 70" in labels(asked.original))
    text = text_of(asked.original)
    assert "2 scripts added:" in text
    assert "**Tail Hunter**: 35 people: 35 without an end" in text
    await office.as_owner.press(asked.original, "Take over all 70")
    await office.passes(lambda: "70 people taken over" in text_of(asked.original))
    assert len(office.tradingview.calls()) - calls <= 2 * 2 + 10
    assert [call for call in office.tradingview.log if call.writes] == []


async def test_without_scripts_a_living_login_says_so(office):
    office.shop.world.scripts.clear()
    assert "no invite-only scripts" in text_of((await run(office)).original)


async def test_a_dead_login_is_never_no_scripts(office):
    office.switches.logged_out = True
    said = text_of((await run(office)).original)
    assert "does not accept the stored login" in said


async def test_only_those_who_manage_scripts_see_it(office):
    names = [
        f"{command['name']} {sub['name']}"
        for command in office.as_buyer.commands(office.guild)
        for sub in command.get("options", ())
    ]
    assert "script discover" not in names
