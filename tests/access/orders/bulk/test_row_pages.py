"""The rows of a batch in groups and pages, as a list shows them."""

import pytest

from bot.access.orders.bulk.row_results import ROWS, RowGroup
from bot.store.kinds import BatchKind, RowProblem
from tests.support.access_harness import open_harness
from tests.support.bulk import Counter, entries
from tests.support.vendor_fixture import HOME


@pytest.fixture
async def counter(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        for name in ("Buyer_1", "Buyer_2"):
            harness.vendor.world.add_user(name)
        yield Counter(harness)


async def shown(counter, number, group, page=0):
    return await counter.bulk.results.page(HOME, number, group, page)


async def names(counter, number, group):
    return [each.row.username for each in (await shown(counter, number, group)).rows]


async def test_a_mistake_is_what_can_be_mended_and_the_rest_is_left_out(counter):
    await counter.harness.done(await counter.harness.grant("Buyer_1", "L"))
    lines = [
        *entries(["Buyer_1", "Buyer_2", "Nobody_At_All"], "1M"),
        *entries(["x"], "1M", item="y"),
    ]
    number = await counter.draft(BatchKind.GRANT, lines)
    assert await counter.bulk.lookups.look()
    assert await names(counter, number, RowGroup.PLANNED) == ["Buyer_2"]
    assert await names(counter, number, RowGroup.LEFT_OUT) == ["Buyer_1"]
    assert set(await names(counter, number, RowGroup.MISTAKES)) == {"Nobody_At_All", "x"}
    page = await shown(counter, number, RowGroup.ALL)
    assert page.counts[RowGroup.MISTAKES] == 2
    assert page.counts[RowGroup.LEFT_OUT] == page.counts[RowGroup.PLANNED] == 1
    assert len(page.rows) == page.counts[RowGroup.ALL] == 4


async def test_a_member_without_a_name_is_no_mistake_of_a_filter(counter):
    await counter.harness.vendor.resolve(11, "Buyer_1")
    number = await counter.select(
        BatchKind.GRANT, item="trend", role_id=5, members=frozenset({11, 12}), length="1M"
    )
    [left_out] = (await shown(counter, number, RowGroup.LEFT_OUT)).rows
    assert (left_out.row.member_id, left_out.row.problem) == (12, RowProblem.NO_NAME_KNOWN)
    assert not (await shown(counter, number, RowGroup.MISTAKES)).rows


async def test_what_was_ordered_is_grouped_by_how_it_stands(counter):
    lines = entries(["Buyer_1", "Buyer_2", "Nobody_At_All"], "1M")
    number = await counter.run(BatchKind.GRANT, lines)
    assert set(await names(counter, number, RowGroup.DONE)) == {"Buyer_1", "Buyer_2"}
    assert await names(counter, number, RowGroup.FAILED) == ["Nobody_At_All"]
    page = await shown(counter, number, RowGroup.WAITING)
    assert not page.rows
    assert (page.counts[RowGroup.DONE], page.counts[RowGroup.FAILED]) == (2, 1)


async def test_a_page_beyond_the_last_is_the_last(counter):
    number = await counter.draft(
        BatchKind.GRANT, entries([f"Somebody_{each}" for each in range(ROWS + 1)], "1M")
    )
    page = await shown(counter, number, RowGroup.ALL, 10**9)
    assert (page.page, page.pages, len(page.rows)) == (1, 2, 1)
