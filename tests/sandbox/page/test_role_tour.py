"""The tour's chapter of a buyer who comes with a role, played with the keyboard against the real bot."""

import pytest
import pytest_asyncio

from bot.sandbox import opened
from bot.sandbox.tour.steps import answer
from tests.support.fake_time import eventually
from tests.support.sandboxes import has_opened

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def role_shop():
    """A sandbox where a payment bot gives a role to those who pay; everything is as it opened."""
    async with opened(0, kind="role") as sandbox:
        await has_opened(sandbox)
        yield sandbox


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox():
    """The page and the stand-ins, without a bot."""
    async with opened(0, with_bot=False) as sandbox:
        yield sandbox


async def test_a_buyer_comes_with_a_role_and_ends_at_the_chart_by_key(role_shop, look):
    simulation = role_shop.simulation
    shop = simulation.shop
    eyes = await look(role_shop)

    async def offered(label):
        button = eyes.page.locator("#panel-tour .step.open button", has_text=label)
        await button.focus()
        await eyes.press("Enter")

    async def sent(label):
        await offered(label)
        await eyes.page.locator("#send:focus").wait_for()
        await eyes.press("Enter")

    async def reached(step):
        await eventually(lambda: simulation.tour.current == step)

    def answers():
        asked = [each for each in shop.discord.interactions if each.command == "access check"]
        return [text for each in asked if "gold" in (text := answer(each))]

    async def check_says(*, lost):
        """Ask until the bot has followed the role: Discord tells it of that beside the command."""
        heard = []
        while not heard or ("unless that comes back" in heard[-1]) is not lost:
            known = len(answers())
            await sent("Fill in /access check")
            heard = await eventually(lambda known=known: answers()[known:])

    async def list_shows(*titles):
        await eyes.page.locator("#chart[open]").wait_for()
        assert await eyes.page.locator("#chart .scripts li span").all_inner_texts() == [
            f"{title}\nby Harbor_Charts" for title in titles
        ]
        await eyes.press("Escape")
        await eyes.page.locator("#chart:not([open])").wait_for(state="attached")

    await eyes.sees("#panel-tour", "A buyer comes with a role")
    await sent("Fill in the product")
    await reached(1)
    await sent("Fill in the role")
    await reached(2)
    await offered("The payment bot gives Gita the role")
    await eyes.sees("#card .who", "Gita-Ray")
    await reached(3)
    await offered("Read what the bot wrote")
    await eyes.sees("#messages .message", "I do not know your TradingView name yet")
    # before she has anything, her list is empty
    await eyes.page.locator("#card [data-key='see chart']").focus()
    await eyes.press("Enter")
    await eyes.sees("#chart", "No invite-only scripts")
    await eyes.press("Escape")
    await sent("Fill in /link")
    yes = eyes.page.locator("#messages button", has_text="Yes")
    await yes.focus()
    await eyes.press("Enter")
    await reached(4)
    await offered("Read what the bot wrote")
    await eyes.sees("#messages .message", "because you have the role Gold")
    await offered("Open Gita's list")
    await list_shows("Trend Finder Pro", "Volume Map")
    await reached(5)
    gita = shop.discord.person(shop.unlinked.user)
    assert len(gita.dms()) == 2
    written = len([call for call in shop.tradingview.log if call.applied])
    await offered("The payment bot takes the role")
    await check_says(lost=True)
    await eyes.sees("#messages .message", "unless that comes back")
    await reached(6)
    await offered("The payment bot gives it back")
    await check_says(lost=False)
    await eventually(lambda: simulation.tour.describe()["steps"][6]["goals"][1]["done"])
    await offered("Open Gita's list")
    await list_shows("Trend Finder Pro", "Volume Map")
    await eyes.sees("#panel-tour", "That was the tour")
    # nothing happened when it was lost and found, and she was told of it once
    assert len(gita.dms()) == 2
    assert len([call for call in shop.tradingview.log if call.applied]) == written
    await eyes.page.locator("[data-key=again]:focus").press("Enter")
    await eyes.sees("#panel-tour .otherquestion", "What you did in this one is forgotten")


async def test_a_list_that_stands_open_changes_with_tradingview_and_gives_the_focus_back(
    sandbox, look
):
    simulation = sandbox.simulation
    volume = simulation.shop.publications[2].script
    eyes = await look(sandbox, 390, 844)
    await eyes.page.locator("#bottom [data-view=customers]").click()
    opener = eyes.page.locator("[data-key='see chart']")
    await opener.focus()
    await eyes.press("Enter")
    await eyes.sees("#chart", "No invite-only scripts")  # what Bea had has lapsed
    simulation.shop.tradingview.world.grant(volume.pine_id, "bea_trades", None)
    simulation.write_profile("bea_trades", "")  # which tells the page of her rows
    await eyes.sees("#chart .scripts li", "Volume Map")
    assert await eyes.page.evaluate("document.scrollingElement.scrollWidth") <= 390
    await eyes.page.locator("[data-key='close chart']").focus()
    await eyes.press("Enter")
    await eyes.page.locator("[data-key='see chart']:focus").wait_for()
