"""What staff leave alone asks first when it is much, can be undone, and every answer leads back."""

from datetime import timedelta

import pytest

from bot.store.ledger import events
from tests.support.discord_harness import labels, text_of
from tests.support.fake_time import START

SOON = START + timedelta(days=20)


async def swept(harness, number):
    """That many people whom only TradingView knows; the answer to a full check."""
    pine_id = next(iter(harness.vendor.world.scripts))
    for index in range(number):
        harness.vendor.world.grant(pine_id, f"user{index:02}", SOON)
    return (await harness.run(harness.as_mod, "sync sweep", item="trend")).original


async def press(harness, message, label, words):
    await harness.as_mod.press(message, label)
    await harness.passes(lambda: words in text_of(message))


async def left_alone(harness):
    said = (await harness.run(harness.as_mod, "sync sweep", item="trend")).original
    return "left alone on purpose" in text_of(said)


async def test_ignoring_thirty_asks_first_and_a_no_leads_back(harness):
    said = await swept(harness, 30)
    await press(harness, said, "Ignore 30 people", "This leaves 30 people on Trend alone")
    assert labels(said) == ["Yes, do it", "No, leave it"]
    assert not await left_alone(harness)
    await press(harness, said, "No, leave it", "**Left as it was.**")
    assert "30 people are not taken over yet" in text_of(said)
    assert "Ignore 30 people" in labels(said)


async def test_what_was_ignored_comes_back_with_a_press(harness):
    said = await swept(harness, 30)
    await press(harness, said, "Ignore 30 people", "This leaves 30 people")
    await press(harness, said, "Yes, do it", "30 differences on Trend left alone")
    assert await left_alone(harness)
    await press(harness, said, "Undo", "**30 differences count again.**")
    assert "30 people are not taken over yet" in text_of(said)
    assert not await left_alone(harness)


async def test_it_comes_back_later_too_from_the_list_of_what_differs(harness):
    said = await swept(harness, 3)
    await press(harness, said, "Ignore 3 people", "3 differences on Trend left alone")
    said = (await harness.run(harness.as_mod, "sync sweep", item="trend")).original
    assert labels(said) == ["Count the 3 left alone again", "◀ Back to the list"]
    await press(harness, said, "Count the 3 left alone again", "3 differences count again")
    assert not await left_alone(harness)


async def test_differences_of_people_who_are_known_come_back_as_well(harness):
    await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_T"
    )
    await harness.time.advance(60)
    harness.vendor.world.revoke(next(iter(harness.vendor.world.scripts)), "Alice_T")
    said = await swept(harness, 1)
    await press(harness, said, "Ignore 1 missing", "1 difference on Trend left alone")
    await press(harness, said, "Undo", "**1 difference counts again.**")
    assert "Missing: they should have access" in text_of(said)


@pytest.mark.parametrize("undone", [False, True])
async def test_both_stand_in_the_history(harness, undone):
    said = await swept(harness, 3)
    await press(harness, said, "Ignore 3 people", "left alone")
    if undone:
        await press(harness, said, "Undo", "count again")
    async with harness.vendor.database.read() as connection:
        entries = await events.of_action(connection, harness.guild.id, "drift_ignored", START)
    entries.sort(key=lambda entry: entry.id)
    assert [entry.after["number"] for entry in entries] == [3] * (1 + undone)
    assert [entry.after.get("undone", False) for entry in entries] == [False, True][: 1 + undone]


async def test_a_script_leads_back_to_the_list_of_all(harness):
    await swept(harness, 7)
    said = (await harness.run(harness.as_mod, "sync status")).original
    await press(harness, said, "Show Trend", "on TradingView's list: 7 people")
    await press(harness, said, "◀ Back to the list", "Nothing waits")
    assert "Show Trend" in labels(said)


async def test_a_no_to_ending_access_leads_back_to_what_differs(harness):
    said = await swept(harness, 7)
    await press(harness, said, "End access of 7 people", "This ends access for 7 people")
    await press(harness, said, "No, leave it", "**Left as it was.**")
    assert "End access of 7 people" in labels(said)
    await press(harness, said, "Take over 7 people", "7 people taken over")
    await press(harness, said, "◀ Back to the list", "Nothing waits")
