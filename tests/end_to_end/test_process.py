"""What only a process of its own can show, on the machine's own clock."""

import asyncio
import contextlib
import os
import re
import signal
import sqlite3
import sys
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from tests.support.child import open_child, usher
from tests.support.fake_time import eventually

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")


@pytest.fixture
async def child(tmp_path):
    child = await open_child(tmp_path)
    try:
        yield child
    finally:
        child.tradingview.switches.hang = False
        await child._end(signal.SIGKILL)
        await child.discord.close()
        await child.tradingview.close()


def a_month_from(moment):
    from dateutil.relativedelta import relativedelta

    return moment + relativedelta(months=1)


def about(one, other):
    return abs(one - other) < timedelta(minutes=2)


def told(child, interaction):
    """Every message about the order: the answer itself and direct messages to the owner."""
    return [interaction.messages[0].text] + [message.text for message in child.as_owner.dms()]


async def test_killed_between_the_order_and_the_write_it_is_done_once_and_told_once(child):
    await child.start(afresh=True)
    child.tradingview.world.add_user("Ann_Trades")
    child.tradingview.switches.hang = True
    order = await child.run("access grant", item="trend", duration="1M", username="Ann_Trades")
    assert "waiting" in order.messages[0].text.lower()
    await child.kill()
    child.tradingview.switches.hang = False
    await child.start(afresh=True)
    await eventually(lambda: child.end("Ann_Trades") != "absent")
    await eventually(lambda: "waiting" not in order.messages[0].text.lower())
    assert about(child.end("Ann_Trades"), a_month_from(datetime.now(UTC)))
    assert len(child.writes()) == 1
    assert len(told(child, order)) == 1


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Apia"])
async def test_killed_between_the_write_and_the_read_back_it_is_done_once(child, zone):
    await child.start(TZ=zone)
    child.tradingview.world.add_user("Ann_Trades")
    watching = asyncio.get_running_loop().create_future()

    def seen(call):
        if call.name == "add" and not watching.done():
            os.kill(child.process.pid, signal.SIGKILL)
            watching.set_result(call)

    child.tradingview.watchers.append(seen)
    order = await child.run(
        "access grant", item="trend", duration="1M", username="Ann_Trades", answered=False
    )
    await asyncio.wait_for(watching, 60)
    await child.process.wait()
    await child.discord.bot_gone()
    assert child.end("Ann_Trades") != "absent"
    end = child.end("Ann_Trades")
    await child.start(TZ=zone)
    await eventually(lambda: order.messages and "Done" in order.messages[0].text)
    assert about(end, a_month_from(datetime.now(UTC)))  # whatever the time zone
    assert child.end("Ann_Trades") == end
    assert len(child.writes()) == 1
    assert len(told(child, order)) == 1


async def test_removed_from_the_server_it_waits_and_back_again_it_goes_on(child):
    def left():
        with contextlib.closing(sqlite3.connect(child.tmp_path / "data" / "usher.db")) as database:
            return database.execute("SELECT left_at FROM guild").fetchone()[0]

    child.tradingview.world.add_user("Ann_Trades")
    await child.start()
    child.tradingview.switches.down = True
    order = await child.run("access grant", item="trend", duration="1M", username="Ann_Trades")
    assert "waiting" in order.messages[0].text.lower()
    child.discord.remove_bot(child.guild)
    await eventually(lambda: asyncio.to_thread(left))
    assert await child.stop() == 0
    child.tradingview.switches.down = False
    await child.start()
    assert not child.writes()
    child.discord.invite_bot(child.guild)
    await eventually(lambda: child.end("Ann_Trades") != "absent")
    assert about(child.end("Ann_Trades"), a_month_from(datetime.now(UTC)))


async def test_sigterm_ends_cleanly(child):
    await child.start(afresh=True)
    assert await child.stop() == 0
    assert b"Traceback" not in child.printed


async def test_a_second_process_on_the_same_database_refuses_and_says_why(child):
    await child.start()
    code, said = await usher(child, "run")
    assert code == 78
    assert "already running" in said
    assert "Traceback" not in said


async def test_no_secret_is_in_the_debug_log_an_answer_or_the_database_file(child):
    child.tradingview.world.add_user("Ann_Trades")
    await child.start()
    await child.run("access grant", item="trend", duration="1M", username="Ann_Trades")
    child.tradingview.switches.errors_500 = 3
    await child.run("access grant", item="trend", duration="1M", username="Ann_Trades")
    fresh = child.tradingview.world.open_session(child.vendor)
    form = await child.run("session update", answered=False)
    await form.form()
    pair = dict(zip(("sessionid", "sessionid_sign"), fresh, strict=True))
    sent = await child.as_owner.submit(form, pair)
    await sent.answered()
    answers = "".join(
        message.text for one in child.discord.interactions for message in one.messages
    )
    await child.stop()
    kept = child.printed + answers.encode()
    for file in (child.tmp_path / "data").rglob("*"):
        if file.is_file():
            kept += await asyncio.to_thread(file.read_bytes)
    tokens = [interaction.token for interaction in child.discord.interactions]
    assert len(tokens) >= 2
    secrets = (child.sessionid, child.sign, *fresh, child.discord.bot_token, child.key, *tokens)
    for secret in secrets:
        assert secret.encode() not in kept


async def test_a_wrong_token_is_one_readable_paragraph(child):
    await child.spawn(afresh=True, DISCORD_TOKEN="MTIz.wrong.token")
    code = await child.process.wait()
    await child._reading
    assert code == 78
    assert b"DISCORD_TOKEN" in child.printed
    assert b"Traceback" not in child.printed


@pytest.mark.parametrize(
    ("code", "said", "exit_code"),
    [
        (4004, b"Discord does not accept DISCORD_TOKEN", 78),
        (4011, b"too many servers", 78),
        (4013, b"code 4013", 69),
    ],
)
async def test_a_connection_that_discord_closes_for_good_is_one_sentence(
    child, code, said, exit_code
):
    await child.start()
    await eventually(lambda: b"connected to Discord" in child.printed)
    child.discord.gateway.close_all(code)
    assert await asyncio.wait_for(child.process.wait(), 60) == exit_code
    await child._reading
    assert said in child.printed
    assert b"Traceback" not in child.printed


async def test_a_refused_members_intent_ends_nothing(child):
    child.discord.allow_intents(members=False, presences=False, message_content=False)
    await child.start()
    await eventually(lambda: b"connected to Discord" in child.printed)
    await child.run("setup show")
    assert await child.stop() == 0
    assert child.printed.count(b"Server Members Intent") == 1
    assert b"Traceback" not in child.printed


async def test_ready_says_no_while_the_database_is_locked(child):
    await child.start()
    [port] = re.findall(rb"web endpoint at http://127.0.0.1:(\d+)", child.printed)
    path = child.tmp_path / "data" / "usher.db"

    async def ready():
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{int(port)}/readyz") as answer,
        ):
            return answer.status, await answer.text()

    async def becomes(status):
        while (await ready())[0] != status:  # noqa: ASYNC110 - another process is asked
            await asyncio.sleep(0.05)

    await asyncio.wait_for(becomes(200), 60)
    other = await asyncio.to_thread(
        sqlite3.connect, path, isolation_level=None, check_same_thread=False
    )
    with contextlib.closing(other):
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        status, text = await ready()
        assert (status, "database" in text) == (503, True)
        await asyncio.to_thread(other.execute, "ROLLBACK")
    await asyncio.wait_for(becomes(200), 60)
