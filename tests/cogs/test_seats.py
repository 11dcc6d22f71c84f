"""/seats over a real gateway: the numbers, the fee, the picture, and the guard."""

from sqlalchemy import insert

from bot import clock
from bot.replies import seats_chart
from bot.store.people import customers
from bot.store.tables.ledger import permission
from tests.support.discord_harness import labels, text_of
from tests.support.fake_time import eventually


async def seat(harness, number):
    """That many people with access for good."""
    async with harness.vendor.database.write() as connection:
        for one in range(number):
            name = f"seat{one}"
            person = await customers.add(connection, harness.guild.id, username=name)
            await connection.execute(
                insert(permission).values(
                    guild_id=harness.guild.id, script_id=1, customer_id=person.id,
                    username=name, name_folded=name, wanted="lifetime", revision=0,
                    synced_revision=0, seen="lifetime", ours="unknown", before="unknown",
                    state="done", asked_at=clock.now(),
                )
            )  # fmt: skip


async def test_the_numbers_the_fee_in_each_reading_and_a_picture(harness):
    await seat(harness, 103)
    request = await harness.run(harness.as_mod, "seats")
    assert request.ephemeral
    said = text_of(request.original)
    assert "103 people have access today, 103 at the month's end" in said
    assert "3 more than the 100" in said
    assert "`▓▓▓▓▓▓▓▓▓▓▓▓` 103 of 100 without a fee" in said
    assert "103 without a reason here" in said
    assert "Likely fee for this month: **US$3,084.85**" in said
    assert said.count("US$") == 1, "one figure; the other readings wait behind a button"
    assert "was not read in the last two days" in said
    [file] = request.original.attachments
    assert file["filename"] == "seats.png"
    picture = harness.fake.world.files[int(file["id"])]
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 500_000


async def test_the_other_readings_of_the_fee_are_behind_a_button(harness):
    await seat(harness, 103)
    said = (await harness.run(harness.as_mod, "seats")).original
    await harness.as_mod.press(said, "Other ways to read the fee")
    await eventually(lambda: "Technology Fee" in text_of(said))
    assert "counted once, the first 100 too): **US$3,084.85**" in text_of(said)
    assert "those above 100 were billed: US$89.85" in text_of(said)
    assert "Nobody outside TradingView knows" in text_of(said)
    await harness.as_mod.press(said, "◀ Back")
    await eventually(lambda: "Likely fee for this month" in text_of(said))
    assert "Technology Fee" not in text_of(said)
    assert [one["filename"] for one in said.attachments] == ["seats.png"]


async def test_a_month_on_top_of_lifetime_moves_nobody_and_taken_over_people_are_called_so(harness):
    world = harness.vendor.world
    world.grant(next(iter(world.scripts)), "Alice_Two", None)
    await harness.run(harness.as_mod, "sync sweep", item="trend")
    said = text_of((await harness.run(harness.as_mod, "seats")).original)
    assert "Today: 1 not taken over yet" in said
    status = (await harness.run(harness.as_mod, "sync status")).original
    await harness.as_mod.press(status, "Take over 1 person")
    await harness.passes(lambda: "1 person taken over" in text_of(status))
    for length in ("L", "1M"):
        await harness.run(
            harness.as_mod, "access grant", item="trend", duration=length, username="Alice_T"
        )
        await harness.time.advance(60)
        said = text_of((await harness.run(harness.as_mod, "seats")).original)
        assert "Today: 1 lifetime and 1 taken over" in said
    await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_Two"
    )
    await harness.time.advance(60)
    said = text_of((await harness.run(harness.as_mod, "seats")).original)
    assert "Today: 1 lifetime and 1 taken over" in said


async def test_without_a_picture_the_numbers_are_said_all_the_same(
    harness, monkeypatch, tmp_path, caplog
):
    monkeypatch.setattr(seats_chart, "PROGRAM", tmp_path / "is_not_there.py")
    request = await harness.run(harness.as_mod, "seats")
    assert "0 people have access today" in text_of(request.original)
    assert not request.original.attachments
    assert "the picture of seats could not be drawn" in caplog.text


async def test_nobody_yet(harness):
    request = await harness.run(harness.as_mod, "seats")
    said = text_of(request.original)
    assert "0 people have access today" in said
    assert "100 more fit" in said
    assert "Today: nobody" in said


