"""A full disk: who asks hears that nothing was recorded, staff hear once, and all goes on by itself."""

import logging

import pytest
from sqlalchemy import text

from bot.errors import DiskFullError
from bot.replies import Message
from tests.support.discord_harness import at_work, eventually, open_office, text_of
from tests.support.full_disk import full_disk

SAID = "This computer's disk is full, nothing was recorded."


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        async with at_work(harness):
            await harness.make_rows()
            await harness.choose_log_channel(harness.channel)
            harness.vendor.world.add_user("Alice_T")
            yield harness


async def grant(harness):
    return await harness.run(
        harness.as_mod, "access grant", item="trend", duration="1M", username="Alice_T"
    )


def alarms(harness):
    return [text for post in harness.channel.messages if "The disk" in (text := text_of(post))]


def row(harness):
    pine_id = next(iter(harness.vendor.world.scripts))
    return harness.vendor.world.row(pine_id, "Alice_T")


async def test_who_asks_hears_that_nothing_was_recorded_and_can_ask_again(harness, caplog):
    with full_disk():
        refused = await grant(harness)
        await harness.passes(lambda: SAID in text_of(refused.original))
    assert row(harness) is None
    assert "Traceback" not in caplog.text
    again = await grant(harness)
    await harness.passes(lambda: "Done" in text_of(again.original))


async def test_an_event_of_discord_on_a_full_disk_is_one_line_of_the_log(harness, caplog):
    await eventually(harness.client.is_ready)
    with full_disk():
        try:
            async with harness.vendor.database.write() as connection:
                await connection.execute(text("DELETE FROM event"))
        except DiskFullError:
            await harness.client.on_error("on_ready")
    assert "on_ready failed (DiskFullError)" in caplog.text
    assert "Traceback" not in caplog.text


async def test_staff_hear_once_that_it_is_full_and_once_that_it_has_room(harness):
    await harness.disk_alarm.look()
    assert alarms(harness) == []
    with full_disk():
        await grant(harness)
        for _ in range(3):
            await harness.disk_alarm.look()
        await eventually(lambda: len(alarms(harness)) == 1)
        assert "Nobody lost access" in alarms(harness)[0]
    for _ in range(3):
        await harness.disk_alarm.look()
    await eventually(lambda: len(alarms(harness)) == 2)
    assert "has room again" in alarms(harness)[1]


async def test_what_was_ordered_before_waits_without_pressing_tradingview_and_goes_on(
    harness, caplog
):
    harness.switches.down = True
    order = await harness.as_mod.run(
        "access grant",
        guild=harness.guild,
        channel=harness.channel,
        item="trend",
        duration="1M",
        username="Alice_T",
    )
    await harness.passes(lambda: "Waiting" in text_of(order.original))
    caplog.set_level(logging.ERROR)
    with full_disk():
        harness.switches.down = False
        before = len(harness.tradingview.log)
        await harness.passes(lambda: len(harness.tradingview.log) > before, seconds=400)
        seen = len(harness.tradingview.log)
        for _ in range(30):
            await harness.time.advance(1)
        assert len(harness.tradingview.log) - seen < 30, "it asks only now and then"
    await harness.passes(lambda: row(harness) is not None, seconds=400)
    await harness.passes(lambda: "Done" in text_of(order.original), seconds=60)
    assert len(harness.tradingview.calls("add")) == 1


async def test_what_was_sent_and_cannot_be_noted_is_not_sent_again(harness, caplog):
    """For hours, when Discord has long forgotten that it knows the message."""
    await harness.vendor.services.direct_messages._waiting.add(
        harness.guild.id, harness.buyer.id, Message("hello").to_json()
    )
    request = await grant(harness)
    await harness.passes(lambda: "Done" in text_of(request.original))

    def told():
        return [*harness.as_buyer.dms(), *harness.as_mod.dms(), *harness.channel.messages]

    with full_disk():
        for _ in range(8):
            await harness.outbox.deliver()
            await harness.log_channel.write_up()
            for message in told():
                message.nonce = None
            await harness.time.advance(3600)
    for _ in range(3):
        await harness.outbox.deliver()
        await harness.log_channel.write_up()
        await harness.time.advance(3600)
    texts = [text_of(message) for message in told()]
    assert len(harness.as_buyer.dms()) == 1
    assert len(texts) == len(set(texts))
    assert "Traceback" not in caplog.text
