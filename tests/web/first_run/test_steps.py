"""What the first-run page asks for, step by step, and what it says when something is wrong."""

import asyncio
import contextlib

import aiohttp
import pytest
from aiohttp import web

from bot.interactions.portal import Portal, TokenFault
from bot.web import serve
from bot.web.first_run import FirstRun
from tests.support.fake_time import eventually


async def test_from_the_link_to_the_server(stage):
    browser = await stage.opened()
    assert "New Application" in browser.page.text
    assert "Server Members Intent" in browser.page.text
    page = await browser.press("Check the token", token=f"  Bot {stage.discord.bot_token}\n")
    assert page.status == 200
    assert stage.discord.bot.name in page.text
    link = page.links["Invite the bot to your server"]
    assert f"client_id={stage.discord.bot.id}" in link
    assert "permissions=19456" in link
    assert "Waiting until the bot appears" in page.text
    assert await stage.tokens.kept() == stage.discord.bot_token
    guild = await stage.invited()
    assert (await browser.get("/setup/")).title == "The bot starts · Usher"
    assert await stage.waiting == stage.discord.bot_token
    stage.first_run.is_connected = lambda: True
    page = await browser.get("/setup/")
    assert "/setup show" in page.text
    assert page.links["Open The shop in Discord"] == f"https://discord.com/channels/{guild.id}"


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("", "The field was empty"),
        ("   ", "The field was empty"),
        ("123456789012345678", "such as the application's id"),
        ("0123456789abcdef" * 4, "public key"),
        ("Abcdefgh_ijklmnop-qrstuvwxyz0123", "client secret"),
        ("not a token", "not a bot's token"),
        ("tökén", "not a bot's token"),
        ("a" * 300, "not a bot's token"),
        ("token-of-nothing", "not a bot's token"),
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4.G2abcd.abcdefghijklmnopqrstuvwxyz0123456789ab", "not accept"),
    ],
)
async def test_what_is_no_token_is_said_in_one_sentence_and_not_repeated(stage, pasted, said):
    browser = await stage.opened()
    page = await browser.press("Check the token", token=pasted)
    assert page.status == 422
    assert said in page.text
    assert "Nothing was kept" in page.text
    assert not pasted.strip() or pasted.strip() not in page.html
    assert await stage.tokens.kept() is None
    page = await browser.press("Check the token", token=stage.discord.bot_token)
    assert page.title == "Invite the bot · Usher"


async def test_a_discord_that_does_not_answer_blames_no_token(stage):
    browser = await stage.opened()
    stage.discord.switches.fail("other", 500, times=1)
    page = await browser.press("Check the token", token=stage.discord.bot_token)
    assert (page.status, "Discord does not answer" in page.text) == (422, True)
    stage.discord.switches.block()
    page = await browser.press("Check the token", token=stage.discord.bot_token)
    assert "takes no questions from this computer's address" in page.text
    stage.discord.switches.clear()
    await stage.discord.close()
    page = await browser.press("Check the token", token=stage.discord.bot_token)
    assert "Discord does not answer" in page.text
    assert await stage.tokens.kept() is None


async def test_an_intent_that_is_off_is_said_and_looked_at_again(stage):
    stage.discord.allow_members_intent(allowed=False)
    browser = await stage.opened()
    page = await browser.press("Check the token", token=stage.discord.bot_token)
    assert "Server Members Intent is off. Usher works without it" in page.text
    stage.discord.allow_members_intent(allowed=True)
    page = await browser.press("I changed it: look again")
    assert "Server Members Intent is on" in page.text


async def test_another_token_can_be_given_while_the_server_is_waited_for(stage):
    browser = await stage.opened()
    first = stage.discord.bot_token
    await browser.press("Check the token", token=first)
    page = await browser.get(browser.page.links["Use another token"])
    assert "refresh" not in page.html  # what is typed is not lost
    page = await browser.press("Check the token", token="nonsense")
    assert "The token from before stays" in page.text
    assert await stage.tokens.kept() == first
    assert (await browser.get(page.links[f"Go on with {stage.discord.bot.name}"])).status == 200
    await browser.get(browser.page.links["Use another token"])
    second = stage.discord.reset_token()
    page = await browser.press("Check the token", token=second)
    assert page.title == "Invite the bot · Usher"
    assert await stage.tokens.kept() == second
    await stage.invited()
    assert await stage.waiting == second