async def switch_on(harness):
    request = await harness.run(harness.as_mod, "seats")
    await harness.as_mod.press(request.original, "Ask before number 101")
    await eventually(lambda: "Stop asking" in labels(request.original))
    return request


async def test_staff_switch_the_guard_on_and_only_a_manager_switches_it_off(harness):
    request = await switch_on(harness)
    assert "I ask a manager" in text_of(request.original)
    press = await harness.as_mod.press(request.original, "Stop asking")
    await press.until(lambda one: "Only those who manage" in text_of(one))
    request = await harness.run(harness.as_owner, "seats")
    await harness.as_owner.press(request.original, "Stop asking")
    await eventually(lambda: "I do not ask" in text_of(request.original))


async def test_number_101_waits_for_a_managers_press_that_shows_the_price(harness):
    await seat(harness, 100)
    await switch_on(harness)
    options = {"item": "trend", "duration": "1M", "username": "Alice_T"}
    request = await harness.run(harness.as_mod, "access grant", **options)
    said = text_of(request.original)
    assert "person number 101 at the month's end" in said
    assert "US$3,024.95" in said
    press = await harness.as_mod.press(request.original, "Yes, add this person")
    await press.until(lambda one: "Only those who manage" in text_of(one))
    assert not harness.vendor.fake.calls("add")
    request = await harness.run(harness.as_owner, "access grant", **options)
    await harness.as_owner.press(request.original, "Yes, add this person")
    await harness.passes(lambda: harness.vendor.fake.calls("add"))


async def test_missing_access_over_the_line_waits_for_a_manager_too(harness):
    for name in ("Alice_T", "Bob_T"):
        harness.vendor.world.find_user(name) or harness.vendor.world.add_user(name)
        await harness.run(
            harness.as_mod, "access grant", item="trend", duration="1Y", username=name
        )
        await harness.time.advance(10)
    world, [pine_id] = harness.vendor.world, harness.vendor.world.scripts
    for name in ("Alice_T", "Bob_T"):
        world.revoke(pine_id, name)
    await harness.time.advance(60)
    await harness.run(harness.as_mod, "sync sweep", item="trend")
    await seat(harness, 99)
    await switch_on(harness)

    async def ask(who):
        said = (await harness.run(who, "sync status")).original
        await who.press(said, "Show Trend")
        await harness.passes(lambda: "Give 2 missing back" in labels(said))
        await who.press(said, "Give 2 missing back")
        await harness.passes(lambda: "With these 2, 101 people" in text_of(said))
        assert "US$3,024.95" in text_of(said)
        return said, await who.press(said, "Yes, add these 2 people")

    _, refused = await ask(harness.as_mod)
    await refused.until(lambda one: "Only those who manage" in text_of(one))
    assert not world.has_access(pine_id, "Bob_T")
    said, _ = await ask(harness.as_owner)
    await harness.passes(lambda: "2 orders on Trend carried out" in text_of(said))
    assert world.has_access(pine_id, "Bob_T")


async def test_putting_back_over_the_line_waits_for_a_managers_press(harness):
    options = {"item": "trend", "username": "Alice_T"}
    await harness.run(harness.as_owner, "access grant", duration="1M", **options)
    await harness.time.advance(10)
    said = (await harness.run(harness.as_owner, "access revoke", **options)).original
    await harness.passes(lambda: "Put back" in labels(said))
    world, [pine_id] = harness.vendor.world, harness.vendor.world.scripts
    await harness.passes(lambda: not world.has_access(pine_id, "Alice_T"))
    await seat(harness, 100)
    await switch_on(harness)
    await harness.as_owner.press(said, "Put back")
    await harness.passes(lambda: "person number 101" in text_of(said))
    await harness.as_owner.press(said, "Yes, add this person")
    await harness.passes(lambda: "back" in text_of(said) and "✅" in text_of(said))
    assert world.has_access(pine_id, "Alice_T")


async def test_the_log_channel_hears_of_each_number(harness):
    channel = harness.fake.add_channel(harness.guild, "log")
    await harness.choose_log_channel(channel)
    await seat(harness, 91)
    await harness.seat_counts.watch()
    harness.outcome_notifier.wake()

    def shown():
        return "\n".join(text_of(one) for one in harness.as_mod.sees(channel))

    await harness.passes(lambda: "91 people have access today" in shown())
    assert "begins with number 101" in shown()
