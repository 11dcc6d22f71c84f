"""/bulk and /compensate over a real gateway: a dry run first, one button, and what a manager reads."""

import pytest

from bot.interactions.levels import Level
from bot.store.catalogue import guilds
from tests.support.bulk_office import (
    NAMES,
    batches_at_work,
    dry_run,
    listed,
    pressed,
    second_manager,
    table_of,
    upload,
)
from tests.support.discord_harness import labels, text_of
from tests.support.idle import at_rest


@pytest.fixture
async def harness(closed_office):
    async with batches_at_work(closed_office):
        await closed_office.script()
        await closed_office.log_in()
        for name in NAMES:
            closed_office.vendor.world.add_user(name)
        yield closed_office


def end_of(harness, name):
    [script] = harness.vendor.world.scripts.values()
    row = harness.vendor.world.row(script.pine_id, name)
    return None if row is None else row.end


async def give(harness, *names, length="1M"):
    for name in names:
        await harness.run(
            harness.as_mod, "access grant", item="trend", duration=length, username=name
        )


async def start(harness, request, label):
    await pressed(harness.as_owner, request.original, label)


async def ends(harness, request, *, within=120):
    await harness.passes(
        lambda: "is done" in text_of(request.original) or "cancelled:" in text_of(request.original),
        within,
    )


async def test_a_file_is_shown_first_and_carried_out_upon_one_press(harness):
    request, said = await dry_run(
        harness, "bulk grant", file=listed(NAMES), note="moved from the old shop"
    )
    assert "Preview: give time, for everybody in `members.csv`.** Nothing is changed yet." in said
    assert "✅ 5 people get more time; 5 of them have no access now" in said
    assert "📅 New ends: <t:" in said
    assert "0 people now, 5 with this" in said
    assert "It takes less than a minute" in said
    assert labels(request.original)[:2] == ["Start for 5 people", "Rows"]
    assert end_of(harness, NAMES[0]) is None
    await start(harness, request, "Start for 5 people")
    assert "⏳ **Batch 1, running:**" in text_of(request.original)
    assert labels(request.original) == ["Pause", "Cancel", "Refresh"]
    await ends(harness, request)
    said = text_of(request.original)
    assert "✅ **Batch 1 is done:** give" in said
    assert "**5** done · **0** failed" in said
    assert all(end_of(harness, name) for name in NAMES)
    lines = table_of(harness, request.original).splitlines()
    assert lines[0] == "line,username,discord_id,item,asked,before,after,state,why,order"
    assert lines[1].startswith("2,Buyer_1,,trend,1M more,no access,2026-04-10T12:00:")
    assert ",done,," in lines[1]


async def test_columns_that_do_not_count_are_named(harness):
    async with batches_at_work(harness):
        file = upload("username,durtion,plan\nBuyer_1,1Y,Gold\n")
        _, said = await dry_run(harness, "bulk grant", file=file, item="trend", duration="1M")
        assert "do not count here: `durtion` and `plan`" in said
        file = upload("username,duration\nBuyer_1,1Y\n")
        _, said = await dry_run(harness, "bulk grant", file=file, item="trend")
        assert "do not count" not in said


async def test_mistakes_are_counted_by_kind_and_come_as_a_file_to_mend(harness):
    file = upload(
        "username;item;duration\nBuyer_1;trend;1M\nBuyer_2;trand;1M\nBuyer_3;trend;soon\n=1+1;trend;1M\n"
    )
    request, said = await dry_run(harness, "bulk grant", file=file)
    assert "⚠️ 3 rows have a mistake (in the file below):" in said
    assert "- 1 with a script or product that is not here" in said
    mistakes = table_of(harness, request.original)
    assert "3,There is no such script or product here. Did you mean trend?" in mistakes
    assert ",'=1+1," in mistakes
    assert "Buyer_1" not in mistakes


