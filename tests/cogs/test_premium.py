"""What members buy from Discord itself: heard over the gateway, compared after a restart, ended with it."""

import asyncio
import contextlib
from datetime import timedelta

import pytest

from bot.access.catalogue.errors import PremiumNeedsLength, PremiumOpensNothing
from bot.access.request import RequestContext
from bot.access.rules.duration import parse_length
from bot.access.rules.premium import PremiumSku
from bot.sandbox.discord.premium import SkuKind as Sold
from bot.store.kinds import SkuKind
from bot.store.ledger import purchases
from bot.store.records import Actor
from tests.support.discord_harness import eventually
from tests.support.role_shop import RoleShop

_KINDS = {
    Sold.DURABLE: SkuKind.DURABLE,
    Sold.CONSUMABLE: SkuKind.CONSUMABLE,
    Sold.SUBSCRIPTION: SkuKind.SUBSCRIPTION,
}


class Shop(RoleShop):
    """A server whose script is sold by Discord; Ben, a buyer, is Ann_Trades on TradingView."""

    async def open(self):
        await super().open()
        self.numbers = 0
        self.premium = self.fake.premium

    @contextlib.asynccontextmanager
    async def running(self, **changed):
        async with super().running(**changed) as services:
            services.premium_rounds.start(services.jobs)
            await self.rest()
            yield services

    def request(self):
        self.numbers += 1
        key, actor = f"manager {self.numbers}", Actor.member(self.owner.id)
        return RequestContext(self.guild.id, actor, key, self.time.now())

    async def sell(self, kind=Sold.SUBSCRIPTION, item="trend", length=None):
        """Put something up for sale on Discord, and say what it opens."""
        sku = self.premium.add_sku("Gold", kind)
        known = PremiumSku(sku.id, sku.name, _KINDS[kind])
        length = length and parse_length(length)
        await self.premium_rules.add(self.request(), known, item, length)
        await self.rest()
        return sku

    async def linked(self):
        await self.link(self.buyer, "Ann_Trades")

    async def shows(self, check):
        await eventually(lambda: check(self.row()))
        await self.rest()

    def row(self, name="Ann_Trades"):
        script = next(iter(self.harness.vendor.world.scripts))
        return self.harness.vendor.world.row(script, name)

    async def bought(self):
        """Everything that was bought, in order."""
        async with self.harness.vendor.database.read() as connection:
            found = await purchases.by_ids(connection, range(1, 50))
        return [found[number] for number in sorted(found)]


@pytest.fixture
async def shop(closed_office):
    shop = Shop(closed_office)
    await shop.open()
    return shop


def endless(row):
    return row is not None and row.end is None


async def test_a_subscription_lasts_as_long_as_discord_says_and_ends_with_it(shop):
    async with shop.running():
        sku = await shop.sell()
        await shop.linked()
        bought = shop.premium.subscribe(shop.buyer, sku)
        await shop.shows(endless)
        (purchase,) = await shop.bought()
        assert (purchase.source, purchase.kind, purchase.ends_at) == ("premium", "open", None)
        shop.premium.renew(bought)  # nothing is told of the entitlement
        shop.premium.end(bought.entitlement, shop.time.now())
        await shop.shows(lambda row: row is None)
        assert (await shop.bought())[0].source_ended_at is not None


async def test_a_purchase_of_somebody_without_a_name_waits_and_asks_once(shop):
    async with shop.running():
        sku = await shop.sell()
        shop.premium.subscribe(shop.buyer, sku)
        await eventually(lambda: shop.told(shop.buyer, "I do not know your TradingView name yet"))
        assert shop.told(shop.buyer, "because you bought it from **The shop** on Discord") == 1
        assert not shop.has()
        await shop.linked()
        await shop.shows(endless)


async def test_what_is_cancelled_lasts_to_its_end_unless_it_is_resumed(shop):
    async with shop.running():
        sku = await shop.sell()
        await shop.linked()
        bought = shop.premium.subscribe(shop.buyer, sku)
        await shop.shows(endless)

        async def lapses():
            return (await shop.bought())[0].lapses_at

        shop.premium.cancel(bought)
        await shop.rest()
        assert await lapses() == bought.period_end
        shop.premium.resume(bought)
        await shop.rest()
        assert await lapses() is None
        shop.premium.cancel(bought)
        await shop.rest()
        assert shop.has()
        bought.entitlement.ends_at = bought.period_end  # of which nothing is heard
        shop.time.set(bought.period_end + timedelta(seconds=1))
        await shop.wait(30)
        assert not shop.has()


