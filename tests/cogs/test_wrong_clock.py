"""A board without a battery starts two weeks back: what people read, and the ends that come of it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import clock
from bot.clock import Trust
from tests.support.discord_harness import at_work, text_of

DAYS = timedelta(days=14)
START = datetime(2026, 3, 10, 12, tzinfo=UTC)
MONTH_ON = datetime(2026, 4, 10, 12, tzinfo=UTC)
NAMES = ("Alice_T", "Ben_T", "Cleo_T", "Dora_T")


@pytest.fixture(params=[-DAYS, DAYS], ids=["slow", "fast"])
async def harness(request, closed_office, frozen):
    frozen.ahead = request.param
    async with at_work(closed_office):
        await closed_office.script()
        await closed_office.log_in()
        for name in NAMES:
            closed_office.vendor.world.add_user(name)
        closed_office.log = closed_office.fake.add_channel(closed_office.guild, "usher-log")
        await closed_office.choose_log_channel(closed_office.log)
        await closed_office.clock_watch.turn()
        yield closed_office


def end(harness, name):
    row = harness.vendor.world.row(next(iter(harness.vendor.world.scripts)), name)
    return "absent" if row is None else row.end


async def grant(harness, name, duration):
    options = {"item": "trend", "username": name, "duration": duration}
    return await harness.run(harness.as_mod, "access grant", **options)


def logged(harness):
    return "\n".join(text_of(message) for message in harness.log.messages)


def test_the_start_says_nothing_of_the_time_yet(frozen):
    assert clock.trust() is Trust.UNKNOWN


async def test_logging_in_to_discord_tells_the_time(closed_office, frozen):
    """Before anybody can ask for anything."""
    frozen.ahead = -DAYS
    client = closed_office.build()
    async with client:
        await client.login(closed_office.fake.bot_token)
        assert clock.is_wrong()
        await frozen.advance(5)
        await closed_office.clock_watch.turn()
        assert clock.trust() is Trust.WRONG


async def test_time_from_now_waits_and_counts_from_the_moment_of_asking(harness, frozen):
    assert clock.trust() is Trust.WRONG
    asked = await grant(harness, "Alice_T", "1M")
    assert "⏳ **Waiting:** 1 month of **Trend**" in text_of(asked.original)
    assert "clock of the computer that I run on is wrong" in text_of(asked.original)
    await frozen.advance(30)
    assert end(harness, "Alice_T") == "absent"
    frozen.ahead = timedelta()
    await harness.passes(lambda: "✅ **Done:**" in text_of(asked.original))
    assert end(harness, "Alice_T") == MONTH_ON


async def test_what_counts_from_no_moment_goes_on(harness):
    dated = await harness.run(
        harness.as_mod, "access set", item="trend", username="Ben_T", until="2026-04-30"
    )
    assert "✅ **Done:**" in text_of(dated.original)
    assert end(harness, "Ben_T") == datetime(2026, 4, 30, 23, 59, 59, 999000, tzinfo=UTC)
    lifetime = await grant(harness, "Cleo_T", "L")
    assert "✅ **Done:**" in text_of(lifetime.original)
    revoked = await harness.run(harness.as_mod, "access revoke", item="trend", username="Ben_T")
    assert "✅ **Done:**" in text_of(revoked.original)
    assert end(harness, "Ben_T") == "absent"


async def test_an_end_that_is_set_as_a_length_waits_too(harness, frozen):
    asked = await harness.run(
        harness.as_mod, "access set", item="trend", username="Alice_T", until="1M"
    )
    assert "clock of the computer" in text_of(asked.original)
    assert end(harness, "Alice_T") == "absent"
    frozen.ahead = timedelta()
    await harness.passes(lambda: "✅ **Done:**" in text_of(asked.original))
    assert end(harness, "Alice_T") == MONTH_ON


async def test_a_length_in_the_form_of_a_check_waits_too(harness, frozen):
    harness.vendor.world.grant(next(iter(harness.vendor.world.scripts)), "Alice_T", MONTH_ON)
    looked = await harness.run(harness.as_mod, "access check", username="Alice_T")
    opened = await harness.as_mod.press(looked.original, "Set an end")
    await harness.passes(lambda: opened.modal)
    asked = await harness.as_mod.submit(opened, {"until": "2M"})
    await harness.passes(lambda: asked.messages and "⏳" in text_of(asked.original))
    assert "clock of the computer" in text_of(asked.original)
    assert end(harness, "Alice_T") == MONTH_ON


async def test_a_revoke_after_a_grant_that_waits_ends_it(harness, frozen):
    await grant(harness, "Alice_T", "1M")
    revoked = await harness.run(
        harness.as_mod,
        "access revoke",
        item="trend",
        username="Alice_T",
    )
    assert "no access" in text_of(revoked.original)
    frozen.ahead = timedelta()
    await frozen.advance(30)
    assert end(harness, "Alice_T") == "absent"


async def test_it_is_said_once_and_once_when_it_is_right_again(harness, frozen, caplog):
    wrong = "The clock of the computer that Usher runs on is 14 days"
    await harness.passes(lambda: wrong in logged(harness))
    for _ in range(3):
        await frozen.advance(60)
        await harness.clock_watch.turn()
    frozen.ahead = timedelta()
    await harness.clock_watch.turn()
    await harness.passes(lambda: "is right again" in logged(harness))
    for _ in range(3):
        await harness.clock_watch.turn()
    assert logged(harness).count(wrong) == 1
    assert logged(harness).count("is right again") == 1
    written = [record.message for record in caplog.get_records("setup") + caplog.records]
    assert sum("this computer's clock is 14 days" in line for line in written) == 1


async def test_a_restart_does_not_say_it_again(harness, frozen):
    await harness.passes(lambda: "14 days" in logged(harness))
    again = type(harness.clock_watch)(harness.vendor.database, harness.client.ask_the_time)
    await again.turn()
    await frozen.advance(10)
    assert logged(harness).count("14 days") == 1


async def test_setup_and_status_say_it(harness, frozen):
    await grant(harness, "Alice_T", "1M")
    shown = await harness.run(harness.as_owner, "setup show")
    assert "clock of the computer that Usher runs on is 14 days" in text_of(shown.original)
    assert "Everything is set up" not in text_of(shown.original)
    status = await harness.run(harness.as_mod, "sync status")
    assert "clock of the computer that Usher runs on is 14 days" in text_of(status.original)
    assert "I write no end that counts from now" in text_of(status.original)
    frozen.ahead = timedelta()
    shown = await harness.run(harness.as_owner, "setup show")
    assert "clock" not in text_of(shown.original)


async def test_try_again_gets_no_further(harness, frozen):
    await grant(harness, "Alice_T", "1M")
    await harness.run(harness.as_mod, "sync retry", item="trend")
    await frozen.advance(30)
    assert end(harness, "Alice_T") == "absent"


async def test_nobody_lapses_by_a_wrong_clock(harness, frozen):
    """Their access ends in a week."""
    week_on = START + timedelta(days=7)
    dated = await harness.run(
        harness.as_mod, "access set", item="trend", username="Dora_T", until="2026-03-17"
    )
    assert "✅ **Done:**" in text_of(dated.original)
    listed = await harness.run(harness.as_mod, "access list", item="trend")
    assert "Dora" in text_of(listed.original)
    assert end(harness, "Dora_T") > week_on
