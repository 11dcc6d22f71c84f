"""What happens to people, items and the server while a batch is under way."""

from datetime import UTC, datetime

import pytest

from bot import clock
from bot.access.orders.bulk.dry_run import begun
from bot.access.orders.bulk.errors import NothingToDo
from bot.access.orders.bulk.records import Draft
from bot.access.request import Subject
from bot.store.catalogue import guilds, products, scripts
from bot.store.kinds import BatchKind, BatchState, RowProblem, RowState, StateKind
from bot.store.maintenance import restore
from bot.store.people import customers, merging
from tests.support.access_harness import open_harness
from tests.support.bulk import Counter, entries
from tests.support.vendor_fixture import HOME, STAFF

NAMES = [f"Buyer_{number}" for number in range(4)]
MONTH_ON = datetime(2026, 4, 10, 12, tzinfo=UTC)


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        for name in NAMES:
            harness.vendor.world.add_user(name)
        harness.other = await harness.vendor.add_script(slug="range")
        yield Counter(harness)


async def started_while_down(counter, kind, rows):
    """A batch whose orders are recorded and not sent."""
    number = await counter.draft(kind, rows)
    await counter.start_while_down(number)
    return number


async def test_a_new_name_of_the_same_person_is_followed(counter):
    harness = counter.harness
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    number = await counter.draft(BatchKind.EXTEND, entries(["Ann_Trades"], "3D"))
    harness.fake.world.rename_user(harness.row("Ann_Trades").user, "Ann_New")
    await harness.meanwhile(harness.sweeps.run(HOME, "trend", by=STAFF))
    await counter.start(number)
    await counter.to_the_end(number)
    assert harness.end("Ann_New") == MONTH_ON.replace(day=13)
    assert harness.row("Ann_Trades") is None


async def test_rows_follow_a_customer_who_became_one_with_another(counter):
    async with counter.harness.database.write() as connection:
        member = await customers.add(connection, HOME, member_id=31)
    named = await counter.harness.vendor.resolve(None, NAMES[0])
    number = await counter.draft(BatchKind.GRANT, entries(NAMES[:1], "1M"))
    async with counter.harness.database.write() as connection:
        await merging.absorb(connection, member, named)
    assert [row.customer_id for row in await counter.rows(number)] == [member.id]
    await counter.start(number)
    await counter.to_the_end(number)
    assert counter.harness.end(NAMES[0]) >= MONTH_ON
    assert (await counter.harness.vendor.person(name=NAMES[0])).id == member.id


