"""The page in a browser, with the real bot behind it."""

import base64
import json

import aiohttp
import pytest
import pytest_asyncio

from bot.sandbox import opened
from bot.sandbox.child import Line
from bot.sandbox.discord.drafts import Draft, apply_edit, build, store
from tests.support.fake_time import eventually
from tests.support.sandboxes import has_opened

# One browser and one shop serve all of these; starting them takes longer than using them.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_shop():
    """A sandbox whose bot runs and is set up."""
    async with opened(0) as sandbox:
        await has_opened(sandbox)
        yield sandbox


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox():
    """The page and the stand-ins, without a bot."""
    async with opened(0, with_bot=False) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="module")
async def empty_shop():
    """A sandbox whose bot has just joined, with nothing set up."""
    async with opened(0, kind="empty") as sandbox:
        await has_opened(sandbox)
        yield sandbox


async def test_the_tour_from_the_first_sale_to_the_last_with_the_keyboard_alone(open_shop, look):
    simulation = open_shop.simulation
    simulation.tour.restart()
    eyes = await look(open_shop)

    async def offered(label):
        button = eyes.page.locator("#panel-tour button", has_text=label)
        await button.focus()
        await eyes.press("Enter")

    async def sold(label):
        await offered(label)
        await eyes.page.locator("#send:focus").wait_for()
        await eyes.press("Enter")

    # Sell a month
    await sold("Fill in the sale")
    await eyes.sees("#messages .message", "Done: bea_trades")
    await eyes.sees("#messages .only", "Only you can see this")
    await eyes.sees("#card tr.running", "Trend Finder Pro")
    await eyes.page.locator("#messages time").first.wait_for()
    # Be the customer
    await sold("Fill in /me")
    await eyes.sees("#messages .message", "Your TradingView name is bea_trades")
    await eyes.page.locator("#channels button", has_text="Usher").focus()
    await eyes.press("Enter")
    await eyes.sees("#messages .message", "You can use Trend Finder Pro")
    # Lose an answer
    await offered("Lose the next answer")
    await eyes.sees("#card", "An answer is lost after the write")
    await sold("Fill in a sale")
    await eventually(lambda: simulation.tour.current == 3)
    # Sell with a dead login
    await offered("End the login")
    for number, name in enumerate(("finn_fx", "finnegan", "emil77"), start=1):
        await sold(f"Sale {number}")
        await eyes.sees("#messages .message", f"for {name}")
    await eventually(lambda: simulation.tour.current == 4)
    # Pull the plug
    await offered("Kill the bot")
    await eyes.sees("#botcard", "Killed")
    await offered("Start the bot")
    await eventually(lambda: simulation.tour.current == 5)
    # New cookies
    await offered("Copy new cookies")
    await eyes.sees("#panel-tour dt", "sessionid_sign")
    await sold("Fill in /session update")
    for which in ("Paste the new sessionid", "Paste the new sessionid_sign"):
        await eyes.page.get_by_role("button", name=which, exact=True).focus()
        await eyes.press("Enter")
        await eyes.page.locator("#form input:focus, #form textarea:focus").wait_for()
    await eyes.press("Enter")
    await eyes.sees("#panel-tour", "That was the tour")
    writes = [call for call in simulation.shop.tradingview.log if call.applied]
    assert len({call.username for call in writes[-3:]}) == 3
    await eyes.page.locator("#people input").nth(1).check(force=True)
    await eyes.sees("#messages .message", "Done: emil77")
    # and the shop's own question
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{simulation.web_address}/validate/FINN") as answer,
    ):
        assert await answer.json() == {"validuser": True, "verifiedUserName": "finn"}