async def test_a_token_that_is_reset_while_the_server_is_waited_for_is_asked_for_again(stage):
    browser = await stage.opened()
    await browser.press("Check the token", token=stage.discord.bot_token)
    stage.discord.reset_token()
    await stage.time.advance(3)
    await eventually(lambda: stage.first_run.fault is not None)
    page = await browser.get("/setup/")
    assert "does not accept the bot's token any more" in page.text
    page = await browser.press("Check the token", token=stage.discord.bot_token)
    assert page.title == "Invite the bot · Usher"


async def test_an_outage_while_the_server_is_waited_for_passes_by_itself(stage):
    browser = await stage.opened()
    await browser.press("Check the token", token=stage.discord.bot_token)
    await eventually(lambda: ("GET", "/api/v10/users/@me/guilds", 200) in stage.discord.calls)
    stage.discord.switches.fail("other", 503, times=1)
    await stage.time.advance(3)
    await eventually(lambda: stage.first_run.fault is not None)
    page = await browser.get("/setup/")
    assert "Usher goes on trying by itself" in page.text
    await stage.invited()


async def test_with_a_server_in_the_settings_no_other_one_will_do(stage):
    wanted = stage.discord.add_guild("The shop", stage.owner, with_bot=False)
    stage.discord.add_guild("Another", stage.owner)
    browser = await stage.opened(guild_id=wanted.id)
    page = await browser.press("Check the token", token=stage.discord.bot_token)
    assert str(wanted.id) in page.text
    looks = [call for call in stage.discord.calls if "guilds" in call[1]]
    await stage.time.advance(3)
    await eventually(
        lambda: len([call for call in stage.discord.calls if "guilds" in call[1]]) > len(looks)
    )
    assert stage.first_run.server is None
    stage.discord.invite_bot(wanted)
    await stage.time.advance(3)
    await eventually(lambda: stage.first_run.server is not None)
    assert stage.first_run.server.name == "The shop"


async def test_a_token_that_was_kept_before_goes_on_with_the_invitation(stage):
    await stage.tokens.keep(stage.discord.bot_token)
    browser = await stage.opened(kept=stage.discord.bot_token)
    await eventually(lambda: stage.first_run.application is not None)
    assert (await browser.get("/setup/")).title == "Invite the bot · Usher"


async def test_a_token_that_was_refused_at_the_login_is_asked_for_again(stage):
    browser = await stage.opened(kept="old", refused=True)
    assert "does not accept the bot's token any more" in browser.page.text
    stage.discord.add_guild("The shop", stage.owner)
    await browser.press("Check the token", token=stage.discord.bot_token)
    assert await stage.waiting == stage.discord.bot_token  # it is in the server already


async def test_a_page_that_waits_is_disturbed_only_by_the_next_step(stage):
    browser = await stage.opened()
    page = await browser.press("Check the token", token=stage.discord.bot_token)
    assert 'hx-get="/setup/?step=invite"' in page.html
    assert 'http-equiv="refresh"' in page.html  # without a script
    assert (await browser.get("/setup/?step=invite", **{"HX-Request": "true"})).status == 204
    await stage.invited()
    page = await browser.get("/setup/?step=invite", **{"HX-Request": "true"})
    assert page.title == "The bot starts · Usher"


async def test_the_names_of_bot_and_server_come_escaped(stage):
    stage.discord.bot.name = "<script>bot</script>"
    browser = await stage.opened()
    page = await browser.press("Check the token", token=stage.discord.bot_token)
    assert "&lt;script&gt;bot" in page.html
    await stage.invited("<script>alert(1)</script>")
    page = await browser.get("/setup/")
    assert "&lt;script&gt;alert" in page.html
    assert "<script>alert" not in page.html


