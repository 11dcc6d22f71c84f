"""A buyer comes with a role: to the chart without staff, and back; with the members intent and without it."""

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


@pytest.fixture(params=["granted", "refused"])
def either(shop, request):
    """The same shop, also where Discord tells nothing of its members."""
    if request.param == "refused":
        shop.refuse_members_intent()
    return shop


async def test_a_linked_member_who_gains_the_role_has_it_and_is_told_once(either):
    shop = either
    async with shop.running(tv_pace=2.0, tv_concurrency=2):
        await shop.let_open()
        await shop.link(shop.buyer, "Ann_Trades")
        shop.give_role(shop.buyer, shop.vip)
        await shop.passes(lambda: shop.has() and shop.told(shop.buyer, "You can use"), 45)
        assert shop.told(shop.buyer, "because you have the role **VIP** in **The shop**") == 1
        await shop.wait(60)
    async with shop.running():
        await shop.wait(60)
    assert shop.told(shop.buyer, "You can use") == 1
    assert len(shop.fake.person(shop.buyer).dms()) == 1


async def test_a_member_without_a_name_is_asked_once_and_has_it_when_they_link(either):
    shop = either
    async with shop.running():
        await shop.let_open()
        await shop.run(shop.as_buyer, "me")  # known, or met as a member who is not
        shop.give_role(shop.buyer, shop.vip)
        await shop.run(shop.as_buyer, "me")
        await shop.passes(lambda: shop.told(shop.buyer, "`/link`"), 45)
        assert not shop.has()
    async with shop.running():
        await shop.wait(60)
        assert shop.told(shop.buyer, "I do not know your TradingView name yet") == 1
        # By the button of that message alone, without any command.
        [message] = [each for each in shop.as_buyer.dms() if "One step is left" in text_of(each)]
        form = await shop.as_buyer.press(message, "Link TradingView")
        asked = await shop.as_buyer.submit(form, {"name": "Ann_Trades"})
        await asked.until(lambda now: "Is this your TradingView name" in text_of(now))
        press = await shop.as_buyer.press(asked.original, "Yes, that is me")
        await press.until(lambda now: "is your TradingView name now" in text_of(now))
        await shop.passes(lambda: shop.has() and shop.told(shop.buyer, "You can use"), 45)
    assert shop.told(shop.buyer, "You can use") == 1


async def test_without_the_intent_whoever_types_something_is_seen_at_once(shop):
    shop.refuse_members_intent()
    async with shop.running():
        await shop.let_open()
        await shop.link(shop.buyer, "Ann_Trades")
        await shop.wait(5)
        shop.give_role(shop.buyer, shop.vip)
        await shop.run(shop.as_buyer, "me")
        await shop.rest()
        assert shop.has()


@pytest.fixture
async def holder(either):
    """The buyer has the role, and what it opens."""
    shop = either
    async with shop.running():
        await shop.let_open()
        await shop.link(shop.buyer, "Ann_Trades")
        shop.give_role(shop.buyer, shop.vip)
        await shop.passes(lambda: shop.has() and shop.told(shop.buyer, "You can use"), 45)
    return shop


@pytest.mark.parametrize("how", ["take_role", "leave", "ban"])
async def test_whoever_loses_the_role_loses_what_it_opened(holder, how):
    shop = holder
    async with shop.running():
        getattr(shop, how)(shop.buyer, *([shop.vip] if how == "take_role" else []))
        await shop.wait(15)
        assert shop.has()
        await shop.passes(lambda: not shop.has(), 60)
        await shop.wait(5)
    if how == "take_role":
        [message] = [each for each in shop.as_buyer.dms() if "has ended" in text_of(each)]
        said = text_of(message)
        assert "because you no longer have the role **VIP** in **The shop**" in said
        assert "Get the role back and it returns by itself." in said
        assert "staff" not in said


async def test_what_is_lost_and_there_again_while_the_bot_is_off_changes_nothing(holder):
    shop = holder
    before = len(shop.tradingview.calls("remove"))
    shop.take_role(shop.buyer, shop.vip)
    await shop.time.advance(3_600)
    shop.give_role(shop.buyer, shop.vip)
    async with shop.running():
        await shop.wait(90)
    assert shop.has()
    assert len(shop.tradingview.calls("remove")) == before
    assert len(shop.as_buyer.dms()) == 1


async def test_what_is_lost_while_the_bot_is_off_ends_after_the_start(holder):
    shop = holder
    shop.take_role(shop.buyer, shop.vip)
    async with shop.running():
        await shop.passes(lambda: not shop.has(), 90)
        await shop.passes(lambda: shop.told(shop.buyer, "has ended"), 10)
    assert shop.told(shop.buyer, "has ended") == 1


async def test_lost_and_gained_while_tradingview_is_down_the_right_state_stands_and_is_told_once(
    holder,
):
    shop = holder
    async with shop.running():
        shop.switches.set("down", True)
        shop.take_role(shop.buyer, shop.vip)
        await shop.wait(90)
        shop.give_role(shop.buyer, shop.vip)
        await shop.wait(60)
        shop.switches.set("down", False)
        await shop.wait(400)
    assert shop.has()
    assert shop.told(shop.buyer, "has ended") == 0
    assert shop.told(shop.buyer, "You can use") == 2


async def test_a_revoke_holds_until_the_role_is_lost_and_regained(holder):
    shop = holder
    async with shop.running():
        request = await shop.run(shop.as_mod, "access revoke", item="trend", member=shop.buyer)
        await shop.as_mod.press(request.original, "Yes, end it")
        await shop.passes(lambda: not shop.has(), 30)
    async with shop.running() as services:
        await shop.wait(90)
        assert not shop.has()
        shop.take_role(shop.buyer, shop.vip)
        await shop.wait(90)
        shop.give_role(shop.buyer, shop.vip)
        await shop.passes(shop.has, 60)
        assert services is not None
