"""What became of each row of a batch, as its files say it."""

import pytest
from sqlalchemy import update

from bot.access.catalogue.products import Terms
from bot.access.orders.bulk.errors import BatchGone
from bot.access.orders.bulk.row_results import Outcome
from bot.store.kinds import BatchKind, OrderState, RowProblem
from bot.store.tables.ledger import order
from tests.support.access_harness import open_harness
from tests.support.bulk import Counter, entries
from tests.support.vendor_fixture import HOME, OTHER

NAMES = [f"Buyer_{number}" for number in range(3)]


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        for name in NAMES:
            harness.vendor.world.add_user(name)
        yield Counter(harness)


async def outcomes(counter, number):
    return [each.outcome for each in await counter.bulk.results.every(HOME, number)]


async def test_rows_stand_in_the_order_of_the_file_with_their_items(counter):
    faulty = entries(["Nobody_Else"], "1M", item="trand")[0]
    rows = [*entries(NAMES, "1M"), faulty]
    number = await counter.draft(BatchKind.GRANT, rows)
    found = await counter.bulk.results.every(HOME, number)
    assert [each.outcome for each in found].count(Outcome.LEFT_OUT) == 1
    assert {each.item for each in found} == {"trend", ""}
    [mistake] = await counter.bulk.results.mistakes(HOME, number)
    assert mistake.row.problem is RowProblem.ITEM_UNKNOWN
    first = await counter.bulk.results.first(HOME, number, 2)
    assert [each.row.username for each in first] == NAMES[:2]
    await counter.carry_out(number)
    assert (await outcomes(counter, number)).count(Outcome.DONE) == 3


async def test_a_row_of_several_scripts_is_done_once_all_of_them_are(counter):
    await counter.harness.vendor.add_script("scalp")
    terms = Terms("gold", "Gold")
    await counter.harness.services.products.create(
        counter.harness.request(), terms, ["trend", "scalp"]
    )
    number = await counter.run(BatchKind.GRANT, entries(NAMES, "1M", item="gold"))
    assert await outcomes(counter, number) == [Outcome.DONE] * 3
    for state, counted, outcome in (
        (OrderState.STUCK, {OrderState.DONE: 2, OrderState.STUCK: 1}, Outcome.FAILED),
        (OrderState.WAITING, {OrderState.DONE: 2, OrderState.WAITING: 1}, Outcome.WAITING),
        (OrderState.SUPERSEDED, {OrderState.DONE: 3}, Outcome.DONE),
    ):
        first = (await counter.rows(number))[0].order_id
        async with counter.harness.database.write() as connection:
            await connection.execute(
                update(order).where(order.c.lead_id == first).values(state=state)
            )
        assert (await counter.view(number)).numbers.orders == counted
        assert (await outcomes(counter, number))[0] is outcome


async def test_another_servers_rows_are_gone(counter):
    number = await counter.draft(BatchKind.GRANT, entries(NAMES, "1M"))
    for read in (counter.bulk.results.every, counter.bulk.results.mistakes):
        with pytest.raises(BatchGone):
            await read(OTHER, number)
