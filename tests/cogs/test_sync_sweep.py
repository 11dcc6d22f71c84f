"""Full checks from Discord: progress, who is there, what differs, and what one presses then."""

from datetime import timedelta

from bot import clock
from bot.access.sweeps.sweep import Progress
from bot.store.catalogue import scripts
from tests.support.discord_harness import labels, text_of
from tests.support.fake_time import START

SOON, LATER = START + timedelta(days=20), START + timedelta(days=90)


def pine_id(office):
    return next(iter(office.shop.world.scripts))


def give(office, name, end=SOON):
    office.shop.world.grant(pine_id(office), name, end)


async def sweep(office):
    return (await office.run(office.as_mod, "sync sweep", item="trend")).original


async def press(office, message, label, words):
    done = await office.as_mod.press(message, label)
    await office.passes(lambda: words in text_of(message))
    return done


async def test_a_full_check_says_who_is_there_and_takes_over_with_one_press(office):
    for index in range(3):
        give(office, f"open{index}", None)
    give(office, "dated")
    give(office, "lapsed", START - timedelta(days=1))
    said = await sweep(office)
    text = text_of(said)
    assert "5 people: 3 without an end, 1 dated, 1 lapsed" in text
    assert "Extra: they have access, and nothing here says why (4)" in text
    await press(office, said, "Take over 4 extra", "4 people taken over")
    assert [call for call in office.tradingview.log if call.writes] == []
    assert "Everything is as it should be" in text_of(await sweep(office))


async def test_progress_is_drawn_and_the_answer_takes_its_place(office):
    for index in range(70):
        give(office, f"user{index:02}")
    office.switches.hang = True
    asked = await office.as_mod.run(
        "sync sweep", guild=office.guild, channel=office.channel, item="trend"
    )
    await office.passes(lambda: asked.messages and "Checking Trend" in text_of(asked.original))
    office.switches.hang = False
    await office.passes(lambda: "70 people: 70 dated" in text_of(asked.original))


async def test_a_full_check_that_breaks_off_says_so_and_changes_nothing(office):
    office.switches.down = True
    asked = await office.as_mod.run(
        "sync sweep", guild=office.guild, channel=office.channel, item="trend"
    )
    await office.passes(lambda: asked.messages and "does not answer" in text_of(asked.original))
    assert "Nothing was changed" in text_of(asked.original)
    office.switches.down = False
    office.switches.logged_out = True
    asked = await office.run(office.as_mod, "sync sweep", item="trend")
    await office.passes(lambda: "does not accept the stored login" in text_of(asked.original))


async def test_adding_a_script_reads_its_list_and_offers_to_take_over(office):
    new = office.shop.world.add_script(office.shop.vendor, title="Tail").pine_id
    for index in range(40):
        office.shop.world.grant(new, f"user{index:02}", None if index % 2 else SOON)
    asked = await office.run(office.as_owner, "script add", pine_id=new, slug="tail", title="Tail")
    await office.passes(lambda: "40 people" in text_of(asked.original))
    assert "40 people: 20 without an end, 20 dated" in text_of(asked.original)
    assert labels(asked.original) == ["Take over all 40", "Choose from a list"]
    done = await office.as_owner.press(asked.original, "Take over all 40")
    await done.until(lambda now: "40 people taken over" in text_of(now))
    listed = await office.run(office.as_mod, "access list", item="tail")
    assert "40 people" in text_of(listed.original)


async def test_people_are_chosen_from_a_list_page_by_page(office):
    for index in range(30):
        give(office, f"user{index:02}")
    said = await sweep(office)
    await press(office, said, "Choose from a list", "30 people have Trend")
    assert "page 1 of 2" in text_of(said)
    await press(office, said, "Next ▶", "page 2 of 2")
    await press(office, said, "◀ Back", "page 1 of 2")
    options = said.components[0]["components"][0]["options"]
    assert [one["label"] for one in options[:2]] == ["user00", "user01"]
    values = [one["value"] for one in options[:3]]
    await office.as_mod.choose(said, 0, values)
    await office.passes(lambda: "27 people have Trend" in text_of(said))
    listed = await office.run(office.as_mod, "access list", item="trend")
    assert "3 people" in text_of(listed.original)


async def test_missing_access_is_given_back_with_a_press(office):
    await office.run(office.as_mod, "access grant", item="trend", duration="1M", username="Alice_T")
    await office.time.advance(60)
    end = office.shop.world.row(pine_id(office), "Alice_T").end
    office.shop.world.revoke(pine_id(office), "Alice_T")
    said = await sweep(office)
    assert "Missing: they should have access" in text_of(said)
    status = (await office.run(office.as_mod, "sync status")).original
    assert "1 thing differs" in text_of(status)
    await press(office, status, "Show Trend", "Missing: they should have access")
    await press(office, status, "Give 1 missing back", "1 order on Trend carried out")
    assert office.shop.world.row(pine_id(office), "Alice_T").end == end


async def test_ending_access_for_many_asks_once_more_and_can_be_put_back(office):
    for index in range(7):
        give(office, f"user{index}")
    said = await sweep(office)
    await press(office, said, "End access of 7 extra", "This ends access for 7 people")
    await press(office, said, "Yes, do it", "7 orders on Trend carried out")
    world = office.shop.world
    assert not any(world.has_access(pine_id(office), f"user{index}") for index in range(7))
    await press(office, said, "Put back", "Putting back what 7 people had")
    await office.passes(
        lambda: all(world.has_access(pine_id(office), f"user{index}") for index in range(7)),
    )
    assert office.as_mod.dms() == []