async def test_the_dashboard_opens_with_one_press_and_from_a_command(open_shop, look):
    eyes = await look(open_shop)
    server = f"{open_shop.simulation.web_address}/dashboard/{open_shop.simulation.shop.guild.id}/"

    async def opens(button):
        async with eyes.page.context.expect_page() as opening:
            await button.click()
        page = await opening.value
        page.set_default_timeout(60_000)
        await page.locator("nav.side").wait_for()
        assert page.url.startswith(server)
        return page

    before = await eyes.page.locator("#messages .message").count()
    page = await opens(eyes.page.locator("#placelink a"))
    assert await page.locator("nav.side").get_by_text("Settings").count()  # Olivia owns the server
    assert await eyes.page.locator("#messages .message").count() == before  # no used link is left
    await page.close()
    await eyes.page.locator("#tab-bot").click()
    await (await opens(eyes.page.locator("#panel-bot a", has_text="Open the dashboard"))).close()
    # as one of the staff, from what the bot says to the command
    await eyes.page.locator("#people label", has_text="Mina").click()
    await eyes.page.locator("#say").focus()
    await eyes.type("/dashboard")
    await eyes.press("Tab", "Enter")
    page = await opens(eyes.page.locator("#messages .message a", has_text="Open the dashboard"))
    await page.close()


async def test_commands_are_picked_filled_in_and_sent_by_key(open_shop, look):
    eyes = await look(open_shop)
    await eyes.page.locator("#say").focus()
    await eyes.type("/")
    await eyes.sees("#picker li", "/access grant")
    assert not await eyes.page.locator("#picker li", has_text="/session update").count()
    await eyes.type("access gr")
    await eyes.press("Tab")
    await eyes.page.locator("#option-item:focus").wait_for()
    await eyes.sees("#picker li", "Night Scalper")
    await eyes.press("ArrowDown", "Enter")
    await eyes.page.locator("#option-duration:focus").wait_for()
    await eyes.type("2W")
    await eyes.sees("#picker li", "2 weeks")
    await eyes.press("Escape", "Tab")
    await eyes.type("car")
    await eyes.sees("#picker li[aria-selected=true]", "@Carl")
    await eyes.press("Enter")
    assert await eyes.page.locator("#option-member").input_value() == "@Carl"
    await eyes.press("Enter")
    await eyes.sees("#messages .message", "Done: carl.fx (@Carl) has Trend Finder Pro")
    # leaving a command gives the message box back
    await eyes.type("/me ")
    await eyes.page.locator("#command .chip").wait_for()
    await eyes.page.locator("#send").focus()
    await eyes.page.locator("#command .cancel").focus()
    await eyes.press("Enter")
    await eyes.page.locator("#say:focus").wait_for()


async def test_buyers_link_themselves_with_a_button(open_shop, look):
    eyes = await look(open_shop)
    await eyes.page.locator("#people label", has_text="Gita").click()
    await eyes.page.locator("#say").focus()
    await eyes.type("/link ")
    await eyes.type("@gita-ray")
    await eyes.press("Enter")
    yes = eyes.page.locator("#messages button", has_text="Yes")
    await yes.focus()
    await eyes.press("Enter")
    await eyes.sees("#messages .message", "Gita-Ray")
    await eyes.page.locator("#messages button", has_text="Yes").wait_for(state="detached")


async def test_a_link_that_was_refused_is_not_believed_after_loading_anew(open_shop, look):
    eyes = await look(open_shop)
    await eyes.page.locator("#people label", has_text="Finn").click()
    await eyes.page.locator("#say").focus()
    await eyes.type("/link ")
    await eyes.type("carl.fx")
    await eyes.press("Enter")
    await eyes.sees("#card .who", "carl.fx")
    await eyes.page.locator("#messages .message .text").first.wait_for()
    await eyes.page.reload()
    await eyes.page.locator("#people label", has_text="Finn").click()
    await eyes.page.locator("#say").focus()
    await eyes.type("/me")
    await eyes.press("Enter")
    await eyes.sees("#card .who", "finn @Finn in Discord")


