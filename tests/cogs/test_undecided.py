"""Orders from a backup that may have been done and taken away: one message, and staff press once."""

import pytest

from bot import clock
from bot.jobs import Jobs
from bot.store.catalogue import guilds, scripts
from bot.store.maintenance import restore
from tests.support.discord_harness import at_work, eventually, labels, text_of
from tests.support.idle import at_rest

ALL = {"item": "trend", "duration": "7D"}


@pytest.fixture
async def shop(closed_office):
    """Three weeks of time waited in the backup that was put back; the log channel has the question."""
    harness = closed_office
    harness.log = harness.fake.add_channel(harness.guild, "log")
    await harness.make_rows()
    await harness.choose_log_channel(harness.log)
    harness.public_presses = {"Carry out 3 orders", "Drop 3 orders", "Decide one by one"}
    names = ("Alice_T", "Alice_Two", "bob-fx")
    for name in names:
        harness.vendor.world.add_user(name)
    async with at_work(harness):
        async with harness.vendor.database.write() as connection:
            [script] = await scripts.listed(connection, harness.guild.id)
            await scripts.pause(connection, script.id, clock.now(), "so that orders wait")
        for name in names:
            await harness.run(harness.as_mod, "access grant", **ALL, username=name)
        async with harness.vendor.database.write() as connection:
            await scripts.unpause(connection, script.id)
            await restore.mark(connection, clock.now(), clock.now())
        await harness.time.advance(3_600)
        async with Jobs() as jobs:
            await harness.recovery.start(jobs)

            async def free():
                async with harness.vendor.database.read() as connection:
                    server = await guilds.by_id(connection, harness.guild.id)
                    return server.restored_at is None

            await eventually(free)
            await at_rest(harness.vendor.database)  # the queue is woken after the server is free
        harness.outcome_notifier.wake()
        harness.question = await eventually(lambda: question(harness))
        yield harness


def question(harness):
    for message in harness.as_mod.sees(harness.log):
        if "wait for you" in message.content:
            return message
    return None


def has(harness, name):
    return harness.vendor.world.row(next(iter(harness.vendor.world.scripts)), name) is not None


async def test_one_message_names_both_possibilities(shop):
    text = text_of(shop.question)
    assert "⚠️ **3 orders from the backup wait for you.**" in text
    assert "never carried out" in text
    assert "taken away again since, as after a refund" in text
    assert r"- **Alice\_T (Trend)**" in text
    assert labels(shop.question) == ["Carry out 3 orders", "Drop 3 orders", "Decide one by one"]
    assert sum("wait for you" in one.content for one in shop.as_mod.sees(shop.log)) == 1
    assert not any(has(shop, name) for name in ("Alice_T", "Alice_Two", "bob-fx"))


async def test_carried_out_with_one_press_also_after_a_restart_and_only_once(shop):
    client = shop.build()
    async with at_work(shop, client):
        await shop.as_mod.press(shop.question, "Carry out 3 orders")
        await shop.passes(lambda: "3 orders go on" in text_of(shop.question))
        await shop.passes(lambda: has(shop, "bob-fx") and has(shop, "Alice_T"))
        assert labels(shop.question) == []


async def test_dropped_with_one_press_nothing_is_given(shop):
    shown = shop.question
    await shop.as_mod.press(shown, "Drop 3 orders")
    await shop.passes(lambda: "3 orders dropped" in text_of(shown))
    await shop.time.advance(600)
    assert not any(has(shop, name) for name in ("Alice_T", "Alice_Two", "bob-fx"))
    status = await shop.run(shop.as_mod, "sync status")
    assert "Nothing waits" in text_of(status.original)
    assert labels(status.original) == []


async def test_only_staff_decide(shop):
    pressed = await shop.as_buyer.press(shop.question, "Drop 3 orders")
    assert "Only staff" in text_of(await pressed.answered())
    assert "wait for you" in text_of(shop.question)


async def test_one_by_one_from_the_status_too(shop):
    status = await shop.run(shop.as_mod, "sync status")
    assert "Staff decide" in text_of(status.original)
    press = await shop.as_mod.press(status.original, "Decide about 3 people")
    shown = await press.answered()
    assert shown.ephemeral
    assert "7 days, asked on 10 March 2026" in text_of(shown)
    chosen = await shop.as_mod.choose(shown, 0, ["Alice_T, Trend"])
    await chosen.until(lambda message: "1 order goes on" in text_of(message))
    chosen = await shop.as_mod.choose(shown, 1, ["Alice_Two, Trend", "bob-fx, Trend"])
    await chosen.until(lambda message: "2 orders dropped" in text_of(message))
    await shop.passes(lambda: has(shop, "Alice_T"))
    assert not has(shop, "bob-fx")
    # Nothing is left behind the message's own buttons.
    late = await shop.as_mod.press(shop.question, "Carry out 3 orders")
    await late.until(lambda message: "**That is decided already.**" in text_of(message))
