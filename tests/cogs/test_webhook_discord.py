"""/webhook for Discord's own shop: what it sells, what each thing opens, and how that is undone."""

import contextlib

import pytest

from bot.sandbox.discord.premium import SkuKind
from tests.support.discord_harness import eventually, labels, text_of
from tests.support.role_shop import RoleShop


class Shop(RoleShop):
    """A server whose script Discord sells; Ben, a buyer, is Ann_Trades on TradingView."""

    @contextlib.asynccontextmanager
    async def running(self, **changed):
        async with super().running(**changed) as services:
            services.premium_rounds.start(services.jobs)
            await self.rest()
            yield services

    async def owner(self, command, **options):
        ran = await self.as_owner.run(command, guild=self.guild, **options)
        await ran.answered()
        return ran.original

    async def choose(self, message, place, label, who=None):
        picked = await (who or self.as_owner).choose(message, place, [label])
        await picked.answered()
        return picked.original


@pytest.fixture
async def shop(closed_office):
    shop = Shop(closed_office)
    await shop.open()
    return shop


async def test_where_discord_sells_nothing_it_says_what_to_do_and_looks_again(shop):
    async with shop.running():
        said = await shop.owner("webhook add", provider="discord")
        assert "Discord sells nothing for this bot yet" in text_of(said)
        assert "*Monetization*" in text_of(said)
        assert labels(said) == ["Look again"]
        shop.fake.premium.add_sku("Gold")
        pressed = await shop.as_owner.press(said, "Look again")
        await pressed.answered()
        assert "**Gold** → ⚠️ nothing yet" in text_of(pressed.original)


async def test_a_thing_is_given_an_item_another_and_none(shop):
    async with shop.running():
        await shop.link(shop.buyer, "Ann_Trades")
        sku = shop.fake.premium.add_sku("Gold")
        shop.fake.premium.subscribe(shop.buyer, sku)
        said = await shop.owner("webhook add", provider="discord")
        assert "needs no address and no secret" in text_of(said)
        assert "a subscription: access lasts as long as it runs" in text_of(said)
        picked = await shop.choose(said, 0, "Trend")
        assert "Gold gives Trend" in text_of(picked)
        assert "**Gold** → **Trend**" in text_of(picked)
        await eventually(shop.has)
        listed = text_of(await shop.owner("webhook list"))
        assert "**Discord's own shop**, connection 0" in listed
        assert "**Gold** → **Trend**" in listed
        told = await shop.owner("webhook edit", connection=0, grace=4)
        assert "has no such settings" in text_of(told)
        shown = await shop.owner("webhook edit", connection=0)
        await shop.owner("product create", slug="gold", title="Gold", scripts="trend")
        shown = await shop.choose(await shop.owner("webhook edit", connection=0), 0, "Gold")
        assert "**Gold** → **Gold**" in text_of(shown)
        opens = await shop.premium_rules.listed(shop.guild.id)
        assert [each.item.slug for each in opens] == ["gold"]
        shown = await shop.choose(shown, 0, "Nothing")
        assert "Gold gives nothing new from now on" in text_of(shown)
        assert await shop.premium_rules.listed(shop.guild.id) == []
        await shop.rest()
        assert shop.has()


async def test_it_is_removed_after_a_question_and_brought_back(shop):
    async with shop.running():
        shop.fake.premium.add_sku("Gold")
        said = await shop.owner("webhook remove", connection=0)
        assert "is not connected here" in text_of(said)
        await shop.choose(await shop.owner("webhook add", provider="discord"), 0, "Trend")
        assert await offered(shop, "webhook edit") == ["0 – Discord's own shop"]
        assert await offered(shop, "webhook test") == []
        said = await shop.owner("webhook remove", connection=0)
        assert "Whoever bought before keeps" in text_of(said)
        pressed = await shop.as_owner.press(said, "No, leave it")
        await pressed.answered()
        assert len(await shop.premium_rules.listed(shop.guild.id)) == 1
        said = await shop.owner("webhook remove", connection=0)
        pressed = await shop.as_owner.press(said, "Yes, remove it")
        await pressed.answered()
        assert "is removed" in text_of(pressed.original)
        assert await shop.premium_rules.listed(shop.guild.id) == []
        assert "No shop is connected yet" in text_of(await shop.owner("webhook list"))
        assert await offered(shop, "webhook edit") == []


async def offered(shop, command):
    found = await shop.as_owner.complete(command, "connection", "", guild=shop.guild)
    return [each["name"] for each in found]


async def test_what_can_be_bought_again_needs_a_length_and_a_script_has_none(shop):
    async with shop.running():
        shop.fake.premium.add_sku("Day pass", SkuKind.CONSUMABLE)
        said = await shop.owner("webhook add", provider="discord")
        await shop.choose(said, 0, "Trend")
        await eventually(
            lambda: any(
                "needs a usual length" in text_of(m) for m in shop.as_owner.sees(shop.channel)
            )
        )
        assert await shop.premium_rules.listed(shop.guild.id) == []


async def test_more_things_and_items_than_a_message_holds_are_turned_like_pages(shop):
    async with shop.running():
        for number in range(1, 6):
            shop.fake.premium.add_sku(f"Thing {number}")
        said = await shop.owner("webhook add", provider="discord")
        assert "Thing 4" in text_of(said)
        assert "Thing 5" not in text_of(said)
        pressed = await shop.as_owner.press(said, "Next ▶")
        await pressed.answered()
        assert "Thing 5" in text_of(pressed.original)
        picked = await shop.choose(pressed.original, 0, "Trend")
        assert "Thing 5 gives Trend" in text_of(picked)


async def test_a_silent_discord_changes_nothing_and_a_button_of_a_thing_that_is_gone_says_so(shop):
    async with shop.running():
        sku = shop.fake.premium.add_sku("Gold")
        said = await shop.owner("webhook add", provider="discord")
        silent = shop.fake.switches.fail("premium", 503, times=None)
        again = await shop.owner("webhook add", provider="discord")
        assert "Discord does not answer just now" in text_of(again)
        shop.fake.switches.remove(silent)
        del shop.fake.premium.skus[sku.id]
        picked = await shop.as_owner.choose(said, 0, ["Trend"])
        await picked.until(
            lambda _: any("too old" in text_of(m) for m in shop.as_owner.sees(shop.channel))
        )
        assert await shop.premium_rules.listed(shop.guild.id) == []