async def test_a_file_is_chosen_and_read_by_the_bot(open_shop, look):
    eyes = await look(open_shop)
    await eyes.page.locator("#say").focus()
    await eyes.type("/customer match ")
    rows = b"discord,username\nnobody_here,zz_top\n"
    table = {"name": "names.csv", "mimeType": "text/csv", "buffer": rows}
    await eyes.page.locator("#option-file").set_input_files(table)
    await eyes.page.locator("#send:focus").wait_for()
    await eyes.press("Enter")
    await eyes.sees("#messages .message", "zz_top")


async def test_the_vendor_s_first_day_in_an_empty_shop(empty_shop, look):
    simulation = empty_shop.simulation
    eyes = await look(empty_shop)
    messages = eyes.page.locator("#messages")

    async def offered(label):
        await eyes.page.locator("#panel-tour button", has_text=label).click()
        await eyes.page.locator("#send:focus").wait_for()
        await eyes.press("Enter")

    async def picked(open_with, label):
        await messages.locator("button", has_text=open_with).click()
        await messages.locator("select").last.select_option(label=label)
        await messages.locator(".menu button").last.click()

    await eyes.sees("#panel-tour", "Six steps through a first day")
    await offered("Fill in /setup show")
    await picked("Choose the role", "@Moderator")
    await picked("Choose the channel", "#access-log")
    await eventually(lambda: simulation.tour.current == 1)
    await eyes.page.locator("#panel-tour button", has_text="Copy new cookies").click()
    await eyes.page.locator("#panel-tour dt", has_text="sessionid_sign").wait_for()
    await offered("Fill in /session update")
    for which in ("Paste the new sessionid", "Paste the new sessionid_sign"):
        await eyes.page.get_by_role("button", name=which, exact=True).click()
    await eventually(lambda: simulation.tour.current == 1)
    await eyes.page.locator("#form button[type=submit]").click()
    await eventually(lambda: simulation.tour.current == 2)
    # the list stands under the login's answer; what it says beside the names is there to read
    await eyes.sees("#messages .choice small", "PUB;")
    for box in await messages.locator(".choice input").all():
        await box.check()
    await messages.locator(".menu button").last.click()
    await eventually(lambda: simulation.tour.current == 3)
    await messages.locator("button", has_text="Take over").first.click()
    await eventually(lambda: simulation.tour.current == 4)
    await offered("Fill in the list")
    await messages.locator("button", has_text="Tie").last.click()
    await eventually(lambda: simulation.tour.current == 5)
    await offered("Fill in the sale")
    await eyes.sees("#panel-tour", "That was the tour")


async def test_the_other_shop_opens_with_a_press_and_the_page_goes_along(sandbox, look):
    eyes = await look(sandbox)
    before = sandbox.simulation
    chip = eyes.page.locator("#panel-tour button", has_text="A first day")
    await chip.click()
    await eyes.page.locator("#panel-tour button", has_text="Stay here").click()
    assert sandbox.simulation is before
    await chip.click()
    await eyes.page.locator("#panel-tour button", has_text="Open it").click()
    await eyes.sees("#panel-tour", "Six steps through a first day")
    assert sandbox.simulation is not before
    assert await eyes.page.locator("#people input:checked").get_attribute("value") == str(
        sandbox.simulation.shop.owner.id
    )


async def test_one_enter_sends_a_command_that_was_typed_whole(open_shop, look):
    eyes = await look(open_shop)
    await eyes.page.locator("#say").focus()
    await eyes.type("/help")
    await eyes.sees("#picker li", "/help")
    await eyes.press("Enter")
    await eyes.sees("#messages .used", "/help")
    await eyes.page.locator("#messages .message .text").last.wait_for()


async def test_a_slash_typed_anywhere_reaches_the_box(open_shop, look):
    eyes = await look(open_shop)
    await eyes.page.locator("#tab-bot").click()
    await eyes.press("/")
    await eyes.sees("#picker li", "/access grant")
    assert await eyes.page.locator("#say:focus").input_value() == "/"


