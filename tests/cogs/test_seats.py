"""/seats over a real gateway: the numbers, the fee, the picture, and the guard."""

from sqlalchemy import insert

from bot import clock
from bot.store.people import customers
from bot.store.tables.core import permission
from tests.support.discord_harness import labels, text_of
from tests.support.fake_time import eventually


async def seat(office, number):
    """That many people with access for good."""
    async with office.shop.database.write() as connection:
        for one in range(number):
            name = f"seat{one}"
            person = await customers.add(connection, office.guild.id, username=name)
            await connection.execute(
                insert(permission).values(
                    guild_id=office.guild.id, script_id=1, customer_id=person.id,
                    username=name, name_folded=name, wanted="lifetime", revision=0,
                    synced_revision=0, seen="lifetime", ours="unknown", before="unknown",
                    state="done", asked_at=clock.now(),
                )
            )  # fmt: skip


async def test_the_numbers_the_fee_in_each_reading_and_a_picture(office):
    await seat(office, 103)
    asked = await office.run(office.as_mod, "seats")
    assert asked.ephemeral
    said = text_of(asked.original)
    assert "103 people have access today, 103 at the month's end" in said
    assert "3 more than the 100" in said
    assert "103 unknown" in said
    assert "**US$3,084.85**" in said
    assert "those above 100 were billed: US$89.85" in said
    assert "was not read in the last two days" in said
    assert "Nobody outside TradingView knows" in said
    [file] = asked.original.attachments
    assert file["filename"] == "seats.png"
    picture = office.fake.world.files[int(file["id"])]
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 500_000


async def test_nobody_yet(office):
    asked = await office.run(office.as_mod, "seats")
    said = text_of(asked.original)
    assert "0 people have access today" in said
    assert "100 more fit" in said
    assert "Today: nobody" in said


async def switch_on(office):
    asked = await office.run(office.as_mod, "seats")
    await office.as_mod.press(asked.original, "Ask before number 101")
    await eventually(lambda: "Stop asking" in labels(asked.original))
    return asked


async def test_staff_switch_the_guard_on_and_only_a_manager_switches_it_off(office):
    asked = await switch_on(office)
    assert "I ask a manager" in text_of(asked.original)
    press = await office.as_mod.press(asked.original, "Stop asking")
    await press.until(lambda one: "Only those who manage" in text_of(one))
    asked = await office.run(office.as_owner, "seats")
    await office.as_owner.press(asked.original, "Stop asking")
    await eventually(lambda: "I do not ask" in text_of(asked.original))


async def test_number_101_waits_for_a_managers_press_that_shows_the_price(office):
    await seat(office, 100)
    await switch_on(office)
    options = {"item": "trend", "duration": "1M", "username": "Alice_T"}
    asked = await office.run(office.as_mod, "access grant", **options)
    said = text_of(asked.original)
    assert "person number 101 at the month's end" in said
    assert "US$3,024.95" in said
    press = await office.as_mod.press(asked.original, "Yes, add this person")
    await press.until(lambda one: "Only those who manage" in text_of(one))
    assert not office.shop.fake.calls("add")
    asked = await office.run(office.as_owner, "access grant", **options)
    await office.as_owner.press(asked.original, "Yes, add this person")
    await office.passes(lambda: office.shop.fake.calls("add"))


async def test_missing_access_over_the_line_waits_for_a_manager_too(office):
    for name in ("Alice_T", "Bob_T"):
        office.shop.world.find_user(name) or office.shop.world.add_user(name)
        await office.run(office.as_mod, "access grant", item="trend", duration="1Y", username=name)
        await office.time.advance(10)
    world, [pine_id] = office.shop.world, office.shop.world.scripts
    for name in ("Alice_T", "Bob_T"):
        world.revoke(pine_id, name)
    await office.time.advance(60)
    await office.run(office.as_mod, "sync sweep", item="trend")
    await seat(office, 99)
    await switch_on(office)

    async def ask(who):
        said = (await office.run(who, "sync status")).original
        await who.press(said, "Show Trend")
        await office.passes(lambda: "Give 2 missing back" in labels(said))
        await who.press(said, "Give 2 missing back")
        await office.passes(lambda: "With these 2, 101 people" in text_of(said))
        assert "US$3,024.95" in text_of(said)
        return said, await who.press(said, "Yes, add these 2 people")

    _, refused = await ask(office.as_mod)
    await refused.until(lambda one: "Only those who manage" in text_of(one))
    assert not world.has_access(pine_id, "Bob_T")
    said, _ = await ask(office.as_owner)
    await office.passes(lambda: "2 orders on Trend carried out" in text_of(said))
    assert world.has_access(pine_id, "Bob_T")


async def test_putting_back_over_the_line_waits_for_a_managers_press(office):
    options = {"item": "trend", "username": "Alice_T"}
    await office.run(office.as_owner, "access grant", duration="1M", **options)
    await office.time.advance(10)
    said = (await office.run(office.as_owner, "access revoke", **options)).original
    await office.passes(lambda: "Put back" in labels(said))
    world, [pine_id] = office.shop.world, office.shop.world.scripts
    await office.passes(lambda: not world.has_access(pine_id, "Alice_T"))
    await seat(office, 100)
    await switch_on(office)
    await office.as_owner.press(said, "Put back")
    await office.passes(lambda: "person number 101" in text_of(said))
    await office.as_owner.press(said, "Yes, add this person")
    await office.passes(lambda: "back" in text_of(said) and "✅" in text_of(said))
    assert world.has_access(pine_id, "Alice_T")


async def test_the_log_channel_hears_of_each_number(office):
    channel = office.fake.add_channel(office.guild, "log")
    await office.log_channel(channel)
    await seat(office, 91)
    await office.seat_counts.watch()
    office.teller.wake()

    def shown():
        return "\n".join(text_of(one) for one in office.as_mod.sees(channel))

    await office.passes(lambda: "91 people have access today" in shown())
    assert "begins with number 101" in shown()
