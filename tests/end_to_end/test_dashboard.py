"""The dashboard of the whole bot as a process: from /dashboard to a verified grant, and out again."""

import re
import signal
import types

import aiohttp
import pytest

from bot.store.catalogue import guilds
from bot.store.engine.database import open_database
from tests.support.child import open_child, usher
from tests.support.dashboard_harness import Browser
from tests.support.discord_harness import text_of
from tests.support.fake_time import eventually

LINK = re.compile(r"/dashboard/#([\w-]{43})")


@pytest.fixture
async def child(tmp_path):
    child = await open_child(tmp_path)
    child.tradingview.world.add_user("Ann_Trades")
    child.mod = child.discord.add_user("mia")
    child.staff = child.discord.add_role(child.guild, "Staff", permissions=1 << 40)
    child.discord.add_member(child.guild, child.mod, [child.staff])
    child.log = child.discord.add_channel(child.guild, "log", public=False)
    async with open_database(child.url) as database, database.write() as connection:
        await guilds.add_role(connection, child.guild.id, child.staff.id, "staff")
        await guilds.set_log_channel(connection, child.guild.id, child.log.id)
    try:
        yield child
    finally:
        await child._end(signal.SIGKILL)
        await child.discord.close()
        await child.tradingview.close()


@pytest.mark.timeout(240)
async def test_from_the_link_to_a_grant_and_out_again(child):
    await child.start(PUBLIC_URL="https://bot.example")
    [port] = re.findall(rb"web endpoint at http://127.0.0.1:(\d+)", child.printed)
    office = types.SimpleNamespace(port=int(port), guild=child.guild)
    as_mod = child.discord.person(child.mod)
    asked = await as_mod.run("dashboard", guild=child.guild, channel=child.channel)
    answer = await asked.answered()
    [button] = [part for row in answer.components for part in row["components"]]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        browser = Browser(office, http)
        page = await browser.post("/dashboard/sign-in", {"token": LINK.search(button["url"])[1]})
        assert page.status == 200
        await browser.get("people/new")
        await browser.press("Grant", username="Ann_Trades", item="trend", duration="1M")
        path = browser.page.url.path

        async def is_done():
            return "Done: Ann_Trades has Trend until" in (await browser.get(path)).text

        await eventually(is_done)
        assert child.end("Ann_Trades") != "absent"
        assert "Ann_Trades" in (await browser.get("history")).text
        await eventually(
            lambda: any("Ann" in text_of(each) for each in child.as_owner.sees(child.log))
        )

        child.discord.take_role(child.guild, child.mod, child.staff)

        async def is_refused():
            return (await browser.get("people")).status == 403

        await eventually(is_refused)
        shown = await child.run("dashboard-sessions")
        assert "mia" in text_of(shown.original) or str(child.mod.id) in text_of(shown.original)
        pressed = await child.as_owner.press(shown.original, "Sign everybody out")
        await pressed.answered()
        assert (await browser.get("people")).status == 401

    code, printed = await usher(child, "dashboard")
    assert code == 0, printed
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        operator = Browser(office, http)
        page = await operator.post("/dashboard/sign-in", {"token": LINK.search(printed)[1]})
        assert "the operator" in page.text
        assert (await operator.get("settings")).status == 200
    assert await child.stop() == 0
    for secret in (LINK.search(printed)[1], LINK.search(button["url"])[1]):
        assert secret.encode() not in child.printed