async def test_saying_no_leaves_everything(office):
    for index in range(7):
        give(office, f"user{index}")
    said = await sweep(office)
    await press(office, said, "End access of 7 extra", "This ends access for 7 people")
    await press(office, said, "No, leave it", "Left as it was")
    assert [call for call in office.tradingview.log if call.writes] == []


async def test_differences_are_ignored_with_a_press(office):
    give(office, "stranger")
    said = await sweep(office)
    await press(office, said, "Ignore extra", "left alone")
    assert "1 difference left alone on purpose" in text_of(await sweep(office))


async def test_later_ends_are_kept_with_a_press(office):
    give(office, "dated")
    await press(office, await sweep(office), "Take over 1 extra", "1 person taken over")
    give(office, "dated", LATER)
    await office.time.advance(60)
    said = await sweep(office)
    assert "Another end than it should be (1)" in text_of(said)
    await press(office, said, "Keep 1 later end", "1 later end on Trend kept")


async def test_a_second_full_check_at_the_same_time_is_refused(office):
    office.switches.hang = True
    first = await office.as_mod.run(
        "sync sweep", guild=office.guild, channel=office.channel, item="trend"
    )
    await office.passes(lambda: first.messages and "Checking" in text_of(first.original))
    second = await office.run(office.as_mod, "sync sweep", item="trend")
    assert "is being checked already" in text_of(second.original)
    office.switches.hang = False
    await office.passes(lambda: "nobody on TradingView" in text_of(first.original))


async def test_a_number_that_grew_since_the_question_is_asked_about_again(office):
    for index in range(7):
        give(office, f"user{index}")
    said = await sweep(office)
    await press(office, said, "End access of 7 extra", "This ends access for 7 people")
    give(office, "user7")
    await office.time.advance(60)
    await sweep(office)
    await press(office, said, "Yes, do it", "This ends access for 8 people")
    assert [call for call in office.tradingview.log if call.writes] == []
    await press(office, said, "Yes, do it", "8 orders on Trend carried out")


async def test_trying_again_asks_before_access_ends_for_many(office):
    for index in range(6):
        give(office, f"user{index}")
    await press(office, await sweep(office), "Take over 6 extra", "6 people taken over")
    async with office.shop.database.write() as connection:
        script = await scripts.by_slug(connection, office.guild.id, "trend")
        await scripts.pause(connection, script.id, START, "not yours")
    for index in range(6):
        await office.run(office.as_mod, "access revoke", item="trend", username=f"user{index}")
    asked = (await office.run(office.as_mod, "sync retry", item="trend")).original
    assert "This ends access for 6 people" in text_of(asked)
    assert [call for call in office.tradingview.log if call.writes] == []
    await press(office, asked, "Yes, do it", "Trying 6 orders for")
    world = office.shop.world
    await office.passes(
        lambda: not any(world.has_access(pine_id(office), f"user{index}") for index in range(6))
    )


async def test_the_status_counts_what_differs_on_each_script(office):
    for index in range(3):
        give(office, f"user{index}")
    assert "differ" not in text_of((await office.run(office.as_mod, "sync status")).original)
    await sweep(office)
    status = (await office.run(office.as_mod, "sync status")).original
    assert "3 things differ" in text_of(status)
    assert "Show Trend" in labels(status)


async def long_check(office, monkeypatch, item="trend"):
    """A full check that takes longer than an answer can be changed."""
    real = office.sweeps.run
    async with office.shop.database.read() as connection:
        script = await scripts.by_slug(connection, office.guild.id, item)

    async def long(*args, **more):
        more["tell"](Progress(script))
        await clock.sleep(16 * 60)
        return await real(*args, **more)

    monkeypatch.setattr(office.sweeps, "run", long)
    asked = await office.as_mod.run(
        "sync sweep", guild=office.guild, channel=office.channel, item=item
    )
    await office.passes(lambda: asked.messages and "Checking Trend" in text_of(asked.original))
    await office.time.advance(16 * 60)
    return asked


async def test_a_full_check_of_more_than_15_minutes_ends_in_a_direct_message(office, monkeypatch):
    give(office, "stranger")
    before = len(office.channel.messages)
    asked = await long_check(office, monkeypatch)
    await office.passes(office.as_mod.dms)
    [told] = office.as_mod.dms()
    assert "The full check of" in text_of(told)
    assert "1 person: 1 dated" in text_of(told)
    assert "Checking Trend" in text_of(asked.original)
    assert len(office.channel.messages) <= before + 1, "nothing but the command's own answer"
    await office.as_mod.press(told, "Take over 1 extra")
    await office.passes(lambda: "1 person taken over" in text_of(told))


async def test_one_that_fails_so_late_says_so_too(office, monkeypatch):
    office.switches.down = True
    await long_check(office, monkeypatch)
    await office.passes(office.as_mod.dms, 120)
    [told] = office.as_mod.dms()
    assert "does not answer" in text_of(told)


async def test_with_closed_direct_messages_it_goes_to_the_log_channel(office, monkeypatch):
    log = office.fake.add_channel(office.guild, "log", public=False)
    await office.log_channel(log)
    office.fake.close_dms(office.mod)
    before = len(office.channel.messages)
    await long_check(office, monkeypatch)
    closed = "takes no direct messages"
    await office.passes(lambda: any(closed in text_of(one) for one in log.messages))
    [told] = [one for one in log.messages if closed in text_of(one)]
    assert "nobody on TradingView" in text_of(told)
    assert len(office.channel.messages) <= before + 1