async def test_what_one_asks_is_shown_also_after_reading_further_up(open_shop, look):
    shop = open_shop.simulation.shop
    eyes = await look(open_shop, 390, 844)
    text = "\n".join(f"line {number}" for number in range(90))
    await shop.discord.person(shop.owner).say(text, channel=shop.general)
    await eyes.sees("#messages .message", "line 89")
    await eyes.page.locator("#say").fill("/help")
    await eyes.sees("#picker li", "/help")
    await eyes.press("Enter")
    await eyes.sees("#messages .message", "What you can do")

    async def stands_in_view():  # it is drawn anew when it changes
        top = await eyes.page.evaluate(
            "[...document.querySelectorAll('#messages article')].at(-1).getBoundingClientRect().top"
        )
        return 0 < top < 844

    await eventually(stands_in_view)


async def test_a_member_can_write_to_the_bot_first(open_shop, look):
    eyes = await look(open_shop)
    gita = open_shop.simulation.shop.people[-1]
    assert open_shop.simulation.shop.discord.person(gita.user).dms() == []
    await eyes.page.locator(f"#people input[value='{gita.user.id}']").check(force=True)
    await eyes.page.locator("#channels [data-key='place dm']").click()
    await eyes.page.locator("#say").fill("Where is my script?")
    await eyes.press("Enter")
    await eyes.sees("#messages .message", "Where is my script?")
    await eyes.sees("#messages .message", "I do not read messages here")


async def test_of_an_answer_longer_than_the_view_the_beginning_is_shown(sandbox, look):
    shop = sandbox.simulation.shop
    eyes = await look(sandbox)
    text = "\n".join(f"line {number}" for number in range(90))
    await shop.discord.person(shop.owner).say(text, channel=shop.general)
    await eyes.sees("#messages .message", "line 89")
    tops = await eyes.page.evaluate(
        "['#messages', '#messages .message'].map((each) =>"
        " document.querySelector(each).getBoundingClientRect().top)"
    )
    assert abs(tops[1] - tops[0]) < 20


async def test_a_command_to_a_dead_bot_fails_as_in_discord(open_shop, look):
    open_shop.simulation.shop.discord.interaction_service.ack_within = (
        0.5  # Discord waits three seconds
    )
    eyes = await look(open_shop)
    await eyes.page.locator("#botcard button", has_text="Kill").click()
    await eyes.page.locator("#botcard button", has_text="Start").wait_for()
    await eyes.page.locator("#say").focus()
    await eyes.type("/sync status ")
    await eyes.page.locator("#command .chip").wait_for()
    await eyes.press("Enter")
    await eyes.sees("#messages .failure", "The application did not respond")
    open_shop.simulation.shop.discord.interaction_service.ack_within = 3.0
    await eyes.page.locator("#botcard button", has_text="Start").click()
    await eyes.page.locator("#botcard .light.on").wait_for()


async def test_names_and_messages_are_text_and_never_markup(sandbox, look):
    shop = sandbox.simulation.shop
    evil = '<img src=x onerror="document.title=1">'
    mallory = shop.discord.add_user("mallory", display_name=evil)
    shop.discord.add_member(shop.guild, mallory)
    text = f"{evil} [x](javascript:alert) **{evil}** <@{mallory.id}> ||{evil}||"
    await shop.discord.person(mallory).say(text, channel=shop.general)
    eyes = await look(sandbox)
    await eyes.sees("#messages .message", evil)
    assert await eyes.page.locator("#messages img[src=x]").count() == 0
    assert await eyes.page.locator("#messages a").count() == 0


async def test_markdown_timestamps_mentions_and_embeds_are_drawn(sandbox, look):
    shop = sandbox.simulation.shop
    moment = 4_102_444_800
    text = f"**bold** `code` <t:{moment}:R> <@{shop.owner.id}> a_b_c \\*plain\\*\n-# small"
    await shop.discord.person(shop.owner).say(text, channel=shop.general)
    eyes = await look(sandbox)
    message = eyes.page.locator("#messages .message").first
    assert await message.locator("strong", has_text="bold").count() == 1
    assert await message.locator("code").inner_text() == "code"
    assert "in " in await message.locator(".text time").inner_text()
    assert await message.locator(".mention").inner_text() == "@Olivia"
    assert "a_b_c *plain*" in await message.inner_text()
    assert await message.locator(".subtext").inner_text() == "small"


