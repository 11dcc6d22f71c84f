"""Yesterday's database is put back: no paid day is lost, and nothing is taken away."""

import asyncio
import signal
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime

import pytest
from dateutil.relativedelta import relativedelta

from bot.store.catalogue import guilds, scripts
from bot.store.engine.database import open_database
from tests.support.child import open_child, usher
from tests.support.discord_harness import text_of
from tests.support.fake_time import eventually
from tests.support.vendor_fixture import AT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as on Linux and macOS")


@pytest.fixture
async def child(tmp_path):
    child = await open_child(tmp_path)
    try:
        yield child
    finally:
        await child._end(signal.SIGKILL)
        await child.discord.close()
        await child.tradingview.close()


async def grant(child, name, length, **more):
    order = await child.run("access grant", item="trend", duration=length, username=name, **more)
    await eventually(lambda: "✅" in order.messages[0].text)
    return order


def waiting_in(path):
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute("SELECT count(*) FROM \"order\" WHERE state = 'waiting'").fetchone()[0]


def lines(child):
    """Every line of the log channel; one with a box is one line with what stands in it."""
    return [
        line
        for one in child.channel.messages
        if one.visible_to is None
        for line in ([text_of(one)] if one.embeds else one.content.splitlines())
    ]


async def furnish(child):
    """A second script with many people, and a log channel."""
    second = child.tradingview.world.add_script(child.vendor, title="Second")
    for number in range(300):
        child.tradingview.world.add_user(f"someone{number:03}")
        child.tradingview.world.grant(second.pine_id, f"someone{number:03}", None)
    async with open_database(child.url) as database, database.write() as connection:
        await scripts.add(
            connection, child.guild.id, pine_id=second.pine_id, slug="second", title="Second",
            by=child.owner.id, at=AT,
        )  # fmt: skip
        await guilds.set_log_channel(connection, child.guild.id, child.channel.id)
    return second


async def test_yesterdays_database_is_restored_and_no_paid_day_is_lost(child):
    for name in ("Ann_Trades", "bob-fx", "Carl", "Dora"):
        child.tradingview.world.add_user(name)
    second = await furnish(child)
    buyer = child.discord.person(child.buyer)
    await child.start()
    await grant(child, "Ann_Trades", "1M")
    await grant(child, "bob-fx", "1M", member=child.buyer)
    # When the backup is made, one more month for Bob waits.
    child.tradingview.switches.hang = True
    await child.run("access grant", item="trend", duration="1M", username="bob-fx", answered=False)

    async def recorded():
        return await asyncio.to_thread(waiting_in, child.tmp_path / "data/usher.db") == 1

    await eventually(recorded)
    code, said = await usher(child, "backup", "yesterday.db")
    assert code == 0, said
    assert await asyncio.to_thread(waiting_in, child.tmp_path / "yesterday.db") == 1
    child.tradingview.switches.hang = False
    await eventually(lambda: len(buyer.dms()) == 2)
    # After the backup: one more month for Ann, too, and somebody new.
    await grant(child, "Ann_Trades", "1M")
    await grant(child, "Carl", "L")
    await eventually(lambda: sum("Carl" in line and "✅" in line for line in lines(child)) == 1)
    assert await child.stop() == 0
    there = {name: child.end(name) for name in ("Ann_Trades", "bob-fx", "Carl", "Dora")}
    writes, told, logged = len(child.writes()), len(buyer.dms()), len(lines(child))
    own = len(child.as_owner.dms())

    code, said = await usher(child, "restore", "yesterday.db")
    assert code == 0, said
    seen = len(child.tradingview.log)
    child.tradingview.switches.hang = True
    await child.start()
    order = await child.run("access grant", item="trend", duration="1M", username="Dora")
    assert "restored" in order.messages[0].text
    status = await child.run("sync status")
    assert "0 of 2 lists read" in status.messages[0].embeds[0]["description"]
    child.tradingview.switches.latency = 0.05  # so that the second list takes a while
    child.tradingview.switches.hang = False
    await eventually(lambda: child.end("Dora") != "absent")
    child.tradingview.switches.latency = 0.0
    since = list(child.tradingview.log)[seen:]
    first_write = [call.writes for call in since].index(True)
    for script in (child.script, second):
        read = [
            call.name == "list"
            and "username" not in call.form
            and call.form["pine_id"] == script.pine_id
            for call in since
        ]
        assert any(read[:first_write]), f"{script.title} was not read before the first write"
        assert not any(read[first_write:]), f"{script.title} was not read whole by then"
    assert {name: child.end(name) for name in list(there)[:3]} == dict(list(there.items())[:3])
    assert len(child.writes()) == writes + 1

    # Nobody is told a second time; the log channel shows what is new, and one summary.
    for words in ("TradingView shows it", "read after the restore"):
        await eventually(lambda words=words: any(words in one for one in lines(child)[logged:]))
    new = lines(child)[logged:]
    assert not [one for one in new if "bob-fx" in one or "Ann_Trades" in one or "Carl" in one]
    [summary] = [one for one in new if "read after the restore" in one]
    assert "2 lists" in summary
    assert "1 later end" in summary, "Ann's second month"
    assert "1 had been done since" in summary, "Bob's second month"
    assert (len(child.as_owner.dms()), len(buyer.dms())) == (own, told)

    # What TradingView showed counts: the next month begins where the lost one ended.
    await grant(child, "Ann_Trades", "1M")
    expected = datetime.now(UTC) + relativedelta(months=3)
    assert abs((child.end("Ann_Trades") - expected).total_seconds()) < 3 * 86_400
    assert not list((child.tmp_path / "data").glob(".*"))
    assert list((child.tmp_path / "data/backups").glob("usher-replaced-*.db"))


async def test_a_week_that_was_refunded_after_the_backup_is_not_granted_again(child):
    """It waits in the backup, is done, is revoked; then the backup is put back."""
    for name in ("Ann_Trades", "bob-fx"):
        child.tradingview.world.add_user(name)
    await furnish(child)
    await child.start()
    await grant(child, "bob-fx", "1M")  # so that the login is in the backup
    child.tradingview.switches.hang = True
    order = await child.run(
        "access grant", item="trend", duration="7D", username="Ann_Trades", answered=False
    )

    async def recorded():
        return await asyncio.to_thread(waiting_in, child.tmp_path / "data/usher.db") == 1

    await eventually(recorded)
    code, said = await usher(child, "backup", "yesterday.db")
    assert code == 0, said
    child.tradingview.switches.hang = False
    await eventually(lambda: "✅" in order.messages[0].text)
    refund = await child.run("access revoke", item="trend", username="Ann_Trades")
    await eventually(lambda: "✅" in refund.messages[0].text)
    assert await child.stop() == 0
    writes = len(child.writes())

    code, said = await usher(child, "restore", "yesterday.db")
    assert code == 0, said
    await child.start()
    asked = "1 order from the backup waits for you"
    await eventually(lambda: any(asked in line for line in lines(child)))
    [message] = [one for one in child.channel.messages if asked in one.content]
    assert child.end("Ann_Trades") == "absent"
    await child.as_owner.press(message, "Drop 1 order")
    await eventually(lambda: "1 order dropped" in message.content)
    assert (child.end("Ann_Trades"), len(child.writes())) == ("absent", writes)
    assert await child.stop() == 0
