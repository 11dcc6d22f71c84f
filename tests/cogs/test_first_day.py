"""A vendor's first day: who has access already is "not taken over yet", and one button takes all over."""

from datetime import timedelta

from tests.support.discord_harness import labels, text_of
from tests.support.fake_time import START

SOON = START + timedelta(days=20)
PAST = START - timedelta(days=2)


async def two_scripts(harness):
    """Trend has a, b and one whose time is over; Tail has b and c. Both lists were read."""
    world = harness.vendor.world
    await harness.script("tail")
    trend, tail = world.scripts
    for pine_id, name, end in (
        (trend, "a", None),
        (trend, "b", SOON),
        (trend, "over", PAST),
        (tail, "b", SOON),
        (tail, "c", SOON),
    ):
        world.grant(pine_id, name, end)
    for item in ("trend", "tail"):
        await harness.run(harness.as_mod, "sync sweep", item=item)
    await harness.choose_log_channel(harness.fake.add_channel(harness.guild, "log", public=False))


async def show(harness, path, who=None, **options):
    return (await harness.run(who or harness.as_owner, path, **options)).original


async def test_the_checklist_is_not_done_before_everybody_is_taken_over(harness):
    await two_scripts(harness)
    said = await show(harness, "setup show")
    assert "Everything is set up" not in text_of(said)
    assert "3 people are not taken over yet**, with 4 accesses in all" in text_of(said)
    assert "nothing changes on TradingView" in text_of(said)
    assert labels(said) == ["Take over 3 people"]
    await harness.as_owner.press(said, "Take over 3 people")
    await harness.passes(lambda: "3 people taken over" in text_of(said))
    assert "**3 people taken over**, with 4 accesses, on **Tail** and **Trend**" in text_of(said)
    assert labels(said) == ["Prove that it works"]
    said = await show(harness, "setup show")
    assert text_of(said).count("⬜") == 1
    assert labels(said) == ["Prove that it works"]
    assert [call for call in harness.tradingview.log if call.writes] == []


async def test_a_list_that_nobody_read_keeps_the_checklist_open(harness):
    await harness.choose_log_channel(harness.fake.add_channel(harness.guild, "log", public=False))
    said = text_of(await show(harness, "setup show"))
    assert "Everything is set up" not in said
    assert "nobody has read the list of **Trend** yet" in said


async def test_scripts_that_are_here_already_lead_to_the_same_button(harness):
    await two_scripts(harness)
    said = await show(harness, "script discover")
    assert "Here already" in text_of(said)
    assert labels(said) == ["Take over 3 people"]
    await harness.as_owner.press(said, "Take over 3 people")
    await harness.passes(lambda: "3 people taken over" in text_of(said))
    assert labels(await show(harness, "script discover")) == []


async def test_the_button_goes_on_after_a_restart(harness):
    await two_scripts(harness)
    said = await show(harness, "setup show")
    await harness.client.close()
    from tests.support.discord_harness import at_work

    async with at_work(harness):
        await harness.as_owner.press(said, "Take over 3 people")
        await harness.passes(lambda: "3 people taken over" in text_of(said))


async def test_a_second_press_finds_nobody_left(harness):
    await two_scripts(harness)
    first, second = await show(harness, "setup show"), await show(harness, "setup show")
    await harness.as_owner.press(first, "Take over 3 people")
    await harness.passes(lambda: "3 people taken over" in text_of(first))
    press = await harness.as_owner.press(second, "Take over 3 people")
    await press.until(lambda now: "in order by now" in text_of(now))


async def test_what_differs_is_counted_apart_from_who_is_new(harness):
    await two_scripts(harness)
    await harness.as_owner.press(await show(harness, "setup show"), "Take over 3 people")
    await harness.passes(lambda: True)
    world = harness.vendor.world
    trend, tail = world.scripts
    world.revoke(trend, "a")
    world.grant(tail, "d", SOON)
    await harness.time.advance(60)
    for item in ("trend", "tail"):
        await harness.run(harness.as_mod, "sync sweep", item=item)
    said = await show(harness, "sync status", harness.as_mod)
    assert "**1 thing differs from what should be on TradingView**" in text_of(said)
    assert "full check: **Trend** 1." in text_of(said)
    assert "**1 person is not taken over yet**: **Tail** 1." in text_of(said)
    assert labels(said) == ["Take over 1 person", "Show Tail", "Show Trend"]


async def test_people_are_counted_alike_everywhere_and_named_by_what_is_counted(harness):
    await two_scripts(harness)
    swept = text_of(await show(harness, "sync sweep", harness.as_mod, item="trend"))
    assert "on TradingView's list: 3 people: 1 without an end, 1 dated, 1 lapsed" in swept
    assert "2 people are not taken over yet" in swept
    assert "differ" not in swept
    listed = text_of(await show(harness, "script list"))
    assert listed.count("2 people have it, not taken over yet") == 2
    holders = text_of(await show(harness, "access list", harness.as_mod, item="trend"))
    assert "Nobody has **Trend** through me yet" in holders
    assert "2 people on TradingView are not taken over yet" in holders
    seats = text_of(await show(harness, "seats", harness.as_mod))
    assert "3 people have access" in seats
    assert "3 not taken over yet" in seats


async def test_after_a_choice_it_says_how_many_were_taken_over(harness):
    await two_scripts(harness)
    said = await show(harness, "sync sweep", harness.as_mod, item="trend")
    await harness.as_mod.press(said, "Choose from a list")
    await harness.passes(lambda: "Choose whom" in text_of(said))
    options = said.components[0]["components"][0]["options"]
    assert [one["label"] for one in options] == ["a", "b"]
    await harness.as_mod.choose(said, 0, [one["value"] for one in options])
    await harness.passes(lambda: "✅ **2 people taken over.**" in text_of(said))
    assert "nobody left to take over" in text_of(said)
    assert labels(said) == ["◀ What differs"]


async def test_archiving_counts_everybody_who_still_has_it(harness):
    await two_scripts(harness)
    await harness.run(
        harness.as_mod, "access grant", item="trend", duration="L", username="Alice_T"
    )
    said = await show(harness, "script archive", item="trend")
    assert "3 people still have it, 2 of them not taken over yet" in text_of(said)
    await harness.as_owner.press(said, "Yes, archive it")
    await harness.passes(lambda: "is archived" in text_of(said))
    assert "3 people still have it" in text_of(said)
