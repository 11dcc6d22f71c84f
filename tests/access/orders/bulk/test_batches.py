"""Batches: a dry run, hundreds of orders behind everybody else's, pause, cancel and the end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select, update

from bot.access.ledger.errors import OverTheLine
from bot.access.orders.bulk.actions import DRAFT_LIFE
from bot.access.orders.bulk.errors import (
    BatchGone,
    BatchMovedOn,
    NothingToDo,
    RowsForgotten,
    SameStarted,
    SecondManagerNeeded,
    UndoTooEarly,
    UndoTooLate,
)
from bot.access.orders.bulk.recording import RowRecorder
from bot.access.orders.bulk.records import Draft, Entry
from bot.access.orders.bulk.runner import IDLE
from bot.access.request import Subject
from bot.jobs import Jobs
from bot.replies.bulk import dry_run
from bot.replies.bulk_progress import progress, result
from bot.store.catalogue import products, scripts
from bot.store.kinds import (
    BatchKind,
    BatchState,
    Lookup,
    OrderKind,
    OrderState,
    RowProblem,
    RowState,
)
from bot.store.records import Actor
from bot.store.tables.ledger import order, permission
from tests.support.access_harness import AccessHarness, open_harness
from tests.support.bulk import Counter, entries as entries_at
from tests.support.vendor_fixture import HOME, OTHER

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
NAMES = [f"Buyer_{number}" for number in range(12)]


entries = partial(entries_at, now=NOW)


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        for name in NAMES:
            harness.vendor.world.add_user(name)
        yield Counter(harness)


def moment(*parts):
    return datetime(*parts, tzinfo=UTC)


async def given(counter, names, length="1M"):
    for name in names:
        await counter.harness.done(await counter.harness.grant(name, length))


async def test_a_dry_run_orders_nothing(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.bulk.runner.look()
    await counter.harness.rest()
    view = await counter.view(number)
    assert view.batch.state is BatchState.DRAFT
    assert view.forecast.people == view.forecast.newcomers == 12
    assert view.forecast.first_end == view.forecast.last_end == moment(2026, 4, 10, 12)
    assert all(counter.harness.end(name) == "absent" for name in NAMES)


async def test_a_started_batch_gives_everybody_what_the_dry_run_showed(counter):
    number = await counter.run(BatchKind.GRANT, entries(NAMES, "1M"))
    assert {counter.harness.end(name) for name in NAMES} == {moment(2026, 4, 10, 12)}
    view = await counter.view(number)
    assert view.batch.state is BatchState.DONE
    assert view.numbers.orders == {OrderState.DONE: 12}


async def test_the_same_request_makes_one_batch(counter):
    request = counter.harness.request()
    draft = Draft(BatchKind.GRANT, entries(NAMES, "1M"))
    first = await counter.bulk.batches.draft(request, draft)
    assert await counter.bulk.batches.draft(request, draft) == first


async def test_what_another_program_starts_is_found_within_seconds(counter):
    counter.bulk.runner.start()
    await counter.harness.let_pass(60)
    async with Jobs() as jobs:
        other = Counter(AccessHarness(counter.harness.vendor, counter.harness.time, jobs))
        number = await other.draft(BatchKind.GRANT, entries(["bob-fx"], "1M"))
        await other.start(number)
    await counter.harness.let_pass(IDLE + 1)
    await counter.harness.rest()
    assert await counter.rows(number, RowState.ORDERED)
    await counter.harness.let_pass(10)
    assert counter.harness.end("bob-fx") != "absent"


async def test_a_start_pressed_twice_counts_once(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.start(number)
    await counter.start(number)
    await counter.to_the_end(number)
    assert {counter.harness.end(name) for name in NAMES} == {moment(2026, 4, 10, 12)}


async def test_a_length_counts_from_the_start_and_not_from_a_rows_turn(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES[:1], "1D"))
    await counter.start(number)
    await counter.harness.time.advance(7_200)
    await counter.to_the_end(number)
    assert counter.harness.end(NAMES[0]) == moment(2026, 3, 11, 12)


async def test_an_extension_leaves_out_lifetime_lapsed_and_strangers(counter):
    await given(counter, ["Ann_Trades"], "5Y")
    await given(counter, ["bob-fx"], "L")
    await given(counter, NAMES[:1], "1D")
    await counter.harness.time.advance(2 * 86_400)
    names = ["Ann_Trades", "bob-fx", *NAMES[:2]]
    number = await counter.run(BatchKind.EXTEND, entries(names, "3D"))
    assert counter.harness.end("Ann_Trades") == moment(2031, 3, 13, 12)
    assert await counter.problems(number) == {
        3: RowProblem.ENDLESS,
        4: RowProblem.NO_ACCESS,
        5: RowProblem.NO_ACCESS,
    }


async def test_a_set_that_says_what_there_is_writes_nothing(counter):
    await given(counter, ["Ann_Trades"])
    with pytest.raises(NothingToDo):
        await counter.draft(BatchKind.SET, entries(["Ann_Trades"], until="2026-04-10T12:00:00Z"))


async def test_a_revocation_ends_access(counter):
    await given(counter, ["Ann_Trades"])
    await counter.run(BatchKind.REVOKE, entries(["Ann_Trades"]))
    assert counter.harness.end("Ann_Trades") == "absent"


async def test_the_same_person_twice_is_a_mistake_that_names_the_first_line(counter):
    number = await counter.draft(BatchKind.GRANT, entries(["Ann_Trades", "ANN_TRADES"], "1M"))
    [row] = await counter.rows(number, RowState.FAULTY)
    assert (row.problem, row.detail) == (RowProblem.TWICE, "2")


async def test_an_unknown_item_names_the_near_ones(counter):
    number = await counter.draft(BatchKind.GRANT, entries(["Ann_Trades"], "1M", item="trand"))
    [row] = await counter.rows(number)
    assert (row.problem, row.detail) == (RowProblem.ITEM_UNKNOWN, "trend")


async def test_a_blocked_customer_is_left_out(counter):
    await given(counter, ["Ann_Trades"])
    await counter.harness.services.blocks.block(
        counter.harness.request(confirmed=True), Subject(username="Ann_Trades"), None
    )
    number = await counter.draft(BatchKind.GRANT, entries(["Ann_Trades", "bob-fx"], "1M"))
    assert await counter.problems(number) == {2: RowProblem.BLOCKED}


async def test_nothing_is_given_to_whom_staff_revoked_since_the_dry_run(counter):
    await given(counter, ["Ann_Trades"])
    number = await counter.draft(BatchKind.GRANT, entries(["Ann_Trades"], "1M"))
    await counter.harness.done(await counter.harness.revoke("Ann_Trades"))
    await counter.start(number)
    await counter.to_the_end(number)
    assert counter.harness.end("Ann_Trades") == "absent"
    assert await counter.problems(number) == {2: RowProblem.CHANGED_SINCE}


async def test_nothing_is_taken_from_whom_somebody_renewed_since_the_dry_run(counter):
    await given(counter, ["Ann_Trades"])
    number = await counter.draft(BatchKind.SET, entries(["Ann_Trades"], until="2026-03-20"))
    await given(counter, ["Ann_Trades"])
    await counter.start(number)
    await counter.to_the_end(number)
    assert counter.harness.end("Ann_Trades") == moment(2026, 5, 10, 12)
    assert await counter.problems(number) == {2: RowProblem.CHANGED_SINCE}


async def test_a_paused_batch_sends_nothing_and_goes_on_where_it_was(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.start_while_down(number)
    await counter.bulk.batches.pause(counter.harness.request(), number)
    counter.harness.switches.down = False
    await counter.harness.let_pass(600)
    await counter.bulk.runner.look()
    await counter.harness.rest()
    assert all(counter.harness.end(name) == "absent" for name in NAMES)
    await counter.bulk.batches.resume(counter.harness.request(), number)
    await counter.to_the_end(number)
    assert {counter.harness.end(name) for name in NAMES} == {moment(2026, 4, 10, 12)}


async def test_what_a_person_orders_goes_on_while_a_batch_is_paused(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.start_while_down(number)
    await counter.bulk.batches.pause(counter.harness.request(), number)
    counter.harness.switches.down = False
    order = await counter.harness.grant(NAMES[0], "1D")
    await counter.harness.done(order, within=600)
    assert counter.harness.end(NAMES[0]) == moment(2026, 4, 11, 12)
    assert counter.harness.end(NAMES[1]) == "absent"


async def cancelled_with_three_sent(counter):
    """A batch that is stopping: TradingView was asked for three rows, and has not answered yet."""
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.start_while_down(number)
    sent = [name.casefold() for name in NAMES[:3]]
    async with counter.harness.database.write() as connection:
        await connection.execute(
            update(permission)
            .where(permission.c.name_folded.in_(sent))
            .values(sent_revision=permission.c.revision)
        )
    await counter.bulk.batches.cancel(counter.harness.request(), number)
    with pytest.raises(UndoTooEarly):  # the rest is not withdrawn yet
        await counter.bulk.undo.draft(counter.harness.request(), number)
    await counter.bulk.runner.look()
    return number


async def test_a_cancelled_batch_ends_when_what_was_sent_has_its_answer(counter):
    number = await cancelled_with_three_sent(counter)
    view = await counter.view(number)
    assert (view.batch.state, view.batch.ended_at) == (BatchState.CANCELLED, None)
    assert view.numbers.rows == {RowState.ORDERED: 3, RowState.WITHDRAWN: 9}  # at once
    assert "Stopping: 3 rows still with TradingView" in progress(view).text
    counter.harness.switches.down = False
    await counter.to_the_end(number)
    shown = await counter.harness.services.history.since(HOME, 0, 100)
    [ended] = [each.event for each in shown if each.event.action == "batch_ended"]
    assert (ended.after["done"], ended.after["waiting"], ended.after["withdrawn"]) == (3, 0, 9)
    assert "waiting" not in result(await counter.view(number)).text


async def test_what_a_cancelled_batch_finished_late_is_undone_with_the_rest(counter):
    number = await cancelled_with_three_sent(counter)
    counter.harness.switches.down = False
    await counter.to_the_end(number)
    await counter.harness.let_pass(60)
    have = [name for name in NAMES if counter.harness.end(name) != "absent"]
    assert have == NAMES[:3]
    await counter.undo(number)
    assert all(counter.harness.end(name) == "absent" for name in NAMES)


async def test_a_batch_that_is_stopping_stops_after_a_restart(counter):
    number = await cancelled_with_three_sent(counter)
    counter.harness.switches.down = False
    async with Jobs() as jobs:
        again = Counter(AccessHarness(counter.harness.vendor, counter.harness.time, jobs))
        again.harness.script = counter.harness.script
        await again.harness.start()
        await again.to_the_end(number)
        assert (await again.view(number)).numbers.orders == {OrderState.DONE: 3}


async def test_a_script_that_is_paused_keeps_no_batch_from_its_end(counter):
    number = await cancelled_with_three_sent(counter)
    async with counter.harness.database.write() as connection:
        await scripts.pause(connection, counter.harness.script.id, NOW, None)
    await counter.bulk.runner.look()
    assert (await counter.view(number)).batch.ended_at is not None


async def test_a_cancelled_batch_withdraws_what_was_not_sent(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.start_while_down(number)
    await counter.bulk.batches.cancel(counter.harness.request(), number)
    counter.harness.switches.down = False
    await counter.to_the_end(number)
    await counter.harness.let_pass(600)
    assert all(counter.harness.end(name) == "absent" for name in NAMES)
    view = await counter.view(number)
    assert view.batch.state is BatchState.CANCELLED
    assert view.numbers.rows == {RowState.WITHDRAWN: 12}
    async with counter.harness.database.read() as connection:
        found = await connection.execute(
            select(order.c.id).where(
                order.c.kind == OrderKind.PUT_BACK, order.c.member_told_at.is_(None)
            )
        )
        assert not found.all()  # nothing was changed, so nobody hears of it
    with pytest.raises(BatchMovedOn):
        await counter.bulk.batches.resume(counter.harness.request(), number)


async def test_ending_the_access_of_many_takes_another_manager(counter):
    await given(counter, NAMES)
    async with counter.harness.database.write() as connection:
        from bot.store.catalogue import guilds

        await guilds.set_approval(connection, HOME, 10)
    number = await counter.draft(BatchKind.REVOKE, entries(NAMES))
    batch = await counter.start(number)
    assert batch.state is BatchState.APPROVAL
    await counter.bulk.runner.look()
    with pytest.raises(SecondManagerNeeded):
        await counter.bulk.batches.approve(counter.harness.request(), number)
    other = replace(counter.harness.request(), actor=Actor.member(2))
    await counter.bulk.batches.approve(other, number)
    await counter.to_the_end(number)
    assert all(counter.harness.end(name) == "absent" for name in NAMES)


async def test_more_people_than_are_free_need_a_yes_where_managers_want_to_be_asked(counter):
    async with counter.harness.database.write() as connection:
        from bot.store.sweeps import seats

        await seats.set_guard(connection, HOME, on=True)
    number = await counter.draft(
        BatchKind.GRANT, entries([f"Crowd_{each}" for each in range(101)], "1M")
    )
    with pytest.raises(OverTheLine) as refusal:
        await counter.start(number)
    assert (refusal.value.seats, refusal.value.more) == (101, 101)
    assert (await counter.start(number, seats=101)).state is BatchState.RUNNING
    [allowed] = await counter.harness.vendor.events("seat_allowed")
    assert (allowed.after, allowed.actor) == (
        {"number": 101, "more": 101},
        counter.harness.request().actor,
    )


async def test_another_servers_staff_find_no_batch(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    with pytest.raises(BatchGone):
        await counter.bulk.batches.start(counter.harness.request(guild_id=OTHER), number)
    with pytest.raises(BatchGone):
        await counter.bulk.views.view(OTHER, number)


async def test_a_dry_run_is_forgotten_after_a_day(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.harness.time.advance(DRAFT_LIFE.total_seconds() + 1)
    with pytest.raises(BatchGone):
        await counter.start(number)
    await counter.bulk.runner.tidy()
    with pytest.raises(BatchGone):
        await counter.view(number)


async def test_of_a_batch_of_long_ago_no_row_is_left_and_no_empty_file_is_made(counter):
    number = await counter.run(BatchKind.GRANT, entries(NAMES, "2M"))
    await counter.harness.let_pass(31 * 86_400)
    await counter.bulk.runner.tidy()
    with pytest.raises(RowsForgotten):
        await counter.bulk.results.every(HOME, number)
    with pytest.raises(UndoTooLate) as refused:
        await counter.bulk.undo.draft(counter.harness.request(), number)
    assert not refused.value.has_rows
    assert (await counter.view(number)).batch.state is BatchState.DONE


async def test_names_that_nobody_here_knows_are_looked_up_meanwhile(counter):
    number = await counter.draft(BatchKind.GRANT, entries(["bUYER_1", "Nobody_At_All"], "1M"))
    assert (await counter.view(number)).open_lookups == 2
    assert await counter.bulk.lookups.look()
    assert not await counter.bulk.lookups.look()
    known, unknown = await counter.rows(number)
    assert (known.username, known.lookup) == ("Buyer_1", Lookup.KNOWN)
    assert (unknown.state, unknown.problem) == (RowState.LEFT_OUT, RowProblem.USER_UNKNOWN)


async def test_a_batchs_orders_are_told_of_as_one(counter):
    await counter.run(BatchKind.GRANT, entries(NAMES, "1M"))
    assert await counter.harness.outcomes.untold() == []
    shown = await counter.harness.services.history.since(HOME, 0, 100)
    assert [each.event.action for each in shown if each.event.order_id] == []
    assert [e.event.action for e in shown if e.event.action.startswith("batch")] == [
        "batch_started",
        "batch_done",
    ]


async def test_an_end_that_was_paid_is_so_already_and_its_days_of_grace_stay(counter):
    harness = counter.harness
    async with harness.database.write() as connection:
        gold = await products.add(
            connection, HOME, by=1, at=NOW, slug="gold", title="Gold", grace_days=3
        )
        await products.add_scripts(connection, gold.id, [harness.script.id])
    order = await harness.grant("Buyer_0", "1M", "gold")
    paid = (await harness.done(order, within=10)).entitlement.ends_at
    with pytest.raises(NothingToDo):
        await counter.draft(BatchKind.SET, [Entry(2, username="Buyer_0", item="gold", until=paid)])
    for days in (-1, 1):
        other = Entry(2, username="Buyer_0", item="gold", until=paid + timedelta(days=days))
        [row] = await counter.rows(await counter.draft(BatchKind.SET, [other]))
        assert row.state is RowState.PLANNED
    paused = await harness.pauses.pause(harness.request(), Subject(username="Buyer_0"), "gold")
    await harness.done(paused, within=10)
    same = Entry(2, username="Buyer_0", item="gold", until=paid)
    [row] = await counter.rows(await counter.draft(BatchKind.SET, [same]))
    assert row.state is RowState.PLANNED, "its end moves"


async def test_a_batch_that_stumbles_holds_up_no_other(counter, monkeypatch):
    first = await counter.draft(BatchKind.GRANT, entries(NAMES[:2], "1M"))
    second = await counter.draft(BatchKind.GRANT, entries(NAMES[2:4], "1M"))
    record = RowRecorder.record

    async def recorded(self, rows, request):
        if self.batch.id == first:
            raise ValueError("a row that nobody foresaw")
        await record(self, rows, request)

    monkeypatch.setattr(RowRecorder, "record", recorded)
    await counter.start(first)
    await counter.start(second)
    await counter.to_the_end(second)
    assert counter.harness.end(NAMES[2]) == moment(2026, 4, 10, 12)
    monkeypatch.undo()
    await counter.to_the_end(first)
    assert counter.harness.end(NAMES[0]) == moment(2026, 4, 10, 12)


@pytest.mark.parametrize("kind", [BatchKind.SET, BatchKind.REVOKE])
async def test_nothing_is_taken_of_a_script_that_came_to_a_product_after_the_dry_run(counter, kind):
    """Whoever started it never saw that this would end."""
    harness = counter.harness
    flow = await harness.vendor.add_script("flow")
    async with harness.database.write() as connection:
        gold = await products.add(connection, HOME, by=1, at=NOW, slug="gold", title="Gold")
        await products.add_scripts(connection, gold.id, [harness.script.id])
    await harness.done(await harness.grant("Buyer_0", "L", "flow"))
    await given(counter, ["Buyer_0"])
    until = "2026-03-20" if kind is BatchKind.SET else None
    number = await counter.draft(kind, entries(["Buyer_0"], until=until, item="gold"))
    async with harness.database.write() as connection:
        await products.add_scripts(connection, gold.id, [flow.id])
    await counter.start(number)
    await counter.to_the_end(number)
    assert await counter.problems(number) == {2: RowProblem.CHANGED_SINCE}
    assert harness.fake.world.row(flow.pine_id, "Buyer_0").end is None


async def test_the_same_file_once_more_is_said_and_of_two_dry_runs_of_it_one_starts(counter):
    harness = counter.harness
    first, second = [await counter.draft(BatchKind.GRANT, entries(NAMES, "1M")) for _ in "12"]
    assert (await counter.view(second)).alike == ()
    await harness.let_pass(60)
    await counter.start(first)
    await counter.to_the_end(first)
    assert [each.id for each in (await counter.view(second)).alike] == [first]
    with pytest.raises(SameStarted) as refused:
        await counter.start(second)
    assert refused.value.batch_id == first
    assert {harness.end(name) for name in NAMES} == {moment(2026, 4, 10, 12, 1)}
    third = await counter.draft(BatchKind.GRANT, entries(NAMES[::-1], "1M"))
    view = await counter.view(third)
    assert f"Batch {first}, started" in dry_run(view).text
    await counter.start(third)
    await counter.to_the_end(third)
    assert {harness.end(name).date() for name in NAMES} == {moment(2026, 5, 10).date()}
    other = await counter.draft(BatchKind.GRANT, entries(NAMES, "2M"))
    assert (await counter.view(other)).alike == ()


async def test_a_compensation_once_more_is_said_whoever_came_meanwhile(counter):
    harness = counter.harness
    await given(counter, NAMES[:1])
    first, second = [await counter.compensate("trend", "3D") for _ in "12"]
    await harness.let_pass(60)
    await counter.carry_out(first)
    with pytest.raises(SameStarted):
        await counter.start(second)
    await given(counter, NAMES[1:2])
    view = await counter.view(await counter.compensate("trend", "3D"))
    assert [each.id for each in view.alike] == [first]
    assert f"Batch {first}, started" in dry_run(view).text
    assert "compensates the same with the same time" in dry_run(view).text
    assert (await counter.view(await counter.compensate("trend", "4D"))).alike == ()


async def test_what_was_undone_may_be_given_again(counter):
    first = await counter.run(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.harness.let_pass(60)
    undo = await counter.bulk.undo.draft(counter.harness.request(), first)
    await counter.start(undo)
    await counter.to_the_end(undo)
    again = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    assert (await counter.view(again)).alike == ()


async def test_two_names_of_one_member_are_a_mistake_of_the_second_row(counter):
    both = entries(NAMES[:2], "1M", member_id=77)
    number = await counter.draft(BatchKind.GRANT, both)
    [_, second] = await counter.rows(number)
    assert (second.problem, second.detail) == (RowProblem.OTHER_NAME, NAMES[0])
    await counter.start(number)
    await counter.to_the_end(number)
    assert counter.harness.end(NAMES[1]) == "absent"
