"""How far a batch is, in one message: edited, moved after 15 minutes, kept by a restart; its end told once."""

import pytest
from sqlalchemy import select

from bot.access.orders.bulk.records import Draft, Entry
from bot.access.request import RequestContext
from bot.access.rules.duration import parse_length
from bot.notifications.batch_progress import EVERY
from bot.store.kinds import BatchKind
from bot.store.records import OPERATOR_ID, Actor
from bot.store.tables.batches import batch
from tests.support.bulk_office import (
    NAMES,
    batches_at_work,
    dry_run,
    listed,
    pressed,
    second_manager,
    table_of,
)
from tests.support.discord_harness import eventually, labels, open_office, text_of
from tests.support.idle import at_rest
from tests.support.statements import counting

DONE = "✅ **Batch 1 is done:**"


@pytest.fixture
async def harness(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        harness.log = harness.fake.add_channel(harness.guild, "log", public=False)
        for name in NAMES:
            harness.vendor.world.add_user(name)
        await harness.make_rows()
        yield harness


async def started(harness):
    """A batch of which nothing can be done yet, as TradingView is down."""
    harness.switches.down = True
    request, _ = await dry_run(harness, "bulk grant", file=listed(NAMES))
    await pressed(harness.as_owner, request.original, "Start for 5 people")
    return request


def dms(harness, who=None):
    return (who or harness.as_owner).dms()


async def ended(harness, message, *, within=3_700):
    harness.switches.down = False
    await harness.time.advance(600)  # what could not be sent is tried again then at the latest
    await harness.passes(lambda: DONE in text_of(message()), within)
    assert await is_told(harness)


async def moved(harness, shown):
    """Let 15 minutes pass, until the message of its own is there."""
    await harness.time.advance(14.5 * 60)
    await harness.passes(shown, 120)


async def token_kept(harness):
    async with harness.vendor.database.read() as connection:
        return (await connection.execute(select(batch.c.answer_token))).scalar_one()


async def test_nothing_looks_for_progress_or_names_while_there_is_no_batch(harness):
    async with batches_at_work(harness):
        await harness.time.advance(60)
        with counting(harness.vendor.database) as statements:
            await harness.time.advance(60)
        asked = [each for each in statements if each.startswith("SELECT")]
        assert not [
            each for each in asked if "batch.told_at IS NULL" in each or "batch_row" in each
        ]
        request = await started(harness)  # and what comes then is shown all the same
        await harness.passes(lambda: "Batch 1, running" in text_of(request.original), 60)


async def test_the_answer_is_changed_at_most_every_2_s_and_only_for_news(harness):
    async with batches_at_work(harness):
        request = await started(harness)
        for _ in range(3):
            await harness.time.advance(EVERY)
            await at_rest(harness.vendor.database)
        before = request.original.edited_at
        for _ in range(5):
            await harness.time.advance(EVERY)
            await at_rest(harness.vendor.database)
        assert request.original.edited_at == before, "the same picture is not sent again"
        assert "**0** done · **5** waiting · **0** failed" in text_of(request.original)
        await ended(harness, lambda: request.original)
        assert request.original.edited_at != before
        assert dms(harness) == []
        assert await token_kept(harness) is None


async def test_after_15_minutes_a_direct_message_takes_its_place(harness):
    async with batches_at_work(harness):
        request = await started(harness)
        assert await token_kept(harness) is not None
        await moved(harness, lambda: dms(harness))
        await eventually(lambda: "goes on in a message of its own" in text_of(request.original))
        assert await token_kept(harness) is None
        [message] = dms(harness)
        assert text_of(message).startswith("-# **The shop**")
        assert "Batch 1, running:" in text_of(message)
        assert labels(message) == ["Pause", "Cancel", "Refresh"]
        await pressed(harness.as_owner, message, "Pause")
        assert "Batch 1, paused" in text_of(dms(harness)[0])
        await pressed(harness.as_owner, dms(harness)[0], "Resume")
        await ended(harness, lambda: dms(harness)[-1])
        progress, result = dms(harness)
        assert "Batch 1 has ended" in text_of(progress)
        assert labels(progress) == []
        assert labels(result) == ["Undo"]
        assert "Buyer_5" in table_of(harness, result)
        await harness.time.advance(600)
        assert len(dms(harness)) == 2


async def test_a_restart_goes_on_in_the_same_message(harness):
    async with batches_at_work(harness):
        request = await started(harness)
    async with batches_at_work(harness, harness.build()):
        await ended(harness, lambda: request.original)
    assert dms(harness) == []
    async with batches_at_work(harness, harness.build()):
        await harness.time.advance(120)
    assert dms(harness) == []


async def test_a_restart_after_the_move_goes_on_in_the_direct_message(harness):
    async with batches_at_work(harness):
        await started(harness)
        await moved(harness, lambda: dms(harness))
    async with batches_at_work(harness, harness.build()):
        await ended(harness, lambda: dms(harness)[-1])
    assert len(dms(harness)) == 2
    assert "Batch 1 has ended" in text_of(dms(harness)[0])


async def test_closed_direct_messages_have_it_in_the_log_channel(harness):
    await harness.choose_log_channel(harness.log)
    harness.fake.close_dms(harness.owner)
    async with batches_at_work(harness):
        await started(harness)

        def shown():
            return [one for one in harness.as_owner.sees(harness.log) if "Pause" in labels(one)]

        await moved(harness, shown)
        harness.switches.down = False
        await harness.time.advance(600)

        def told():
            return [one for one in harness.as_owner.sees(harness.log) if DONE in text_of(one)]

        await harness.passes(told, 3_700)
        [result] = told()
        assert "takes no direct messages" in text_of(result)
        assert "Buyer_5" in table_of(harness, result)


async def test_without_direct_messages_and_a_log_channel_nothing_is_tried_for_ever(harness):
    harness.fake.close_dms(harness.owner)
    async with batches_at_work(harness):
        await started(harness)
        await harness.time.advance(16 * 60)
        harness.switches.down = False

        await harness.time.advance(600)
        assert await is_told(harness)


async def test_while_discord_is_down_the_end_waits_and_is_told_once(harness):
    async with batches_at_work(harness):
        await started(harness)
        await moved(harness, lambda: dms(harness))
        fault = harness.fake.switches.fail("dm", 502, None)
        also = harness.fake.switches.fail("message", 502, None)
        harness.switches.down = False

        async def is_done():
            return (await harness.bulk.views.view(harness.guild.id, 1)).batch.ended_at is not None

        await harness.time.advance(600)
        while not await is_done():
            await harness.time.advance(10)
            await at_rest(harness.vendor.database)
        await harness.time.advance(120)
        assert len(dms(harness)) == 1
        fault.release()
        also.release()
        harness.fake.switches.clear()
        await harness.passes(lambda: len(dms(harness)) == 2, 3_700)
        await harness.time.advance(3_700)
        assert len(dms(harness)) == 2


async def elsewhere(harness, actor):
    """A batch that was started on a page: no interaction stands for it."""
    entries = [
        Entry(line, username=name, item="trend", length=parse_length("1M"))
        for line, name in enumerate(NAMES, 2)
    ]
    request = RequestContext(harness.guild.id, actor, "page 1", harness.time.now())
    number = await harness.bulk.batches.draft(request, Draft(BatchKind.GRANT, entries))
    await harness.bulk.batches.start(request, number)
    return number


async def is_told(harness):
    for _ in range(100):
        await at_rest(harness.vendor.database)
        if not await harness.bulk.messages.followed():
            return True
        await harness.time.advance(2)
    return False


async def test_what_a_page_started_is_told_at_its_end_alone(harness):
    async with batches_at_work(harness):
        await elsewhere(harness, Actor.member(harness.owner.id))
        assert await is_told(harness)
    [message] = dms(harness)
    assert DONE in text_of(message)


async def test_what_the_operator_started_is_told_to_nobody(harness):
    async with batches_at_work(harness):
        await elsewhere(harness, Actor.member(OPERATOR_ID))
        assert await is_told(harness)
    assert dms(harness) == []


async def test_it_is_told_to_whoever_started_it_whoever_made_the_dry_run(harness):
    async with batches_at_work(harness):
        other = second_manager(harness)
        harness.switches.down = True
        await dry_run(harness, "bulk grant", file=listed(NAMES))
        shown = await other.run("bulk show", guild=harness.guild, channel=harness.channel, batch=1)
        await shown.answered()
        await pressed(other, shown.original, "Start for 5 people")
        await moved(harness, lambda: dms(harness, other))
        await ended(harness, lambda: dms(harness, other)[-1])
    assert dms(harness) == []


async def test_nothing_is_kept_about_dry_runs_that_were_looked_at_and_batches_that_ended(harness):
    progress = harness.vendor.services.batch_progress
    async with batches_at_work(harness):
        request = await started(harness)
        await ended(harness, lambda: request.original)
        for dry_run in range(100, 103):
            progress.answered(dry_run)
        await harness.time.advance(EVERY)
        await at_rest(harness.vendor.database)
        await progress.look()
        assert (progress._shown, progress._not_before) == ({}, {})
