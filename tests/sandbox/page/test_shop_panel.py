"""The pretend shop on the page: a provider's form, a sale, what became of it, and the bot's answers."""

import pytest
import pytest_asyncio
from aiohttp import web

from bot.sandbox import opened
from bot.sandbox.discord.interactions import Kind
from bot.sandbox.payments.forms import FORMS
from tests.support.fake_time import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox():
    """The page and the stand-ins; in place of the bot, something that takes what comes to `wh_1`."""

    async def take(request):
        return web.Response(status=200 if request.match_info["name"] == "wh_1" else 401)

    app = web.Application()
    app.router.add_post("/webhooks/{name}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with opened(0, with_bot=False, kind="sale") as sandbox:
        address = "http://{}:{}".format(*runner.addresses[0][:2])
        sandbox.simulation.shop.payments.address = address
        yield sandbox
    await runner.cleanup()


async def open_shop(look, sandbox, width, height):
    eyes = await look(sandbox, width, height)
    await eyes.page.locator("#bottom [data-view=shop]" if width < 861 else "#tab-shop").click()
    return eyes


async def widths(eyes):
    """How wide the page is, and its panel beside what stands in it."""
    return await eyes.page.evaluate(
        "[document.scrollingElement.scrollWidth, document.getElementById('panel-shop').scrollWidth,"
        " document.getElementById('panel-shop').clientWidth]"
    )


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
async def test_a_sale_is_played_by_key_and_shows_each_message_with_its_answer(
    sandbox, look, width, height
):
    payments = sandbox.simulation.shop.payments
    eyes = await open_shop(look, sandbox, width, height)

    async def entered(where):
        await eyes.page.locator(where).first.focus()
        await eyes.press("Enter")

    await eyes.sees("#sale-secret", payments.accounts["standard"].secret)
    await entered("[data-key=buy]")  # the shop does not know where to send it
    await eyes.sees("#notice", "Paste the bot's address first")
    await eyes.page.locator("#sale-paste").fill("Address: https://bot.example/webhooks/wh_1 .")
    await eyes.press("Enter")
    await eyes.sees("#sale-address", f"{payments.address}/webhooks/wh_1")
    assert await eyes.page.locator("#sale-username").input_value() == "Gita-Ray"
    await entered("[data-key=buy]")
    await eyes.sees("#sale-orders li", "Gita: trend")
    await eyes.sees("#sale-sent li", "paid")
    await eyes.sees("#sale-sent .outcome", "200")
    await eyes.page.locator("#sale-twice").check()
    await entered("#sale-orders [data-key^=renew]")
    await eventually(lambda: len(payments.sent) == 3)
    await eyes.page.locator("#sale-sent > li:nth-child(3)").wait_for()
    numbers = await eyes.page.locator("#sale-sent details").evaluate_all(
        "all => all.map((each) => each.dataset.number)"
    )
    assert numbers == ["3", "2", "1"]  # newest first
    # one that was opened stays open when the next message comes
    await entered("#sale-sent summary")
    await entered("#sale-orders [data-key^=dispute]")
    await eyes.sees("#sale-sent li:first-child", "disputed")
    await eyes.page.locator("#sale-sent details[data-number='3'][open]").wait_for()
    await eyes.sees("#sale-orders small", "subscription, disputed")
    await eyes.page.locator("#sale-orders [data-key^=win]").wait_for()
    page, panel, inside = await widths(eyes)
    assert page <= width
    assert panel <= inside


async def test_each_provider_has_its_secret_and_offers_what_it_tells_of(sandbox, look):
    payments = sandbox.simulation.shop.payments
    eyes = await open_shop(look, sandbox, 1280, 800)
    for form in FORMS.values():
        await eyes.page.locator("#sale-form").select_option(form.id)
        await eyes.sees("#sale-secret", payments.accounts[form.id].secret)
        await eyes.sees("#sale-provider", f"/webhook add {form.name}")
        chosen = await eyes.page.locator("#sale-kind").input_value()
        assert chosen == ("subscription" if form.deeds else "once")
    payments.connect("kofi", "/webhooks/elsewhere")
    await eyes.page.locator("#sale-form").select_option("kofi")
    await eyes.page.locator("[data-key=buy]").click()
    await eyes.sees("#sale-sent .outcome.bad", "401")
    actions = eyes.page.locator("#sale-orders li:first-child [data-key]")
    assert await actions.all_inner_texts() == ["Renew"]


async def test_the_tour_ticks_what_the_shop_did(sandbox):
    simulation = sandbox.simulation
    tour, shop = simulation.tour, simulation.shop
    owner = shop.discord.person(shop.owner)

    def goals(step):
        return [goal["reached"] for goal in tour.describe()["steps"][step]["goals"]]

    with pytest.raises(ValueError, match="use /webhook add first"):
        await simulation.sell({"do": "connect", "form": "standard"})
    used = shop.discord.interaction_service.open(
        Kind.COMMAND, shop.owner, shop.general, {"name": "webhook"}, command="webhook add"
    )
    bot = shop.discord.world
    said = type(await owner.say("x", channel=shop.general))(
        bot.ids.next(), shop.general, bot.bot, bot.now(), "Paste `https://x.example/webhooks/wh_1`"
    )
    said.keep(bot.now())
    used.original = said
    tour.used(used)
    assert goals(0) == [1, 0]
    await simulation.sell({"do": "connect", "form": "standard"})
    assert tour.current == 1
    shop.tradingview.switches.logged_out = True
    tour.look()
    assert tour.current == 2
    offered = tour.describe()["steps"][2]["actions"][0]
    await simulation.sell(offered["body"])
    assert shop.payments.sent[-1].status == 200
    assert tour.current == 3
    picked = shop.discord.interaction_service.open(
        Kind.COMPONENT, shop.owner, shop.history, {"custom_id": "x", "values": ["1"]}
    )
    tour.used(picked)
    assert tour.current == 4
    shop.tradingview.world.grant(shop.publications[0].script.pine_id, shop.unlinked.name, None)
    simulation.new_cookies()
    assert tour.current == 5
    simulation.open_chart(shop.unlinked.name)
    assert tour.describe()["done"]
