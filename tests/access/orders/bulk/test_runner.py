"""What carries batches out: one that fails holds up no other."""

import pytest

from bot import clock
from bot.access.catalogue.lookup import find_item
from bot.access.orders.bulk import runner as runner_module
from bot.errors import DiskFullError
from bot.store.catalogue import products
from bot.store.kinds import BatchKind, BatchState
from bot.store.ledger import order_outcomes
from bot.store.people import customers
from tests.support.access_harness import open_harness
from tests.support.bulk import Counter, entries
from tests.support.statements import counting
from tests.support.vendor_fixture import HOME, STAFF


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        for name in ("Buyer_0", "Buyer_1"):
            harness.vendor.world.add_user(name)
        yield Counter(harness)


def break_rows(patched, number, error):
    """Let nothing of that batch be recorded."""

    class Breaking(runner_module.RowRecorder):
        async def record(self, rows, request):
            if self.batch.id == number:
                raise error
            await super().record(rows, request)

    patched.setattr(runner_module, "RowRecorder", Breaking)


async def test_a_batch_that_fails_holds_up_no_other(counter, monkeypatch, caplog):
    broken = await counter.draft(BatchKind.GRANT, entries(["Buyer_0"], "1M"))
    sound = await counter.draft(BatchKind.GRANT, entries(["Buyer_1"], "1M"))
    for number in (broken, sound):
        await counter.start(number)

    with monkeypatch.context() as patched:
        break_rows(patched, broken, ZeroDivisionError)
        await counter.to_the_end(sound)
    assert (await counter.view(broken)).batch.state is BatchState.RUNNING
    assert f"batch {broken} stumbled" in caplog.text
    await counter.to_the_end(broken)  # nothing of it was lost
    assert (await counter.view(broken)).batch.state is BatchState.DONE


async def test_while_the_disk_is_full_a_batch_waits_and_no_fault_is_noted(
    counter, monkeypatch, caplog
):
    number = await counter.draft(BatchKind.GRANT, entries(["Buyer_0"], "1M"))
    await counter.start(number)
    with monkeypatch.context() as patched:
        break_rows(patched, number, DiskFullError)
        with pytest.raises(DiskFullError):
            await counter.bulk.runner.look()
    assert "stumbled" not in caplog.text
    await counter.to_the_end(number)
    assert (await counter.view(number)).batch.state is BatchState.DONE


async def test_without_a_batch_a_look_is_one_question(counter):
    with counting(counter.harness.database) as statements:
        assert not await counter.bulk.runner.look()
    assert len(statements) == 2  # with its BEGIN


async def test_who_shows_batches_hears_of_one_that_another_program_started_once(counter):
    heard = []
    counter.bulk.runner.on_found.append(lambda: heard.append(1))
    await counter.bulk.runner.look()
    assert heard == []
    counter.bulk.batches.on_change.clear()
    number = await counter.draft(BatchKind.GRANT, entries(["Buyer_0"], "1M"))
    await counter.start(number)
    await counter.to_the_end(number)
    assert heard == [1]


async def test_rows_are_recorded_in_a_dozen_statements_each(counter):
    names = [f"Row_{number}" for number in range(50)]
    number = await counter.draft(BatchKind.GRANT, entries(names, "1M"))
    await counter.start(number)
    with counting(counter.harness.database) as statements:
        await counter.bulk.runner.look()
    assert len(statements) <= 14 * len(names)  # of new people; those who are known take ten


async def test_what_is_withdrawn_is_no_news_to_the_member_also_of_a_product(counter):
    harness = counter.harness
    await harness.vendor.add_script(slug="range")
    async with harness.database.write() as connection:
        both = await products.add(
            connection, HOME, by=STAFF, at=clock.now(), slug="both", title="Both"
        )
        for slug in ("trend", "range"):
            script_id = (await find_item(connection, HOME, slug)).script_id
            await products.add_scripts(connection, both.id, [script_id])
        person = await customers.add(connection, HOME, member_id=700)
        await customers.rename(connection, person.id, "Buyer_0", None)
    given = await harness.grant("Buyer_0", "1M", "both")
    await harness.done(given, within=10)
    await harness.let_pass(10)
    await harness.outcomes.member_told(given)
    number = await counter.draft(BatchKind.GRANT, entries(["Buyer_0"], "1M", item="both"))
    await counter.start_while_down(number)
    await counter.bulk.batches.cancel(harness.request(), number)
    await counter.bulk.runner.look()
    harness.switches.down = False
    await counter.to_the_end(number)
    await harness.let_pass(order_outcomes.TOGETHER_WITHIN.total_seconds())
    assert not await harness.outcomes.members_to_tell()
