"""The tour's chapter of hundreds at once, played against the real bot."""

import pytest
import pytest_asyncio

from bot.sandbox import opened, sample_customers, sandbox as sandboxes
from tests.support.fake_time import eventually
from tests.support.sandboxes import has_opened

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(monkeypatch):
    """A shop that runs, with fewer people, and with a TradingView that may be asked as often as the bot likes."""
    monkeypatch.setattr(sample_customers, "SIZE", 45)
    monkeypatch.setattr(sandboxes, "_HUNDREDS_PACE", "100")
    async with opened(0, kind="hundreds") as sandbox:
        await has_opened(sandbox)
        yield sandbox


async def test_a_list_an_outage_a_renewal_an_undo_and_two_managers(sandbox, look):
    simulation = sandbox.simulation
    shop, tour = simulation.shop, simulation.tour
    eyes = await look(sandbox)
    page = eyes.page

    async def offered(label):
        await page.locator("#panel-tour .step.open button", has_text=label).click()

    async def sent(label):
        await offered(label)
        await page.locator("#send:focus").wait_for()
        await eyes.press("Enter")

    async def pressed(label):
        await page.locator("#messages button", has_text=label).last.click()

    async def started(what):
        await eyes.sees("#messages .message:last-child", what)
        await pressed("Start for")

    async def reached(step):
        await eventually(lambda: tour.current == step, seconds=180)

    await eyes.sees("#panel-tour", "Hundreds at once")
    await sent("Fill in the list with mistakes")
    await reached(1)
    await page.locator("#messages summary", has_text="Look inside").click()
    for line in ("6", "11", "21"):
        await eyes.sees("#messages .inside tr td:first-child", line)

    await sent("Fill in the list")
    shop.tradingview.switches.latency = 1  # so that it runs until somebody has looked
    await started("for everybody in customers.csv")
    await eyes.sees("#messages .message:last-child", ", running:")
    await offered("Let 15 minutes pass")
    shop.tradingview.switches.latency = 0
    await reached(2)
    told = shop.discord.world.dm(shop.owner).messages[-1]
    assert "is done" in told.text
    assert told.attachments

    shop.tradingview.switches.latency = 1
    await sent("Fill in the three days")
    await started("compensate with")
    await eyes.sees("#messages .message:last-child", ", running:")
    await pressed("Pause")
    await reached(3)
    shop.tradingview.switches.latency = 0
    await sent("Fill in Carl's month")
    await eyes.sees("#messages .message", "Done:")
    await offered("Go on as Olivia")
    await pressed("Resume")
    await reached(4)

    await pressed("Undo")
    await started("undo batch")
    await reached(5)

    await sent("Fill in the list")
    await started("end access")
    await eyes.sees("#messages .message", "second manager")
    assert shop.chart_of("finn_fx")
    await offered("Read #access-log as Marco")
    await pressed("Approve")
    await eyes.sees("#panel-tour", "That was the tour")
    assert shop.chart_of("bea_trades") == ()