async def test_names_unknown_to_tradingview_are_said_after_a_look(harness):
    request, said = await dry_run(harness, "bulk grant", file=listed(["Buyer_1", "Nobody_Here"]))
    assert "2 names are still being looked up" in said
    await harness.passes(lambda: harness.vendor.fake.calls("hint"), 30)
    await harness.time.advance(5)
    await pressed(harness.as_owner, request.original, "Refresh")
    said = text_of(request.original)
    assert "⚠️ 1 name is unknown to TradingView" in said
    assert "Start for" in labels(request.original)[0]
    assert "TradingView knows nobody of that name" in table_of(harness, request.original)


async def test_options_count_for_rows_that_say_nothing(harness):
    request, said = await dry_run(
        harness, "bulk grant", file=upload("username\nBuyer_1\n"), item="trend", duration="2W"
    )
    assert "give 2 weeks of `trend`" in said
    await start(harness, request, "Start for 1 person")
    await ends(harness, request)
    assert end_of(harness, "Buyer_1") is not None


async def test_rows_are_shown_beside_the_dry_run(harness):
    request, _ = await dry_run(harness, "bulk grant", file=listed(NAMES))
    rows = await pressed(harness.as_owner, request.original, "Rows")
    said = text_of(rows.original)
    assert "5 rows would change something" in said
    assert "no access → <t:" in said
    assert "Buyer_5,," in table_of(harness, rows.original)
    assert "Start for 5 people" in labels(request.original)


async def test_a_dry_run_can_be_dropped(harness):
    request, _ = await dry_run(harness, "bulk grant", file=listed(NAMES))
    await pressed(harness.as_owner, request.original, "Discard")
    assert "Left as it was" in text_of(request.original)
    shown = await harness.run(harness.as_owner, "bulk show", batch=1)
    assert "That batch is not here" in text_of(shown.original)


async def test_a_filter_extends_those_whose_access_ends_soon(harness):
    await give(harness, "Buyer_1", length="3D")
    await give(harness, "Buyer_2", length="1Y")
    request, said = await dry_run(
        harness, "bulk extend", item="trend", duration="1M", ends_before="7D"
    )
    assert "extend `trend` by 1 month, for everybody whose access ends by" in said
    assert "Start for 1 person" in labels(request.original)
    before = end_of(harness, "Buyer_2")
    await start(harness, request, "Start for 1 person")
    await ends(harness, request)
    assert end_of(harness, "Buyer_1").month == 4
    assert end_of(harness, "Buyer_2") == before


@pytest.mark.parametrize("seen", [True, False], ids=["intent", "no intent"])
async def test_a_role_says_who_is_meant(harness, seen):
    await harness.run(harness.as_mod, "customer link", member=harness.buyer, username="Buyer_1")
    if not seen:
        harness.client.go_without_members()
    role = harness.make_role("VIP")
    harness.give_role(harness.buyer, role)
    harness.give_role(harness.stranger, role)
    request, said = await dry_run(harness, "bulk grant", item="trend", duration="1M", role=role)
    assert f"everybody with <@&{role.id}>" in said
    assert "Start for 1 person" in labels(request.original)
    assert ("about members without a TradingView name" in said) is seen


async def test_a_role_of_which_discord_does_not_tell_is_said(harness, monkeypatch):
    async def silent(*_):
        return None

    monkeypatch.setattr(harness.client.members, "with_role", silent)
    role = harness.make_role("VIP")
    _, said = await dry_run(harness, "bulk revoke", item="trend", role=role)
    assert f"I cannot say who has <@&{role.id}> just now" in said


