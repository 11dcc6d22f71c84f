"""Full checks from Discord: progress, who is there, what differs, and what one presses then."""

from datetime import timedelta

from bot import clock
from bot.access.sweeps.sweep import Progress
from bot.store.catalogue import guilds, scripts
from tests.support.discord_harness import labels, text_of
from tests.support.fake_time import START

SOON, LATER = START + timedelta(days=20), START + timedelta(days=90)


def pine_id(harness):
    return next(iter(harness.vendor.world.scripts))


def give(harness, name, end=SOON):
    harness.vendor.world.grant(pine_id(harness), name, end)


async def sweep(harness):
    return (await harness.run(harness.as_mod, "sync sweep", item="trend")).original


async def press(harness, message, label, words):
    done = await harness.as_mod.press(message, label)
    await harness.passes(lambda: words in text_of(message))
    return done


async def test_a_full_check_says_who_is_there_and_takes_over_with_one_press(harness):
    for index in range(3):
        give(harness, f"open{index}", None)
    give(harness, "dated")
    give(harness, "lapsed", START - timedelta(days=1))
    said = await sweep(harness)
    text = text_of(said)
    assert "5 people: 3 without an end, 1 dated, 1 lapsed" in text
    assert "Not taken over yet (4)" in text
    await press(harness, said, "Take over 4 people", "4 people taken over")
    assert [call for call in harness.tradingview.log if call.writes] == []
    assert "Everything is as it should be" in text_of(await sweep(harness))


async def test_progress_is_drawn_and_the_answer_takes_its_place(harness):
    for index in range(70):
        give(harness, f"user{index:02}")
    harness.switches.hang = True
    request = await harness.as_mod.run(
        "sync sweep", guild=harness.guild, channel=harness.channel, item="trend"
    )
    await harness.passes(lambda: request.messages and "Checking Trend" in text_of(request.original))
    harness.switches.hang = False
    await harness.passes(lambda: "70 people: 70 dated" in text_of(request.original))


async def test_a_full_check_that_breaks_off_says_so_and_changes_nothing(harness):
    harness.switches.down = True
    request = await harness.as_mod.run(
        "sync sweep", guild=harness.guild, channel=harness.channel, item="trend"
    )
    await harness.passes(
        lambda: request.messages and "does not answer" in text_of(request.original)
    )
    assert "Nothing was changed" in text_of(request.original)
    harness.switches.down = False
    harness.switches.logged_out = True
    request = await harness.run(harness.as_mod, "sync sweep", item="trend")
    await harness.passes(lambda: "does not accept the stored login" in text_of(request.original))


async def test_adding_a_script_reads_its_list_and_offers_to_take_over(harness):
    new = harness.vendor.world.add_script(harness.vendor.vendor, title="Tail").pine_id
    for index in range(40):
        harness.vendor.world.grant(new, f"user{index:02}", None if index % 2 else SOON)
    request = await harness.run(
        harness.as_owner, "script add", pine_id=new, slug="tail", title="Tail"
    )
    await harness.passes(lambda: "40 people" in text_of(request.original))
    assert "40 people: 20 without an end, 20 dated" in text_of(request.original)
    offered = ["Take over 40 people", "Choose from a list", "Prove that it works"]
    assert labels(request.original) == offered
    done = await harness.as_owner.press(request.original, "Take over 40 people")
    await done.until(lambda now: "40 people taken over" in text_of(now))
    listed = await harness.run(harness.as_mod, "access list", item="tail")
    assert "40 people" in text_of(listed.original)


async def test_people_are_chosen_from_a_list_page_by_page(harness):
    for index in range(30):
        give(harness, f"user{index:02}")
    said = await sweep(harness)
    await press(harness, said, "Choose from a list", "30 people on TradingView's list")
    assert "page 1 of 2" in text_of(said)
    await press(harness, said, "Next ▶", "page 2 of 2")
    await press(harness, said, "◀ Back", "page 1 of 2")
    options = said.components[0]["components"][0]["options"]
    assert [one["label"] for one in options[:2]] == ["user00", "user01"]
    values = [one["value"] for one in options[:3]]
    await harness.as_mod.choose(said, 0, values)
    await harness.passes(lambda: "27 people on TradingView's list" in text_of(said))
    listed = await harness.run(harness.as_mod, "access list", item="trend")
    assert "3 people" in text_of(listed.original)