async def test_an_end_that_moves_is_followed_without_a_gap(shop):
    async with shop.running():
        sku = await shop.sell()
        await shop.linked()
        bought = shop.premium.buy_until(shop.buyer, sku, 30)
        await shop.shows(lambda row: row is not None and row.end is not None)
        assert (await shop.bought())[0].kind == "until"
        assert abs(shop.row().end - bought.ends_at) < timedelta(seconds=1)
        later = bought.ends_at + timedelta(days=31)
        shop.premium.end(bought, later)
        await shop.shows(lambda row: row is not None and row.end >= later - timedelta(seconds=1))
        removals = [call for call in shop.vendor.fake.log if call.name == "remove"]
        assert removals == []
        shop.premium.end(bought, None)
        await shop.shows(endless)


async def test_a_refund_ends_it_at_once_and_what_came_twice_counts_once(shop):
    async with shop.running():
        sku = await shop.sell()
        await shop.linked()
        bought = shop.premium.subscribe(shop.buyer, sku)
        shop.premium._tell("CREATE", bought.entitlement)
        await shop.shows(endless)
        assert len(await shop.bought()) == 1
        shop.premium.take_back(bought.entitlement)
        await shop.shows(lambda row: row is None)
        shop.premium._tell("DELETE", bought.entitlement)
        await shop.rest()
        assert len(await shop.bought()) == 1
        shop.premium.subscribe(shop.buyer, sku)  # bought anew
        await shop.shows(endless)


async def test_what_is_told_late_brings_nothing_back(shop):
    async with shop.running() as services:
        sku = await shop.sell()
        await shop.linked()
        bought = shop.premium.subscribe(shop.buyer, sku)
        await shop.shows(endless)
        [page] = [some async for some in services.discord_shop.held(frozenset({sku.id}))]
        shop.premium.take_back(bought.entitlement)
        await shop.shows(lambda row: row is None)
        bought.entitlement.is_deleted = False
        shop.premium._tell("CREATE", bought.entitlement)
        bought.entitlement.is_deleted = True
        await shop.rest()
        await services.premium_access.see(page)  # asked for before it was taken back
        await shop.rest()
        assert not shop.has()
        assert len(await shop.bought()) == 1


async def test_nothing_comes_by_a_test_or_by_what_opens_nothing(shop):
    async with shop.running():
        sku = await shop.sell()
        await shop.linked()
        shop.premium.test(shop.buyer, sku)
        shop.premium.subscribe(shop.buyer, shop.premium.add_sku("Other"))
        elsewhere = shop.fake.add_guild("Elsewhere", shop.owner)
        shop.premium.subscribe(shop.buyer, sku, elsewhere)
        await shop.rest()
        assert await shop.bought() == []


async def test_a_durable_is_for_good(shop):
    async with shop.running():
        sku = await shop.sell(Sold.DURABLE)
        await shop.linked()
        shop.premium.buy(shop.buyer, sku)
        await shop.shows(endless)
        assert [each.kind for each in await shop.bought()] == ["lifetime"]


async def test_a_consumable_is_used_up_once_it_is_stored_and_discord_is_told_until_it_hears(shop):
    async with shop.running():
        sku = await shop.sell(Sold.CONSUMABLE, length="1M")
        await shop.linked()
        silent = shop.fake.switches.fail("consume", 503, times=None)
        bought = shop.premium.buy(shop.buyer, sku)
        await shop.shows(lambda row: row is not None)
        assert not bought.is_consumed
        shop.fake.switches.remove(silent)
        await shop.wait(61)
        await eventually(lambda: bought.is_consumed)
        second = shop.premium.buy(shop.buyer, sku)  # it can be bought again, and chains
        await eventually(lambda: second.is_consumed)
        await shop.rest()
        assert [each.length for each in await shop.bought()] == ["1M", "1M"]
        consumed = [call for call in shop.fake.calls if call[1].endswith("/consume")]
        assert consumed[-1][2] == 204
        shop.premium._tell("UPDATE", bought)
        await shop.rest()
        assert len(await shop.bought()) == 2


