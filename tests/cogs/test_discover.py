"""/script discover over a real gateway: from nothing to several scripts and their people."""

from bot.access.errors import TradingViewSilent
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


async def first_login(harness):
    """The first login of a server without scripts, by the form; returns its answer."""
    for script in await harness.setup_proof.scripts(harness.guild.id):
        await harness.scripts.archive(
            harness.vendor.request(guild_id=harness.guild.id), script.slug
        )
    opened = await harness.as_owner.run(
        "session update", guild=harness.guild, channel=harness.channel
    )
    cookies = harness.vendor.cookies()
    values = {"sessionid": cookies.sessionid, "sessionid_sign": cookies.sessionid_sign}
    sent = await harness.as_owner.submit(opened, values)
    await sent.answered()
    return sent


async def test_the_first_login_goes_on_with_the_scripts_to_choose_from_and_then_the_proof(harness):
    sent = await first_login(harness)
    await harness.passes(lambda: "1 invite-only script" in text_of(sent.original))
    assert "login works" in text_of(sent.original)
    assert "discover" not in text_of(sent.original)
    [pine_id] = harness.vendor.world.scripts
    await harness.as_owner.choose(sent.original, 0, [pine_id])
    await harness.passes(lambda: "Prove that it works" in labels(sent.original))
    assert "1 script added" in text_of(sent.original)
    assert "Next: prove that it works" in text_of(sent.original)


async def test_the_first_login_stays_said_where_the_scripts_cannot_be_asked_for(
    harness, monkeypatch
):
    async def silent(_):
        raise TradingViewSilent

    with monkeypatch.context() as patched:
        patched.setattr(harness.discovery, "find", silent)
        sent = await first_login(harness)
        await harness.passes(lambda: labels(sent.original) == ["Look for my scripts again"])
    assert "login works" in text_of(sent.original)
    assert "does not answer" in text_of(sent.original)
    await harness.as_owner.press(sent.original, "Look for my scripts again")
    await harness.passes(lambda: "1 invite-only script" in text_of(sent.original))


async def test_the_proof_is_offered_to_whoever_may_press_it(harness):
    harness.vendor.world.grant(next(iter(harness.vendor.world.scripts)), "a")
    await harness.run(harness.as_mod, "sync sweep", item="trend")
    said = (await harness.run(harness.as_mod, "sync status")).original
    await harness.as_mod.press(said, "Take over 1 person")
    await harness.passes(lambda: "1 person taken over" in text_of(said))
    assert labels(said) == []
