"""SIGKILL at each step of a payment, in the whole bot: one purchase, one row on TradingView, one message."""

import asyncio
import json
import re
import signal
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from bot.sandbox.payments import signing
from bot.store.catalogue import scripts
from bot.store.engine.database import open_database
from bot.store.sales import connections, prices
from bot.store.vault import Vault
from tests.support.child import open_child, usher
from tests.support.discord_harness import text_of
from tests.support.fake_time import eventually
from tests.support.killed_program import STEPS
from tests.support.vendor_fixture import AT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")

ADDRESS, SECRET = "x" * 22, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Shop:
    """The bot as a process, and a shop that sends again what was not answered with 200."""

    def __init__(self, child):
        self.child = child
        self.end = datetime.now(UTC).replace(microsecond=123_456) + timedelta(days=30)

    async def connect(self):
        child = self.child
        sealed = Vault(child.key).seal(json.dumps([SECRET]))
        async with open_database(child.url) as database, database.write() as connection:
            source = await connections.add(
                connection, child.guild.id, provider="standard", reference="r1",
                public_id=ADDRESS, by=child.owner.id, at=AT, options={},
            )  # fmt: skip
            await connections.change(connection, source.id, secrets=sealed)
            price = await prices.add(connection, source.id, "gold", None, AT)
            script = await scripts.by_slug(connection, child.guild.id, "trend")
            await prices.set_item(connection, price.id, script_id=script.id)

    async def start(self, step=None):
        self.child.printed = b""
        module = () if step is None else ("tests.support.killed_program", step)
        await self.child.start(module=module)

    def arm(self):
        self.child.process.send_signal(signal.SIGUSR1)

    async def pay(self, number):
        """Send the message of one order until it is taken; return the status, None where nobody answered."""
        while (status := await self._send(number)) == 503:  # it could not be stored in time
            continue
        return status

    async def _send(self, number):
        child = self.child
        data = {
            "order": f"A-{number}",
            "product": "gold",
            "username": f"Buyer_{number}",
            "discord_id": str(child.buyers[number].id),
            "until": self.end.isoformat(),
        }
        sent = {"id": f"m{number}", "type": "paid", "timestamp": "2026-01-01T00:00:00Z"}
        body = json.dumps({**sent, "data": data}).encode()
        headers = signing.standard(SECRET, body, int(datetime.now(UTC).timestamp()), sent["id"])
        [port] = re.findall(rb"web endpoint at http://127.0.0.1:(\d+)", child.printed)
        url = f"http://127.0.0.1:{int(port)}/webhooks/{ADDRESS}"
        async with aiohttp.ClientSession() as http:
            try:
                async with http.post(url, data=body, headers=headers) as answer:
                    return answer.status
            except aiohttp.ClientError:
                return None

    async def killed(self):
        assert await self.child.process.wait() == -signal.SIGKILL
        await self.child._reading
        await self.child.discord.bot_gone()

    def told(self, number):
        person = self.child.discord.person(self.child.buyers[number])
        return [text_of(each) for each in person.dms()]

    def rows(self, query):
        with closing(sqlite3.connect(self.child.tmp_path / "data/usher.db")) as raw:
            return raw.execute(query).fetchall()


@pytest.fixture
async def shop(tmp_path):
    child = await open_child(tmp_path)
    child.buyers = [child.discord.add_user(f"buyer{number}") for number in range(len(MOMENTS))]
    for number, buyer in enumerate(child.buyers):
        child.discord.add_member(child.guild, buyer)
        child.tradingview.world.add_user(f"Buyer_{number}")
    shop = Shop(child)
    await shop.connect()
    try:
        yield shop
    finally:
        child.tradingview.switches.hang = False
        await child._end(signal.SIGKILL)
        await child.discord.close()
        await child.tradingview.close()


# By itself at a step; while TradingView is asked; by its write; before the buyer's message.
MOMENTS = (*STEPS, "asked", "written", "untold")


