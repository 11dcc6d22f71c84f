"""From nothing to the proof: a bot without a token, its own first page, the pretend portal, and `/setup show`."""

import socket

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe

from bot.sandbox import opened
from bot.sandbox.child import Line
from tests.support.fake_time import eventually
from tests.support.sandboxes import has_opened

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def new_shop():
    """A sandbox as in a container, whose bot was started without a token and printed its link."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with opened(0, kind="new", host="0.0.0.0", bot_port=port) as sandbox:
        await has_opened(sandbox)
        assert [task.state for task in sandbox.simulation.opening.tasks] == ["done"]
        yield sandbox


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox():
    """The page and the stand-ins, without a bot."""
    async with opened(0, with_bot=False) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="module")
async def new_world():
    """The same without a bot that runs."""
    async with opened(0, kind="new", with_bot=False) as sandbox:
        yield sandbox.simulation


async def test_the_link_is_the_last_one_of_the_bot_that_runs(new_world):
    first_run = new_world.first_run
    for source, text, link in (
        ("bot", "INFO web endpoint at http://127.0.0.1:8080", None),
        ("bot", "    http://127.0.0.1:8080/setup/#abc", "http://127.0.0.1:8080/setup/#abc"),
        ("bot", "    https://bot.example/setup/#abc", "http://127.0.0.1:8080/setup/#abc"),
        ("bot", "    http://127.0.0.1:8080/setup/#def", "http://127.0.0.1:8080/setup/#def"),
        ("sandbox", "The bot is gone", None),
    ):
        first_run.read(Line(1, "", source, text))
        assert first_run.link == link


async def test_the_invite_s_page_lets_the_bot_in_and_gives_it_rights_later(new_world):
    shop, changed = new_world.shop, new_world.subscribe()
    assert (shop.has_bot, new_world.snapshot()["first_run"]["has_bot"]) == (False, False)
    for bits in (1 << 10, 1 << 28):
        new_world.happen({"do": "authorize", "permissions": str(bits)})
        assert shop.discord.bot_role(shop.guild).permissions == bits
    await eventually(lambda: new_world.snapshot()["first_run"]["has_bot"])

    async def told():
        while (event := await changed.get())["type"] != "first_run":
            pass
        return event["first_run"]

    assert (await told())["has_bot"]


async def new_tab(eyes, button):
    """Press a link that opens a new tab; the bot's page in it."""
    async with eyes.page.context.expect_page() as opening:
        await eyes.page.locator(button).click()
    page = await opening.value
    page.set_default_timeout(60_000)
    return page


async def test_the_whole_way_from_nothing_to_the_proof(new_shop, look):
    simulation = new_shop.simulation
    shop = simulation.shop
    eyes = await look(new_shop)

    async def pressed(label):
        await eyes.page.locator("#messages .message button", has_text=label).last.click()

    async def reached(step):
        await eventually(lambda: simulation.tour.current == step)

    # The bot's own page, which the terminal's link opens
    settings = simulation.child._environment
    assert {"DISCORD_API_URL", "DISCORD_GATEWAY_URL"} <= settings.keys()
    assert not {"DISCORD_TOKEN", "DISCORD_GUILD_ID"} & settings.keys()
    own = f"http://127.0.0.1:{settings['HTTP_PORT']}"
    assert simulation.first_run.link.startswith(f"{own}/setup/#")
    await eyes.sees("#botcard", "Waits for you")
    assert await eyes.page.locator("[data-key='firstrun invite']").is_disabled()
    assert await eyes.page.locator("[data-key='place dashboard']").is_disabled()
    found = await Axe().run(eyes.page)
    assert [each["id"] for each in found.response["violations"]] == []
    page = await new_tab(eyes, "[data-key='firstrun link']")
    await page.locator("input#token[type=password]").fill(
        await eyes.page.locator("#firsttoken").inner_text()
    )
    await page.get_by_role("button", name="Check the token").click()
    await page.get_by_text("Server Members Intent is off").wait_for()
    await reached(1)
    # The developer portal's switch, and the bot is killed: what it was told is kept
    await eyes.page.locator("#firstintent").check()
    await page.get_by_role("button", name="I changed it: look again").click()
    await page.get_by_text("Server Members Intent is on").wait_for()
    before = simulation.first_run.link
    await eyes.page.locator("[data-key='side kill']").click()
    await eyes.page.locator("[data-key='firstrun start']").click()
    await eventually(lambda: simulation.first_run.link not in (None, before))
    await page.close()
    page = await new_tab(eyes, "[data-key='firstrun link']")
    await page.get_by_role("link", name="Invite the bot to your server").wait_for()
    # What the page of the invite link does; the rest goes by itself
    await eyes.page.locator("[data-key='firstrun invite']").click()
    await page.get_by_text("type /setup show").wait_for()
    await page.close()
    await reached(2)
    await eyes.page.locator("#send:focus").wait_for()  # /setup show is filled in
    await eyes.press("Enter")
    await pressed("Make role and channel for me")
    await pressed("Give me the rights")
    await eyes.sees("#authorize .rights", "Manage Roles")
    await eyes.press("Enter")
    await eyes.page.locator("#authorize:not([open])").wait_for(state="attached")
    await reached(3)  # it goes on by itself
    # A TradingView login, the scripts, the proof
    await eyes.page.locator("#panel-tour button", has_text="Copy new cookies").click()
    await pressed("Add the TradingView login")
    for which in ("Paste the new sessionid", "Paste the new sessionid_sign"):
        await eyes.page.get_by_role("button", name=which, exact=True).click()
        await eyes.page.locator("#form input:focus, #form textarea:focus").wait_for()
    await eyes.press("Enter")
    await reached(4)
    await eyes.page.locator("#messages .menu").last.wait_for()  # under the login's answer
    for box in await eyes.page.locator("#messages .menu").last.locator("input").all():
        await box.check()
    await eyes.page.locator("#messages .menu button", has_text="Choose").last.click()
    await reached(5)
    await pressed("Take over")
    await eventually(lambda: simulation.tour.describe()["steps"][5]["goals"][0]["done"])
    await eyes.page.locator("#panel-tour button", has_text="Fill in /setup show").click()
    await eyes.page.locator("#send:focus").wait_for()
    await eyes.press("Enter")
    await pressed("Prove that it works")
    await eyes.page.locator("#form input").first.fill(shop.unlinked.name)
    await eyes.press("Enter")
    await eyes.sees("#panel-tour", "That was the tour")
    assert shop.chart_of(shop.unlinked.name) == ()
    assert {call.name for call in shop.tradingview.log if call.applied} == {"add", "remove"}
    # The dashboard opens with one press
    page = await new_tab(eyes, "[data-key='place dashboard']")
    await page.locator("nav.side").wait_for()
    assert page.url.startswith(f"{own}/dashboard/{shop.guild.id}")
    await page.close()