async def test_everyone_with_access_can_lose_it_and_the_button_is_red(harness):
    await give(harness, *NAMES[:2])
    request, said = await dry_run(harness, "bulk revoke", item="trend", everyone=True)
    assert "⚠️ 2 people lose access" in said
    button = request.original.components[0]["components"][0]
    assert (button["label"], button["style"]) == ("Start for 2 people", 4)
    await start(harness, request, "Start for 2 people")
    await ends(harness, request)
    assert end_of(harness, NAMES[0]) is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "Who is it for?"),
        ({"item": "trend", "duration": "1M"}, "Who is it for?"),
        ({"everyone": True, "duration": "1M"}, "Which script or product?"),
        ({"everyone": True, "item": "trend"}, "How long, or until when?"),
        (
            {"everyone": True, "item": "trend", "duration": "1M", "until": "2027-01-01"},
            "Either `duration` or `until`",
        ),
        ({"everyone": True, "item": "trend", "duration": "1M"}, "There is nothing to do"),
        ({"item": "trend", "ends_before": "lifetime", "duration": "1M"}, "is not a date"),
        ({"file": listed(NAMES), "everyone": True}, "Either a file or a filter"),
        ({"file": upload(b"PK\x03\x04", "list.xlsx")}, "Save it as CSV"),
        ({"file": upload(b"x" * (5 * 1024 * 1024 + 1))}, "too large"),
        ({"file": upload("colour,size\nred,1\n")}, "username"),
    ],
    ids=range(11),
)  # fmt: skip
async def test_what_is_unclear_is_said_and_nothing_is_kept(harness, options, said):
    request = await harness.run(harness.as_owner, "bulk grant", **options)
    assert said in text_of(request.original)
    listed_batches = await harness.run(harness.as_owner, "bulk list")
    assert "No batch was started here yet" in text_of(listed_batches.original)


async def test_a_file_that_discord_does_not_hand_over_is_said(harness, monkeypatch):
    import discord

    async def broken(_):
        raise discord.DiscordServerError(_Answer(), "down")

    monkeypatch.setattr(discord.Attachment, "read", broken)
    for command in ("bulk grant", "customer match"):
        request = await harness.run(harness.as_owner, command, file=listed(NAMES))
        assert "Discord did not hand the file over" in text_of(request.original)


class _Answer:
    status, reason = 503, "down"


async def test_every_button_asks_for_a_manager(harness):
    levels = {name: at for name, at in harness.router.levels.items() if name.startswith("bulk_")}
    assert len(levels) == 12
    assert set(levels.values()) == {Level.MANAGER}


async def test_another_servers_batch_is_gone(harness):
    await dry_run(harness, "bulk grant", file=listed(NAMES))
    from bot.access.orders.bulk.errors import BatchGone

    other = harness.fake.add_guild("Another shop", harness.owner)
    with pytest.raises(BatchGone):
        await harness.bulk.views.view(other.id, 1)


async def test_it_stands_still_and_goes_on_and_ends_upon_a_press(harness):
    harness.switches.down = True
    request, _ = await dry_run(harness, "bulk grant", file=listed(NAMES))
    await start(harness, request, "Start for 5 people")
    await pressed(harness.as_owner, request.original, "Pause")
    assert "⏸️ **Batch 1, paused:**" in text_of(request.original)
    assert labels(request.original) == ["Resume", "Cancel", "Refresh"]
    harness.switches.down = False
    await harness.time.advance(60)
    assert end_of(harness, NAMES[0]) is None
    await pressed(harness.as_owner, request.original, "Resume")
    assert "running" in text_of(request.original)
    await pressed(harness.as_owner, request.original, "Pause")
    await pressed(harness.as_owner, request.original, "Cancel")
    await harness.passes(lambda: "was cancelled" in text_of(request.original), 120)
    assert "5 cancelled" in text_of(request.original)
    assert ",cancelled,," in table_of(harness, request.original)


async def test_a_batch_waits_for_a_new_login_says_so_and_goes_on(harness):
    request, _ = await dry_run(harness, "bulk grant", file=listed(NAMES))
    harness.switches.logged_out = True
    await start(harness, request, "Start for 5 people")
    await harness.passes(lambda: "login has ended" in text_of(request.original), 300)
    assert "**0** done · **5** waiting · **0** failed" in text_of(request.original)
    assert " left." not in text_of(request.original)
    harness.switches.logged_out = False
    await harness.log_in()
    await ends(harness, request, within=900)
    assert "**5** done · **0** failed" in text_of(request.original)
    assert all(end_of(harness, name) for name in NAMES)