async def test_an_item_that_is_not_sold_any_more_is_left_out(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    async with counter.harness.database.write() as connection:
        await scripts.archive(connection, counter.harness.script.id, clock.now())
    await counter.start(number)
    await counter.bulk.runner.look()
    assert set((await counter.problems(number)).values()) == {RowProblem.ITEM_EMPTY}
    assert (await counter.view(number)).batch.state is BatchState.DONE


async def test_a_script_that_came_to_the_product_since_is_given_and_undone_too(counter):
    async with counter.harness.database.write() as connection:
        gold = await products.add(
            connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold"
        )
        await products.add_scripts(connection, gold.id, [counter.harness.script.id])
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M", item="gold"))
    async with counter.harness.database.write() as connection:
        await products.add_scripts(connection, gold.id, [counter.harness.other.id])
    await counter.carry_out(number)
    world, pine_id = counter.harness.fake.world, counter.harness.other.pine_id
    assert {world.row(pine_id, name).end for name in NAMES} == {MONTH_ON}
    await counter.undo(number)
    assert {world.row(pine_id, name) for name in NAMES} == {None}


async def test_a_product_and_one_of_its_scripts_in_one_batch_go_on_top_of_each_other(counter):
    async with counter.harness.database.write() as connection:
        gold = await products.add(
            connection, HOME, by=STAFF, at=clock.now(), slug="gold", title="Gold"
        )
        ids = [counter.harness.script.id, counter.harness.other.id]
        await products.add_scripts(connection, gold.id, ids)
    [script] = entries(NAMES[:1], "1M")
    [product] = entries(NAMES[:1], "1M", item="gold")
    number = await counter.run(BatchKind.GRANT, [script, product])
    assert counter.harness.end(NAMES[0]) == MONTH_ON.replace(month=5)
    await counter.undo(number)
    assert counter.harness.end(NAMES[0]) == "absent"
    assert counter.harness.fake.world.row(counter.harness.other.pine_id, NAMES[0]) is None


async def test_a_server_that_the_bot_left_stands_still_until_it_is_back(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.start(number)
    await counter.harness.guild_settings.left(HOME)
    assert await counter.bulk.runner.look()  # it is looked at again
    assert (await counter.view(number)).numbers.rows == {RowState.PLANNED: 4}
    await counter.harness.guild_settings.joined(HOME)
    await counter.to_the_end(number)
    assert {counter.harness.end(name) for name in NAMES} == {MONTH_ON}


async def test_nothing_is_ordered_in_a_server_that_was_restored_and_not_read(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    await counter.start(number)
    async with counter.harness.database.write() as connection:
        await guilds._change(connection, HOME, restored_at=clock.now())
    await counter.bulk.runner.look()
    assert (await counter.view(number)).numbers.rows == {RowState.PLANNED: 4}


async def test_a_restored_copy_ends_its_batches_and_forgets_its_dry_runs(counter):
    shown = await counter.draft(BatchKind.GRANT, entries(NAMES[2:], "1M"))
    number = await counter.draft(BatchKind.GRANT, entries(NAMES[:2], "1M"))
    await counter.start(number)
    async with counter.harness.database.write() as connection:
        await restore.mark(connection, clock.now(), clock.now())
    view = await counter.view(number)
    assert (view.batch.state, view.batch.ended_at) == (BatchState.CANCELLED, clock.now())
    assert view.numbers.rows == {RowState.WITHDRAWN: 2}
    assert shown not in [each.batch.id for each in (await counter.bulk.views.listed(HOME, 0))[0]]
    await counter.bulk.runner.look()
    await counter.harness.let_pass(120)
    assert {counter.harness.end(name) for name in NAMES} == {"absent"}
    [event] = await counter.harness.vendor.events("batch_cancelled")
    assert (event.after["batch"], event.after["people"]) == (number, 2)


async def test_a_batch_is_cancelled_also_where_somebody_was_blocked_since(counter):
    harness = counter.harness
    for name in NAMES[:2]:
        await harness.done(await harness.grant(name, "1M"))
    number = await started_while_down(
        counter, BatchKind.SET, entries(NAMES[:2], until="2026-03-20T12:00:00Z", now=clock.now())
    )
    await harness.services.blocks.block(
        harness.request(confirmed=True), Subject(username=NAMES[0]), None
    )
    await counter.bulk.batches.cancel(harness.request(), number)
    harness.switches.down = False
    await counter.to_the_end(number)
    await harness.let_pass(600)
    assert harness.end(NAMES[1]) == MONTH_ON
    assert (await counter.view(number)).batch.state is BatchState.CANCELLED


async def test_what_a_blocked_person_was_given_can_be_undone(counter):
    harness = counter.harness
    await harness.done(await harness.grant(NAMES[0], "1M"))
    number = await counter.run(BatchKind.EXTEND, entries(NAMES[:1], "3D"))
    person = await harness.vendor.person(name=NAMES[0])
    async with harness.database.write() as connection:
        await customers.block(connection, person.id, clock.now(), by=STAFF, reason=None)
    await counter.undo(number)
    assert harness.end(NAMES[0]) == MONTH_ON


async def test_nothing_is_taken_from_whom_somebody_sold_to_first_since_the_dry_run(counter):
    harness = counter.harness
    harness.give("Ann_Trades", MONTH_ON.replace(month=9))
    number = await counter.draft(
        BatchKind.SET, entries(["Ann_Trades"], until="2026-03-20T12:00:00Z", now=clock.now())
    )
    await harness.done(await harness.grant("Ann_Trades", "1M"))
    await counter.start(number)
    await counter.to_the_end(number)
    assert set((await counter.problems(number)).values()) == {RowProblem.CHANGED_SINCE}
    assert harness.end("Ann_Trades") == MONTH_ON.replace(month=10)


@pytest.mark.parametrize("kind", [BatchKind.GRANT, BatchKind.SET])
async def test_what_staff_revoked_before_is_held_back_again_once_the_batch_is_undone(counter, kind):
    harness = counter.harness
    for name in NAMES[:2]:
        await harness.done(await harness.grant(name, "1M"))
        await harness.done(await harness.revoke(name))
    until = "2026-03-20T12:00:00Z" if kind is BatchKind.SET else None
    length = None if until else "1M"
    number = await counter.run(kind, entries(NAMES[:3], length, until, now=clock.now()))
    await harness.done(await harness.grant(NAMES[1], "1M"))
    await counter.undo(number)
    assert [(await harness.permission(name)).held_back for name in NAMES[:3]] == [
        True,
        False,
        False,
    ]


async def test_an_order_that_came_while_the_dry_run_was_worked_out_counts_as_since(counter):
    harness = counter.harness
    await harness.done(await harness.grant(NAMES[0], "1M"))
    rows = entries(NAMES[:1], "1M")
    request, draft = harness.request(), Draft(BatchKind.GRANT, rows)
    async with harness.database.read() as connection:
        comparison = await begun(connection, request, draft.kind, {"trend"})
    await harness.done(await harness.revoke(NAMES[0]))
    async with harness.database.read() as connection:
        await comparison.look(connection, rows)
        compared = await comparison.ended(connection, request, draft)
    number = await counter.bulk.batches.keep_compared(request, draft, compared)
    await counter.start(number)
    await counter.to_the_end(number)
    assert await counter.problems(number) == {2: RowProblem.CHANGED_SINCE}


async def test_what_tradingview_shows_counts_while_the_first_order_of_somebody_waits(counter):
    """Until it is carried out that is what they have, and an end set to it is no news of yesterday."""
    harness, shown = counter.harness, datetime(2026, 4, 2, 12, tzinfo=UTC)
    for name in NAMES[:2]:
        harness.fake.world.grant(harness.script.pine_id, name, shown)
    await harness.meanwhile(harness.sweeps.run(HOME, "trend", by=STAFF))
    await started_while_down(counter, BatchKind.EXTEND, entries(NAMES[:1], "3D"))
    await started_while_down(counter, BatchKind.REVOKE, entries(NAMES[1:2]))

    [waits] = await counter.rows(
        await counter.draft(
            BatchKind.SET, entries(NAMES[:1], until="2026-04-02T12:00Z", now=clock.now())
        )
    )
    assert (waits.before, waits.before_ends_at, waits.state) == (
        StateKind.UNTIL,
        shown,
        RowState.PLANNED,
    )
    with pytest.raises(NothingToDo):  # its end is on its way
        await counter.draft(BatchKind.REVOKE, entries(NAMES[1:2]))
