"""A product wherever a script is taken: what staff, the customer and the log channel read."""

from datetime import timedelta

import pytest

from bot import clock
from tests.support.discord_harness import labels, text_of


@pytest.fixture
async def gold(harness):
    """A product of two scripts; Ben is Alice_T."""
    harness.other = await harness.script("range")
    made = await harness.run(
        harness.as_owner, "product create", slug="gold", title="Gold", scripts="trend, range"
    )
    assert "is added" in text_of(made.original)
    await harness.run(harness.as_mod, "customer link", member=harness.buyer, username="Alice_T")


async def staff(harness, command, **options):
    asked = await harness.run(harness.as_mod, command, **options)
    await asked.until(lambda message: "Waiting" not in message.text)
    return asked.original


async def give(harness, length="1M", item="gold", name="Alice_T"):
    return await staff(harness, "access grant", item=item, duration=length, username=name)


async def entries(harness):
    """What the log channel shows, once nothing more is to be written."""
    await harness.log_channel.write_up()
    return [text_of(message) for message in harness.as_owner.sees(harness.channel)]


async def test_the_customer_gets_one_message_for_all_scripts(harness, gold):
    said = await give(harness)
    assert r"**Alice\_T** (<@" in text_of(said)
    assert "has **Gold** until" in text_of(said)
    await harness.passes(harness.as_buyer.dms)
    await harness.time.advance(60)
    [message] = harness.as_buyer.dms()
    assert "You can use **Gold** until" in text_of(message)


async def test_where_its_scripts_differ_each_is_named(harness, gold):
    await give(harness, "1Y", "trend")
    said = text_of(await give(harness))
    assert "**Gold** for" in said
    assert "- **Range**: until" in said
    assert "- **Trend**: until" in said
    await harness.passes(lambda: len(harness.as_buyer.dms()) == 2)
    text = text_of(harness.as_buyer.dms()[-1])
    assert "- **Range**: until" in text
    history = text_of(await staff(harness, "audit", username="Alice_T"))
    assert history.count("ordered 1 month of **Gold**") == 1
    assert "✅ **Range**" in history
    assert history.count("✅ **Trend**") == 2


async def test_one_request_is_one_line_of_the_history(harness, gold):
    await give(harness)
    history = text_of(await staff(harness, "audit", username="Alice_T"))
    assert history.count("ordered 1 month of **Gold**") == 1
    assert history.count("✅ **Gold**: until") == 1
    assert "Trend" not in history


async def test_one_request_is_one_entry_of_the_log_channel(harness, gold):
    await harness.choose_log_channel(harness.channel)
    await give(harness)
    [text] = [text for text in await entries(harness) if "ordered 1 month of **Gold**" in text]
    assert text.startswith("✅")
    assert "Trend" not in text


async def test_while_one_script_waits_the_entry_is_not_done_and_names_each(harness, gold):
    await harness.choose_log_channel(harness.channel)
    harness.vendor.world.scripts.pop(harness.other.pine_id)
    asked = await harness.as_mod.run(
        "access grant", guild=harness.guild, channel=harness.channel,
        item="gold", duration="1M", username="Alice_T",
    )  # fmt: skip
    await harness.passes(lambda: asked.messages and "waits" in text_of(asked.original))
    entry = next(text for text in await entries(harness) if "ordered 1 month of **Gold**" in text)
    assert entry.startswith("⏳")
    assert "- **Range**: " in entry
    assert "- **Trend**: " in entry
    assert "TradingView shows it" not in entry


async def test_revoked_and_put_back_whole(harness, gold):
    await give(harness)
    said = await staff(harness, "access revoke", item="gold", username="Alice_T")
    assert "has no access to **Gold** any more" in text_of(said)
    assert labels(said) == ["Put back"]
    press = await harness.as_mod.press(said, "Put back")
    await press.until(lambda now: "has **Gold** until" in text_of(now))
    for script in harness.vendor.world.scripts:
        assert harness.vendor.world.has_access(script, "Alice_T")


async def test_more_time_on_access_without_an_end_offers_the_end_for_all_scripts(harness, gold):
    await give(harness, "L")
    said = await give(harness)
    assert "changes nothing" in text_of(said)
    [label] = labels(said)
    assert label.startswith("Let it end in 1 month")
    press = await harness.as_mod.press(said, label)
    await press.until(lambda now: "has **Gold** until" in text_of(now))
    world = harness.vendor.world
    ends = {world.row(script, "Alice_T").end for script in world.scripts}
    assert len(ends) == 1
    assert None not in ends


async def test_its_holders_are_listed_and_cut_down_by_their_end(harness, gold):
    await give(harness, "7D")
    await give(harness, "1Y", name="Alice_Two")
    whole = text_of(await staff(harness, "access list", item="gold"))
    assert "**Gold**: 2 people." in whole
    assert whole.index("Alice\\_T**") < whole.index("Alice\\_Two")
    for item in ("gold", "trend"):
        week = text_of(await staff(harness, "access list", item=item, ends="7 days"))
        assert "1 person in the next 7 days" in week
        assert "Two" not in week
        none = text_of(await staff(harness, "access list", item=item, ends="ended"))
        assert "with such an end" in none
    await harness.time.advance(8 * 86_400)
    for item in ("gold", "trend"):
        over = text_of(await staff(harness, "access list", item=item, ends="ended"))
        assert "Alice\\_T**" in over
        assert "Two" not in over


async def test_a_full_check_and_another_try_take_all_of_its_scripts(harness, gold):
    await give(harness)
    harness.vendor.world.grant(harness.other.pine_id, "__bob__", clock.now() + timedelta(days=9))
    said = await staff(harness, "sync sweep", item="gold")
    assert "The lists of Gold's scripts are read" in text_of(said)
    assert "**Range**: 1 person" in text_of(said) or "**Range**" in text_of(said)
    assert "Nothing waits or is stuck for `gold`" in text_of(
        await staff(harness, "sync retry", item="gold")
    )


async def test_the_end_while_typing_is_the_latest_among_its_scripts(harness, gold):
    await give(harness, "1Y", "trend")
    options = {"item": "gold", "username": "Alice_T"}
    found = await harness.as_mod.complete(
        "access grant", "duration", "1M", guild=harness.guild, **options
    )
    assert "2027" in found[0]["name"]


async def test_an_unknown_item_is_called_script_or_product(harness, gold):
    said = await give(harness, item="nothing-such")
    assert "no script or product called `nothing-such`" in text_of(said)
