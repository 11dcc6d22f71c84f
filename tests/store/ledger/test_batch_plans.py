"""What is asked about a batch of thousands looks for no row among all others."""

import pytest

from bot.store.kinds import OrderState, RowState
from bot.store.ledger import batch_orders, batch_rows, entitlements, events
from tests.support.statements import counting
from tests.support.vendor_fixture import HOME, open_shop

QUERIES = {
    "numbers": lambda c: batch_orders.numbers(c, 1),
    "a page by how orders stand": lambda c: batch_rows.listed(
        c, 1, RowState.ORDERED, orders=(OrderState.DONE,), limit=50
    ),
    "ahead": lambda c: batch_orders.ahead(c, 1),
    "waiting": lambda c: batch_orders.is_waiting(c, 1),
    "unsent": lambda c: batch_orders.unsent(c, 1, 50),
    "how orders ended": lambda c: batch_orders.ends(c, [1, 2]),
    "others since": lambda c: batch_orders.others_since(c, 1, 5, [1, 2]),
    "what an order took away": lambda c: entitlements.ended_by(c, 1),
    "what orders took away": lambda c: entitlements.ended_by_any(c, [1, 2]),
    "next rows": lambda c: batch_rows.listed(c, 1, RowState.PLANNED, limit=50),
    "names to look up": lambda c: batch_rows.to_look_up(c, (), 20),
}


@pytest.fixture
async def vendor(frozen, tmp_path):
    async with open_shop(tmp_path) as vendor:
        yield vendor


async def plan(vendor, query):
    """The steps in which the one statement of a query is carried out."""
    async with vendor.database.write() as connection:
        with counting(vendor.database) as statements:
            await query(connection)
        [statement] = statements
        values = (1,) * statement.count("?")
        found = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return [row.detail for row in found]


@pytest.mark.parametrize("name", QUERIES)
async def test_no_table_and_no_list_of_orders_is_looked_through_row_by_row(vendor, name):
    steps = await plan(vendor, QUERIES[name])
    looked_through = (
        "SCAN anon",
        "SCAN order",
        "SCAN batch_row",
        "SCAN permission",
        "SCAN entitlement",
    )
    assert not [step for step in steps if step.startswith(looked_through)]


async def test_the_log_channel_finds_what_is_new_by_its_number(vendor):
    first, *others = await plan(vendor, lambda c: events.since(c, HOME, 5, without=events.QUIET))
    assert first == "SEARCH event USING INTEGER PRIMARY KEY (rowid>?)"
    assert not any("TEMP B-TREE" in step for step in others)
