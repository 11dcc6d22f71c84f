"""What is offered to be done to a batch is what is accepted: one rule for the buttons and for what they do."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import clock
from bot.access.orders.bulk.actions import DRAFT_LIFE, STATES, UNDO_WITHIN, Action, accepts
from bot.errors import UserError
from bot.store.kinds import BatchKind, BatchState
from bot.store.records import OPERATOR, Actor
from tests.support.access_harness import open_harness
from tests.support.bulk import NOTHING_YET, NOW, Counter, entries, made

NAMES = ("Buyer_1", "Buyer_2")
STARTER, OTHER = Actor.member(9), Actor.member(10)
MOMENT = timedelta(seconds=1)


def batch(state, **values):
    return made(state=state, **({"forecast": NOTHING_YET.to_json()} | values))


@pytest.mark.parametrize("state", BatchState)
@pytest.mark.parametrize("action", STATES)
def test_each_action_is_accepted_in_its_states_alone(action, state):
    assert accepts(action, batch(state), NOW, OTHER) is (state in STATES[action])


def test_whoever_started_it_may_do_everything_but_approve_it():
    waits = batch(BatchState.APPROVAL)
    assert not accepts(Action.APPROVE, waits, NOW, STARTER)
    assert accepts(Action.CANCEL, waits, NOW, STARTER)
    for actor in (OTHER, OPERATOR, None):
        assert accepts(Action.APPROVE, waits, NOW, actor)


@pytest.mark.parametrize(
    ("action", "state"),
    [(Action.START, BatchState.DRAFT), (Action.APPROVE, BatchState.APPROVAL)],
)
def test_what_was_worked_out_a_day_ago_is_not_begun(action, state):
    assert accepts(action, batch(state), NOW + DRAFT_LIFE, OTHER)
    assert not accepts(action, batch(state), NOW + DRAFT_LIFE + MOMENT, OTHER)


def test_what_changes_nothing_is_discarded_and_not_started():
    nothing = batch(BatchState.DRAFT, forecast=replace(NOTHING_YET, people=0).to_json())
    assert not accepts(Action.START, nothing, NOW, OTHER)
    assert accepts(Action.DISCARD, nothing, NOW, OTHER)


@pytest.mark.parametrize("state", BatchState)
def test_what_ended_is_undone_for_a_day(state):
    ended = batch(state, ended_at=NOW)
    has_ended = state in (BatchState.DONE, BatchState.CANCELLED)
    assert accepts(Action.UNDO, ended, NOW + UNDO_WITHIN, OTHER) is has_ended
    assert not accepts(Action.UNDO, ended, NOW + UNDO_WITHIN + MOMENT, OTHER)
    # Cancelled, it may yet wait for what was sent: that is taken back with the rest.
    assert accepts(Action.UNDO, batch(state, ended_at=None), NOW, OTHER) is has_ended
    assert not accepts(Action.UNDO, batch(state, ended_at=NOW, kind=BatchKind.UNDO), NOW, OTHER)


async def test_what_is_not_offered_changes_nothing_and_what_is_offered_is_done(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        for name in NAMES:
            harness.vendor.world.add_user(name)
            await harness.done(await harness.grant(name, "1M"))
        await lives_through(Counter(harness))


async def lives_through(counter):
    """From the dry run to the end, each time with all that may and may not be done."""
    starter = counter.harness.request()
    other = replace(starter, actor=OTHER)
    await counter.bulk.approval.set(starter, 1)
    number = await counter.draft(BatchKind.REVOKE, entries(NAMES))
    batches = counter.bulk.batches
    does = {
        Action.START: batches.start,
        Action.DISCARD: batches.drop,
        Action.APPROVE: batches.approve,
        Action.PAUSE: batches.pause,
        Action.RESUME: batches.resume,
        Action.CANCEL: batches.cancel,
        Action.UNDO: counter.bulk.undo.draft,
    }
    story = (
        (starter, Action.START, {Action.DISCARD}),
        (starter, None, {Action.CANCEL}),
        (other, Action.APPROVE, {Action.CANCEL}),
        (other, Action.PAUSE, {Action.CANCEL}),
        (starter, Action.RESUME, {Action.CANCEL}),
        (starter, Action.CANCEL, {Action.PAUSE}),
    )
    for request, chosen, besides in story:
        view = await counter.view(number)
        offered = {each for each in Action if view.offers(each, clock.now(), request.actor)}
        assert offered == {chosen, *besides} - {None}
        for action in set(Action) - offered:
            with contextlib.suppress(UserError):
                await does[action](request, number)
            assert (await counter.view(number)).batch.state is view.batch.state, action
        if chosen is not None:
            await does[chosen](request, number)
            assert (await counter.view(number)).batch.state is not view.batch.state
    await counter.to_the_end(number)
    view = await counter.view(number)
    assert not view.has_done
    assert not view.offers(Action.UNDO, clock.now(), starter.actor)
    with pytest.raises(UserError):
        await counter.bulk.undo.draft(starter, number)
