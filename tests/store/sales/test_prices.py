"""Prices of shops: each once, until staff said which item it is."""

import pytest

from bot.store.sales import connections, prices
from tests.support.vendor_fixture import AT, HOME, OTHER, STAFF, open_shop


@pytest.fixture
async def vendor(frozen, tmp_path):
    async with open_shop(tmp_path) as vendor:
        yield vendor


async def shop(vendor, reference="r", guild_id=HOME):
    async with vendor.database.write() as connection:
        return await connections.add(
            connection, guild_id, public_id=f"p{reference}{guild_id}", provider="stripe", options={},
            by=STAFF, at=AT, reference=reference,
        )  # fmt: skip


async def test_a_price_is_added_once_and_found_by_its_key_in_its_own_shop(vendor):
    mine, other = await shop(vendor), await shop(vendor, "other")
    async with vendor.database.write() as connection:
        first = await prices.add(connection, mine.id, "price_1", "Gold", AT)
        assert await prices.add(connection, mine.id, "price_1", "Silver", AT) == first
        assert await prices.by_keys(connection, mine.id, ["price_1", "x"]) == {"price_1": first}
        assert await prices.by_keys(connection, other.id, ["price_1"]) == {}


async def test_what_staff_were_asked_or_said_is_asked_no_more(vendor):
    script, mine = await vendor.add_script(), await shop(vendor)
    async with vendor.database.write() as connection:
        added = [await prices.add(connection, mine.id, f"p{each}", None, AT) for each in range(4)]
        await prices.set_item(connection, added[0].id, script_id=script.id)
        await prices.set_item(connection, added[1].id, is_ignored=True)
        await prices.set_asked(connection, [added[2].id], AT)
        new = await prices.open_of(connection, mine.id, is_asked=False, limit=5)
        assert new == [added[3]]
        asked = await prices.open_of(connection, mine.id, is_asked=True, limit=5)
        assert [price.id for price in asked] == [added[2].id]
        assert await prices.numbers(connection, [mine.id]) == {mine.id: (2, 2)}
        assert [each.id for each in await prices.open_in(connection, [mine.id], 1)] == [added[2].id]
        found = (await prices.of_shops(connection, [mine.id]))[mine.id]
    assert [price.key for price in found] == ["p2", "p3", "p0", "p1"]


async def test_another_server_finds_neither_a_price_nor_its_shop(vendor):
    mine = await shop(vendor)
    async with vendor.database.write() as connection:
        price = await prices.add(connection, mine.id, "p", None, AT)
        assert await prices.by_id(connection, HOME, price.id) == price
        assert await prices.by_id(connection, OTHER, price.id) is None
        assert await connections.by_id(connection, OTHER, mine.id) is None
        assert await connections.listed(connection, OTHER) == []
        await connections.change(connection, mine.id, removed_at=AT)
        assert await prices.by_id(connection, HOME, price.id) is None
        assert await connections.by_id(connection, HOME, mine.id) is None