async def test_missing_access_is_given_back_with_a_press(harness):
    await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_T"
    )
    await harness.time.advance(60)
    end = harness.vendor.world.row(pine_id(harness), "Alice_T").end
    harness.vendor.world.revoke(pine_id(harness), "Alice_T")
    said = await sweep(harness)
    assert "Missing: they should have access" in text_of(said)
    status = (await harness.run(harness.as_mod, "sync status")).original
    assert "1 thing differs" in text_of(status)
    await press(harness, status, "Show Trend", "Missing: they should have access")
    await press(harness, status, "Give 1 missing back", "1 order on Trend carried out")
    assert harness.vendor.world.row(pine_id(harness), "Alice_T").end == end


async def test_ending_access_for_many_asks_once_more_and_can_be_put_back(harness):
    for index in range(7):
        give(harness, f"user{index}")
    said = await sweep(harness)
    await press(harness, said, "End access of 7 people", "This ends access for 7 people")
    await press(harness, said, "Yes, do it", "7 orders on Trend carried out")
    world = harness.vendor.world
    assert not any(world.has_access(pine_id(harness), f"user{index}") for index in range(7))
    await press(harness, said, "Put back", "Putting back what 7 people had")
    await harness.passes(
        lambda: all(world.has_access(pine_id(harness), f"user{index}") for index in range(7)),
    )
    assert harness.as_mod.dms() == []


async def test_above_25_people_staff_alone_cannot_end_access_and_lose_no_question(harness):
    for index in range(26):
        give(harness, f"user{index:02}")
    said = await sweep(harness)
    await press(harness, said, "End access of 26 people", "This ends access for 26 people")
    assert "only a manager can say yes" in text_of(said)
    question = (text_of(said), labels(said))
    refused = await harness.as_mod.press(said, "Yes, do it")
    await refused.answered()
    assert "Only those who manage this server's scripts" in text_of(refused.original)
    await harness.time.advance(120)
    assert (text_of(said), labels(said)) == question
    assert [call for call in harness.tradingview.log if call.writes] == []
    async with harness.vendor.database.write() as connection:
        await guilds.add_role(connection, harness.guild.id, harness.staff.id, "manager")
    await harness.guild_settings.open()
    await press(harness, said, "Yes, do it", "26 orders on Trend carried out")


async def test_up_to_25_people_the_yes_of_staff_is_enough(harness):
    for index in range(25):
        give(harness, f"user{index:02}")
    said = await sweep(harness)
    await press(harness, said, "End access of 25 people", "Shall I do it?")
    await press(harness, said, "Yes, do it", "25 orders on Trend carried out")


async def test_a_number_that_grew_above_25_is_asked_of_a_manager(harness):
    for index in range(25):
        give(harness, f"user{index:02}")
    said = await sweep(harness)
    await press(harness, said, "End access of 25 people", "Shall I do it?")
    give(harness, "one_more")
    await harness.time.advance(60)
    await sweep(harness)
    await press(harness, said, "Yes, do it", "only a manager can say yes")
    refused = await harness.as_mod.press(said, "Yes, do it")
    assert "Only those who manage" in text_of(await refused.answered())
    assert [call for call in harness.tradingview.log if call.writes] == []


async def test_saying_no_leaves_everything(harness):
    for index in range(7):
        give(harness, f"user{index}")
    said = await sweep(harness)
    await press(harness, said, "End access of 7 people", "This ends access for 7 people")
    await press(harness, said, "No, leave it", "Left as it was")
    assert [call for call in harness.tradingview.log if call.writes] == []


async def test_differences_are_ignored_with_a_press(harness):
    give(harness, "stranger")
    said = await sweep(harness)
    await press(harness, said, "Ignore 1 person", "left alone")
    assert "1 difference left alone on purpose" in text_of(await sweep(harness))


async def test_later_ends_are_kept_with_a_press(harness):
    give(harness, "dated")
    await press(harness, await sweep(harness), "Take over 1 person", "1 person taken over")
    give(harness, "dated", LATER)
    await harness.time.advance(60)
    said = await sweep(harness)
    assert "Another end than it should be (1)" in text_of(said)
    await press(harness, said, "Keep 1 later end", "1 later end on Trend kept")


async def test_a_second_full_check_at_the_same_time_is_refused(harness):
    harness.switches.hang = True
    first = await harness.as_mod.run(
        "sync sweep", guild=harness.guild, channel=harness.channel, item="trend"
    )
    await harness.passes(lambda: first.messages and "Checking" in text_of(first.original))
    second = await harness.run(harness.as_mod, "sync sweep", item="trend")
    assert "is being checked already" in text_of(second.original)
    harness.switches.hang = False
    await harness.passes(lambda: "list: nobody" in text_of(first.original))


