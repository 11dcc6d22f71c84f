"""`usher run` without a token, from its first line to the bot in Discord, in a process of its own."""

import re
import signal
import types

import aiohttp
import pytest

from tests.support.child import open_child, usher
from tests.support.dashboard_harness import Browser
from tests.support.fake_time import eventually

LINK = re.compile(rb"http://127\.0\.0\.1:(\d+)/setup/#([\w-]{43})\r?\n")


@pytest.fixture
async def child(tmp_path):
    child = await open_child(tmp_path, furnished=False)
    child.discord.remove_bot(child.guild)
    try:
        yield child
    finally:
        await child._end(signal.SIGKILL)
        await child.discord.close()
        await child.tradingview.close()


WITHOUT = {"DISCORD_TOKEN": "", "DISCORD_GUILD_ID": "", "TV_SESSIONID": "", "TV_SESSIONID_SIGN": ""}


async def link(child, number=1):
    """The port and the token of the link that is printed as that one."""
    await eventually(lambda: len(LINK.findall(child.printed)) >= number)
    port, token = LINK.findall(child.printed)[number - 1]
    return int(port), token.decode()


async def shows(browser, title):
    async def there():
        return (await browser.get("/setup/")).title == f"{title} · Usher"

    await eventually(there)


async def test_from_nothing_to_the_bot_in_a_server_and_on_with_the_kept_token(child):
    token = child.discord.bot_token
    await child.spawn(**WITHOUT)
    port, opening = await link(child)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        browser = Browser(types.SimpleNamespace(port=port), http)
        assert (await browser.get("/healthz")).status == 200
        assert (await browser.get("/readyz")).status == 404
        await browser.get("/setup/")
        await browser.press("Go on", token=opening)
        page = await browser.press("Check the token", token=token[:-1])
        assert "does not accept" in page.text
        page = await browser.press("Check the token", token=token)
        assert "Invite the bot to your server" in page.links
        assert (await browser.get("/healthz")).status == 200
        ready = child.discord.bot_ready()
        child.discord.invite_bot(child.guild)
        await shows(browser, "Go on in Discord")
        await ready
        page = browser.page
        assert page.links["Open The shop in Discord"].endswith(f"/channels/{child.guild.id}")
        assert (await browser.get("/readyz")).status == 200
        assert (await browser.get("/healthz")).status == 200
    await child.run("setup show")
    _, said = await usher(child, "check", **WITHOUT)
    assert "the one that was given in the browser counts" in said
    assert await child.stop() == 0
    shown, child.printed = child.printed, b""
    await child.start(**WITHOUT)
    await child.run("setup show")
    assert b"/setup/#" not in child.printed
    assert await child.stop() == 0
    kept = (child.tmp_path / "data" / "usher.db").read_bytes()
    for place in (shown, child.printed, kept, said.encode()):
        assert token.encode() not in place


async def test_stopped_before_the_server_it_goes_on_there_with_a_new_link(child):
    await child.spawn(**WITHOUT)
    for number, button in enumerate(("Check the token", None), start=1):
        port, opening = await link(child, number)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            browser = Browser(types.SimpleNamespace(port=port), http)
            await browser.post("/setup/open", {"token": opening})
            if button is not None:
                await browser.press(button, token=child.discord.bot_token)
                assert await child.stop() == 0
                await child.spawn(**WITHOUT)
            else:
                await shows(browser, "Invite the bot")
    assert b"The bot is in no server yet" in child.printed


async def test_a_kept_token_that_is_reset_is_asked_for_in_the_browser_and_the_bot_goes_on(child):
    child.discord.invite_bot(child.guild)
    await child.spawn(**WITHOUT)
    port, opening = await link(child)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        browser = Browser(types.SimpleNamespace(port=port), http)
        await browser.post("/setup/open", {"token": opening})
        await browser.press("Check the token", token=child.discord.bot_token)
        await shows(browser, "Go on in Discord")
        new = child.discord.reset_token()
        _, opening = await link(child, 2)
        page = await browser.post("/setup/open", {"token": opening})
        assert "does not accept the bot's token any more" in page.text
        await browser.press("Check the token", token=new)
        await shows(browser, "Go on in Discord")
    await child.run("setup show")
    child.discord.reset_token()
    _, _ = await link(child, 3)
    assert child.process.returncode is None
    assert b"Discord does not accept the bot's token any more that was given" in child.printed
    assert await child.stop() == 0
    assert b"Traceback" not in child.printed
