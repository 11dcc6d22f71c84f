"""The undo of a whole batch: what each had before comes back, with everything that came since on top."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.orders.bulk import runner
from bot.access.orders.bulk.errors import NothingToDo, UndoOfUndo, UndoTooEarly, UndoTooLate
from bot.access.orders.purchases import Bought
from bot.access.orders.renewals import renew_in
from bot.access.request import PAYMENT, RequestContext, Subject
from bot.access.rules.entitlements import State
from bot.replies.bulk_progress import progress, result
from bot.store.kinds import (
    ActorKind,
    BatchKind,
    BatchState,
    OrderState,
    RowProblem,
    RowState,
    StateKind,
)
from bot.store.ledger import purchases
from bot.store.records import Actor
from tests.support.access_harness import AccessHarness, open_harness
from tests.support.bulk import Counter, entries
from tests.support.vendor_fixture import HOME

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
NAMES = [f"Buyer_{number}" for number in range(6)]
DAY = 86_400


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        for name in NAMES:
            harness.vendor.world.add_user(name)
        yield Counter(harness)


def moment(*parts):
    return datetime(*parts, tzinfo=UTC)


async def given(counter, names, length="1M", item="trend"):
    for name in names:
        await counter.harness.done(await counter.harness.grant(name, length, item))


async def draft(counter, number):
    return await counter.bulk.undo.draft(counter.harness.request(), number)


async def test_what_a_batch_gave_goes_again(counter):
    number = await counter.run(BatchKind.GRANT, entries(NAMES, "1M"))
    undo = await draft(counter, number)
    view = await counter.view(undo)
    assert (view.batch.kind, view.batch.undoes_id) == (BatchKind.UNDO, number)
    assert (view.forecast.people, view.forecast.ends) == (6, 6)
    await counter.carry_out(undo)
    assert {counter.harness.end(name) for name in NAMES} == {"absent"}
    assert (await counter.view(undo)).numbers.orders == {OrderState.DONE: 6}


async def test_the_dry_run_shows_what_each_has_after_it(counter):
    await given(counter, ["Ann_Trades"])
    number = await counter.run(BatchKind.EXTEND, entries(["Ann_Trades"], "3D"))
    [row] = await counter.rows(await draft(counter, number))
    assert row.before_ends_at == moment(2026, 4, 13, 12)
    assert row.after_ends_at == moment(2026, 4, 10, 12)
    assert row.username == "Ann_Trades"


@pytest.mark.parametrize("kind", [BatchKind.GRANT, BatchKind.EXTEND, BatchKind.COMPENSATE])
async def test_a_renewal_since_keeps_its_own_length(counter, kind):
    await given(counter, ["Ann_Trades"])
    number = await counter.run(kind, entries(["Ann_Trades"], "3D"))
    await given(counter, ["Ann_Trades"])
    assert counter.harness.end("Ann_Trades") == moment(2026, 5, 13, 12)
    undo = await draft(counter, number)
    [row] = await counter.rows(undo)
    assert row.after_ends_at == moment(2026, 5, 10, 12)
    await counter.carry_out(undo)
    assert counter.harness.end("Ann_Trades") == moment(2026, 5, 10, 12)


async def test_who_had_nothing_keeps_what_was_bought_since(counter):
    number = await counter.run(BatchKind.GRANT, entries(["Ann_Trades"], "1M"))
    await counter.harness.time.advance(3600)
    await given(counter, ["Ann_Trades"])
    assert counter.harness.end("Ann_Trades") == moment(2026, 5, 10, 12)
    await counter.undo(number)
    end = counter.harness.end("Ann_Trades")
    assert moment(2026, 4, 10, 13) <= end < moment(2026, 4, 10, 13, 5)


async def test_a_renewal_that_still_waits_keeps_its_own_length(counter):
    await given(counter, ["Ann_Trades"])
    number = await counter.run(BatchKind.EXTEND, entries(["Ann_Trades"], "3D"))
    counter.harness.switches.down = True
    renewal = await counter.harness.grant("Ann_Trades", "1M")
    await counter.harness.rest()
    undo = await draft(counter, number)
    [row] = await counter.rows(undo)
    assert row.after_ends_at == moment(2026, 5, 10, 12)
    await counter.start(undo)
    await counter.bulk.runner.look()
    counter.harness.switches.down = False
    await counter.harness.done(renewal, within=600)
    await counter.to_the_end(undo)
    assert counter.harness.end("Ann_Trades") == moment(2026, 5, 10, 12)


async def test_a_revocation_comes_back_with_a_renewal_on_top(counter):
    await given(counter, NAMES[:2])
    number = await counter.run(BatchKind.REVOKE, entries(NAMES[:2]))
    await given(counter, NAMES[:1])
    assert counter.harness.end(NAMES[0]) < moment(2026, 4, 11)
    await counter.undo(number)
    assert counter.harness.end(NAMES[0]) == moment(2026, 5, 10, 12)
    assert counter.harness.end(NAMES[1]) == moment(2026, 4, 10, 12)


async def test_a_set_end_goes_back_to_the_one_before(counter):
    await given(counter, NAMES[:2])
    await given(counter, NAMES[2:3], "L")
    number = await counter.run(
        BatchKind.SET, entries(NAMES[:4], until="2026-03-20T12:00:00Z", now=NOW)
    )
    assert {counter.harness.end(name) for name in NAMES[:4]} == {moment(2026, 3, 20, 12)}
    await given(counter, NAMES[1:2])
    undo = await counter.undo(number)
    assert counter.harness.end(NAMES[0]) == moment(2026, 4, 10, 12)
    assert counter.harness.end(NAMES[1]) == moment(2026, 5, 10, 12)
    assert counter.harness.end(NAMES[2]) is None
    assert counter.harness.end(NAMES[3]) == "absent"
    assert (await counter.view(undo)).forecast.ends == 1


async def test_months_go_on_from_their_own_day(counter):
    await counter.harness.done(
        await counter.harness.set("Ann_Trades", "2026-03-31T12:00:00Z", confirmed=True)
    )
    number = await counter.run(BatchKind.EXTEND, entries(["Ann_Trades"], "1M"))
    await given(counter, ["Ann_Trades"])
    assert counter.harness.end("Ann_Trades") == moment(2026, 5, 31, 12)
    await counter.undo(number)
    assert counter.harness.end("Ann_Trades") == moment(2026, 4, 30, 12)
    await given(counter, ["Ann_Trades"])
    assert counter.harness.end("Ann_Trades") == moment(2026, 5, 31, 12)


async def test_what_only_tradingview_knew_comes_back(counter):
    harness = counter.harness
    harness.give("Ann_Trades", moment(2026, 6, 1, 12))
    harness.give("bob-fx", None)
    names = ["Ann_Trades", "bob-fx"]
    number = await counter.run(BatchKind.SET, entries(names, until="2026-03-20T12:00:00Z", now=NOW))
    assert {harness.end(name) for name in names} == {moment(2026, 3, 20, 12)}
    await counter.undo(number)
    assert harness.end("Ann_Trades") == moment(2026, 6, 1, 12)
    assert harness.end("bob-fx") is None


async def test_what_somebody_gave_on_tradingview_since_stays(counter):
    harness = counter.harness
    number = await counter.run(BatchKind.GRANT, entries(["Ann_Trades"], "1M"))
    harness.give("Ann_Trades", moment(2026, 8, 1, 12))
    await counter.undo(number)
    assert harness.end("Ann_Trades") == moment(2026, 8, 1, 12)


async def test_a_cancelled_batch_leaves_what_tradingview_had_given_itself(counter):
    harness = counter.harness
    harness.give("Ann_Trades", moment(2026, 8, 1, 12))
    number = await counter.draft(BatchKind.GRANT, entries(["Ann_Trades"], "1M"))
    harness.switches.down = True
    await counter.start(number)
    await counter.bulk.runner.look()
    await harness.rest()
    await counter.bulk.batches.cancel(harness.request(), number)
    await counter.bulk.runner.look()
    harness.switches.down = False
    await harness.let_pass(900)
    assert harness.end("Ann_Trades") == moment(2026, 8, 1, 12)


async def test_what_staff_changed_since_stays_as_they_made_it(counter):
    await given(counter, NAMES)
    number = await counter.run(BatchKind.EXTEND, entries(NAMES[:4], "3D"))
    await counter.harness.done(await counter.harness.set(NAMES[0], "2026-03-25T12:00:00Z"))
    await counter.harness.done(await counter.harness.revoke(NAMES[1]))
    pause = await counter.harness.pauses.pause(
        counter.harness.request(confirmed=True), Subject(username=NAMES[2]), "trend"
    )
    await counter.harness.done(pause)
    undo = await draft(counter, number)
    left_out = await counter.rows(undo, RowState.LEFT_OUT)
    assert {row.username: row.problem for row in left_out} == dict.fromkeys(
        NAMES[:3], RowProblem.CHANGED_SINCE
    )
    await counter.carry_out(undo)
    assert counter.harness.end(NAMES[0]) == moment(2026, 3, 25, 12)
    assert counter.harness.end(NAMES[1]) == "absent"
    assert counter.harness.end(NAMES[3]) == moment(2026, 4, 10, 12)


async def test_what_staff_change_while_the_undo_is_read_stays_too(counter):
    await given(counter, NAMES[:2])
    number = await counter.run(BatchKind.EXTEND, entries(NAMES[:2], "3D"))
    undo = await draft(counter, number)
    pause = await counter.harness.pauses.pause(
        counter.harness.request(confirmed=True), Subject(username=NAMES[0]), "trend"
    )
    await counter.harness.done(pause)
    await counter.carry_out(undo)
    assert [(row.username, row.problem) for row in await counter.rows(undo, RowState.LEFT_OUT)] == [
        (NAMES[0], RowProblem.CHANGED_SINCE)
    ]
    assert counter.harness.end(NAMES[1]) == moment(2026, 4, 10, 12)


async def test_what_was_put_back_by_hand_is_not_put_back_again(counter):
    await given(counter, NAMES[:2])
    number = await counter.run(BatchKind.REVOKE, entries(NAMES[:2]))
    undo = await draft(counter, number)
    [first, _] = await counter.rows(number)
    await counter.harness.done(await counter.harness.put_back(first.order_id))
    await counter.carry_out(undo)
    assert [row.problem for row in await counter.rows(undo) if row.problem] == [
        RowProblem.UNDONE_ALREADY
    ]
    with pytest.raises(NothingToDo) as refusal:
        await draft(counter, number)
    assert refusal.value.problems == ((RowProblem.UNDONE_ALREADY, 2),)


async def test_two_undos_at_once_count_as_one(counter):
    await given(counter, ["Ann_Trades"])
    number = await counter.run(BatchKind.EXTEND, entries(["Ann_Trades"], "3D"))
    first, second = await draft(counter, number), await draft(counter, number)
    await counter.carry_out(first)
    await counter.carry_out(second)
    assert counter.harness.end("Ann_Trades") == moment(2026, 4, 10, 12)
    assert list((await counter.problems(second)).values()) == [RowProblem.UNDONE_ALREADY]


async def test_the_same_request_makes_one_undo(counter):
    number = await counter.run(BatchKind.GRANT, entries(NAMES, "1M"))
    request = counter.harness.request()
    first = await counter.bulk.undo.draft(request, number)
    assert await counter.bulk.undo.draft(request, number) == first


async def test_an_undo_is_not_undone_but_the_batch_can_be_made_anew(counter):
    number = await counter.run(BatchKind.GRANT, entries(NAMES, "1M"))
    undo = await counter.undo(number)
    with pytest.raises(UndoOfUndo):
        await draft(counter, undo)
    await counter.run(BatchKind.GRANT, entries(NAMES, "1M"))
    assert "absent" not in {counter.harness.end(name) for name in NAMES}


ASKED = [
    (BatchKind.GRANT, entries(NAMES, "1M")),
    (BatchKind.EXTEND, entries(NAMES, "1M")),
    (BatchKind.SET, entries(NAMES, until="2026-12-31T00:00:00Z", now=NOW)),
    (BatchKind.REVOKE, entries(NAMES)),
]


@pytest.mark.parametrize(("kind", "asked"), ASKED, ids=[kind for kind, _ in ASKED])
async def test_an_undo_that_is_cancelled_finishes_what_it_began_and_a_second_does_the_rest(
    counter, monkeypatch, kind, asked
):
    monkeypatch.setattr(runner, "AHEAD", 2)
    monkeypatch.setattr(runner, "REFILL", 1)
    monkeypatch.setattr(runner, "AT_ONCE", 2)
    if kind is not BatchKind.GRANT:
        await given(counter, NAMES)
    before = {name: counter.harness.end(name) for name in NAMES}
    number = await counter.run(kind, asked)
    made = {name: counter.harness.end(name) for name in NAMES}
    undo = await draft(counter, number)
    await counter.start_while_down(undo)
    await counter.bulk.batches.cancel(counter.harness.request(), undo)
    await counter.bulk.runner.look()
    view = await counter.view(undo)
    assert view.numbers.rows == {RowState.ORDERED: 2, RowState.WITHDRAWN: 4}
    assert (
        "Stopping: 2 rows are still being put back. The rest stays as it is." in progress(view).text
    )
    counter.harness.switches.down = False
    await counter.to_the_end(undo)
    await counter.harness.let_pass(600)
    began = {row.username for row in await counter.rows(undo, RowState.ORDERED)}
    assert {name: counter.harness.end(name) for name in NAMES} == {
        name: (before if name in began else made)[name] for name in NAMES
    }
    said = result(await counter.view(undo)).text
    assert (
        f"What it put back stays so. `/bulk undo` with batch {number} puts back the rest, for 24 hours"
        in said
    )
    await counter.undo(number)
    assert {name: counter.harness.end(name) for name in NAMES} == before


async def test_only_what_has_ended_within_a_day_is_undone(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    with pytest.raises(UndoTooEarly):
        await draft(counter, number)
    await counter.carry_out(number)
    await counter.harness.time.advance(DAY + 60)
    with pytest.raises(UndoTooLate):
        await draft(counter, number)


async def test_a_batch_that_stands_still_is_cancelled_first_and_then_undone(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.start(number)
    await counter.bulk.runner.look()
    await counter.harness.rest()
    await counter.bulk.batches.pause(counter.harness.request(), number)
    with pytest.raises(UndoTooEarly) as refusal:
        await draft(counter, number)
    assert refusal.value.state is BatchState.PAUSED
    await counter.bulk.batches.cancel(counter.harness.request(), number)
    await counter.bulk.runner.look()
    undo = await draft(counter, number)
    assert (await counter.view(undo)).forecast.people == 6
    await counter.carry_out(undo)
    assert {counter.harness.end(name) for name in NAMES} == {"absent"}


async def test_an_undo_that_ends_access_for_many_needs_a_second_manager(counter):
    number = await counter.run(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.bulk.approval.set(counter.harness.request(), 5)
    undo = await draft(counter, number)
    assert (await counter.view(undo)).needs_approval
    assert (await counter.start(undo)).state is BatchState.APPROVAL
    await counter.bulk.runner.look()
    await counter.harness.rest()
    assert "absent" not in {counter.harness.end(name) for name in NAMES}


async def test_what_ran_out_meanwhile_stays_over(counter):
    await given(counter, ["Ann_Trades"], "1D")
    await counter.harness.time.advance(DAY - 3600)
    number = await counter.run(BatchKind.COMPENSATE, entries(["Ann_Trades"], "3D"))
    await counter.harness.time.advance(7200)
    undo = await draft(counter, number)
    assert (await counter.view(undo)).forecast.ends == 1
    await counter.carry_out(undo)
    assert counter.harness.end("Ann_Trades") == "absent"


async def test_a_write_that_is_not_confirmed_yet_is_taken_back_too(counter):
    harness = counter.harness
    number = await counter.draft(BatchKind.GRANT, entries(["Ann_Trades"], "1M"))
    await counter.start(number)
    await counter.bulk.runner.look()
    await harness.rest()
    # As after a crash between the write and the look at it.
    order = (await counter.rows(number))[0].order_id
    permission = await harness.permission("Ann_Trades")
    async with harness.database.write() as connection:
        from sqlalchemy import update

        from bot.store.tables.ledger import order as orders

        await connection.execute(
            update(orders).where(orders.c.id == order).values(state=OrderState.WAITING)
        )
    await harness.change(
        "Ann_Trades",
        ours=StateKind.UNKNOWN,
        ours_ends_at=None,
        synced_revision=0,
        sent_revision=permission.revision,
        seen=StateKind.NOTHING,
        seen_ends_at=None,
    )
    await counter.bulk.batches.cancel(harness.request(), number)
    await counter.bulk.runner.look()
    await counter.undo(number)
    assert harness.end("Ann_Trades") == "absent"


async def test_it_goes_on_after_a_restart(counter):
    number = await counter.run(BatchKind.GRANT, entries(NAMES, "1M"))
    undo = await draft(counter, number)
    await counter.start(undo)
    harness = counter.harness
    again = Counter(AccessHarness(harness.vendor, harness.time, harness.vendor.jobs))
    await again.bulk.runner.look()
    await counter.to_the_end(undo)
    assert {counter.harness.end(name) for name in NAMES} == {"absent"}
    assert (await counter.view(undo)).numbers.orders == {OrderState.DONE: 6}


@pytest.mark.parametrize(
    ("kind", "length", "until"),
    [
        (BatchKind.EXTEND, "3D", None),
        (BatchKind.SET, None, "2026-03-20T12:00:00Z"),
        (BatchKind.REVOKE, None, None),
    ],
)
async def test_a_payment_that_renews_meanwhile_counts_once_and_whole(counter, kind, length, until):
    harness = counter.harness
    await harness.vendor.resolve(41, NAMES[0])
    source = Actor(ActorKind.SOURCE, PAYMENT)
    request = RequestContext(HOME, source, "paid", clock.now())
    async with harness.database.read() as connection:
        sold = await find_item(connection, HOME, "trend")
    paid = Bought(PAYMENT, sold, 41, State(StateKind.UNTIL, moment(2026, 4, 10, 12)))
    await harness.purchases.open(request, paid)
    await harness.rest()
    number = await counter.run(kind, entries(NAMES[:1], length, until, now=clock.now()))
    async with harness.database.write() as connection:
        bought = await purchases.by_reference(connection, HOME, PAYMENT, "paid")
        renewal = RequestContext(HOME, source, "renewed", clock.now())
        month = timedelta(days=30)
        await renew_in(connection, harness.vendor.vault, renewal, bought, by=month, grace_days=0)
    harness.queue.wake(HOME)
    await harness.rest()
    await counter.undo(number)
    assert harness.end(NAMES[0]) == moment(2026, 5, 10, 12)


async def test_the_history_says_which_batch_was_undone(counter):
    number = await counter.run(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.undo(number)
    shown = await counter.harness.services.history.since(HOME, 0, 100)
    batches = [e.event for e in shown if e.event.action.startswith("batch")]
    assert [(e.action, e.after.get("undoes")) for e in batches[-2:]] == [
        ("batch_started", number),
        ("batch_done", number),
    ]


async def test_of_who_stood_still_a_set_end_goes_again_and_what_stood_still_goes_on(counter):
    harness = counter.harness
    await given(counter, ["Ann_Trades"])
    await harness.let_pass(DAY)
    person = Subject(username="Ann_Trades")
    await harness.pauses.pause(harness.request(confirmed=True), person, None)
    await harness.let_pass(DAY)
    number = await counter.run(
        BatchKind.SET, entries(["Ann_Trades"], until="2026-03-20", now=clock.now())
    )
    assert harness.end("Ann_Trades").day == 20
    await counter.undo(number)
    assert harness.end("Ann_Trades") == "absent"
    await harness.pauses.resume(harness.request(confirmed=True), person, None)
    await harness.rest()
    assert harness.end("Ann_Trades").date() == moment(2026, 4, 11).date()