async def test_a_number_that_grew_since_the_question_is_asked_about_again(harness):
    for index in range(7):
        give(harness, f"user{index}")
    said = await sweep(harness)
    await press(harness, said, "End access of 7 people", "This ends access for 7 people")
    give(harness, "user7")
    await harness.time.advance(60)
    await sweep(harness)
    await press(harness, said, "Yes, do it", "This ends access for 8 people")
    assert [call for call in harness.tradingview.log if call.writes] == []
    await press(harness, said, "Yes, do it", "8 orders on Trend carried out")


async def test_trying_again_asks_before_access_ends_for_many(harness):
    for index in range(6):
        give(harness, f"user{index}")
    await press(harness, await sweep(harness), "Take over 6 people", "6 people taken over")
    async with harness.vendor.database.write() as connection:
        script = await scripts.by_slug(connection, harness.guild.id, "trend")
        await scripts.pause(connection, script.id, START, "not yours")
    for index in range(6):
        await harness.run(harness.as_mod, "access revoke", item="trend", username=f"user{index}")
    request = (await harness.run(harness.as_mod, "sync retry", item="trend")).original
    assert "This ends access for 6 people" in text_of(request)
    assert [call for call in harness.tradingview.log if call.writes] == []
    await press(harness, request, "Yes, do it", "Trying 6 orders for")
    world = harness.vendor.world
    await harness.passes(
        lambda: not any(world.has_access(pine_id(harness), f"user{index}") for index in range(6))
    )


async def test_the_status_counts_what_differs_on_each_script(harness):
    for index in range(3):
        give(harness, f"user{index}")
    assert "differ" not in text_of((await harness.run(harness.as_mod, "sync status")).original)
    await sweep(harness)
    status = (await harness.run(harness.as_mod, "sync status")).original
    assert "3 people are not taken over yet" in text_of(status)
    assert "differ" not in text_of(status)
    assert labels(status) == ["Take over 3 people", "Show Trend"]


async def long_check(harness, monkeypatch, item="trend"):
    """A full check that takes longer than an answer can be changed."""
    real = harness.sweeps.of_script
    async with harness.vendor.database.read() as connection:
        script = await scripts.by_slug(connection, harness.guild.id, item)

    async def long(*args, **more):
        more["tell"](Progress(script))
        await clock.sleep(16 * 60)
        return await real(*args, **more)

    monkeypatch.setattr(harness.sweeps, "of_script", long)
    request = await harness.as_mod.run(
        "sync sweep", guild=harness.guild, channel=harness.channel, item=item
    )
    await harness.passes(lambda: request.messages and "Checking Trend" in text_of(request.original))
    await harness.time.advance(16 * 60)
    return request


async def test_a_full_check_of_more_than_15_minutes_ends_in_a_direct_message(harness, monkeypatch):
    give(harness, "stranger")
    before = len(harness.channel.messages)
    request = await long_check(harness, monkeypatch)
    await harness.passes(harness.as_mod.dms)
    [told] = harness.as_mod.dms()
    assert "The full check of" in text_of(told)
    assert "1 person: 1 dated" in text_of(told)
    assert "Checking Trend" in text_of(request.original)
    assert len(harness.channel.messages) <= before + 1, "nothing but the command's own answer"
    await harness.as_mod.press(told, "Take over 1 person")
    await harness.passes(lambda: "1 person taken over" in text_of(told))


async def test_one_that_fails_so_late_says_so_too(harness, monkeypatch):
    harness.switches.down = True
    await long_check(harness, monkeypatch)
    await harness.passes(harness.as_mod.dms, 120)
    [told] = harness.as_mod.dms()
    assert "does not answer" in text_of(told)


async def test_with_closed_direct_messages_it_goes_to_the_log_channel(harness, monkeypatch):
    log = harness.fake.add_channel(harness.guild, "log", public=False)
    await harness.choose_log_channel(log)
    harness.fake.close_dms(harness.mod)
    before = len(harness.channel.messages)
    await long_check(harness, monkeypatch)
    closed = "takes no direct messages"
    await harness.passes(lambda: any(closed in text_of(one) for one in log.messages))
    [told] = [one for one in log.messages if closed in text_of(one)]
    assert "on TradingView's list: nobody" in text_of(told)
    assert len(harness.channel.messages) <= before + 1