@pytest.mark.timeout(300)
async def test_a_payment_counts_once_whenever_the_bot_is_killed(shop):
    """Each start is both the one after a kill and the one before the next."""
    child, answers = shop.child, {}
    for number, moment in enumerate(MOMENTS):
        await shop.start(moment if moment in STEPS else None)
        if number and answers[number - 1] is None:  # as shops do that heard nothing
            assert await shop.pay(number - 1) == 200
        if number:
            await eventually(lambda number=number: shop.told(number - 1))
        if moment in STEPS:
            shop.arm()
            answers[number] = await shop.pay(number)
        elif moment == "asked":
            child.tradingview.switches.hang = True
            answers[number] = await shop.pay(number)
            await eventually(lambda: any(call.name == "list" for call in child.tradingview.log))
            await child.kill()
            child.tradingview.switches.hang = False
            continue
        elif moment == "written":
            number_of_writes = len(child.writes())
            process = child.process
            child.tradingview.watchers.append(
                lambda call, process=process: call.name == "add" and process.kill()
            )
            answers[number] = await shop.pay(number)
        else:
            child.tradingview.watchers.clear()
            child.discord.switches.fail("message", 502, None)
            answers[number] = await shop.pay(number)
            await eventually(lambda: child.end(f"Buyer_{len(MOMENTS) - 1}") != "absent")
            await child.kill()
            child.discord.switches.clear()
            continue
        await shop.killed()
        if moment == "written":
            child.tradingview.watchers.clear()
            assert len(child.writes()) == number_of_writes + 1
        if moment in ("read", "committed"):
            assert answers[number] is None
    await shop.start()
    last = len(MOMENTS) - 1
    await eventually(lambda: shop.told(last))
    for number in range(len(MOMENTS)):  # and once more what all were answered
        assert await shop.pay(number) == 200
    assert await child.stop() == 0
    cut = shop.end.replace(microsecond=123_000)
    assert [child.end(f"Buyer_{number}") for number in range(len(MOMENTS))] == [cut] * (last + 1)
    assert len(child.writes()) == len(MOMENTS)
    assert [len(shop.told(number)) for number in range(len(MOMENTS))] == [1] * (last + 1)
    assert len(shop.rows("SELECT 1 FROM purchase")) == len(MOMENTS)
    assert len(shop.rows("SELECT 1 FROM contract")) == len(MOMENTS)
    assert {state for (state,) in shop.rows("SELECT state FROM delivery")} == {"done"}
    assert len(shop.rows("SELECT 1 FROM delivery")) == len(MOMENTS)


async def test_a_restored_backup_gives_and_tells_no_payment_twice(shop):
    """One was done when the backup was made, and one waited."""
    child = shop.child
    await shop.start()
    assert await shop.pay(0) == 200
    await eventually(lambda: shop.told(0))
    child.tradingview.switches.hang = True
    assert await shop.pay(1) == 200

    async def waits():
        query = "SELECT 1 FROM delivery WHERE state = 'done'"
        return len(await asyncio.to_thread(shop.rows, query)) == 2

    await eventually(waits)
    code, said = await usher(child, "backup", "yesterday.db")
    assert code == 0, said
    child.tradingview.switches.hang = False
    await eventually(lambda: shop.told(1))
    assert await child.stop() == 0
    code, said = await usher(child, "restore", "yesterday.db")
    assert code == 0, said
    await shop.start()
    for number in (0, 1):
        assert await shop.pay(number) == 200

    async def is_over():
        return await asyncio.to_thread(shop.rows, "SELECT 1 FROM guild WHERE restored_at IS NULL")

    await eventually(is_over)
    assert await child.stop() == 0
    assert len(child.writes()) == 2
    assert [len(shop.told(number)) for number in (0, 1)] == [1, 1]
    assert len(shop.rows("SELECT 1 FROM purchase")) == 2
