"""Members who take no direct messages are called where the panel is, once a day, all together."""

import pytest

from bot.store.ledger import direct_messages
from tests.support.discord_harness import open_office, text_of
from tests.support.role_shop import RoleShop

DAY = 86_400


@pytest.fixture
async def shop(frozen, tmp_path, monkeypatch):
    async with open_office(tmp_path, monkeypatch) as harness:
        harness.time = frozen
        shop = RoleShop(harness)
        await shop.open()
        shop.panel = shop.fake.add_channel(shop.guild, "access")
        yield shop


async def waits(shop, *users):
    """They have the role, no name, and take no messages."""
    for user in users:
        shop.fake.close_dms(user)
        shop.give_role(user, shop.vip)
    await shop.wait(40)


async def looks(shop, seconds):
    await shop.time.advance(seconds)
    shop.outcome_notifier.wake()
    await shop.wait(2)


def calls(shop):
    return [each for each in shop.as_buyer.sees(shop.panel) if "Access is waiting" in each.content]


async def test_all_are_called_together_and_once_a_day(shop):
    async def panel(_):
        return shop.panel.id

    async with shop.running() as services:
        services.outcome_notifier._link_caller._panel_channel = panel
        await shop.let_open()
        await waits(shop, shop.buyer, shop.stranger)
        assert calls(shop) == []
        await looks(shop, 600)
        [call] = calls(shop)
        assert {user.id for user in call.mentions} == {shop.buyer.id, shop.stranger.id}
        await waits(shop, shop.mod)
        await looks(shop, DAY / 2)
        assert len(calls(shop)) == 1
        await looks(shop, DAY / 2)
        assert [user.id for user in calls(shop)[-1].mentions] == [shop.mod.id]
        await shop.passes(lambda: shop.logged(f"they were called in <#{shop.panel.id}>"))


async def test_who_linked_a_name_meanwhile_is_not_called(shop):
    async with shop.running():
        await shop.let_open()
        await waits(shop, shop.buyer)
        await shop.link(shop.buyer, "Ann_Trades")
        await looks(shop, 600)
        assert shop.logged("who take no direct messages") == []
        async with shop.vendor.database.read() as connection:
            assert await direct_messages.refused(connection) == {}


async def test_a_panel_that_takes_nothing_leaves_it_to_staff(shop):
    async def gone(_):
        return 12345

    async with shop.running() as services:
        services.outcome_notifier._link_caller._panel_channel = gone
        await shop.let_open()
        await waits(shop, shop.buyer)
        await looks(shop, 600)
        await shop.passes(lambda: shop.logged("please ask them to type `/link`"))
        [line] = shop.logged("please ask them")
        assert f"<@{shop.buyer.id}>" in text_of(line)
