"""The second manager: who may press, from how many people on, and for how long it waits."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import clock
from bot.access.orders.bulk.actions import DRAFT_LIFE
from bot.access.orders.bulk.approval import parse_above
from bot.access.orders.bulk.errors import (
    ApprovalUnreadable,
    BatchGone,
    BatchMovedOn,
    SecondManagerNeeded,
)
from bot.access.request import Subject
from bot.store.kinds import BatchKind, BatchState, RowState, StateKind
from bot.store.records import OPERATOR_ID, Actor
from tests.support.access_harness import AccessHarness, open_harness
from tests.support.bulk import Counter, entries
from tests.support.vendor_fixture import HOME, STAFF

NAMES = [f"Buyer_{number}" for number in range(4)]
WAITING = ["Ann_Waits", "Ben_Waits"]


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        for name in NAMES:
            harness.vendor.world.add_user(name)
            await harness.done(await harness.grant(name, "1M"))
        yield Counter(harness)


def by(counter, member_id):
    return replace(counter.harness.request(), actor=Actor.member(member_id))


async def asked(counter, above=3):
    """A revocation for all of them that waits for a second manager."""
    await counter.bulk.approval.set(counter.harness.request(), above)
    number = await counter.draft(BatchKind.REVOKE, entries(NAMES))
    await counter.start(number)
    return number


@pytest.mark.parametrize(
    ("above", "state"),
    [
        (4, BatchState.RUNNING),
        (3, BatchState.APPROVAL),
        (0, BatchState.APPROVAL),
        (None, BatchState.RUNNING),
    ],
)
async def test_more_people_than_were_set_need_another_manager(counter, above, state):
    number = await asked(counter, above)
    assert (await counter.view(number)).batch.state is state
    assert await counter.bulk.approval.above(HOME) == above


async def test_whose_order_waits_while_access_runs_counts_too(counter):
    """A batch before it must not hide from the second manager that people lose what they have."""
    harness = counter.harness
    end = clock.now() + timedelta(days=20)
    found = [f"Found_{number}" for number in range(4)]  # TradingView alone knows them
    for name in found:
        harness.vendor.world.add_user(name)
        harness.fake.world.grant(harness.script.pine_id, name, end)
    await harness.meanwhile(harness.sweeps.run(HOME, "trend", by=STAFF))
    number = await counter.draft(BatchKind.EXTEND, entries(found + NAMES, "3D"))
    await counter.start_while_down(number)
    await counter.bulk.approval.set(harness.request(), 7)
    number = await counter.draft(BatchKind.REVOKE, entries(found + NAMES))
    view = await counter.view(number)
    assert (view.forecast.people, view.forecast.ends) == (8, 8)
    assert {row.before for row in await counter.rows(number)} == {StateKind.UNTIL}
    assert (await counter.start(number)).state is BatchState.APPROVAL


async def test_without_a_word_it_is_more_than_25(counter):
    assert await counter.bulk.approval.above(HOME) == 25


@pytest.mark.parametrize("by_file", [True, False])
async def test_who_waits_for_access_or_has_it_paused_counts_with_those_who_lose_it(
    counter, by_file
):
    paused = Subject(username=NAMES[0])
    harness = counter.harness
    await harness.done(await harness.pauses.pause(harness.request(confirmed=True), paused, "trend"))
    harness.switches.down = True
    for name in WAITING:
        harness.vendor.world.add_user(name)
        await harness.grant(name, "1M", unknown_name=True)
    await harness.rest()
    await counter.bulk.approval.set(harness.request(), 5)
    if by_file:
        number = await counter.draft(BatchKind.REVOKE, entries([*NAMES, *WAITING]))
    else:
        number = await counter.select(BatchKind.REVOKE, item="trend")
    view = await counter.view(number)
    assert (view.forecast.people, view.forecast.ends, view.needs_approval) == (6, 6, True)
    assert (await counter.start(number)).state is BatchState.APPROVAL


async def test_whoever_started_it_cannot_approve_it_but_the_operator_can(counter):
    number = await asked(counter)
    with pytest.raises(SecondManagerNeeded):
        await counter.bulk.batches.approve(counter.harness.request(), number)
    approved = await counter.bulk.batches.approve(by(counter, OPERATOR_ID), number)
    assert (approved.state, approved.approved_by) == (BatchState.RUNNING, OPERATOR_ID)
    await counter.bulk.batches.approve(by(counter, OPERATOR_ID), number)  # pressed twice
    await counter.to_the_end(number)
    assert {counter.harness.end(name) for name in NAMES} == {"absent"}


async def test_it_waits_across_a_restart(counter):
    number = await asked(counter)
    again = Counter(
        AccessHarness(counter.harness.vendor, counter.harness.time, counter.harness.vendor.jobs)
    )
    assert (await again.view(number)).batch.state is BatchState.APPROVAL
    await again.bulk.batches.approve(by(again, 2), number)
    assert (await again.view(number)).batch.approved_by == 2


async def test_what_was_asked_a_day_ago_is_not_approved_any_more(counter):
    number = await asked(counter)
    await counter.harness.time.advance(DRAFT_LIFE.total_seconds() + 1)
    with pytest.raises(BatchGone):
        await counter.bulk.batches.approve(by(counter, 2), number)
    await counter.bulk.runner.tidy()
    await counter.bulk.runner.look()
    view = await counter.view(number)
    assert view.batch.state is BatchState.CANCELLED
    assert view.numbers.rows == {RowState.WITHDRAWN: 4}
    with pytest.raises(BatchMovedOn):
        await counter.bulk.batches.approve(by(counter, 2), number)
    assert "absent" not in {counter.harness.end(name) for name in NAMES}


async def test_a_change_of_the_number_is_in_the_history(counter):
    await counter.bulk.approval.set(counter.harness.request(), 40)
    await counter.bulk.approval.set(counter.harness.request(), 40)
    [event] = await counter.harness.vendor.events("setup_approval")
    assert (event.before, event.after) == ({"above": 25}, {"above": 40})


@pytest.mark.parametrize(
    ("typed", "above"),
    [
        ("off", None),
        (" OFF ", None),
        ("0", 0),
        ("1,000", 1000),
        ("10000", 10_000),
        ("10,000", 10_000),
    ],
)
def test_what_can_be_typed(typed, above):
    assert parse_above(typed) == above


@pytest.mark.parametrize(
    "typed",
    ["", "never", "-1", "10001", "1e3", "²", "9" * 500, "2.5", "2,5", "25,", ",25", "2,50", "1,0,0", "10,00", "0,100", "10,001", "of,f", "2 5"],
)  # fmt: skip
def test_what_is_no_number_of_people(typed):
    with pytest.raises(ApprovalUnreadable):
        parse_above(typed)