async def test_the_token_is_in_no_page_no_log_and_not_readable_in_the_database(stage, caplog):
    caplog.set_level("DEBUG")
    token = stage.discord.bot_token
    browser = await stage.opened()
    pages = [await browser.press("Check the token", token=token[:-2])]
    pages.append(await browser.press("Check the token", token=token))
    await stage.invited()
    pages.append(await browser.get("/setup/"))
    shown = "".join(page.html + str(page.headers) + str(page.url) for page in pages)
    files = [file for file in stage.file.parent.iterdir() if file.is_file()]
    kept = b"".join([await asyncio.to_thread(file.read_bytes) for file in files])
    assert token not in shown + caplog.text
    assert token[:-2] not in shown
    assert token.encode() not in kept
    assert token not in repr(stage.first_run)
    assert isinstance(stage.first_run, FirstRun)


@pytest.mark.parametrize(("switch", "seconds"), [("slow_down", 120), ("block", 1800)])
async def test_discord_is_asked_no_sooner_than_it_wants(stage, switch, seconds):
    browser = await stage.opened()
    await browser.press("Check the token", token=stage.discord.bot_token)
    await eventually(lambda: ("GET", "/api/v10/users/@me/guilds", 200) in stage.discord.calls)
    getattr(stage.discord.switches, switch)("other", retry_after=seconds, times=1)
    await stage.time.advance(3)
    await eventually(lambda: stage.first_run.fault is not None)
    asked = len(stage.discord.calls)
    await stage.time.advance(seconds - 5)
    assert len(stage.discord.calls) == asked
    await stage.time.advance(5)
    await eventually(lambda: stage.first_run.fault is None)


async def test_a_page_of_somebody_before_discord_blames_no_token(stage):
    """As a firewall's: refused, and in HTML."""
    browser = await stage.opened()
    stage.discord.switches.fail("other", 403, times=1)
    page = await browser.press("Check the token", token=stage.discord.bot_token)
    assert (page.status, "Discord does not answer" in page.text) == (422, True)
    await browser.press("Check the token", token=stage.discord.bot_token)
    await eventually(lambda: ("GET", "/api/v10/users/@me/guilds", 200) in stage.discord.calls)
    stage.discord.switches.fail("other", 403, times=1)
    await stage.time.advance(3)
    await eventually(lambda: stage.first_run.fault is not None)
    assert "Waiting until the bot appears" in (await browser.get("/setup/")).text


async def test_a_token_that_comes_with_the_server_is_not_kept_beside_the_one_that_logs_in(stage):
    browser = await stage.opened()
    token = stage.discord.bot_token
    await browser.press("Check the token", token=token)
    await browser.get("/setup/?other=1")
    hold = stage.discord.switches.hold("other", times=1)
    second = asyncio.create_task(browser.press("Check the token", token=token))
    await eventually(lambda: hold.hit)
    await stage.invited()
    before = await stage.sealed()
    stage.discord.switches.clear()
    assert (await second).title == "The bot starts · Usher"
    assert await stage.sealed() == before


@pytest.mark.parametrize(
    "said",
    [
        '{"id": "1", "username": "Usher", "flags": 1e999}',
        '{"id": 1e999, "username": "Usher"}',
        "[]",
        "null",
        '"token"',
        "[" * 100_000,
        '{"id": "\\u0661", "username": null, "flags": {}}',
        "<html>",
        "",
    ],
)
async def test_an_answer_of_another_kind_is_no_answer(said):
    async def answer(_):
        return web.Response(text=said, content_type="application/json")

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    async with serve(app, "127.0.0.1", 0) as port, aiohttp.ClientSession() as http:
        portal = Portal(http, f"http://127.0.0.1:{port}")
        with contextlib.suppress(TokenFault):
            assert (await portal.application("MTIz.abc.def")).sees_members is False
        with contextlib.suppress(TokenFault):
            assert await portal.server("MTIz.abc.def", None) is None
