"""A member who boosts the server has what the role of boosters opens, and hears of it as a boost."""

import pytest

from tests.support.discord_harness import open_office, text_of
from tests.support.role_shop import RoleShop


@pytest.fixture
async def shop(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        shop = RoleShop(harness)
        await shop.open()
        yield shop


async def test_a_boost_opens_what_it_is_to_open_until_it_ends(shop):
    booster = shop.boost(shop.stranger)
    async with shop.running():
        await shop.let_open(booster)
        await shop.link(shop.buyer, "Ann_Trades")
        shop.boost(shop.buyer)
        await shop.passes(lambda: shop.told(shop.buyer, "because you boost **The shop**"), 45)
        assert shop.has()
        checked = await shop.run(shop.as_mod, "access check", member=shop.buyer)
        assert "a server boost" in text_of(checked.original)
        shop.end_boost(shop.buyer)
        await shop.passes(lambda: not shop.has(), 60)
        await shop.passes(lambda: shop.told(shop.buyer, "has ended"), 20)
        assert shop.told(shop.buyer, "because you no longer boost **The shop**") == 1
        assert shop.told(shop.buyer, "Boost it again and it returns by itself.") == 1
        assert shop.logged("Usher (from a server boost) ended **Trend**")
