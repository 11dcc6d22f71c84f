"""What a person waits for goes before hundreds of rows, and what stands still stops, counted in requests."""

import asyncio

import pytest

from bot.jobs import Jobs
from bot.store.kinds import BatchKind
from tests.support.access_harness import AccessHarness, open_harness
from tests.support.bulk import Counter, entries

NAMES = [f"Buyer_{number}" for number in range(120)]
UNDER_WAY = 40  # requests that are begun at once, and those of the order itself


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as shop, Jobs() as jobs:
        for name in NAMES:
            shop.vendor.world.add_user(name)
        shop.vendor.build(jobs, tv_concurrency=2)
        harness = AccessHarness(shop.vendor, shop.time)
        harness.script = shop.script
        await harness.start()
        yield Counter(harness)


async def once_it_writes(counter, act):
    """Start a batch of everybody, and act once its first rows are written; returns how many requests came before."""
    harness, tasks, before = counter.harness, [], []

    def watch(call):
        if not tasks and len(harness.fake.calls("add")) == 12:
            before.append(len(harness.fake.log))
            tasks.append(asyncio.ensure_future(act()))

    harness.fake.watchers.append(watch)
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.start(number)
    await counter.bulk.runner.look()
    await harness.rest()
    await harness.meanwhile(tasks[0])
    await harness.rest()
    return number, before[0]


async def test_a_renewal_of_somebody_in_the_batch_does_not_wait_for_their_row(counter):
    harness = counter.harness
    number, before = await once_it_writes(counter, lambda: harness.grant("Buyer_119", "1M"))
    log = harness.fake.log
    [place] = [
        place for place, call in enumerate(log) if call.name == "add" and "Buyer_119" in repr(call)
    ]
    assert place - before <= UNDER_WAY
    await counter.to_the_end(number)
    for name, month in (("Buyer_119", 5), ("Buyer_118", 4)):
        assert (harness.end(name).month, harness.end(name).day) == (month, 10)


async def test_a_pause_stops_what_is_not_under_way(counter):
    harness = counter.harness

    async def pause():
        await counter.bulk.batches.pause(harness.request(), 1)

    number, _ = await once_it_writes(counter, pause)
    assert len(harness.writes()) <= UNDER_WAY
    await harness.let_pass(60)
    assert len(harness.writes()) <= UNDER_WAY
    await counter.bulk.batches.resume(harness.request(), number)
    await counter.to_the_end(number)
    assert all(harness.end(name).month == 4 for name in NAMES)
    assert len(harness.writes()) == len(NAMES)
