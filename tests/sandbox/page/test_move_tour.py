"""The tour's chapter of a change of shop, played against the real bot and with the real commands of a terminal."""

import asyncio
from datetime import timedelta

import pytest
import pytest_asyncio

from bot.sandbox import opened, sample_customers
from tests.support.fake_time import eventually
from tests.support.sandboxes import has_opened

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(monkeypatch):
    """A shop that runs, whose customers paid at another one until now; fewer of them than usual."""
    monkeypatch.setattr(sample_customers, "SIZE", 45)
    async with opened(0, kind="move") as sandbox:
        await has_opened(sandbox)
        yield sandbox


async def test_the_customers_of_another_shop_keep_their_ends(sandbox, look):
    simulation = sandbox.simulation
    shop, tour = simulation.shop, simulation.tour
    eyes = await look(sandbox)
    step = eyes.page.locator("#panel-tour .step.open")

    async def typed():
        """Type the line that the tour shows into a terminal."""
        line = await step.locator(".line code").inner_text()
        process = await asyncio.create_subprocess_shell(
            line, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        said, progress = await process.communicate()
        assert process.returncode == 0, progress
        return said.decode()

    async def reached(number):
        await eventually(lambda: tour.current == number, seconds=180)

    def written():
        return sum(1 for call in shop.tradingview.log if call.name in ("add", "modify", "remove"))

    def end_of(name):
        return shop.tradingview.world.row(shop.publications[0].script.pine_id, name).end

    async def offered(label):
        await step.locator("button", has_text=label).click()

    async def sent(label):
        await offered(label)
        await eyes.page.locator("#send:focus").wait_for()
        await eyes.press("Enter")

    async with eyes.page.expect_download() as download:
        await step.locator("a", has_text="Keep the list").click()
    assert (await download.value).suggested_filename == "members.csv"
    before = written()
    said = await typed()
    assert "Nothing was changed" in said
    await reached(1)
    await sent("Fill in /webhook add")
    await eyes.page.locator("#form[open] button", has_text="Paste the shop's secret").click()
    await eyes.page.locator("#form button[type=submit]").click()
    await eyes.sees("#messages .message", "/webhooks/")
    await offered("Paste the address at the shop")
    await reached(2)
    await typed()
    await sent("Ask about Carl")
    await reached(3)
    assert written() == before
    await typed()
    await reached(4)
    end = end_of("carl.fx")
    await offered("Carl pays again")
    await reached(5)
    assert [each.status for each in shop.payments.sent] == [200, 200]
    assert timedelta(days=27) < end_of("carl.fx") - end < timedelta(days=34)
    await typed()
    await eyes.sees("#panel-tour", "That was the tour")
