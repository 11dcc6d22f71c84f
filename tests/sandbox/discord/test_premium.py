"""What an application sells through Discord, as an unmodified discord.py hears of it and asks for it."""

import asyncio
from datetime import timedelta

import discord
import pytest

from bot.sandbox.discord.premium import SkuKind


@pytest.fixture
async def bot(fake, shop):
    """A client that is connected, and keeps what it hears."""
    client = discord.Client(intents=discord.Intents(guilds=True))
    client.heard = asyncio.Queue()

    def keep(name):
        async def hear(about):
            client.heard.put_nowait((name, about))

        hear.__name__ = f"on_{name}"
        client.event(hear)

    for kind in ("entitlement", "subscription"):
        for what in ("create", "update", "delete"):
            keep(f"{kind}_{what}")
    starting = asyncio.create_task(client.start(fake.bot_token))
    await fake.bot_ready()
    yield client
    await client.close()
    await asyncio.gather(starting, return_exceptions=True)


async def heard(bot, count=1):
    async with asyncio.timeout(60):
        return [await bot.heard.get() for _ in range(count)]


async def test_a_subscription_has_no_end_until_it_is_over_and_cancelling_is_told_apart(
    fake, shop, bot, clock
):
    premium = fake.premium
    sku = premium.add_sku("Gold")
    bought = premium.subscribe(shop.buyer, sku)
    (_, entitlement), (_, subscription) = await heard(bot, 2)
    assert (entitlement.user_id, entitlement.sku_id) == (shop.buyer.id, sku.id)
    assert entitlement.type is discord.EntitlementType.application_subscription
    assert (entitlement.starts_at, entitlement.ends_at) == (clock(), None)
    assert subscription.entitlement_ids == [entitlement.id]
    premium.renew(bought)
    premium.cancel(bought)
    renewed, cancelled = await heard(bot, 2)
    assert renewed[0] == cancelled[0] == "subscription_update"
    assert cancelled[1].status is discord.SubscriptionStatus.ending
    assert cancelled[1].current_period_end == clock().replace(month=5)
    clock.advance(timedelta(days=61).total_seconds())
    premium.lapse(bought)
    over, ended = await heard(bot, 2)
    assert over[1].status is discord.SubscriptionStatus.inactive
    assert ended[0] == "entitlement_update"
    assert ended[1].is_expired() or ended[1].ends_at <= clock()
    assert bot.heard.empty()


async def test_a_refund_deletes_the_entitlement_and_ends_the_subscription(fake, shop, bot):
    bought = fake.premium.subscribe(shop.buyer, fake.premium.add_sku("Gold"))
    await heard(bot, 2)
    fake.premium.take_back(bought.entitlement)
    deleted, inactive = await heard(bot, 2)
    assert (deleted[0], deleted[1].deleted) == ("entitlement_delete", True)
    assert inactive[1].status is discord.SubscriptionStatus.inactive
    assert [each async for each in bot.entitlements()] == []


async def test_entitlements_are_listed_in_pages_and_filtered(fake, shop, bot, clock):
    premium = fake.premium
    gold, coin = premium.add_sku("Gold"), premium.add_sku("Coin", SkuKind.CONSUMABLE)
    mine = [premium.buy(shop.buyer, coin) for _ in range(3)]
    other = premium.subscribe(shop.owner, gold).entitlement
    premium.end(other, clock())
    premium.take_back(mine[2])
    application = fake.bot.id

    async def listed(**query):
        return [int(each["id"]) for each in await bot.http.get_entitlements(application, **query)]

    assert await listed() == [mine[0].id, mine[1].id, other.id]
    assert await listed(exclude_deleted=False) == [*(each.id for each in mine), other.id]
    assert await listed(exclude_ended=True) == [mine[0].id, mine[1].id]
    assert await listed(sku_ids=[gold.id]) == [other.id]
    assert await listed(user_id=shop.owner.id) == [other.id]
    assert await listed(after=0, limit=1) == [mine[0].id]
    assert await listed(after=mine[0].id, limit=1) == [mine[1].id]
    assert await listed(before=other.id, limit=1) == [mine[1].id]
    with pytest.raises(discord.HTTPException, match="50035"):
        await listed(limit=101)


async def test_a_consumable_is_used_up_and_a_test_entitlement_has_no_dates(fake, shop, bot):
    premium = fake.premium
    coin = premium.buy(shop.buyer, premium.add_sku("Coin", SkuKind.CONSUMABLE))
    await bot.http.consume_entitlement(fake.bot.id, coin.id)
    assert coin.is_consumed
    assert premium.held(shop.buyer, None) == []
    made = await bot.create_entitlement(
        discord.Object(coin.sku.id), shop.buyer, discord.EntitlementOwnerType.user
    )
    assert made is None  # discord.py keeps nothing of the answer
    test = [each async for each in bot.entitlements()][-1]
    assert test.type is discord.EntitlementType.test_mode_purchase
    assert (test.starts_at, test.ends_at) == (None, None)
    await test.delete()
    assert premium.held(shop.buyer, None) == []
    with pytest.raises(discord.NotFound, match="10029"):
        await bot.fetch_entitlement(1)


async def test_skus_and_subscriptions_are_asked_for(fake, shop, bot):
    gold = fake.premium.add_sku("Gold VIP")
    bought = fake.premium.subscribe(shop.buyer, gold)
    found = await bot.fetch_skus()
    assert [(each.name, each.type) for each in found] == [
        ("Gold VIP", discord.SKUType.subscription),
        ("Gold VIP", discord.SKUType.subscription_group),
    ]
    mine = [each async for each in found[0].subscriptions(user=shop.buyer)]
    assert [each.id for each in mine] == [bought.id]
    assert (await found[0].fetch_subscription(bought.id)).user_id == shop.buyer.id
    with pytest.raises(discord.NotFound, match="10027"):
        await bot.http.list_sku_subscriptions(1, user_id=shop.buyer.id)


async def test_an_interaction_carries_what_its_member_bought(fake, shop):
    gold = fake.premium.add_sku("Gold")
    bought = fake.premium.subscribe(shop.buyer, gold)
    used, _ = shop.opened()
    body = fake.person(shop.buyer)._envelope(used)
    assert [each["id"] for each in body["entitlements"]] == [str(bought.entitlement.id)]
    assert body["entitlement_sku_ids"] == [str(gold.id)]


async def test_a_role_that_is_sold_is_discords_own(fake, shop):
    role = fake.add_role(shop.guild, "Patron")
    fake.changes.sell_role(shop.guild, role)
    assert role.managed
