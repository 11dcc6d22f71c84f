"""What is asked again and again looks through no table that grows for ever."""

import pytest

from bot.store.sales import contracts, deliveries, outgoing, waiting
from tests.support.statements import counting
from tests.support.vendor_fixture import AT, HOME, open_shop

QUERIES = {
    "due": lambda c: deliveries.due(c, AT, 20),
    "next try": deliveries.next_try_at,
    "stuck": lambda c: deliveries.has_stuck(c, 1),
    "old bodies": lambda c: deliveries.forget_bodies(c, AT, 200),
    "newest message": lambda c: waiting.newest(c, 1),
    "messages that wait": lambda c: waiting.messages(c, HOME, limit=5),
    "counts": lambda c: waiting.counts(c, HOME),
    "unclaimed": lambda c: waiting.unclaimed(c, HOME, ["paid"], AT, limit=5),
    "by refs": lambda c: contracts.by_refs(c, 1, ["sub_1"]),
    "of a customer": lambda c: contracts.of_customer(c, HOME, 1),
    "same buyer": lambda c: contracts.customer_of_buyer(c, 1, "cus_1"),
    "held": contracts.held,
    "next messages to programs": outgoing.heads,
    "history to tell": lambda c: outgoing.told_since(c, HOME, 5, 10, 20),
}
GROWS = ("delivery", "contract", "contract_ref", "event", "outgoing_event")


@pytest.fixture
async def vendor(frozen, tmp_path):
    async with open_shop(tmp_path) as vendor:
        yield vendor


async def plans(vendor, query):
    async with vendor.database.write() as connection:
        with counting(vendor.database) as statements:
            await query(connection)
        found = []
        for statement in statements:
            values = (1,) * statement.count("?")
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            found.append([row.detail for row in rows])
    return found


async def test_none_of_them_looks_through_a_whole_table(vendor):
    scanned = {
        name: step
        for name, query in QUERIES.items()
        for plan in await plans(vendor, query)
        for step in plan
        if any(step == f"SCAN {table}" or step.startswith(f"SCAN {table} ") for table in GROWS)
    }
    assert scanned == {}


async def test_new_entries_of_the_history_are_found_by_their_ids(vendor):
    [plan] = await plans(vendor, QUERIES["history to tell"])
    assert "SEARCH event USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in plan
    assert not any("TEMP B-TREE" in step for step in plan)


@pytest.mark.parametrize("name", ["due", "newest message", "messages that wait"])
async def test_bodies_are_not_sorted(vendor, name):
    *_, last = await plans(vendor, QUERIES[name])
    assert not any("TEMP B-TREE" in step for step in last)
