"""SIGKILL at each step of a form of the dashboard: its order once, or not at all, and the page says which."""

import asyncio
import re
import signal
import sqlite3
import sys
import types
from contextlib import closing

import aiohttp
import pytest

from bot.access.people.web_sessions import create_token
from bot.store.engine.database import open_database
from tests.support.child import open_child
from tests.support.dashboard_harness import Browser
from tests.support.fake_time import eventually
from tests.support.killed_program import FORM_STEPS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")

# While TradingView is asked, by the call that is not answered: for the name, for what there is.
ASKED = {"looked up": "hint", "asked": "list"}
CUT = "I was interrupted while I worked on this: the form that you sent"


class Desk:
    """The bot as a process, and a browser of staff that stays signed in while the bot comes and goes."""

    def __init__(self, child, http):
        self.child = child
        self.office = types.SimpleNamespace(port=None, guild=child.guild)
        self.browser = Browser(self.office, http)

    async def start(self, step=None):
        self.child.printed = b""
        module = () if step is None else ("tests.support.killed_program", step)
        await self.child.start(module=module)
        [port] = re.findall(rb"web endpoint at http://127.0.0.1:(\d+)", self.child.printed)
        self.office.port = int(port)

    async def sign_in(self):
        async with open_database(self.child.url) as database:
            token = await create_token(database, self.child.guild.id, self.child.owner.id)
        await self.browser.post("/dashboard/sign-in", {"token": token})

    async def killed_at(self, moment, form, fields):
        """Send a form to a bot that is killed at that moment; the browser hears nothing."""
        child = self.child
        if moment in FORM_STEPS:
            child.process.send_signal(signal.SIGUSR1)
        elif moment == "written":
            process = child.process
            child.tradingview.watchers.append(
                lambda call: call.name in ("add", "modify", "remove") and process.kill()
            )
        else:
            call = ASKED[moment]
            before = len(child.tradingview.calls(call))
            child.tradingview.switches.fault("hang", path=call)
        sending = asyncio.get_running_loop().create_task(self.browser.post(form.action, fields))
        if moment in ASKED:
            await eventually(lambda: len(child.tradingview.calls(call)) > before)
            child.process.kill()
        assert await child.process.wait() == -signal.SIGKILL
        with pytest.raises(aiohttp.ClientError):
            await sending
        await child._reading
        await child.discord.bot_gone()
        child.tradingview.watchers.clear()
        child.tradingview.switches.reset()

    async def sends_again(self, form, fields):
        """Send the very form again, as a browser does that loads the page anew; return what came of it."""
        page = await self.browser.post(form.action, fields)
        assert page.status == 200, page.text
        assert CUT not in page.text
        return await self.order()

    async def order(self):
        """What the page of the order says, once it has ended."""
        path = self.browser.page.url.path
        assert "/orders/" in path, self.browser.page.text

        async def ended():
            page = await self.browser.get(path)
            return page if "It waits" not in page.title else None

        return await eventually(ended)

    def ordered(self):
        """How many orders there are: as many as the history has, and as TradingView was changed for."""
        query = (
            'SELECT (SELECT count(*) FROM "order"), '
            "(SELECT count(*) FROM event WHERE action IN ('grant', 'set', 'revoke', 'put_back'))"
        )
        with closing(sqlite3.connect(self.child.tmp_path / "data/usher.db")) as raw:
            [(orders, entries)] = raw.execute(query).fetchall()
        assert orders == entries == len(self.child.writes())
        return orders


@pytest.fixture
async def desk(tmp_path):
    child = await open_child(tmp_path)
    for number in range(4):
        child.tradingview.world.add_user(f"Buyer_{number}")
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            yield Desk(child, http)
    finally:
        child.tradingview.switches.reset()
        await child._end(signal.SIGKILL)
        await child.discord.close()
        await child.tradingview.close()


async def grant_form(desk, number):
    """The form that gives somebody new a month, and what it sends."""
    form = (await desk.browser.get("people/new")).form("Grant")
    filled = {"username": f"Buyer_{number}", "item": "trend", "duration": "1M"}
    return form, {**form.fields, **filled}


def done(page, number):
    assert f"Done: Buyer_{number} has Trend until" in page.text


@pytest.mark.timeout(300)
async def test_killed_while_a_form_is_sent_it_counts_once_or_not_at_all_and_the_page_says_so(desk):
    """Each start is both the one after a kill and the one before the next."""
    child, browser = desk.child, desk.browser
    await desk.start("noted")
    await desk.sign_in()
    await desk.killed_at("noted", *await grant_form(desk, 0))

    # Not sent again: nothing happened, and that is said once.
    await desk.start("done")
    page = await browser.get("people/new")
    assert CUT in page.text
    assert "trend 1M Buyer_0" in page.text
    assert "Nothing was ordered or changed. Please ask again." in page.text
    assert CUT not in (await browser.get("")).text
    assert desk.ordered() == 0
    await desk.killed_at("done", *await grant_form(desk, 1))

    # Not sent again, and it counts.
    await desk.start()
    page = await browser.get("people/new")
    assert CUT in page.text
    assert "Your order was recorded and goes on by itself; do not order it again" in page.text
    await eventually(lambda: child.end("Buyer_1") != "absent")
    assert CUT not in (await browser.get("")).text
    assert desk.ordered() == 1
    sent = await grant_form(desk, 2)
    await desk.killed_at("looked up", *sent)

    # From here on the browser sends the same form again.
    await desk.start("done")
    done(await desk.sends_again(*sent), 2)
    assert desk.ordered() == 2
    await browser.get(browser.page.links["Back to the person"])
    await browser.press("Set the end", item="trend", until="L")
    await desk.order()
    await browser.get(browser.page.links["Back to the person"])
    yes = (await browser.press("End it now", item="trend")).form("Yes, end it")
    await desk.killed_at("done", yes, yes.fields)

    await desk.start()
    page = await desk.sends_again(yes, yes.fields)
    assert child.end("Buyer_2") == "absent"
    assert desk.ordered() == 4
    back = page.form("Put back")
    await desk.killed_at("written", back, back.fields)

    await desk.start()
    await desk.sends_again(back, back.fields)
    assert child.end("Buyer_2") is None
    assert desk.ordered() == 5
    sent = await grant_form(desk, 3)
    await desk.killed_at("asked", *sent)

    await desk.start()
    done(await desk.sends_again(*sent), 3)
    assert desk.ordered() == 6
    assert child.end("Buyer_0") == "absent"
    assert CUT not in (await browser.get("")).text
    assert await child.stop() == 0
