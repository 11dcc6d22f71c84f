"""Lists that were sent to the running bot: how long they are kept, and what happens when they come in each other's way."""

import asyncio
from datetime import timedelta

import pytest

from bot import clock
from bot.access.errors import TradingViewSilent
from bot.access.orders.moving import shop_lists
from bot.access.orders.moving.errors import ListGone, NothingSold, OtherListFirst
from bot.access.orders.moving.shop_lists import KEPT_FOR, Stage
from bot.access.request import RequestContext
from bot.store.catalogue import scripts
from bot.store.records import Actor
from bot.store.tables.payments import contract, price
from tests.support.access_harness import open_harness
from tests.support.fake_time import START, eventually
from tests.support.moved_shop import MovedShop, written
from tests.support.vendor_fixture import HOME, OTHER, STAFF

TITLES = "Membership ID,Email,Product,Plan ID,Status,Renewal Period End,TradingView username\n"
END = START + timedelta(days=9)


def members(*names, plan="plan_1"):
    return TITLES + "".join(
        f"mem_{name}x,{name}@example.org,Scripts,{plan},active,{written(END)},{name}\n"
        for name in names
    )


@pytest.fixture
async def shop(tmp_path, frozen):
    async with open_harness(tmp_path, frozen) as harness:
        harness.give("bob-fx", END)
        yield MovedShop(harness, tmp_path, "whop")


async def keep(shop, key, text, guild_id=HOME):
    request = RequestContext(guild_id, Actor.member(STAFF), key, clock.now())
    return await shop.harness.shop_lists.keep(request, "whop", [text.encode()])


def request(key="take"):
    return RequestContext(HOME, Actor.member(STAFF), key, clock.now())


def take(shop, kept, **gives):
    wanted = {"grant_missing": False, "extend_to_paid": False} | gives
    return shop.harness.shop_lists.take(request(), kept.id, **wanted)


async def reaches(kept, stage):
    await eventually(lambda: kept.stage is stage)


async def test_a_list_goes_through_its_stages_and_is_forgotten(shop):
    lists = shop.harness.shop_lists
    kept = await keep(shop, "one", members("bob-fx"))
    assert await keep(shop, "one", members("bob-fx")) is kept
    await reaches(kept, Stage.READY)
    assert "example.org" not in repr(kept)
    take(shop, kept)
    assert kept.stage is Stage.TAKING
    lists.drop(HOME, kept.id)
    assert lists.find(HOME, kept.id) is kept  # it is being worked on
    await reaches(kept, Stage.DONE)
    assert kept.done.tied == 1
    assert shop.harness.end("bob-fx") == END
    assert shop.harness.writes() == []
    with pytest.raises(ListGone):
        lists.find(OTHER, kept.id)
    shop.harness.time.set(clock.now() + KEPT_FOR - timedelta(minutes=1))
    assert lists.find(HOME, kept.id) is kept
    shop.harness.time.set(clock.now() + KEPT_FOR)
    with pytest.raises(ListGone):
        lists.find(HOME, kept.id)
    assert lists.of(HOME) == []


async def test_what_a_plan_is_needs_no_answer_twice(shop):
    async with shop.harness.database.write() as connection:
        await scripts.add(
            connection, HOME, pine_id="PUB;2", slug="ribbon", title="Ribbon", by=1, at=clock.now()
        )
    kept = await keep(shop, "one", members("bob-fx"))
    assert kept.open_products == ["Scripts"]
    lists = shop.harness.shop_lists
    await lists.say(request(), kept.id, {"Scripts": "no-such", "Other": "trend"})
    assert kept.open_products == ["Scripts"]
    assert kept.stage is Stage.ASKING
    await lists.say(request(), kept.id, {"Scripts": "trend"})
    await reaches(kept, Stage.READY)
    take(shop, kept)
    await reaches(kept, Stage.DONE)
    assert [row.key for row in await shop.rows(price)] == ["plan_1", "Scripts"]
    again = await keep(shop, "two", members("bob-fx"))  # the shop is not connected even now
    assert again.answers == {"Scripts": "trend"}


async def test_one_list_of_a_server_is_taken_over_at_a_time(shop, monkeypatch):
    first, second = await keep(shop, "one", members("bob-fx")), await keep(shop, "two", members())
    await reaches(first, Stage.READY)
    await reaches(second, Stage.READY)
    goes_on = asyncio.Event()
    monkeypatch.setattr(shop.harness.shop_lists, "_read", lambda *_: goes_on.wait())
    take(shop, first)
    with pytest.raises(OtherListFirst):
        take(shop, second)
    assert take(shop, first) is first  # pressed twice
    third = await keep(shop, "three", members())
    assert [each.id for each in shop.harness.shop_lists.of(HOME)] == [third.id, first.id]
    goes_on.set()
    await reaches(first, Stage.DONE)
    assert len(await shop.rows(contract)) == 1


async def test_lists_of_many_rows_make_room_for_each_other(shop, monkeypatch):
    monkeypatch.setattr(shop_lists, "_MOST_ROWS", 3)
    first = await keep(shop, "one", members("ann", "bob-fx"))
    await reaches(first, Stage.READY)
    second = await keep(shop, "two", members("cy", "dee"))
    assert shop.harness.shop_lists.of(HOME) == [second]


async def test_while_tradingview_is_silent_the_list_stays_as_it_was(shop, monkeypatch):
    async def silent(*_):
        raise TradingViewSilent

    lists = shop.harness.shop_lists
    works = lists._read
    monkeypatch.setattr(lists, "_read", silent)
    kept = await keep(shop, "one", members("bob-fx"))
    await reaches(kept, Stage.ASKING)
    assert isinstance(kept.failure, TradingViewSilent)
    monkeypatch.setattr(lists, "_read", works)
    lists.look_again(request(), kept.id)
    await reaches(kept, Stage.READY)
    monkeypatch.setattr(lists, "_read", silent)
    take(shop, kept)
    await reaches(kept, Stage.READY)
    assert isinstance(kept.failure, TradingViewSilent)
    assert await shop.rows(contract) == []


async def test_where_nothing_is_sold_no_list_is_kept(shop):
    with pytest.raises(NothingSold):
        await keep(shop, "one", members("bob-fx"), guild_id=4242)
    assert shop.harness.shop_lists.of(4242) == []