async def linked_buyer(harness):
    """A member whose access has a month left, and who was told of it."""
    await harness.run(
        harness.as_mod,
        "access grant",
        item="trend",
        duration="1M",
        username="Buyer_1",
        member=harness.buyer,
    )
    await harness.passes(lambda: len(harness.as_buyer.dms()) == 1)


async def test_of_what_was_cancelled_before_it_changed_anything_no_member_hears(harness):
    log = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(log)
    await linked_buyer(harness)
    harness.switches.down = True
    file = upload("username,item,duration\nBuyer_1,trend,3D\nBuyer_2,trand,3D\n")
    request, _ = await dry_run(harness, "bulk extend", file=file)
    await start(harness, request, "Start for 1 person")
    await pressed(harness.as_owner, request.original, "Pause")
    await pressed(harness.as_owner, request.original, "Cancel")
    harness.switches.down = False
    await harness.passes(lambda: "was cancelled" in text_of(request.original), 120)
    await harness.time.advance(600)
    assert len(harness.as_buyer.dms()) == 1
    ended = "Batch 1 was cancelled: 0 done, 1 left out, 1 cancelled"

    def found():
        return [one for one in harness.as_owner.sees(log) if ended in text_of(one)]

    harness.outcome_notifier.wake()
    await harness.passes(found, 60)
    assert labels(found()[0]) == ["Show"]
    assert "Nothing was changed" in text_of(request.original)
    assert labels(request.original) == []


async def test_whose_time_is_taken_back_hears_that_the_end_was_changed(harness):
    await linked_buyer(harness)
    request, _ = await dry_run(harness, "compensate", item="trend", duration="3D", reason="outage")
    await start(harness, request, "Start for 1 person")
    await harness.passes(lambda: len(harness.as_buyer.dms()) == 2)
    await ends(harness, request)
    undo = await harness.run(harness.as_owner, "bulk undo", batch=1)
    await start(harness, undo, "Start for 1 person")
    await harness.passes(lambda: len(harness.as_buyer.dms()) == 3)
    said = text_of(harness.as_buyer.dms()[-1])
    assert "⚠️ The end of **Trend** was changed by the staff" in said
    assert "is back" not in said


async def test_ending_the_access_of_many_waits_for_another_manager(harness):
    log = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(log)
    async with harness.vendor.database.write() as connection:
        await guilds.set_approval(connection, harness.guild.id, 1)
    await give(harness, *NAMES[:2])
    request, said = await dry_run(harness, "bulk revoke", item="trend", everyone=True)
    assert "More than 1 person would lose access: after you press *Start*, a second manager" in said
    await start(harness, request, "Start for 2 people")
    assert "waits for a second manager" in text_of(request.original)
    harness.outcome_notifier.wake()

    def asked():
        return [one for one in harness.as_owner.sees(log) if "Approve" in labels(one)]

    await harness.passes(asked, 60)
    assert "asks for a second manager: batch 1 ends access for 2 people" in text_of(asked()[0])
    await pressed(harness.as_owner, asked()[0], "Approve")
    assert end_of(harness, NAMES[0]) is not None
    other = second_manager(harness)
    question = asked()[0]
    await pressed(other, question, "Approve")
    assert f"✅ <@{other.user.id}> approved batch 1" in text_of(question)
    await ends(harness, request)
    assert end_of(harness, NAMES[0]) is None

    def undoable():
        return [one for one in harness.as_owner.sees(log) if "is done: 2 done" in text_of(one)]

    await harness.passes(undoable, 60)
    assert labels(undoable()[0]) == ["Undo", "Show"]


async def test_more_people_than_are_free_are_asked_about_first(harness):
    from bot.store.sweeps import seats

    async with harness.vendor.database.write() as connection:
        await seats.set_guard(connection, harness.guild.id, on=True)
    names = [f"Crowd_{number}" for number in range(101)]
    request, said = await dry_run(harness, "bulk grant", file=listed(names))
    assert "Likely fee for this month: US$" in said
    await start(harness, request, "Start for 101 people")
    assert "101 people have access at the month's end" in text_of(request.original)
    assert labels(request.original) == ["Yes, add these 101 people", "No, leave it"]
    await pressed(harness.as_owner, request.original, "No, leave it")
    assert "Preview" in text_of(request.original)
    await start(harness, request, "Start for 101 people")
    await pressed(harness.as_owner, request.original, "Yes, add these 101 people")
    assert "running" in text_of(request.original)


