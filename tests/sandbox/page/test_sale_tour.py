"""The tour's chapter of a sale that comes in while the login is dead, played against the real bot."""

import pytest
import pytest_asyncio

from bot.sandbox import opened
from tests.support.fake_time import eventually
from tests.support.sandboxes import has_opened

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox():
    """A sandbox with a payment provider; everything is as it opened."""
    async with opened(0, kind="sale") as sandbox:
        await has_opened(sandbox)
        yield sandbox


async def test_a_sale_waits_for_the_login_and_nobody_types_it_anywhere(sandbox, look):
    simulation = sandbox.simulation
    shop = simulation.shop
    eyes = await look(sandbox)

    async def offered(label):
        await eyes.page.locator("#panel-tour .step.open button", has_text=label).click()

    async def sent(label):
        await offered(label)
        await eyes.page.locator("#send:focus").wait_for()
        await eyes.press("Enter")

    async def reached(step):
        await eventually(lambda: simulation.tour.current == step)

    await eyes.sees("#panel-tour", "A sale comes in while the login is dead")
    await sent("Fill in /webhook add")
    await eyes.page.locator("#form[open] button", has_text="Paste the shop's secret").click()
    secret = await eyes.page.locator("#form [name=secret]").input_value()
    assert secret == shop.payments.accounts["standard"].secret
    await eyes.page.locator("#form button[type=submit]").click()
    await eyes.sees("#messages .message", "/webhooks/")
    await offered("Paste the address at the shop")
    await reached(1)
    await offered("End the login")
    await reached(2)
    await offered("Gita buys")
    await reached(3)
    assert [each.status for each in shop.payments.sent] == [200]
    await offered("Read #access-log as Olivia")
    asked = eyes.page.locator("#messages .menu.open").last
    await asked.locator("label.choice", has_text=shop.publications[0].script.title).click()
    await asked.locator("button", has_text="Choose").click()
    await reached(4)
    assert shop.chart_of(shop.unlinked.name) == ()
    simulation.new_cookies()
    await sent("Fill in /session update")
    for name in ("sessionid", "sessionid_sign"):
        await eyes.page.locator(
            "#form[open] button", has_text=f"Paste the new {name}"
        ).first.click()
    await eyes.page.locator("#form button[type=submit]").click()
    await reached(5)
    await offered("Open Gita's list")
    await eyes.sees("#chart .scripts li", shop.publications[0].script.title)
    await eyes.sees("#panel-tour", "That was the tour")
    written = [call for call in shop.tradingview.log if call.name == "add" and call.applied]
    assert [each.username for each in written if each.username == shop.unlinked.name] == [
        shop.unlinked.name
    ]