async def test_pictures_are_shown_and_other_files_can_be_kept(sandbox, look):
    shop = sandbox.simulation.shop
    world = shop.discord.world
    pixel = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    message = await shop.discord.person(shop.owner).say("look", channel=shop.general)
    for name, content in (("seats.png", pixel), ("names.csv", b"a,b")):
        draft = Draft(0, name, content)
        message.attachments.append(store(world, shop.general, draft, {}))
    eyes = await look(sandbox)
    picture = eyes.page.locator("#messages .picture")
    await picture.wait_for()
    assert await picture.evaluate("(each) => each.complete && each.naturalWidth") == 1
    await eyes.sees("#messages .file", "names.csv")


def menu_and_buttons(said, *labels):
    options = [{"label": name, "value": name} for name in ("Trend", "Volume")]
    menu = {"type": 3, "custom_id": "which", "placeholder": "Choose a script", "options": options}
    buttons = [{"type": 2, "style": 2, "label": each, "custom_id": each} for each in labels]
    rows = [[menu], buttons, [{"type": 5, "custom_id": "who"}]]
    return {"content": said, "components": [{"type": 1, "components": each} for each in rows]}


async def test_an_edit_leaves_what_it_did_not_change_as_the_reader_has_it(sandbox, look):
    """A bar that moves does not take away a choice, a press under way, a list that is read or the focus."""
    discord, shop = sandbox.simulation.shop.discord, sandbox.simulation.shop
    told = build(
        discord.world,
        shop.general,
        menu_and_buttons("1 of 100", "Pause", "Cancel"),
        [Draft(0, "rows.csv", b"name\nbea")],
    )
    discord.changes.post(told)
    eyes = await look(sandbox)
    article = eyes.page.locator("#messages article", has_text="1 of 100")
    second = article.locator("input[value='Volume']")
    people = article.locator("select")
    await second.check()
    await article.locator("summary", has_text="Look inside").click()
    await people.select_option(index=2)
    await people.focus()
    wanted = await people.input_value()
    await article.locator("td", has_text="bea").wait_for()
    await people.evaluate("(each) => (window.mine = each)")
    await eyes.page.evaluate(
        "addEventListener('click', (event) => (window.pressed = event.target.dataset.key))"
    )

    edit = menu_and_buttons("2 of 100", "Pause", "Stop")
    apply_edit(discord.changes, told, edit, [])
    await eyes.sees("#messages article", "2 of 100")
    assert await eyes.page.evaluate("document.activeElement === window.mine")
    pause = eyes.page.locator("#messages article button", has_text="Pause")
    await pause.hover()
    await eyes.page.mouse.down()
    apply_edit(discord.changes, told, menu_and_buttons("3 of 100", "Pause", "Cancel"), [])
    await eyes.sees("#messages article", "3 of 100")
    await eyes.page.mouse.up()
    assert await eyes.page.evaluate("window.pressed") == "Pause"

    article = eyes.page.locator("#messages article", has_text="3 of 100")
    assert await article.locator("input[value='Volume']").is_checked()
    assert await article.locator("select").input_value() == wanted
    assert await article.locator("details").evaluate("(each) => each.open")
    assert await article.locator(".row").nth(1).inner_text() == "Pause\nCancel"
    assert await article.count() == 1

    apply_edit(discord.changes, told, menu_and_buttons("100 of 100"), [])
    await eyes.sees("#messages article", "100 of 100")
    assert await eyes.page.locator("#messages button", has_text="Pause").count() == 0