async def test_a_batch_is_listed_shown_and_undone(harness):
    request, _ = await dry_run(harness, "bulk grant", file=listed(NAMES[:2]))
    await start(harness, request, "Start for 2 people")
    await ends(harness, request)
    shown = await harness.run(harness.as_owner, "bulk list")
    assert f"**1** done, <t:1773144000:d>, <@{harness.owner.id}>: give" in text_of(shown.original)
    shown = await harness.run(harness.as_owner, "bulk show", batch=1)
    assert labels(shown.original) == ["Result file", "Undo"]
    file = await pressed(harness.as_owner, shown.original, "Result file")
    assert "Buyer_2" in table_of(harness, file.original)
    choices = await harness.as_owner.complete("bulk undo", "batch", "1", guild=harness.guild)
    assert [one["name"] for one in choices] == ["1 – grant, done, 10 March 2026"]
    undo = await harness.run(harness.as_owner, "bulk undo", batch=1)
    assert "Preview: undo batch 1" in text_of(undo.original)
    assert "2 people lose access" in text_of(undo.original)
    await start(harness, undo, "Start for 2 people")
    await ends(harness, undo)
    assert end_of(harness, NAMES[0]) is None


async def test_compensate_gives_live_dated_access_more_and_nobody_else(harness):
    await give(harness, "Buyer_1", length="1M")
    await give(harness, "Buyer_2", length="L")
    before = end_of(harness, "Buyer_1")
    request, said = await dry_run(
        harness, "compensate", item="trend", duration="3D", reason="outage of 9 March"
    )
    assert "compensate with 3 days of `trend`, for everybody who has it" in said
    assert "Note: `outage of 9 March`" in said
    await start(harness, request, "Start for 1 person")
    await ends(harness, request)
    assert (end_of(harness, "Buyer_1") - before).days == 3


async def test_compensate_with_lifetime_is_refused_and_says_what_does_that(harness):
    await give(harness, "Buyer_1", length="1M")
    before = end_of(harness, "Buyer_1")
    request = await harness.run(
        harness.as_owner, "compensate", item="trend", duration="L", reason="outage"
    )
    said = text_of(request.original)
    assert "A compensation adds an amount of time" in said
    assert "Nothing was changed" in said
    assert "`/bulk grant`" in said
    assert "No batch was started here yet" in text_of(
        (await harness.run(harness.as_owner, "bulk list")).original
    )
    assert end_of(harness, "Buyer_1") == before


async def test_a_member_s_text_in_a_file_name_stays_text(harness):
    _, said = await dry_run(
        harness,
        "bulk grant",
        file=upload("username,item,duration\nBuyer_1,trend,1M\n", "@everyone.csv"),
    )
    assert "`@everyone.csv`" in said


async def test_who_stands_in_several_rows_hears_of_them_once(harness):
    await harness.script("range", title="Range")
    await harness.script("flow", title="Flow")
    await linked_buyer(harness)
    before = len(harness.as_buyer.dms())
    file = upload("username,item,duration\nBuyer_1,trend,1M\nBuyer_1,range,1M\nBuyer_1,flow,2M\n")
    request, _ = await dry_run(harness, "bulk grant", file=file)
    await start(harness, request, "Start for 1 person")
    await ends(harness, request)
    await harness.passes(lambda: len(harness.as_buyer.dms()) > before)
    await harness.time.advance(700)
    await at_rest(harness.vendor.database)
    [said] = map(text_of, harness.as_buyer.dms()[before:])
    assert "You can use **Trend**, **Range** and **Flow**" in said
    assert "- **Flow**: until" in said