async def test_what_happened_while_the_bot_was_off_is_made_good_at_the_start(shop):
    async with shop.running():
        sku = await shop.sell()
        await shop.linked()
        kept = shop.premium.subscribe(shop.buyer, sku)
        await shop.shows(endless)
        shop.premium.cancel(kept)
        await shop.rest()
    shop.premium.resume(kept)
    other = shop.premium.subscribe(shop.stranger, sku)
    async with shop.running():
        await eventually(lambda: shop.told(shop.stranger, "I do not know your TradingView name"))
        await shop.rest()
        first, second = await shop.bought()
        assert (first.lapses_at, first.source_ended_at) == (None, None)
        assert second.member_id == shop.stranger.id
    shop.premium.take_back(kept.entitlement)
    shop.premium.end(other.entitlement, shop.time.now())
    async with shop.running():
        await shop.shows(lambda row: row is None)
        assert all(each.source_ended_at for each in await shop.bought())


async def test_what_was_bought_before_anybody_said_what_it_opens_is_taken_then(shop):
    async with shop.running() as services:
        await shop.linked()
        sku = shop.premium.add_sku("Gold")
        shop.premium.subscribe(shop.buyer, sku)
        await shop.rest()
        assert await shop.bought() == []
        (sold,) = await services.discord_shop.skus()  # without the group beside it
        assert sold == PremiumSku(sku.id, "Gold", SkuKind.SUBSCRIPTION)
        opening = await services.premium_rules.add(shop.request(), sold, "trend")
        assert opening.item.slug == "trend"
        await shop.shows(endless)
        # removed, it opens nothing new, and what was bought goes on
        assert len(await services.premium_rules.listed(shop.guild.id)) == 1
        await services.premium_rules.remove(shop.request(), sku.id, "trend")
        assert await services.premium_rules.listed(shop.guild.id) == []
        shop.premium.subscribe(shop.stranger, sku)
        await shop.rest()
        assert len(await shop.bought()) == 1
        assert shop.has()


async def test_a_list_that_did_not_come_to_its_end_takes_nothing_from_anybody(shop):
    async with shop.running():
        sku = await shop.sell()
        await shop.linked()
        bought = shop.premium.subscribe(shop.buyer, sku)
        await shop.shows(endless)
    silent = shop.fake.switches.fail("premium", 503, times=None)
    del shop.premium.entitlements[bought.entitlement.id]
    async with shop.running():
        await asyncio.sleep(0)
        await shop.rest()
        assert shop.has()
        shop.fake.switches.remove(silent)
        await shop.wait(61)
        await shop.shows(lambda row: row is None)


async def test_what_staff_ended_stays_ended_until_they_grant_again(shop):
    async with shop.running() as services:
        sku = await shop.sell()
        await shop.linked()
        bought = shop.premium.subscribe(shop.buyer, sku)
        await shop.shows(endless)
        answer = await shop.run(shop.as_mod, "access revoke", item="trend", member=shop.buyer)
        if shop.has():
            press = await shop.as_mod.press(answer.original, answer.original.buttons[0])
            await press.answered()
        await shop.shows(lambda row: row is None)
        shop.premium._tell("UPDATE", bought.entitlement)
        services.premium_rounds.arrived()
        await shop.rest()
        assert not shop.has()


async def test_what_can_be_bought_again_needs_a_length_and_what_opens_nothing_is_not_removed(shop):
    async with shop.running() as services:
        with pytest.raises(PremiumNeedsLength):
            await shop.sell(Sold.CONSUMABLE)
        with pytest.raises(PremiumOpensNothing):
            await services.premium_rules.remove(shop.request(), 5, "trend")


async def test_a_role_that_discord_sells_opens_an_item(shop):
    shop.fake.changes.sell_role(shop.guild, shop.vip)
    async with shop.running():
        await shop.linked()
        await shop.let_open()
        shop.give_role(shop.buyer, shop.vip)
        await shop.shows(endless)
