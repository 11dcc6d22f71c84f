"""What is asked again and again while a batch of 20,000 rows runs looks at each row once, by an index."""

import pytest

from bot.store.kinds import OrderState, RowState
from bot.store.ledger import batch_orders, batch_rows, batches
from tests.support.statements import counting
from tests.support.vendor_fixture import open_shop

ORDERED = (RowState.PLANNED, RowState.ORDERED)
QUERIES = {
    "numbers": lambda connection: batch_orders.numbers_of(connection, [1, 2]),
    "waiting": lambda connection: batch_rows.listed(
        connection, 1, *ORDERED, orders=(OrderState.WAITING,), limit=50
    ),
    "page": lambda connection: batch_rows.listed(connection, 1, skip=50, limit=50),
    "ahead": lambda connection: batch_orders.ahead(connection, 1),
    "is waiting": lambda connection: batch_orders.is_waiting(connection, 1),
    "unsent": lambda connection: batch_orders.unsent(connection, 1, 50),
    "since": lambda connection: batch_orders.others_since(connection, 1, 7, [1, 2, 3]),
    "ends": lambda connection: batch_orders.ends(connection, [1, 2, 3]),
    "under way": batches.under_way,
    "lookups": lambda connection: batch_rows.open_lookups(connection, [1]),
}


@pytest.fixture
async def vendor(frozen, tmp_path):
    async with open_shop(tmp_path) as vendor:
        yield vendor


async def plan(vendor, query):
    async with vendor.database.write() as connection:
        with counting(vendor.database) as statements:
            await query(connection)
        steps = []
        for statement in statements:
            values = (1,) * statement.count("?")
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            steps += [row.detail for row in rows]
    return steps


async def test_none_of_them_looks_through_a_table_or_a_list_for_each_row(vendor):
    scanned = {
        name: step
        for name, query in QUERIES.items()
        for step in await plan(vendor, query)
        if step.startswith(("SCAN", "MATERIALIZE"))
    }
    assert scanned == {}