async def test_an_edit_does_not_scroll_away_from_what_is_read(sandbox, look):
    """Whoever stands at the end of a long message stays there; only what is new is shown from its beginning."""
    discord, shop = sandbox.simulation.shop.discord, sandbox.simulation.shop
    lines = "\n".join(f"line {number}" for number in range(90))
    told = build(discord.world, shop.general, menu_and_buttons(lines, "Pause"), [])
    discord.changes.post(told)
    eyes = await look(sandbox)
    await eyes.sees("#messages article", "line 89")
    await eyes.page.locator("#messages").evaluate("(each) => each.scrollTo(0, each.scrollHeight)")
    apply_edit(discord.changes, told, menu_and_buttons(f"{lines}\nline 90", "Pause"), [])
    await eyes.sees("#messages article", "line 90")
    left = "(each) => each.scrollHeight - each.scrollTop - each.clientHeight"
    assert await eyes.page.locator("#messages").evaluate(left) < 80


async def test_everybody_on_tradingview_can_be_found(sandbox, look):
    eyes = await look(sandbox)
    await eyes.page.locator("#tab-tour").focus()
    await eyes.press("ArrowRight", "ArrowRight")
    await eyes.sees("#found", "120 of 120")
    await eyes.page.locator("#search").focus()
    await eyes.type("finn")
    await eyes.sees("#found", "3 of 120")
    await eyes.page.locator("#customers button", has_text="finn_fx").focus()
    await eyes.press("Enter")
    await eyes.sees("#card .who", "finn_fx")
    assert await eyes.page.locator("#card tr.running").count() == 2


async def test_a_switch_is_turned_by_key_and_warns_beside_the_rows(sandbox, look):
    eyes = await look(sandbox)
    await eyes.page.locator("#tab-faults").click()
    await eyes.page.get_by_role("switch", name="TradingView is down").focus()
    await eyes.press("Enter")
    await eyes.sees("#card .trouble-now", "TradingView is down")
    assert sandbox.simulation.shop.tradingview.switches.down is True
    focused = "document.activeElement.getAttribute('role')"
    assert await eyes.page.evaluate(focused) == "switch"
    await eyes.page.locator("#panel-faults label", has_text="TradingView is down").click()
    await eyes.page.locator("#card .trouble-now").wait_for(state="detached")
    assert sandbox.simulation.shop.tradingview.switches.down is False


async def test_after_an_outage_the_time_to_the_next_try_counts_down(sandbox, look):
    eyes = await look(sandbox)
    child = sandbox.simulation.child
    child.on_line(Line(1, "", "bot", "permission 7 waits (tradingview): next try in 75 s"))
    await eyes.sees("#card .recovering", "tries again by itself in 1:1")
    child.on_line(Line(2, "", "bot", "permission 7 agrees with TradingView"))
    await eyes.page.locator("#card .recovering").wait_for(state="detached")


async def test_the_bot_s_tab_tells_how_to_sign_in(sandbox, look):
    eyes = await look(sandbox)
    await eyes.page.locator("[role=tab]", has_text="Bot").first.click()
    for value in ("Harbor_Charts", "open sesame", "042137"):
        await eyes.sees("#bot-top code", value)
    assert await eyes.page.locator("#bot-top button", has_text="Copy Password").count() == 1


async def test_a_phone_s_width_is_enough(sandbox, look):
    eyes = await look(sandbox, 360, 740)
    for view in ("Chat", "Tour", "Break", "TradingView", "Server", "Bot"):
        await eyes.page.locator("#bottom button", has_text=view).click()
        widths = await eyes.page.evaluate(
            "[document.documentElement, ...document.querySelectorAll('main, aside')]"
            ".map((each) => each.scrollWidth)"
        )
        assert max(widths) <= 360, view


async def test_every_control_has_a_name(sandbox, look):
    eyes = await look(sandbox)
    nameless = await eyes.page.evaluate(
        """[...document.querySelectorAll("button, input, select, textarea, [role=tab]")]
        .filter((each) => !each.labels?.length && !each.getAttribute("aria-label")
          && !each.getAttribute("aria-labelledby") && !each.textContent.trim())
        .map((each) => each.outerHTML)"""
    )
    assert json.dumps(nameless) == "[]"
